"""Many neurons made comparable, so that under one shared relabelling the largest of them can be found.

Every neuron gets a score that rises with its own t, whose spread under relabelling is the same for all, and
that stays finite where t does not:

- units exchanged between sets of one size, and rank sums: S, the sum of the marked values, after the
  neuron's pooled values have got mean 0 and sum of squares 1. The pooled t, and the rank sum divided by its
  standard deviation over all relabellings given the ties, rise with S.
- sets of different sizes: S |S| / Y with Y = 1 + k Q, where Q is the sum of the marked squares and k a
  constant of the sizes. Welch's t squared is n^2 S^2 / (const Y - const S^2), which rises with S^2 / Y; and
  Y, unlike the variances themselves, is a sum of positive terms, so nothing cancels.
- pairs: the signed sum of differences whose sum of squares is 1, which rises with the paired t.

Scores that agree to within ``tolerance``, a bound on what float64 can have done to both, count as tied.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neuronclaims.stats.effects.points import doubled_midranks, variance
from neuronclaims.stats.inputs import Bools, Floats, to_unit
from neuronclaims.stats.permutation.arrangements import Signs, Subsets
from neuronclaims.stats.permutation.relabelling import Statistic
from neuronclaims.stats.permutation.search_order import canonical_order, canonical_signs, places

_EPS = float(np.finfo(np.float64).eps)
_SLAB_CELLS = 1_000_000
"""Values made ready together: 8 MB each for a handful of temporary arrays."""


@dataclass(frozen=True, slots=True)
class SearchDesign:
    """Neurons under one set of arrangements of their units.

    ``columns`` [n, m] are the standardised values, ``observed`` [n] the weights of the units as they were.
    ``spread`` is k above, 0 where S alone decides. ``mirrored`` says that "as low for the first set" is "as
    high for the second" (equal sizes, signs); ``swapped`` that the marked units are the second set.
    """

    arrangements: Subsets | Signs
    columns: Floats
    observed: Floats
    spread: float
    mirrored: bool
    swapped: bool

    def weights(self, chosen: Bools) -> Floats:
        """Return relabellings [rows, n] as weights of the units: 0 and 1, or the signs."""
        marked = chosen.astype(np.float64)
        return 2 * marked - 1 if isinstance(self.arrangements, Signs) else marked

    def scores(self, weights: Floats, room: Floats | None = None) -> Floats:
        """Return the scores [rows, m] under ``weights`` [rows, n].

        They are made within ``room`` [3, at least rows * m] where it is given, until that is used again.
        """
        shape = len(weights), self.columns.shape[1]
        if room is None:
            room = np.empty((3, shape[0] * shape[1]))
        scores, within, sizes = (flat[: shape[0] * shape[1]].reshape(shape) for flat in room)
        np.matmul(weights, self.columns, out=scores)
        if self.spread:
            # Every relabelling marks equally many units, so that the 1 of Y can be shared among them.
            np.matmul(weights, self.spread * self.columns**2 + 1 / self.observed.sum(), out=within)
            scores *= np.abs(scores, out=sizes)
            scores /= within
        return np.asarray(scores)

    def observed_scores(self) -> Floats:
        """Return the scores [m] of the units as they were."""
        return np.asarray(self.scores(self.observed[None, :])[0])

    def only(self, neurons: NDArray[np.int64]) -> SearchDesign:
        """Return the design of some of the neurons."""
        return replace(self, columns=np.ascontiguousarray(self.columns[:, neurons]))

    @property
    def tolerance(self) -> float:
        """The most by which two scores equal in exact arithmetic can differ in float64.

        From the bound n eps sum|z| on a sum of n terms, sum|z| <= sqrt(n) as the squares add up to 1, with
        room for the roundings of standardising; for S |S| / Y times the slope 2 |S| <= sqrt(n).
        """
        n = len(self.columns)
        return 10 * (n + 4) ** 2 * _EPS if self.spread else 10 * (n + 4) * n**0.5 * _EPS

    @property
    def deviation(self) -> float:
        """The standard deviation of S over all arrangements."""
        if isinstance(self.arrangements, Signs):
            return 1.0
        n, c = self.arrangements.units, self.arrangements.size
        return float(np.sqrt(c * (n - c) / (n * (n - 1))))

    def observed_t(self) -> Floats:
        """Return Welch's t (the pooled t, if sizes agree) or the paired t [m] of the first set over the second."""
        if isinstance(self.arrangements, Signs):
            differences = self.columns * self.observed[:, None]
            return _ratio(differences.mean(axis=0), np.sqrt(variance(differences) / len(differences)))
        marked, rest = self.columns[self.observed > 0], self.columns[self.observed == 0]
        gap = marked.mean(axis=0) - rest.mean(axis=0)
        error = np.sqrt(variance(marked) / len(marked) + variance(rest) / len(rest))
        return _ratio(-gap if self.swapped else gap, error)


