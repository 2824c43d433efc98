"""Score limits for the AUROC, from the standard error it would have at each candidate value."""

from __future__ import annotations

import math

import numpy as np

from neuronclaims.stats.effects.points import doubled_midranks, variance
from neuronclaims.stats.inputs import Bools, Floats, column_means

_CLOSE = 1e-13


def hanley_mcneil_variance(theta: float, n1: int, n2: int) -> float:
    """Return the variance of the AUROC estimate when the true AUROC is ``theta``, with n1 and n2 units.

    The form of Hanley and McNeil (1982) for exponential values, with both n1 - 1 and n2 - 1 replaced by
    (n1 + n2) / 2 - 1, which makes it symmetric in the two sets: Newcombe 2006, method 5.
    """
    weight = (n1 + n2) / 2 - 1
    inner = 1 + weight * (1 - theta) / (2 - theta) + weight * theta / (1 + theta)
    return theta * (1 - theta) * inner / (n1 * n2)


def hanley_mcneil_limits(value: float, n1: int, n2: int, quantile: float) -> tuple[float, float]:
    """Return the two solutions theta of |value - theta| = quantile sqrt(variance at theta), within [0, 1]."""
    return _solve(value, 0.0, n1, n2, quantile), _solve(value, 1.0, n1, n2, quantile)


def placements(first: Floats, second: Floats) -> tuple[Floats, Floats]:
    """Return each value's share of the other set's values below it, equal ones half: [n1, m] and [n2, m]."""
    n1, n2 = len(first), len(second)
    together = doubled_midranks(np.concatenate([first, second]))
    over = (together[:n1] - doubled_midranks(first)) / (2 * n2)
    under = (together[n1:] - doubled_midranks(second)) / (2 * n1)
    return over, under


def variance_excess(first: Floats, second: Floats) -> Floats:
    """Return how many times the variance of the AUROC is that of ``hanley_mcneil_variance``, at least 1: [m].

    The larger one of ``own_excess`` and ``spread_excess``. A set's spread is here the mean distance from its median,
    which one value far out moves little.
    """
    one, two = (column_means(distances(side)) for side in (first, second))
    return np.maximum(own_excess(first, second), spread_excess(one, two, (len(first), len(second))))


def own_excess(first: Floats, second: Floats) -> Floats:
    """Return how many times the variance of the AUROC is that of ``hanley_mcneil_variance`` by the ranks: [m].

    The values' own variance is DeLong's (1988), at the estimate. Hanley and McNeil's is for exponential values and too
    small for skewed ones, or for many zeros and a shift (docs/adr/0014-auroc-interval.md).

    Both are 0 where the sets separate completely: then 1. But if most values of a set are the same there, as for a
    neuron that is mostly 0, a unit tells no more than a coin does, and the variance is taken as the largest possible:
    theta (1 - theta) / min(n1, n2) (van Dantzig 1951), near the estimate. 1 where a set has a single unit.
    """
    n1, n2 = len(first), len(second)
    over, under = (np.sort(side, axis=0) for side in placements(first, second))
    if min(n1, n2) < 2:
        return np.ones(first.shape[1])
    own = variance(over) / n1 + variance(under) / n2
    value = column_means(over)
    weight = (n1 + n2) / 2 - 1
    inner = 1 + weight * (1 - value) / (2 - value) + weight * value / (1 + value)
    borrowed = value * (1 - value) * inner / (n1 * n2)
    ratio = np.divide(own, borrowed, out=np.ones_like(own), where=borrowed > 0)
    coins = ((value == 0) | (value == 1)) & (_mostly_one_value(first) | _mostly_one_value(second))
    return np.where(coins, max(n1, n2) / (1 + weight / 2), np.maximum(1.0, ratio))


def spread_excess(first: Floats, second: Floats, sizes: tuple[int, int]) -> Floats:
    """Return by how much unequal spreads raise the variance of an AUROC of 0.5: [m], from the sets' spreads [m].

    Of normal values with r times the spread of the other set's, the shares of the other set that lie below them have
    the variance arcsin(r^2 / (1 + r^2)) / (2 pi): 1/12 for equal spreads, 1/4 at most. So the AUROC varies more where
    the smaller set does; elsewhere, and for sets of one size, this is 1 (docs/adr/0046-auroc-unequal-spreads.md).
    """
    n1, n2 = sizes
    if n1 == n2:
        return np.ones_like(first)
    needed, largest = (first > second) if n1 < n2 else (second > first), np.maximum(first, second)
    one, two = (
        np.divide(side, largest, out=np.ones_like(side), where=needed) ** 2 for side in (first, second)
    )
    found = np.arcsin(one / (one + two)) / n1 + np.arcsin(two / (one + two)) / n2
    return np.where(needed, found / (np.pi / 6 * (1 / n1 + 1 / n2)), 1.0)


def distances(values: Floats) -> Floats:
    """Return the distances of values from their column's median, [n, m] in ascending order."""
    ordered = np.sort(values, axis=0)
    middle = (ordered[(len(ordered) - 1) // 2] + ordered[len(ordered) // 2]) / 2
    return np.sort(np.abs(ordered - middle), axis=0)


def _mostly_one_value(values: Floats) -> Bools:
    """Say for which columns [n, m] more than half of the values are the same."""
    middle = np.sort(values, axis=0)[len(values) // 2]
    return np.asarray((values == middle).mean(axis=0) > 0.5)


def pair_variance_ratio(first: Floats, second: Floats) -> float:
    """Return the factor by which pairing changes the variance of the AUROC of aligned values [n] and [n].

    With each value's placement among the other set's values as its U-statistic component, the ratio is that
    of var(h1 + h2) over pairs (Obuchowski 1997) to var(h1) + var(h2) (DeLong 1988). 1 where nothing varies.
    """
    n = len(first)
    together = doubled_midranks(np.concatenate([first, second])[:, None])[:, 0]
    own = np.concatenate([doubled_midranks(side[:, None])[:, 0] for side in (first, second)])
    placement = (together - own) / (2 * n)
    over, under = placement[:n], -placement[n:]
    independent = float(over.var() + under.var())
    return float((over + under).var()) / independent if independent > 0 else 1.0


def paired_variance_factor(first: Floats, second: Floats) -> float:
    """Return by how much ``hanley_mcneil_variance`` is to be multiplied for the AUROC of aligned values [n] and [n]."""
    excess = float(variance_excess(first[:, None], second[:, None])[0])
    # In few pairs the ratio can come out near 0 by luck, and the interval then far too narrow: hence the floor.
    return excess * max(pair_variance_ratio(first, second), 1 / len(first))


def _solve(value: float, end: float, n1: int, n2: int, quantile: float) -> float:
    """Bisect between the estimate, where the distance is too small, and ``end``, where it is large enough."""
    inside, outside = value, end
    while abs(outside - inside) > _CLOSE:
        middle = (inside + outside) / 2
        reach = quantile * math.sqrt(hanley_mcneil_variance(middle, n1, n2))
        if abs(value - middle) <= reach:
            inside = middle
        else:
            outside = middle
    return inside
