"""The null distribution of the maximum over many neurons, for a neuron that was found by a search.

The scores and the arrangements are those of ``max_statistic_tests`` (search_design.py); a score is turned into the
t that it rises with, which the same relabelling gives the same neuron.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neuronclaims.stats.inputs import Floats, check_sizes
from neuronclaims.stats.maximum.search_columns import checked
from neuronclaims.stats.maximum.search_design import Law, SearchDesign, search_design
from neuronclaims.stats.permutation.nulls import DRAWS, EVERY, NullHistogram, histogram, looked_at
from neuronclaims.stats.permutation.relabelling import Statistic

_CELLS = 1_000_000
"""Scores that are made together: 8 MB."""

_SCORES = 4_000_000
"""All arrangements are looked at where they have no more scores; it takes a fraction of the test's own time."""

_ROUNDING = 1e-12
"""The part of the variance from which on what is left of it is rounding, and t infinite."""


@dataclass(frozen=True, slots=True)
class MaximumNull:
    """The ``null`` of the largest, or lowest, statistic of ``neurons`` neurons, and what that statistic is called.

    They are those of the search whose own statistic is no more extreme, as p is found by stepping down; so many more
    are ``clearer``.
    """

    null: NullHistogram
    name: str
    neurons: int
    clearer: int


def maximum_null(
    first: ArrayLike,
    second: ArrayLike,
    column: int,
    *,
    paired: bool,
    statistic: Statistic,
    side: Literal["greater", "less"],
    seed: int,
) -> MaximumNull | None:
    """Return the null distribution for the neuron in ``column`` of [n1, m] and [n2, m]; None if it never varies.

    ``side`` is that of the maximum: "less" looks at the lowest of all. Raises StatsError for NaN, infinity, or pairs
    of unequal lengths.
    """
    a, b = checked(first, "The first set"), checked(second, "The second set")
    check_sizes(a, b, paired=paired)
    design = search_design(a, b, paired=paired, statistic=statistic)
    if not design.varies[column]:
        return None
    law = design.law
    upward = (side == "greater") != law.swapped
    compared = _compared(design, int(design.place[design.varies[:column].sum()]), upward=upward)
    neurons = compared.stop - compared.start
    most = max(DRAWS, min(EVERY, _SCORES // neurons))
    rows, every = looked_at(law.arrangements, seed, most)
    extremes = _extremes(design, compared, law.weights(rows > 0), upward=upward)
    null = histogram(_statistics(law, extremes), every)
    return MaximumNull(null, law.name(), neurons, len(design.scores) - neurons)


def _compared(design: SearchDesign, place: int, *, upward: bool) -> slice:
    """Return the neurons, in ascending order of their scores, that are no more extreme than the one at ``place``."""
    own, tied = design.scores[place], design.law.tolerance
    if upward:
        return slice(0, int(np.searchsorted(design.scores, own + tied, "right")))
    return slice(int(np.searchsorted(design.scores, own - tied, "left")), len(design.scores))


def _extremes(design: SearchDesign, compared: slice, weights: Floats, *, upward: bool) -> Floats:
    """Return the highest score of some neurons, or the lowest, under each of ``weights`` [rows, n]."""
    step = max(1, _CELLS // len(weights))
    found: list[NDArray[np.float64]] = []
    for start in range(compared.start, compared.stop, step):
        some = design.columns.of(slice(start, min(start + step, compared.stop)))
        scores = design.law.scores(some, weights)
        found.append(scores.max(axis=1) if upward else scores.min(axis=1))
    return np.asarray(np.max(found, axis=0) if upward else np.min(found, axis=0))


def _statistics(law: Law, scores: Floats) -> Floats:
    """Return the statistic of the first set over the second that goes with scores of any shape."""
    if law.whole:
        found = scores / law.deviation
    elif law.marked:
        found = _two_sample_t(law, scores)
    else:
        n = law.units
        found = _ratio(scores * np.sqrt((n - 1) / n), 1 - scores**2 / n)
    return -found if law.swapped else found


def _two_sample_t(law: Law, scores: Floats) -> Floats:
    """Return Welch's t of the marked units; where sets are alike in size it is the pooled t.

    With S the sum of c marked values of n = c + r, and s = S |S| / Y (S |S| where sizes agree), t squared is
    n^2 (c-1) (r-1) |s| over c^2 (c-1) r - (r^2 (r-1) + c^2 (c-1)) |s|.
    """
    c = law.marked
    r = law.units - c
    size = np.abs(scores) if law.spread else scores**2
    whole = c**2 * (c - 1) * r
    left = 1 - size * ((r**2 * (r - 1) + c**2 * (c - 1)) / whole)
    top = np.sign(scores) * law.units * np.sqrt((c - 1) * (r - 1) * size / whole)
    return _ratio(top, left)


def _ratio(top: Floats, left: Floats) -> Floats:
    """Divide by the root of the part of the variance that is ``left``, none of it where rounding alone is."""
    certain = np.where(top == 0, 0.0, np.copysign(np.inf, top))
    known = left > _ROUNDING
    return np.divide(top, np.sqrt(np.maximum(left, 0.0)), out=certain, where=known)
