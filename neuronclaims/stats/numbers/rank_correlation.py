"""Spearman's rank correlation of one value per unit with a number of that unit, with its interval.

Ranks are taken within blocks where there are any, centred and divided by the size of the block, so that what a block
has in common cancels (van Elteren 1960). With one block it is Spearman's correlation with mid-ranks for ties.

The interval lies on Fisher's scale. Its standard error is the larger of two: Bonett and Wright's (2000) at the
boundary, right for smooth values that go together evenly, and the jackknife's, right where they spread unevenly or are
mostly alike. Student's t is taken for both. Coverage: docs/adr/0066-numbers-per-prompt.md.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neuronclaims.stats.distributions.quantiles import never_zero, t_below
from neuronclaims.stats.effects.effect_size import EffectSize
from neuronclaims.stats.effects.estimate import Estimate, Tails, limits
from neuronclaims.stats.effects.points import doubled_midranks
from neuronclaims.stats.inputs import Floats, StatsError, check_sizes, matrix, vector
from neuronclaims.stats.numbers.permuted import OrderTest

RANK_CORRELATION = EffectSize(
    "rank_correlation", "rank correlation", "rho", True, phrase="rank correlation (Spearman)"
)
BLOCKED_RANK_CORRELATION = EffectSize(
    "blocked_rank_correlation", "rank correlation within blocks", "rho in blocks", True
)

FEWEST = 4
"""Units without which there is no interval."""

_CELLS = 2_000_000
"""Comparisons of two units that are held at once."""


@dataclass(frozen=True, slots=True, eq=False)
class Ranked:
    """Values and numbers of units, both as ranks within blocks, centred; ``blocks`` are the places of each block.

    >>> ranked = Ranked.of([1.0, 2.0, 4.0], [10.0, 30.0, 20.0])
    >>> round(ranked.correlation, 3)  # scipy.stats.spearmanr([1, 2, 4], [10, 30, 20])
    0.5
    """

    values: Floats
    numbers: Floats
    value_ranks: Floats
    number_ranks: Floats
    blocks: tuple[NDArray[np.intp], ...]

    @classmethod
    def of(cls, values: ArrayLike, numbers: ArrayLike, blocks: Sequence[int] | None = None) -> Ranked:
        """Rank values [n] and numbers [n]; raise StatsError where they do not match, or a number is not finite."""
        x, y = vector(values, "The values"), vector(numbers, "The numbers")
        check_sizes(x, y, paired=True)
        codes = np.zeros(len(x), dtype=np.intp) if blocks is None else np.asarray(blocks, dtype=np.intp)
        if len(codes) != len(x):
            raise StatsError(f"There are {len(codes)} blocks for {len(x)} values.")
        places = tuple(np.flatnonzero(codes == code) for code in np.unique(codes))
        return cls(x, y, _ranks(x, places), _ranks(y, places), places)

    @property
    def blocked(self) -> bool:
        """Whether there is more than one block."""
        return len(self.blocks) > 1

    @property
    def varies(self) -> bool:
        """Whether both vary within blocks, so that there is a correlation."""
        return bool(np.any(self.value_ranks) and np.any(self.number_ranks))

    @property
    def correlation(self) -> float:
        """The correlation of both ranks; NaN where one never varies."""
        if not self.varies:
            return math.nan
        sums = [float(a @ b) for a, b in self._products]
        return float(np.clip(sums[0] / math.sqrt(sums[1] * sums[2]), -1.0, 1.0))

    @property
    def _products(self) -> tuple[tuple[Floats, Floats], ...]:
        x, y = self.value_ranks, self.number_ranks
        return (x, y), (x, x), (y, y)

    def without_each(self) -> Floats:
        """Return the correlation [units] without each unit of a block of two or more, ranked anew; 0 where none is."""
        found: list[Floats] = []
        totals = np.array([float(a @ b) for a, b in self._products])
        for places in self.blocks:
            if len(places) < 2:
                continue
            own = np.array([float(a[places] @ b[places]) for a, b in self._products])
            rows = max(1, _CELLS // len(places))
            for start in range(0, len(places), rows):
                left = slice(start, start + rows)
                x, y = (_ranks_without(each[places], left) for each in (self.values, self.numbers))
                parts = np.stack([(a * b).sum(axis=1) for a, b in ((x, y), (x, x), (y, y))])
                sums = parts + (totals - own)[:, None]
                scale = np.sqrt(np.maximum(sums[1] * sums[2], 0.0))
                found.append(np.divide(sums[0], scale, out=np.zeros_like(scale), where=scale > 1e-12))
        return np.clip(np.concatenate(found), -1.0, 1.0) if found else np.zeros(0)


def rank_correlation_estimate(
    values: ArrayLike, numbers: ArrayLike, blocks: Sequence[int] | None = None, *, level: float = 0.95
) -> Estimate:
    """Return the rank correlation of values [n] with numbers [n], with its interval; without one below 4 units.

    >>> found = rank_correlation_estimate([1, 2, 3, 4, 5, 7, 6, 8], [2, 1, 3, 4, 5, 6, 7, 9])
    >>> round(found.value, 3), 0 < found.low < found.value < found.high < 1
    (0.952, True)
    """
    return estimate_of(Ranked.of(values, numbers, blocks), level)


def estimate_of(ranked: Ranked, level: float = 0.95) -> Estimate:
    """Return the correlation of ranked values with its interval."""
    effect = BLOCKED_RANK_CORRELATION if ranked.blocked else RANK_CORRELATION
    method = "Fisher interval of a rank correlation, by the larger of two standard errors"
    value, free = ranked.correlation, _free(ranked)
    if math.isnan(value):
        return Estimate(effect, None, None, None, level, method)
    if free < FEWEST - 1:
        return Estimate(effect, value, None, None, level, method)
    tails = _tails(ranked, value, free)
    low, high = limits(tails, value, 1.0, level)
    return Estimate(effect, value, max(-1.0, low), min(1.0, high), level, method, tails)


def correlation_test(ranked: Ranked, unit: str = "unit") -> OrderTest:
    """Return the test that permutes numbers among units, within blocks, on the rank correlation.

    It is exact where a unit's number has nothing to do with its value, whatever the values and however many tie.

    >>> from neuronclaims.stats.settings import Resampling
    >>> ranked = Ranked.of([1, 2, 3, 4, 5], [1, 3, 2, 4, 5])
    >>> round(correlation_test(ranked).test(Resampling(0)).p_value, 4)  # 2 * 5 of 120
    0.0833
    """
    order = np.concatenate(ranked.blocks)
    x, y = ranked.value_ranks[order], ranked.number_ranks[order]
    size = math.sqrt(float(x @ x) * float(y @ y)) or 1.0

    def statistic(rows: NDArray[np.intp]) -> Floats:
        return np.asarray(y[rows] @ x / size)

    name = "rank correlation within blocks" if ranked.blocked else "rank correlation"
    return OrderTest(statistic, tuple(map(len, ranked.blocks)), 1e-11, name, unit)


def correlations_many(values: ArrayLike, ranked: Ranked) -> Floats:
    """Return the rank correlation of each neuron [m], of values [n, m], with the numbers; 0 where it never varies."""
    x = matrix(values, "The values")
    found = np.zeros_like(x)
    for places in ranked.blocks:
        n = len(places)
        found[places] = (doubled_midranks(x[places]).astype(np.float64) - (n + 1)) / (2 * n)
    size = np.sqrt((found**2).sum(axis=0) * float(ranked.number_ranks @ ranked.number_ranks))
    sums = np.asarray(ranked.number_ranks @ found, dtype=np.float64)
    return np.asarray(np.divide(sums, size, out=np.zeros(x.shape[1]), where=size > 0))


def least_correlation_p(numbers: ArrayLike, blocks: Sequence[int] | None, boundary: float) -> float:
    """Return the least two-sided p of values in the very order of the numbers, against a ``boundary``.

    >>> least_correlation_p([1.0, 2.0, 3.0, 4.0, 5.0, 6.0], None, 0.0)  # 2 of 720 by permutation; six agree: 2 / 2^6
    0.03125
    """
    best = Ranked.of(numbers, numbers, blocks)
    found = estimate_of(best).p_against(boundary)
    if found is None or boundary:
        return 1.0 if found is None else found
    alike = 1
    for places in best.blocks:
        for count in np.unique(best.numbers[places], return_counts=True)[1]:
            alike *= math.factorial(int(count))
    total = math.prod(math.factorial(len(places)) for places in best.blocks)
    return max(found, min(1.0, 2 * alike / total))


def least_margin_p(units: int, margin: float) -> float:
    """Return the least p of a claim that the correlation lies within a margin: it is 0, and values spread evenly.

    >>> least_margin_p(100, 0.3) < least_margin_p(20, 0.3)
    True
    """
    if units < FEWEST:
        return 1.0
    error = math.sqrt((1 + margin * margin / 2) / (units - 3))
    return min(1.0, 2 * t_below(-math.atanh(margin) / error, units - 2))


def _free(ranked: Ranked) -> int:
    """Return how many units are free to go the other way: all but one of each block."""
    return sum(len(places) - 1 for places in ranked.blocks)


def _telling(values: Floats, blocks: Sequence[NDArray[np.intp]]) -> int:
    """Return how many units tell anything: where most of a block have one value, as 0, only those that have another.

    >>> _telling(np.array([0.0, 0.0, 0.0, 5.0, 1.0]), [np.arange(5)]), _telling(np.arange(5.0), [np.arange(5)])
    (2, 5)
    """
    found = 0
    for places in blocks:
        alike, units = int(np.unique(values[places], return_counts=True)[1].max()), len(places)
        found += units - alike if 2 * alike > units else units
    return found


def _tails(ranked: Ranked, value: float, free: int) -> Tails:
    n = free + 1
    most = 1 - 3 / (n * (n * n - 1))  # half of the smallest step away from a perfect order
    z, left = math.atanh(float(np.clip(value, -most, most))), ranked.without_each()
    scores = np.arctanh(np.clip(left, -most, most))
    telling = min(n, _telling(ranked.values, ranked.blocks), _telling(ranked.numbers, ranked.blocks))
    jackknife = math.sqrt((len(scores) - 1) / len(scores) * float(((scores - scores.mean()) ** 2).sum()))

    def tails(bound: float) -> tuple[float, float]:
        if abs(bound) >= 1:
            return (1.0, never_zero(0.0)) if bound > 0 else (never_zero(0.0), 1.0)
        error = max(jackknife, math.sqrt((1 + bound * bound / 2) / (n - 3)) if n > 3 else math.inf)
        t = (z - math.atanh(bound)) / error
        above, below = t_below(-t, n - 2), t_below(t, n - 2)
        # Agreement of all units that tell has this chance where a part of them goes the other way.
        return max(above, ((1 + bound) / 2) ** telling), max(below, ((1 - bound) / 2) ** telling)

    return tails


def _ranks(values: Floats, blocks: Sequence[NDArray[np.intp]]) -> Floats:
    found = np.zeros(len(values))
    for places in blocks:
        n = len(places)
        doubled = doubled_midranks(values[places][:, None])[:, 0].astype(np.float64)
        found[places] = (doubled - (n + 1)) / (2 * n)
    return found


def _ranks_without(values: Floats, left: slice) -> Floats:
    """Return the centred ranks [left, n] of a block without each of the units ``left``, whose own rank is 0."""
    n = len(values)
    doubled = doubled_midranks(values[:, None])[:, 0].astype(np.float64)
    out = values[left][:, None]
    found = (doubled - 2.0 * (out < values) - (out == values) - n) / (2 * (n - 1))
    own = np.arange(n)[left]
    found[np.arange(len(own)), own] = 0.0
    return np.asarray(found)
