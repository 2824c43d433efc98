"""Run a short text and look at every site and at every state in the blocks, by hooks of PyTorch alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from typing import Any, TypeAlias

import torch

from neuronclaims.models.running.hooks import (
    Place,
    first_argument,
    part_of,
    with_first,
    with_first_argument,
    with_part,
)
from neuronclaims.models.running.loading import Ready
from neuronclaims.models.running.passes import forward

TOKENS = 5
"""Tokens of the text that proofs are made on: few, so that a window of attention holds all of them."""

Change: TypeAlias = Callable[[torch.Tensor], torch.Tensor]
"""Given values [1, tokens, width] at a place, returns others."""


See: TypeAlias = Callable[[torch.Tensor], torch.Tensor | None]
"""Sees a module's values, and returns others or None."""


@dataclass(slots=True)
class Looked:
    """What was seen of one run: values [tokens, width] by place, why a place gave none, and the states of blocks.

    ``inside`` and ``outside`` are, by layer, what modules of a block were given and what they gave, by path, the block
    itself by the empty one; ``entries`` are what blocks are given, in whatever shape; ``last`` is the state that the
    body returns [tokens, hidden].
    """

    values: dict[Place, torch.Tensor] = field(default_factory=dict)
    reasons: dict[Place, str] = field(default_factory=dict)
    given: list[dict[str, torch.Tensor]] = field(default_factory=list)
    gave: list[dict[str, torch.Tensor]] = field(default_factory=list)
    entries: dict[int, torch.Tensor] = field(default_factory=dict)
    last: torch.Tensor = field(default_factory=lambda: torch.zeros(0))


