"""Hooks at sites that see or replace what passes, and blocks that are passed over."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, TypeAlias

import torch

from neuronclaims.models.errors import IntegrityError
from neuronclaims.models.running.loading import Ready

Place: TypeAlias = tuple[str, int]
"""A site and a layer."""

Change: TypeAlias = Callable[[torch.Tensor], torch.Tensor | None]
"""Given the values [rows, tokens, width] at a place, returns others of the same shape, or None to leave them."""


@contextmanager
def changing(ready: Ready, changes: Mapping[Place, Change]) -> Iterator[None]:
    """Let ``changes`` see and replace the values at their places; raise IntegrityError if one never fires."""
    waiting = set(changes)
    handles = []
    try:
        for place, change in changes.items():
            handles.append(_attach(ready, place, change, waiting))
        yield
    finally:
        for handle in handles:
            handle.remove()
    if waiting:
        site, layer = min(waiting)
        raise IntegrityError(
            f"{site} of layer {layer} was never seen while {ready.facts.name} ran: its hook did not fire. "
            "The model does not run the module it is read from; nothing of this run is kept."
        )


def keeping(kept: dict[Place, torch.Tensor], place: Place) -> Change:
    """Return a change that changes nothing but puts a copy of the values into ``kept``."""

    def keep(values: torch.Tensor) -> None:
        kept[place] = values.detach().clone()

    return keep


@contextmanager
def starting_at(ready: Ready, layer: int, residual: torch.Tensor) -> Iterator[None]:
    """Pass over the blocks below ``layer``, and feed it ``residual`` [rows, tokens, hidden] as its input."""
    below = ready.blocks[:layer]

    def enter(_: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if args:
            return (residual, *args[1:]), kwargs
        return args, kwargs | {next(iter(kwargs)): residual}

    handle = ready.blocks[layer].register_forward_pre_hook(enter, with_kwargs=True)
    try:
        for block in below:
            # An attribute of the instance hides the method of its class until it is deleted again.
            block.forward = _passing(residual, ready.tuples)
        yield
    finally:
        handle.remove()
        for block in below:
            block.__dict__.pop("forward", None)


def _passing(residual: torch.Tensor, tuples: bool) -> Callable[..., Any]:
    def forward(*_: Any, **__: Any) -> Any:
        return (residual,) if tuples else residual

    return forward


def _attach(ready: Ready, place: Place, change: Change, waiting: set[Place]) -> Any:
    tap = ready.family.sites[place[0]]
    block, module = ready.blocks[place[1]], ready.module(tap, place[1])

    def changed(values: torch.Tensor) -> torch.Tensor | None:
        waiting.discard(place)
        # Some MLPs (OPT) see the batch flattened; ``shape`` is then restored from the block's own input.
        if values.ndim == 3:
            return change(values)
        found = change(values.reshape(*shape, values.shape[-1]))
        return None if found is None else found.reshape(values.shape)

    shape: list[int] = []

    def measure(_: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        hidden = args[0] if args else next(iter(kwargs.values()))
        shape[:] = hidden.shape[:2]

    def before(_: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        found = changed(args[0] if args else next(iter(kwargs.values())))
        if found is None:
            return None
        if args:
            return (found, *args[1:]), kwargs
        return args, kwargs | {next(iter(kwargs)): found}

    def after(_: Any, __: Any, output: Any) -> Any:
        if isinstance(output, torch.Tensor):
            return changed(output)
        found = changed(output[0])
        return None if found is None else (found, *output[1:])

    handles = [block.register_forward_pre_hook(measure, with_kwargs=True)]
    if tap.side == "input":
        handles.append(module.register_forward_pre_hook(before, with_kwargs=True))
    else:
        handles.append(module.register_forward_hook(after))
    return _Handles(handles)


class _Handles:
    def __init__(self, handles: Sequence[Any]) -> None:
        self._handles = handles

    def remove(self) -> None:
        for handle in self._handles:
            handle.remove()
