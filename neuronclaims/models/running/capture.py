"""Hooks that pool activations as they pass by, and a ledger of which hook fired.

A pass goes in steps: a forward is one step, a generation one step per new token. Each step says which
positions count for every span; the hooks fold those positions into running pools and keep nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any, TypeAlias

import torch

from neuronclaims.measurements.pooled import Pooled
from neuronclaims.models.errors import IntegrityError
from neuronclaims.models.running.loading import Ready
from neuronclaims.models.running.pools import Positions, fold, made

SpanKey: TypeAlias = tuple[str, int]
"""A span and the most tokens generated: which positions count depends on nothing else."""


class StopForward(Exception):
    """Raised by the last hook that is waited for, when nothing above it is needed."""


class Recorder:
    """The running pools of one batch, filled by hooks on the sites its needs name."""

    def __init__(self, ready: Ready, needs: Sequence[Pooled], rows: int) -> None:
        self._ready, self._rows = ready, rows
        self.needs = tuple(needs)
        self._pools: dict[Pooled, torch.Tensor] = {}
        self._by_tap: dict[tuple[str, int], list[Pooled]] = {}
        for need in needs:
            self._by_tap.setdefault((need.site, need.layer), []).append(need)
        self.spans: tuple[SpanKey, ...] = tuple(sorted({(need.span, need.limit) for need in needs}))
        self._counts: dict[SpanKey, torch.Tensor] = {}
        self._step: Mapping[SpanKey, Positions] = {}
        self._tokens, self._stop_early = 0, False
        self._waiting: set[tuple[str, int]] = set()

    @contextmanager
    def hooked(self) -> Iterator[None]:
        """Put the hooks on the model, and take them off whatever happens."""
        handles = []
        try:
            for site, layer in self._by_tap:
                handles.append(self._hook(site, layer))
            yield
        finally:
            for handle in handles:
                handle.remove()

    @contextmanager
    def step(self, counting: Mapping[SpanKey, torch.Tensor], tokens: int, stop_early: bool) -> Iterator[None]:
        """Take part in one forward of ``tokens`` positions; raise IntegrityError if a hook does not fire.

        With ``stop_early`` the forward ends as soon as all that is asked for has been seen.
        """
        self._step = {
            key: Positions.of(mask, self._counts.get(key))
            for key, mask in counting.items()
            if bool(mask.any())
        }
        for key, positions in self._step.items():
            self._counts[key] = positions.before + positions.mask.sum(1)
        self._tokens, self._stop_early, self._waiting = tokens, stop_early, set(self._by_tap)
        with suppress(StopForward):
            yield
        if self._waiting:
            site, layer = min(self._waiting)
            raise IntegrityError(
                f"{site} of layer {layer} was never seen while {self._ready.facts.name} ran: its hook did not fire. "
                "The model does not run the module it is read from; nothing of this run is kept."
            )

    def counts(self, key: SpanKey) -> torch.Tensor:
        """Return how many positions of every row counted for a span: int64 [rows]."""
        return self._counts.get(key, torch.zeros(self._rows, dtype=torch.long)).cpu()

    def values(self) -> dict[Pooled, torch.Tensor]:
        """Return the pooled values, float32 [rows, width] on the CPU; something must have counted in each."""
        found = {}
        for need in self.needs:
            pool = self._pools[need]
            found[need] = made(need.pool, pool, self.counts((need.span, need.limit)))
        return found

    def _hook(self, site: str, layer: int) -> Any:
        tap = self._ready.family.sites[site]
        module = self._ready.module(tap, layer)

        def before(_: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
            self._seen(site, layer, args[0] if args else next(iter(kwargs.values())))

        def after(_: Any, __: Any, output: Any) -> None:
            # Blocks return a tensor or, in older versions of Transformers, a tuple that starts with it.
            self._seen(site, layer, output if isinstance(output, torch.Tensor) else output[0])

        if tap.side == "input":
            return module.register_forward_pre_hook(before, with_kwargs=True)
        return module.register_forward_hook(after)

    def _seen(self, site: str, layer: int, values: torch.Tensor) -> None:
        if (site, layer) not in self._waiting:
            raise IntegrityError(
                f"{site} of layer {layer} was seen more than once in one forward of {self._ready.facts.name}; which of "
                "them is meant cannot be told, so nothing of this run is kept."
            )
        self._waiting.discard((site, layer))
        shaped = self._shaped(site, layer, values)
        for need in self._by_tap[site, layer]:
            positions = self._step.get((need.span, need.limit))
            if positions is not None:
                self._pools[need] = fold(need.pool, self._pools.get(need), shaped, positions)
        if self._stop_early and not self._waiting:
            raise StopForward

    def _shaped(self, site: str, layer: int, values: torch.Tensor) -> torch.Tensor:
        width = self._ready.facts.widths[site]
        expected = (self._rows, self._tokens, width)
        flat = (self._rows * self._tokens, width)
        if tuple(values.shape) not in (expected, flat):
            raise IntegrityError(
                f"{site} of layer {layer} of {self._ready.facts.name} has shape {list(values.shape)}, not "
                f"{list(expected)} (prompts, tokens, width); nothing of this run is kept."
            )
        # Some MLPs (OPT) see the batch flattened.
        return values.reshape(expected)
