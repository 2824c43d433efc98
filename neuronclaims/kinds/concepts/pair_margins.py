"""How many of their top k neurons prompts of every two sets share, and by how much one pair has the most or the fewest.

Of two sets the number is the mean over all pairs of prompts, one of each: the sum over neurons of the share of prompts
in which each is among the top of the one set, times that share in the other. It needs no list, and so no tenth place.
Units of all sets are weighted at random together, with one more unit in each, as far out as one could be (Gaffke's
bound taken to a mean over pairs, see ``top_k/pair_overlap``): where the one number is to exceed the other, that unit
shares nothing in the pair said to be larger, and all it can in the other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from neuronclaims.kinds.top_k.pair_overlap import (
    DRAWS,
    most_frequent,
    unit_weights,
    weighted_means,
    with_one_more,
)
from neuronclaims.stats import EffectSize, Estimate
from neuronclaims.stats.inputs import Floats, StatsError

MARGIN = EffectSize(
    "least_margin_shared",
    "least difference from another pair's number of shared neurons",
    "least margin",
    signed=True,
    scale="count",
)


@dataclass(frozen=True, slots=True, eq=False)
class PairMean:
    """The mean number that two sets share, and weighted means with one more unit: the least and the most [draws]."""

    value: float
    below: Floats
    above: Floats


@dataclass(frozen=True, slots=True, eq=False)
class PairMeans:
    """The mean numbers of every two sets, by the two places of the sets, the smaller place first."""

    means: dict[tuple[int, int], PairMean]
    draws: int

    @classmethod
    def of(
        cls,
        sets: Sequence[Floats],
        numbers: Sequence[Sequence[int]],
        k: int,
        *,
        seed: int,
        draws: int = DRAWS,
    ) -> PairMeans:
        """Count what prompts share; ``sets`` [units, m] say in what share of a unit's prompts a neuron is on top.

        Units of one number depend on each other: they are weighted together, and pairs of them are left out. Raises
        StatsError where that leaves no pair of two sets.

        >>> sets = [np.eye(3)[[0, 0]], np.eye(3)[[0, 1]], np.eye(3)[[2, 2]]]
        >>> found = PairMeans.of(sets, [[0, 1], [2, 3], [4, 5]], 1, seed=0)
        >>> {pair: mean.value for pair, mean in found.means.items()}
        {(0, 1): 0.5, (0, 2): 0.0, (1, 2): 0.0}
        """
        held = np.flatnonzero(np.any([each.any(axis=0) for each in sets], axis=0))
        kept = [each[:, held] for each in sets]
        ids = [np.asarray(list(own)) for own in numbers]
        weights = unit_weights(ids, seed, draws)
        pairs = combinations(range(len(sets)), 2)
        return cls(
            {
                (one, two): _pair_mean(
                    (kept[one], kept[two]), (ids[one], ids[two]), (weights[one], weights[two]), k
                )
                for one, two in pairs
            },
            draws,
        )

    def least_margin(self, pair: tuple[int, int], *, most: bool, level: float) -> Estimate:
        """Return by how much a pair's number exceeds that of every other pair at least; or, not ``most``, lies below.

        The lower limit is the least of the pairs' own: what holds of each holds of all. The upper limit is the least of
        limits that allow for as many pairs as there are, since any of them could be the closest by chance. The p of
        "above" is the largest of the pairs' (Berger 1982), that of "below" the smallest times their number.

        >>> sets = [np.eye(3)[[0] * 20], np.eye(3)[[0] * 20], np.eye(3)[[2] * 20]]
        >>> found = PairMeans.of(sets, [range(20), range(20, 40), range(40, 60)], 1, seed=0)
        >>> margin = found.least_margin((0, 1), most=True, level=0.95)
        >>> margin.value, round(margin.low, 1), margin.high
        (1.0, 0.6, 1.0)
        """
        rivals = [each for each in self.means if each != pair]
        margins = [self._margin(pair, rival, most=most) for rival in rivals]
        value = min(each.value for each in margins)
        count, draws = len(rivals), self.draws
        error = (1 - level) / 2

        def place(share: float) -> int:
            return max(0, int(share * (1 + draws) + 1e-9) - 1)

        low = min(float(each.below[place(error)]) for each in margins)
        high = min(float(each.above[draws - 1 - place(error / count)]) for each in margins)

        def tails(bound: float) -> tuple[float, float]:
            no_more = max(int(np.searchsorted(each.below, bound, side="right")) for each in margins)
            no_less = min(draws - int(np.searchsorted(each.above, bound, side="left")) for each in margins)
            return (1 + no_more) / (1 + draws), min(1.0, count * (1 + no_less) / (1 + draws))

        method = f"Gaffke's interval over all pairs of prompts ({draws:,} weightings), the least of {count}"
        return Estimate(MARGIN, value, min(low, value), max(high, value), level, method, tails)

    def closest(self, pair: tuple[int, int], *, most: bool) -> tuple[int, int]:
        """Return the other pair whose number comes nearest, or is beyond it the most."""
        rivals = [each for each in self.means if each != pair]
        return min(rivals, key=lambda rival: (self._margin(pair, rival, most=most).value, rival))

    def _margin(self, pair: tuple[int, int], rival: tuple[int, int], *, most: bool) -> PairMean:
        larger, smaller = (self.means[each] for each in ((pair, rival) if most else (rival, pair)))
        return PairMean(
            larger.value - smaller.value,
            np.sort(larger.below - smaller.above),
            np.sort(larger.above - smaller.below),
        )


def _pair_mean(
    sets: tuple[Floats, Floats],
    ids: tuple[NDArray[np.int64], NDArray[np.int64]],
    weights: tuple[Floats, Floats],
    k: int,
) -> PairMean:
    one, two = sets
    apart = np.asarray(ids[0][:, None] != ids[1][None, :], dtype=np.float64)
    if not apart.any():
        raise StatsError("All units of two sets are of one group: no pair is left.")
    both, others = one @ two.T, with_one_more(apart, 1.0)
    largest = with_one_more(both, float(k), two @ most_frequent(two, k), one @ most_frequent(one, k))
    return PairMean(
        float((both * apart).sum() / apart.sum()),
        weighted_means(with_one_more(both, 0.0), others, weights),
        weighted_means(largest, others, weights),
    )
