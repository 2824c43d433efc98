"""Interventions: the values that replace a neuron's own values while the model runs; one object each.

An intervention has one method, ``put``. It works on whatever tensors it is handed, so this module imports no torch. An
intervention from another package is one frozen dataclass of the same shape.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal, Protocol

if TYPE_CHECKING:
    from torch import Tensor


class PlaceValues(Protocol):
    """The values that an intervention may use at one place: each [rows, tokens, width]."""

    @property
    def own(self) -> Tensor:
        """The values of the text itself, after all changes at lower layers."""
        ...

    @property
    def clean(self) -> Tensor:
        """The values of the pair's clean text; only where the intervention takes ``pairs``."""
        ...

    @property
    def mean(self) -> Tensor:
        """The mean over the reference texts; only where the intervention takes a ``reference``."""
        ...

    @property
    def resampled(self) -> Tensor:
        """Values drawn from the reference texts, with a seed made from each text."""
        ...


class Intervention(Protocol):
    """A change of values at a site. ``str`` is its lasting name in the cache, with all its settings."""

    takes: ClassVar[Literal["nothing", "reference", "pairs"]]
    """What it needs besides the text: nothing, reference texts, or pairs of a clean and a corrupted text."""

    def put(self, values: PlaceValues) -> Tensor:
        """Return the new values of the neurons of a place: [rows, tokens, width]; only their columns are used."""
        ...


@dataclass(frozen=True, slots=True)
class Zero:
    """The value 0 everywhere."""

    takes: ClassVar[Literal["nothing", "reference", "pairs"]] = "nothing"

    def __str__(self) -> str:
        return "zero"

    def put(self, values: PlaceValues) -> Tensor:
        """Return zeros."""
        return values.own.new_zeros(values.own.shape)


@dataclass(frozen=True, slots=True)
class MeanOfReference:
    """The mean over the tokens of reference texts."""

    takes: ClassVar[Literal["nothing", "reference", "pairs"]] = "reference"

    def __str__(self) -> str:
        return "mean"

    def put(self, values: PlaceValues) -> Tensor:
        """Return the means."""
        return values.mean


@dataclass(frozen=True, slots=True)
class Resample:
    """Single values drawn from the tokens of reference texts."""

    takes: ClassVar[Literal["nothing", "reference", "pairs"]] = "reference"

    def __str__(self) -> str:
        return "resample"

    def put(self, values: PlaceValues) -> Tensor:
        """Return the values drawn."""
        return values.resampled


@dataclass(frozen=True, slots=True)
class Patch:
    """The values of the clean text of a pair (activation patching)."""

    takes: ClassVar[Literal["nothing", "reference", "pairs"]] = "pairs"

    def __str__(self) -> str:
        return "restored"

    def put(self, values: PlaceValues) -> Tensor:
        """Return the clean text's values."""
        return values.clean


@dataclass(frozen=True, slots=True)
class Add:
    """The neuron's own value plus an amount (steering)."""

    amount: float
    takes: ClassVar[Literal["nothing", "reference", "pairs"]] = "nothing"

    def __str__(self) -> str:
        return f"add {self.amount!r}"

    def put(self, values: PlaceValues) -> Tensor:
        """Return the values with the amount added."""
        return values.own + self.amount


@dataclass(frozen=True, slots=True)
class Scale:
    """The neuron's own value times a factor."""

    factor: float
    takes: ClassVar[Literal["nothing", "reference", "pairs"]] = "nothing"

    def __str__(self) -> str:
        return f"scale {self.factor!r}"

    def put(self, values: PlaceValues) -> Tensor:
        """Return the values times the factor."""
        return values.own * self.factor


@dataclass(frozen=True, slots=True)
class Clamp:
    """One value everywhere."""

    value: float
    takes: ClassVar[Literal["nothing", "reference", "pairs"]] = "nothing"

    def __str__(self) -> str:
        return f"clamp {self.value!r}"

    def put(self, values: PlaceValues) -> Tensor:
        """Return the value everywhere."""
        return values.own.new_full(values.own.shape, self.value)


REPLACEMENTS: Mapping[str, Intervention] = {
    str(each): each for each in (Zero(), MeanOfReference(), Resample())
}
"""The interventions that claim files name by one word, as what an ablated neuron holds."""


def intervention_of(given: str | Intervention) -> Intervention:
    """Return an intervention that is given as an object or by its name.

    >>> intervention_of("zero"), intervention_of(Add(5.0))
    (Zero(), Add(amount=5.0))
    """
    return REPLACEMENTS[given] if isinstance(given, str) else given
