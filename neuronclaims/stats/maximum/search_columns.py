"""The values of many neurons, some at a time: never all of them in new copies.

A model's neurons on some hundred prompts are as large as the memory a test may take, so they are read where
they lie, converted and standardised by the slab, and made again when they are needed again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neuronclaims.stats.effects.points import doubled_midranks
from neuronclaims.stats.inputs import Bools, Floats, StatsError, matrix, to_unit
from neuronclaims.stats.permutation.relabelling import Statistic

Numbers = NDArray[Any]
_SLAB_CELLS = 400_000
"""Values made ready together: 3 MB each for a handful of temporary arrays."""
_KEPT_CELLS = 10_000_000
"""Largest number of standardised values that are kept, 80 MB, instead of made anew when they are needed again."""


@dataclass(frozen=True, slots=True)
class Sides:
    """Two samples [n1, m] and [n2, m] as they were given."""

    first: Numbers
    second: Numbers

    def part(self, neurons: slice | NDArray[np.int64]) -> tuple[Floats, Floats]:
        """Return both samples of some of the neurons in float64."""
        return self.first[:, neurons].astype(np.float64), self.second[:, neurons].astype(np.float64)

    def slabs(self) -> list[slice]:
        """Return slices of neurons that are few enough to be treated in a few copies."""
        units, neurons = len(self.first) + len(self.second), self.first.shape[1]
        step = max(1, _SLAB_CELLS // units)
        return [slice(start, start + step) for start in range(0, neurons, step)]


def checked(values: ArrayLike, name: str) -> Numbers:
    """Return ``values`` as they are, an array [n, m]; raise what ``matrix`` raises, without a copy of all."""
    array = np.asarray(values)
    if array.ndim != 2 or array.dtype.kind not in "buif":
        return matrix(values, name)
    step = max(1, _SLAB_CELLS // max(1, len(array)))
    try:
        for start in range(0, array.shape[1], step):
            matrix(array[:, start : start + step], name)
    except StatsError:
        return matrix(array, name)  # so that the error speaks of all values
    return array


def varying(sides: Sides, *, paired: bool) -> Bools:
    """Tell which neurons [m] have values (differences, if ``paired``) that exchanging units can change."""

    def changes(a: Floats, b: Floats) -> Bools:
        if paired:
            return np.asarray(np.any(a != b, axis=0))
        return np.asarray(np.any(a != a[0], axis=0) | np.any(b != a[0], axis=0))

    parts = [changes(*sides.part(slab)) for slab in sides.slabs()]
    return np.concatenate(parts)


class NeuronColumns:
    """Standardised values of the neurons that vary, units in the order given: the first set's, then the second's.

    Each column has mean 0 (differences of pairs: their own mean) and sum of squares 1.
    """

    def __init__(
        self, sides: Sides, neurons: NDArray[np.int64], *, paired: bool, statistic: Statistic
    ) -> None:
        self._sides, self._neurons = sides, neurons
        self._paired, self._ranked = paired, statistic == "auroc"
        self.units = len(sides.first) if paired else len(sides.first) + len(sides.second)
        self._kept: Floats | None = None

    @property
    def count(self) -> int:
        """How many neurons there are."""
        return len(self._neurons)

    def slabwise(self, *works: Callable[[Floats], Floats]) -> list[Floats]:
        """Apply each of ``works`` to all columns, some neurons [n, some] at a time, and return its results [m]."""
        keep = self.units * self.count <= _KEPT_CELLS
        kept = np.empty((self.units, self.count)) if keep else None
        found = [np.zeros(self.count) for _ in works]
        for slab in self._slabs():
            made = self._make(slab)
            if kept is not None:
                kept[:, slab] = made
            for result, work in zip(found, works, strict=True):
                result[slab] = work(made)
        self._kept = kept
        return found

    def arrange(self, order: NDArray[np.int64]) -> None:
        """Put the neurons into ``order`` [m]."""
        self._neurons = self._neurons[order]
        for row in () if self._kept is None else self._kept:
            row[:] = row.take(order)

    def of(self, neurons: slice) -> Floats:
        """Return the columns [n, some] of some neurons."""
        return self._make(neurons) if self._kept is None else self._kept[:, neurons]

    def _make(self, neurons: slice) -> Floats:
        values = self._values(neurons)
        return _unit_length(to_unit(values)) if self._paired else _centred(values)

    def _values(self, neurons: slice) -> Floats:
        first, second = self._sides.part(self._neurons[neurons])
        if self._ranked:
            ranks = doubled_midranks(np.concatenate([first, second])).astype(np.float64)
            first, second = ranks[: len(first)], ranks[len(first) :]
        return first - second if self._paired else np.concatenate([first, second])

    def _slabs(self) -> list[slice]:
        step = max(1, _SLAB_CELLS // self.units)
        return [slice(start, start + step) for start in range(0, self.count, step)]


def _centred(values: Floats) -> Floats:
    scaled = to_unit(values)
    moved = to_unit(scaled - scaled[:1])  # a difference of two values is as exact as either of them
    return _unit_length(moved - moved.mean(axis=0))


def _unit_length(values: Floats) -> Floats:
    values /= np.sqrt(np.einsum("nm,nm->m", values, values))
    return values
