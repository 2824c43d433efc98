"""Activations pooled as they pass by.

A pass goes in steps: a forward is one step, a generation one step per new token. Each step says which
positions count for every span; the hooks fold those positions into running pools and keep nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from typing import TypeAlias

import torch

from neuronclaims.measurements.activations import Pooled
from neuronclaims.models.running.hooks import Hooks, Place
from neuronclaims.models.running.loading import Ready
from neuronclaims.models.running.pools import Positions, fold, made

SpanKey: TypeAlias = tuple[str, int]
"""A span and the most tokens generated: which positions count depends on nothing else."""


class Recorder:
    """The running pools of one batch, filled by hooks on the sites its needs name."""

    def __init__(self, ready: Ready, needs: Sequence[Pooled], rows: int) -> None:
        self._ready, self._rows = ready, rows
        self.needs = tuple(needs)
        self._pools: dict[Pooled, torch.Tensor] = {}
        self._by_place: dict[Place, list[Pooled]] = {}
        for need in needs:
            self._by_place.setdefault((need.site, need.layer), []).append(need)
        self.spans: tuple[SpanKey, ...] = tuple(sorted({(need.span, need.limit) for need in needs}))
        self._counts: dict[SpanKey, torch.Tensor] = {}
        self._step: Mapping[SpanKey, Positions] = {}

    @contextmanager
    def hooked(self) -> Iterator[None]:
        """Put the hooks on the model, and take them off whatever happens."""
        edits = {place: partial(self._fold, needs) for place, needs in self._by_place.items()}
        with Hooks(self._ready, edits) as self._hooks:
            yield

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
        with self._hooks.forward((self._rows, tokens), stop_early):
            yield

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

    def _fold(self, needs: Sequence[Pooled], values: torch.Tensor) -> None:
        for need in needs:
            positions = self._step.get((need.span, need.limit))
            if positions is not None:
                self._pools[need] = fold(need.pool, self._pools.get(need), values, positions)
