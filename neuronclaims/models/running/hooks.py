"""Hooks into a running model: at sites, keep or replace the values, or stop the run.

``traced`` watches one forward, as ``Trace`` of baukit does; ``Hooks`` itself watches several under the same hooks.
Every forward keeps a ledger: a hook that does not fire, that fires twice, or that sees another shape than the
configuration says ends the run, since then it is not known what was read or changed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any, TypeAlias

import torch

from neuronclaims.measurements.errors import IntegrityError
from neuronclaims.measurements.views.view import ViewedSite, base_of
from neuronclaims.models.running.loading import Ready
from neuronclaims.models.structure.architecture import Part

Place: TypeAlias = tuple[str, int]
"""A site and a layer. A viewed site is hooked at its base, and what its view reads there is kept or edited."""

Edit: TypeAlias = Callable[[torch.Tensor], torch.Tensor | None]
"""Given the values [rows, tokens, width] at a place, returns others of the same shape, or None to leave them."""

Arguments: TypeAlias = tuple[tuple[Any, ...], dict[str, Any]]
"""What a module is called with, by place and by name."""


class StopForward(Exception):
    """Raised by the last hook that must fire, if nothing above it is needed."""


class Hooks:
    """Hooks at places of one model, each with its edit; attached while it is a context."""

    def __init__(self, ready: Ready, edits: Mapping[Place, Edit]) -> None:
        self._ready, self._edits = (
            ready,
            {place: _at_base(ready, place, edit) for place, edit in edits.items()},
        )
        self._handles: list[Any] = []
        self._waiting: set[Place] = set()
        self._runs: Counter[Place] = Counter()
        self._shape, self._stop = (0, 0), False

    def __enter__(self) -> Hooks:
        try:
            for place in self._edits:
                self._handles.append(self._attach(place))
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        while self._handles:
            self._handles.pop().remove()

    @contextmanager
    def forward(self, shape: tuple[int, int], stop: bool = False) -> Iterator[None]:
        """Watch one forward of ``shape`` (rows, tokens); with ``stop`` it ends as soon as every hook has fired.

        Raises IntegrityError where a hook does not fire, fires more than once, or sees values of another shape.
        """
        self._shape, self._stop, self._waiting = shape, stop, set(self._edits)
        self._runs.clear()
        with suppress(StopForward):
            yield
        if self._waiting:
            site, layer = min(self._waiting)
            raise IntegrityError(
                f"{site} of layer {layer} was never seen while {self._ready.facts.name} ran: its hook did not fire. "
                "The model does not run the module it is read from; nothing of this run is kept."
            )

    def _attach(self, place: Place) -> Any:
        point = self._ready.point(*place)
        module = self._ready.module(point, place[1])
        if point.side == "input":
            return module.register_forward_pre_hook(partial(self._before, place), with_kwargs=True)
        return module.register_forward_hook(partial(self._after, place))

    def _before(
        self, place: Place, _: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Arguments | None:
        found = self._seen(place, first_argument(args, kwargs))
        return None if found is None else with_first_argument(found, args, kwargs)

    def _after(self, place: Place, _: Any, __: Any, output: Any) -> Any:
        # Blocks return a tensor or, in older versions of Transformers, a tuple that starts with it.
        if isinstance(output, torch.Tensor):
            return self._seen(place, output)
        found = self._seen(place, output[0])
        return None if found is None else with_first(output, found)

    def _seen(self, place: Place, values: torch.Tensor) -> torch.Tensor | None:
        site, layer = place
        turn, turns = self._ready.turn(layer)
        self._runs[place] += 1
        if turn != self._runs[place] - 1 < turns:
            return None  # a block that is shared, run for another layer
        if place not in self._waiting:
            raise IntegrityError(
                f"{site} of layer {layer} was seen more than once in one forward of {self._ready.facts.name}; which of "
                "them is meant cannot be told, so nothing of this run is kept."
            )
        self._waiting.discard(place)
        part = self._ready.point(*place).part
        own = values if part is None else part_of(values, part)
        found = self._edits[place](self._shaped(place, own))
        if self._stop and not self._waiting:
            raise StopForward
        if found is None:
            return None
        found = found.reshape(own.shape)
        return found if part is None else with_part(values, part, found)

    def _shaped(self, place: Place, values: torch.Tensor) -> torch.Tensor:
        site, layer = place
        width = self._ready.facts.widths[base_of(site)]
        expected = (*self._shape, width)
        # Some MLPs (OPT) see the batch flattened.
        if tuple(values.shape) not in (expected, (self._shape[0] * self._shape[1], width)):
            raise IntegrityError(
                f"{site} of layer {layer} of {self._ready.facts.name} has shape {list(values.shape)}, not "
                f"{list(expected)} (prompts, tokens, width); nothing of this run is kept."
            )
        return values.reshape(expected)


def _at_base(ready: Ready, place: Place, edit: Edit) -> Edit:
    """Return an edit as one of the values that the model has: at a viewed site, through its view."""
    site, layer = place
    if not isinstance(site, ViewedSite):
        return edit
    view = ready.view(site, layer)

    def through(values: torch.Tensor) -> torch.Tensor | None:
        before = view.read(values)
        after = edit(before)
        return None if after is None else view.write(values, before, after)

    return through


@contextmanager
def traced(
    ready: Ready,
    shape: tuple[int, ...],
    edits: Mapping[Place, Edit] | None = None,
    retain: Collection[Place] = (),
) -> Iterator[dict[Place, torch.Tensor]]:
    """Watch the one forward, of ``shape`` (rows, tokens), that runs inside; yield what is kept of it.

    At the places of ``retain`` copies of the values [rows, tokens, width] are kept, as they are before an edit there.
    Raises IntegrityError as ``Hooks.forward`` does.
    """
    kept: dict[Place, torch.Tensor] = {}
    given = dict(edits or {})

    def keep(place: Place, values: torch.Tensor) -> torch.Tensor | None:
        kept[place] = values.detach().clone()
        return given[place](values) if place in given else None

    watched = given | {place: partial(keep, place) for place in retain}
    rows, tokens = shape
    with Hooks(ready, watched) as hooks, hooks.forward((rows, tokens)):
        yield kept


@contextmanager
def starting_at(ready: Ready, layer: int, residual: torch.Tensor) -> Iterator[None]:
    """Pass over the blocks below ``layer``, and feed it ``residual`` [rows, tokens, hidden] as its input."""
    below = ready.blocks[:layer]

    def enter(_: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Arguments:
        return with_first_argument(residual, args, kwargs)

    kind = _returned(ready)
    handle = ready.blocks[layer].register_forward_pre_hook(enter, with_kwargs=True)
    before = [block.__dict__.get("forward") for block in below]
    try:
        for block in below:
            # An attribute of the instance hides the method of its class until it is deleted again. It is put there
            # directly, as wrappers of others hand on what is set on them.
            block.__dict__["forward"] = _passing(residual, kind)
        yield
    finally:
        handle.remove()
        for block, own in zip(below, before, strict=True):
            block.__dict__.pop("forward", None)
            if own is not None:  # such as one that nnsight has put there
                block.__dict__["forward"] = own


def part_of(values: torch.Tensor, part: Part) -> torch.Tensor:
    """Return a part of the last dimension of values.

    >>> part_of(torch.arange(12), Part(1, 2, 3, groups=2))
    tensor([2, 3, 8, 9])
    """
    return _pieces(values, part)[..., part.start : part.stop, :].flatten(-3)


def with_part(values: torch.Tensor, part: Part, put: torch.Tensor) -> torch.Tensor:
    """Return a copy of values with another part of the last dimension.

    >>> with_part(torch.arange(6), Part(0, 1, 3), torch.tensor([-1, -2])).tolist()
    [-1, -2, 2, 3, 4, 5]
    """
    copy = values.clone()
    pieces = _pieces(copy, part)
    pieces[..., part.start : part.stop, :] = put.reshape(pieces[..., part.start : part.stop, :].shape)
    return pieces.reshape(values.shape)


def _pieces(values: torch.Tensor, part: Part) -> torch.Tensor:
    """Return values with the last dimension as [groups, pieces, numbers of a piece]."""
    groups, width = int(part.groups), values.shape[-1]
    if width % (groups * part.of):
        raise IntegrityError(f"{width} numbers are not {groups} times {part.of} equal pieces.")
    return values.reshape(*values.shape[:-1], groups, part.of, width // (groups * part.of))


def with_first(output: Any, value: torch.Tensor) -> Any:
    """Return what a module gives, a tensor or several things, with another first tensor."""
    if isinstance(output, torch.Tensor):
        return value
    return [value, *output[1:]] if isinstance(output, list) else (value, *output[1:])


def first_argument(args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
    """Return the first argument of a module, which is what it works on, given by place or by name."""
    return args[0] if args else kwargs[_first(kwargs)]


def with_first_argument(value: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Arguments:
    """Return the arguments of a module with another first one."""
    return ((value, *args[1:]), kwargs) if args else (args, kwargs | {_first(kwargs): value})


def _first(kwargs: Mapping[str, Any]) -> str:
    return "hidden_states" if "hidden_states" in kwargs else next(iter(kwargs))


def _returned(ready: Ready) -> type:
    """Return what sort of thing blocks return: a tensor or, in some architectures and versions, a tuple or a list."""
    if ready.architecture.derived is None:
        return tuple if ready.tuples else torch.Tensor
    found: list[type] = []
    handle = ready.blocks[0].register_forward_hook(lambda _, __, output: found.append(type(output)))
    try:
        ready.body(input_ids=torch.zeros(1, 1, dtype=torch.long, device=ready.device))
    finally:
        handle.remove()
    return found[0]


def _passing(residual: torch.Tensor, kind: type) -> Callable[..., Any]:
    def forward(*_: Any, **__: Any) -> Any:
        if issubclass(kind, torch.Tensor):
            return residual
        return [residual] if issubclass(kind, list) else (residual,)

    return forward
