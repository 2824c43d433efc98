"""How many of their top k neurons a prompt of one set and a prompt of another share, on average over all pairs.

A t interval of this mean is wrong where few prompts carry it: with one prompt in ten that has all that the other set
has, it lies wholly below the true number in a third of data sets of 8 + 8 (docs/adr/0049-overlap-by-occurrence.md). So
units are weighted at random, as in a Bayesian bootstrap, with one unit more on each side, as far out as one could be:
one that shares nothing for the lower limit, and for the upper one that has the neurons most often met in the other set.
This is the bound of Gaffke (2005) for a mean of values in a known range, taken to the mean over pairs.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neuronclaims.stats.effects.effect_size import EffectSize
from neuronclaims.stats.effects.estimate import Estimate
from neuronclaims.stats.inputs import Floats, StatsError, check_share, matrix
from neuronclaims.stats.permutation.arrangements import raw_words
from neuronclaims.stats.permutation.exchange import content_order

DRAWS = 19_999
"""How many weightings of the units make an interval."""

LEAST_P = 2 / (1 + DRAWS)
"""The least two-sided p that they can give."""


def pair_overlap_estimate(
    first: ArrayLike,
    second: ArrayLike,
    k: int,
    *,
    seed: int,
    level: float = 0.95,
    clusters: tuple[Sequence[int], Sequence[int]] | None = None,
) -> Estimate:
    """Return how many of their top ``k`` neurons a unit of each set share on average, with an interval in 0..k.

    Of each unit [n1, m] and [n2, m]: in what share of its prompts a neuron is among the top. ``clusters`` number the
    units of both sets; units of one number depend on each other, as prompts of one frame do. They are weighted
    together, and the pairs of one cluster are left out. Raises StatsError where that leaves none.

    >>> found = pair_overlap_estimate(np.eye(4)[[0, 1, 0, 1]], np.eye(4)[[0, 1, 2, 3]], 1, seed=0)
    >>> found.value, found.low < 0.25 < found.high
    (0.25, True)
    """
    check_share(level, "The level")
    sets = [matrix(first, "The first set"), matrix(second, "The second set")]
    numbers = clusters or (range(len(sets[0])), range(len(sets[0]), len(sets[0]) + len(sets[1])))
    orders = [content_order(each) for each in sets]
    one, other = (each[order] for each, order in zip(sets, orders, strict=True))
    ids = [np.asarray(list(number))[order] for number, order in zip(numbers, orders, strict=True)]
    apart = np.asarray(ids[0][:, None] != ids[1][None, :], dtype=np.float64)
    if not apart.any():
        raise StatsError("All units of the two sets are of one cluster: no pair is left.")
    both = one @ other.T
    value = float((both * apart).sum() / apart.sum())
    weights = unit_weights(ids, seed)
    below = np.sort(weighted_means(with_one_more(both, 0.0), with_one_more(apart, 1.0), weights))
    most = with_one_more(both, float(k), other @ most_frequent(other, k), one @ most_frequent(one, k))
    above = np.sort(weighted_means(most, with_one_more(apart, 1.0), weights))

    def tails(bound: float) -> tuple[float, float]:
        no_more = int(np.searchsorted(below, bound, side="right"))
        no_less = DRAWS - int(np.searchsorted(above, bound, side="left"))
        return (1 + no_more) / (1 + DRAWS), (1 + no_less) / (1 + DRAWS)

    place = max(0, int((1 - level) / 2 * (1 + DRAWS) + 1e-9) - 1)
    low, high = float(below[place]), float(above[DRAWS - 1 - place])
    method = f"Gaffke's interval over all pairs of prompts ({DRAWS:,} weightings)"
    return Estimate(_effect(k), value, min(low, value), max(high, value), level, method, tails)


def own_pair_overlap(units: ArrayLike) -> float:
    """Return how many neurons two different units [n, m] of one set share on average.

    >>> own_pair_overlap(np.eye(4)[[0, 0, 1]])
    0.3333333333333333
    """
    values = matrix(units, "The set")
    n, total = len(values), values.sum(axis=0)
    if n < 2:
        raise StatsError("The set needs at least 2 units, to compare one with another.")
    return float((total @ total - (values * values).sum()) / (n * (n - 1)))


def _effect(k: int) -> EffectSize:
    name = f"mean number of top {k} neurons that two prompts share"
    return EffectSize("neurons_shared_by_prompts", name, scale="count")


def most_frequent(units: Floats, k: int) -> Floats:
    """Mark the ``k`` columns [m] that are most often among the top."""
    marked = np.zeros(units.shape[1])
    marked[np.argsort(-units.mean(axis=0), kind="stable")[:k]] = 1.0
    return marked


def with_one_more(
    pairs: Floats, corner: float, row: Floats | None = None, column: Floats | None = None
) -> Floats:
    """Add one unit to each side of a table of pairs [n1, n2]: it shares ``corner`` with others by default."""
    n1, n2 = pairs.shape
    made = np.full((n1 + 1, n2 + 1), corner)
    made[:n1, :n2] = pairs
    if row is not None and column is not None:
        made[n1, :n2], made[:n1, n2] = row, column
    return made


def unit_weights(ids: Sequence[NDArray[np.int64]], seed: int, draws: int = DRAWS) -> tuple[Floats, ...]:
    """Draw weights of the units of each set, and of one more of each: [draws, n + 1] by set.

    ``ids`` number the units; those of one number have one weight.
    """
    met = dict.fromkeys(np.concatenate(list(ids)).tolist())  # in the order of units, whatever their numbers
    places = {number: place for place, number in enumerate(met)}
    width = len(places) + len(ids)
    words = raw_words(seed, 0, draws * width).reshape(draws, width)
    drawn = -np.log(((words >> np.uint64(11)).astype(np.float64) + 0.5) / 2.0**53)
    return tuple(
        drawn[:, [*(places[number] for number in own.tolist()), len(places) + place]]
        for place, own in enumerate(ids)
    )


def weighted_means(pairs: Floats, apart: Floats, weights: Sequence[Floats]) -> Floats:
    """Return the weighted means [draws] over the pairs that are ``apart``."""
    first, second = weights
    sums = (first @ (pairs * apart) * second).sum(axis=1)
    return np.asarray(sums / (first @ apart * second).sum(axis=1))
