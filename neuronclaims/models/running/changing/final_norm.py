"""Hold the scale of the final norm as it was before a change, to tell what a change does through it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch

from neuronclaims.measurements.errors import MeasurementError
from neuronclaims.models.running.hooks import first_argument
from neuronclaims.models.running.loading import Ready
from neuronclaims.models.running.proofs.stream import near, tolerance

_EPSILONS = ("eps", "variance_epsilon", "epsilon")
"""What norms call the number that they add to a variance."""
_TRIED = 8
"""On so many states at most it is tried whether a norm is linear but for its scale."""
_ROUNDED = 0.1
"""The share of the largest value by which it may fail to add up, where values are rounded to few bits."""


class FinalNorm:
    """The norm behind a model's last block: it divides a state by its scale, and what is left is linear in the state.

    The scale is the standard deviation (LayerNorm; Ba, Kiros and Hinton 2016) or the root mean square (RMSNorm; Zhang
    and Sennrich 2019), whichever makes the rest linear; that is tried on states of the model itself.
    """

    def __init__(self, ready: Ready) -> None:
        layer = ready.facts.layers - 1
        self._ready, self._module = ready, ready.module(ready.point("final_norm", layer), layer)
        self._eps = next(
            (float(found) for name in _EPSILONS if (found := getattr(self._module, name, None)) is not None),
            0.0,
        )
        self._centres: bool | None = None

    @contextmanager
    def watched(self) -> Iterator[list[torch.Tensor]]:
        """Watch forwards; yield what the norm is given in each, [rows, tokens, hidden]."""
        given: list[torch.Tensor] = []

        def keep(_: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
            given.append(first_argument(args, kwargs).detach())

        handle = self._module.register_forward_pre_hook(keep, with_kwargs=True)
        try:
            yield given
        finally:
            handle.remove()

    def check(self, hidden: torch.Tensor, given: torch.Tensor) -> None:
        """Raise MeasurementError unless the states ``hidden`` are what the norm makes of what it is ``given``."""
        if hidden.shape != given.shape or not near(self._ready, self._module(given), hidden):
            raise MeasurementError(
                f"What the final norm of {self._ready.facts.name} gives is not what its tokens are predicted from, so "
                "nothing can be said of that norm. Claim the whole outcome."
            )

    def held(self, hidden: torch.Tensor, given: torch.Tensor, before: torch.Tensor) -> torch.Tensor:
        """Return the states ``hidden`` as they were with the scale that the norm had before the change.

        ``given`` is what the norm is given now, ``before`` what it was given before; all are [rows, tokens, hidden].
        Raises MeasurementError for a norm that is not linear but for its scale.
        """
        if self._centres is None:
            self._centres = self._found(given.reshape(-1, given.shape[-1]))
        shift = self._module(torch.zeros_like(given[:1, :1])).to(hidden.device).float()
        ratio = (self._scale(given, self._centres) / self._scale(before, self._centres)).to(hidden.device)
        held: torch.Tensor = (hidden.float() - shift) * ratio + shift
        return held.to(hidden.dtype)

    def _scale(self, states: torch.Tensor, centres: bool) -> torch.Tensor:
        states = states.float()
        if centres:
            states = states - states.mean(-1, keepdim=True)
        return (states.square().mean(-1, keepdim=True) + self._eps).sqrt()

    def _found(self, states: torch.Tensor) -> bool:
        """Say whether the norm takes the mean away: with which scale it is more nearly linear, and nearly enough."""
        apart = {centres: self._bent(states, centres) for centres in (False, True)}
        centres = min(apart, key=lambda each: apart[each])
        if apart[centres] <= min(10 * tolerance(self._ready), _ROUNDED):
            return centres
        raise MeasurementError(
            f"The final norm of {self._ready.facts.name} (a {type(self._module).__name__}) does not divide by a scale "
            "alone, so nothing can be read with that scale as it was. Claim the whole outcome."
        )

    def _bent(self, states: torch.Tensor, centres: bool) -> float:
        """Return by how much the norm times a scale does not add up, of pairs of states and their sums: 0 if linear."""
        one, other = states[:_TRIED], states[-_TRIED:].flip(0).roll(1, -1)
        shift = self._module(torch.zeros_like(one)).float()
        first, second, whole = (
            (self._module(each).float() - shift) * self._scale(each, centres).to(shift.device)
            for each in (one, other, one + other)
        )
        size = max(float(each.abs().max()) for each in (first, second, whole))
        return float((whole - first - second).abs().max()) / max(size, 1e-6)


@contextmanager
def watched(norm: FinalNorm | None) -> Iterator[list[torch.Tensor]]:
    """Watch a norm, if there is one to be watched."""
    if norm is None:
        yield []
    else:
        with norm.watched() as given:
            yield given