def search_design(first: Floats, second: Floats, *, paired: bool, statistic: Statistic) -> SearchDesign:
    """Make samples [n1, m] and [n2, m] of neurons that vary ready; ``paired`` ones have one length."""
    if statistic == "auroc":
        ranks = _slabwise(doubled_midranks, np.concatenate([first, second]))
        first, second = ranks[: len(first)], ranks[len(first) :]
    if paired:
        return _within_pairs(first - second)
    return _between_sets(first, second, studentised=statistic == "mean")


def _between_sets(first: Floats, second: Floats, *, studentised: bool) -> SearchDesign:
    n1, n2 = len(first), len(second)
    swapped = n2 < n1
    values = np.concatenate([first, second])
    order = canonical_order(_slabwise(places, values, np.int32))
    return SearchDesign(
        Subsets(n1 + n2, min(n1, n2)),
        _slabwise(lambda some: _centred(some[order]), values),
        ((order >= n1) if swapped else (order < n1)).astype(np.float64),
        _spread(min(n1, n2), max(n1, n2)) if studentised else 0.0,
        mirrored=n1 == n2,
        swapped=swapped,
    )


def _within_pairs(differences: Floats) -> SearchDesign:
    ranks = _slabwise(places, np.abs(differences), np.int32)
    order, signs = canonical_signs(ranks, np.sign(differences).astype(np.int8))
    return SearchDesign(
        Signs(len(differences)),
        _slabwise(lambda some: _unit_length(some[order] * signs[:, None]), differences),
        signs,
        spread=0.0,
        mirrored=True,
        swapped=False,
    )


def _spread(c: int, r: int) -> float:
    """Return k: with S and Q of c marked units of c + r, the weighted variances are const (1 + k Q) - const S^2.

    That is r^2 (r-1) (c Q - S^2) + c^2 (c-1) (r (1-Q) - S^2), r^2 (r-1) c^2 (c-1) times the sum of the
    squared standard errors, with the terms in Q and the constant ones gathered.
    """
    return (r * (r - 1) - c * (c - 1)) / (c * (c - 1))


def slabs(shape: tuple[int, ...]) -> list[slice]:
    """Return slices of columns of an array [n, m] that are few enough to be treated in a few copies."""
    step = max(1, _SLAB_CELLS // shape[0])
    return [slice(start, start + step) for start in range(0, shape[1], step)]


def _slabwise(
    work: Callable[[Floats], NDArray[Any]], values: Floats, dtype: type = np.float64
) -> NDArray[Any]:
    result: NDArray[Any] = np.empty(values.shape, dtype=dtype)
    for part in slabs(values.shape):
        result[:, part] = work(values[:, part])
    return result


def _centred(values: Floats) -> Floats:
    scaled = to_unit(values)
    moved = to_unit(scaled - scaled[:1])  # a difference of two values is as exact as either of them
    return _unit_length(moved - moved.mean(axis=0))


def _unit_length(values: Floats) -> Floats:
    scaled = to_unit(values)
    return np.asarray(scaled / np.sqrt((scaled**2).sum(axis=0)), dtype=np.float64)


def _ratio(top: Floats, bottom: Floats) -> Floats:
    limit = np.where(top == 0, 0.0, np.copysign(np.inf, top))
    return np.divide(top, bottom, out=limit, where=bottom > 0)
