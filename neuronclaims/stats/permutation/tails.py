"""Count the relabellings that reach the observed statistic, with exact ties.

Real activations sit on coarse grids (bfloat16, ReLU zeros), so many relabellings tie with the observed one,
and a tie lost to rounding makes p too small. Sums are therefore made in float64 from the stored values
under true/false rows, and compared with a bound on their rounding error: outside the bound float64 decides;
inside it, exact integers do. Columns whose sums are exact in float64 (the usual case) have the bound 0. The
counts are thus those of exact arithmetic on the stored values, whatever the order of summation, library or
number of threads.
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neuronclaims.stats.inputs import Bools, Floats, to_unit

Counts = NDArray[np.int64]
_EPS = float(np.finfo(np.float64).eps)
_PAIRS = 50_000
"""How many doubtful relabellings are looked at together: 16 MB for 40 units."""


class SumTails:
    """A counter of relabellings by the sum S of the marked values.

    ``values`` [n, m] holds one column per neuron, ``upper`` and ``lower`` [n, m] mark the entries whose
    sums are the bounds. ``above`` counts S >= the upper sum; ``below`` counts S <= the lower sum or, when
    ``mirrored``, S >= it: for equal sizes and for signs "as low for the first" is "as high for the second",
    which makes exchanging the two sets exchange the two tails exactly, random draws included.
    """

    def __init__(self, values: Floats, upper: Bools, lower: Bools, *, mirrored: bool) -> None:
        self._values = values
        self._upper, self._lower, self._mirrored = upper, lower, mirrored
        self._upper_sum = np.where(upper, values, 0.0).sum(axis=0)
        self._lower_sum = np.where(lower, values, 0.0).sum(axis=0)
        size = np.abs(values).sum(axis=0)
        self._bound = np.where(_sums_exactly(values, size), 0.0, 4 * (len(values) + 2) * _EPS * size)
        self._inexact = np.flatnonzero(self._bound)

    def count(self, blocks: Iterable[Bools]) -> tuple[Counts, Counts]:
        """Return how many rows of ``blocks`` [rows, n] reach each tail: (above, below), each [m]."""
        above = np.zeros(self._values.shape[1], dtype=np.int64)
        below = np.zeros_like(above)
        for chosen in blocks:
            sums = chosen.astype(np.float64) @ self._values
            above += self._reaching(chosen, sums, self._upper, self._upper_sum, upward=True)
            below += self._reaching(chosen, sums, self._lower, self._lower_sum, upward=self._mirrored)
        return above, below

    def _reaching(
        self, chosen: Bools, sums: Floats, target: Bools, target_sum: Floats, *, upward: bool
    ) -> Counts:
        within = sums >= target_sum - self._bound if upward else sums <= target_sum + self._bound
        reached = _column_counts(within)
        near = np.abs(sums[:, self._inexact] - target_sum[self._inexact]) <= self._bound[self._inexact]
        for place in np.flatnonzero(near.any(axis=0)):
            column = self._inexact[place]
            weights = _integers(self._values[:, column])
            exact = _exact_sums(chosen[near[:, place]], weights) - _exact_sums(target[:, column], weights)
            reached[column] -= np.count_nonzero(exact < 0 if upward else exact > 0)
        return reached


class WelchTails:
    """A counter of relabellings by Welch's t of the smaller set against the rest.

    With S and Q the sum and the sum of squares of the marked values, t is N / sqrt(D) up to a positive
    constant, where N = n S - c (total of values) and D combines the two variances. t >= t_observed exactly
    when N |N| D_observed - N_observed |N_observed| D >= 0, which needs no division or root, holds for D = 0
    too, and is a polynomial, so exact integers can decide it where float64 cannot.
    """

    def __init__(self, values: Floats, observed: Bools) -> None:
        n = len(values)
        self._values, self._observed = values, observed
        self._size = int(observed[:, 0].sum())
        self._scaled = _centred(values)
        self._total = self._scaled.sum(axis=0)
        self._total_squares = (self._scaled**2).sum(axis=0)
        marked = np.where(observed, self._scaled, 0.0)
        self._at = self._pieces(marked.sum(axis=0), (marked**2).sum(axis=0))
        spread = np.abs(self._scaled).sum(axis=0)
        largest = (n * spread) ** 2 * self._weigh(n * self._total_squares, n * self._total_squares)
        self._bound = 64 * n * _EPS * largest

    def count(self, blocks: Iterable[Bools]) -> tuple[Counts, Counts]:
        """Return how many rows of ``blocks`` [rows, n] have t >= and t <= the observed one, each [m]."""
        above = np.zeros(self._values.shape[1], dtype=np.int64)
        below = np.zeros_like(above)
        for chosen in blocks:
            weights = chosen.astype(np.float64)
            top, spread = self._pieces(weights @ self._scaled, weights @ self._scaled**2)
            gap = top * np.abs(top) * self._at[1] - self._at[0] * np.abs(self._at[0]) * spread
            high, low = gap >= -self._bound, gap <= self._bound
            above += _column_counts(high)
            below += _column_counts(low)
            self._settle(chosen, high & low, above, below)
        return above, below

    def _settle(self, chosen: Bools, unsure: Bools, above: Counts, below: Counts) -> None:
        """Take back from ``above`` and ``below`` the ``unsure`` relabellings that do not belong there."""
        columns, rows = np.nonzero(unsure.T)
        other = self._other_values(chosen, rows, columns)
        columns, rows = columns[other], rows[other]
        for column in np.unique(columns):
            kinds, inverse = np.unique(self._values[:, column], return_inverse=True)
            member = (inverse[:, None] == np.arange(len(kinds))).astype(np.int64)
            start, stop = np.searchsorted(columns, [column, column + 1])
            held = chosen[rows[start:stop]].astype(np.int64) @ member
            unique, times = np.unique(held, axis=0, return_counts=True)
            sign = self._exact_sign(
                unique, self._observed[:, column] @ member, _integers(kinds), member.sum(axis=0)
            )
            above[column] -= times[sign < 0].sum()
            below[column] -= times[sign > 0].sum()

    def _other_values(self, chosen: Bools, rows: Counts, columns: Counts) -> Bools:
        """Tell which relabellings mark other values than the observed one does; the rest are ties."""
        values, seen = self._values.T, self._values.T[self._observed.T].reshape(-1, self._size)
        other = np.empty(len(rows), dtype=np.bool_)
        for start in range(0, len(rows), _PAIRS):
            part = slice(start, start + _PAIRS)
            # Values ascend within a column, so the marked ones come out sorted and can be compared one by one.
            marked = values[columns[part]][chosen[rows[part]]].reshape(-1, self._size)
            other[part] = (marked != seen[columns[part]]).any(axis=1)
        return other

    def _exact_sign(
        self, held: Counts, seen: Counts, kinds: NDArray[Any], everything: Counts
    ) -> NDArray[np.int64]:
        """Compare t of sets that hold so many of each kind of value with t of the one ``seen``, in integers."""
        counts = np.concatenate([held, seen[None]]).astype(object)
        total, total_squares = everything.astype(object) @ kinds, everything.astype(object) @ kinds**2
        n, c = len(self._values), self._size
        sums, squares = counts @ kinds, counts @ kinds**2
        top = n * sums - c * total
        spread = self._weigh(c * squares - sums**2, (n - c) * (total_squares - squares) - (total - sums) ** 2)
        gap = top[:-1] * abs(top[:-1]) * spread[-1] - top[-1] * abs(top[-1]) * spread[:-1]
        return np.asarray(gap > 0, dtype=np.int64) - np.asarray(gap < 0, dtype=np.int64)

    def _pieces(self, sums: Floats, squares: Floats) -> tuple[Floats, Floats]:
        n, c = len(self._values), self._size
        rest = (n - c) * (self._total_squares - squares) - (self._total - sums) ** 2
        return n * sums - c * self._total, self._weigh(c * squares - sums**2, rest)

    def _weigh(self, inside: Any, outside: Any) -> Any:
        c, r = self._size, len(self._values) - self._size
        return r * r * (r - 1) * inside + c * c * (c - 1) * outside


def _column_counts(mask: Bools) -> Counts:
    """Count the true entries of each column [rows, m]; bytes added up to 255 at a time are many times faster."""
    counts = np.zeros(mask.shape[1], dtype=np.int64)
    for start in range(0, len(mask), 255):
        counts += mask[start : start + 255].view(np.uint8).sum(axis=0, dtype=np.uint8)
    return counts


def _sums_exactly(values: Floats, size: Floats) -> Bools:
    """Tell for which columns every partial sum is exact in float64, in any order of summation.

    That is so when all values are multiples of one power of two, of which the sum of magnitudes is at most
    2^53.
    """
    mantissa, exponent = np.frexp(values)
    whole = np.ldexp(mantissa, 53).astype(np.int64)
    lowest = np.frexp((whole & -whole).astype(np.float64))[1] - 1
    grid = np.where(whole == 0, 10_000, exponent - 53 + lowest).min(axis=0)
    return np.asarray(np.frexp(size)[1] - grid <= 53, dtype=np.bool_)


def _centred(values: Floats) -> Floats:
    """Return columns moved and scaled into [-1, 1], which leaves t as it is and rounding errors small."""
    scaled = to_unit(values)
    return to_unit(scaled - scaled[len(values) // 2])


def _integers(values: Floats) -> NDArray[Any]:
    """Return a column [n] as Python integers in the largest common power-of-two unit."""
    exact = [Fraction(value) for value in values.tolist()]
    unit = max(number.denominator for number in exact)
    return np.array([int(number * unit) for number in exact], dtype=object)


def _exact_sums(chosen: Bools, weights: NDArray[Any]) -> NDArray[Any]:
    return np.asarray(chosen.astype(np.int64).astype(object) @ weights)