def token_ids(ready: Ready) -> torch.Tensor:
    """Return a short text of ordinary tokens [1, tokens], the same for the same model."""
    tokenizer, vocabulary = ready.tokenizer, ready.model.get_input_embeddings().weight.shape[0]
    special = {int(each) for each in getattr(tokenizer, "all_special_ids", []) if each is not None}
    special |= {
        int(each) for each in (getattr(ready.model.config, "pad_token_id", None),) if each is not None
    }
    plain = [token for token in range(min(vocabulary, 5_000)) if token not in special] or [0]
    chosen = [plain[(n * 2 + 1) * len(plain) // (2 * TOKENS)] for n in range(TOKENS)]
    return torch.tensor([chosen], device=ready.device)


def look(
    ready: Ready,
    ids: torch.Tensor,
    places: Sequence[Place],
    changes: Mapping[Place, Change] | None = None,
    held: Mapping[tuple[int, str], torch.Tensor] | None = None,
    entries: Sequence[torch.Tensor] | None = None,
) -> Looked:
    """Run a text and return what is seen of it.

    ``changes`` are made at places; ``held`` are outputs of modules, by layer and path in the block, which they are made
    to give; ``entries`` are what the blocks are given instead, so that no layer depends on another.
    """
    seen = _Watched(ready, places, tuple(ids.shape))
    with seen.attached(changes or {}, held or {}, entries):
        hidden, _ = forward(
            ready, ids, torch.ones_like(ids), torch.arange(ids.shape[1], device=ids.device).expand_as(ids)
        )
    found = seen.looked()
    found.last = hidden[0].float().cpu()
    return found


class _Watched:
    """The hooks of one run, and what they saw."""

    def __init__(self, ready: Ready, places: Sequence[Place], shape: tuple[int, ...]) -> None:
        self._ready, self._places, self._tokens = ready, places, shape[1]
        self._calls: dict[Place, list[torch.Tensor]] = {place: [] for place in places}
        self._given: list[dict[str, torch.Tensor]] = [{} for _ in ready.blocks]
        self._gave: list[dict[str, torch.Tensor]] = [{} for _ in ready.blocks]
        self._entries: dict[int, torch.Tensor] = {}

    @contextmanager
    def attached(
        self,
        changes: Mapping[Place, Change],
        held: Mapping[tuple[int, str], torch.Tensor],
        entries: Sequence[torch.Tensor] | None,
    ) -> Iterator[None]:
        handles: list[Any] = []
        try:
            for layer, block in enumerate(self._ready.blocks):
                if entries is not None:
                    handles.append(_before(block, self._in_turn(layer, partial(_swap, entries[layer]))))
                handles.append(_before(block, self._in_turn(layer, partial(self._enter, layer))))
                handles += self._states(layer, block)
            for (layer, path), value in held.items():
                module = self._ready.blocks[layer].get_submodule(path)
                handles.append(_after(module, self._in_turn(layer, partial(_swap, value))))
            for place in self._places:
                handles.append(self._site(place, changes.get(place)))
            yield
        finally:
            for handle in handles:
                handle.remove()

    def looked(self) -> Looked:
        """Return what was seen, with the reason where a place was not seen once or has another shape."""
        found = Looked(given=self._given, gave=self._gave, entries=self._entries)
        name = self._ready.facts.name
        for (site, layer), calls in self._calls.items():
            place = site, layer
            if not calls:
                found.reasons[place] = (
                    f"{site} of layer {layer} was never seen while {name} ran: its hook did not fire. The model does "
                    "not run the module it is read from"
                )
            elif len(calls) > 1:
                found.reasons[place] = (
                    f"{site} of layer {layer} was seen more than once in one forward of {name}; which of them is meant "
                    "cannot be told"
                )
            else:
                width = self._ready.facts.widths[site]
                if tuple(calls[0].shape) not in ((1, self._tokens, width), (self._tokens, width)):
                    found.reasons[place] = (
                        f"{site} of layer {layer} of {name} has shape {list(calls[0].shape)}, not "
                        f"{[1, self._tokens, width]} (prompts, tokens, width)"
                    )
                else:
                    found.values[place] = calls[0].reshape(self._tokens, width).float()
        return found

    def _states(self, layer: int, block: Any) -> Iterable[Any]:
        """Keep what the block and its modules are given and give, three levels deep."""
        for path, module in block.named_modules():
            if path.count(".") <= 2:
                yield _before(module, self._in_turn(layer, partial(self._keep, self._given[layer], path)))
                yield _after(module, self._in_turn(layer, partial(self._keep, self._gave[layer], path)))

    def _enter(self, layer: int, values: torch.Tensor) -> None:
        self._entries[layer] = _kept(values)

    def _keep(self, kept: dict[str, torch.Tensor], path: str, values: torch.Tensor) -> None:
        if values.shape[:-1].numel() == self._tokens and values.is_floating_point():
            kept[path] = _kept(values.reshape(self._tokens, -1).float())

    def _site(self, place: Place, change: Change | None) -> Any:
        point = self._ready.point(*place)
        module = self._ready.module(point, place[1])

        def see(values: torch.Tensor) -> torch.Tensor | None:
            own = values if point.part is None else part_of(values, point.part)
            self._calls[place].append(_kept(own))
            if change is None:
                return None
            put = change(own.reshape(1, self._tokens, -1)).reshape(own.shape)
            return put if point.part is None else with_part(values, point.part, put)

        seen = self._in_turn(place[1], see)
        return _before(module, seen) if point.side == "input" else _after(module, seen)

    def _in_turn(self, layer: int, see: See) -> See:
        """Let a hook of a block that is shared see the run of its own layer alone."""
        turn, turns = self._ready.turn(layer)
        if turns == 1:
            return see
        runs = count()
        return lambda values: see(values) if next(runs) == turn else None


def _kept(values: torch.Tensor) -> torch.Tensor:
    """Return a copy of values on the CPU, where those of layers on several devices can be compared."""
    return values.detach().cpu().clone()


def _swap(value: torch.Tensor, values: torch.Tensor) -> torch.Tensor | None:
    return value.to(values).reshape(values.shape) if value.numel() == values.numel() else None


def _before(module: Any, see: See) -> Any:
    def hook(_: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        values = first_argument(args, kwargs) if args or kwargs else None
        found = see(values) if isinstance(values, torch.Tensor) else None
        return None if found is None else with_first_argument(found, args, kwargs)

    return module.register_forward_pre_hook(hook, with_kwargs=True)


def _after(module: Any, see: See) -> Any:
    def hook(_: Any, __: Any, output: Any) -> Any:
        values = output[0] if isinstance(output, (tuple, list)) and output else output
        found = see(values) if isinstance(values, torch.Tensor) else None
        if found is None:
            return None
        return with_first(output, found)

    return module.register_forward_hook(hook)
