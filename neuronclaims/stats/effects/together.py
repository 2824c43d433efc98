"""Effects with their intervals of many neurons at once, between two independent sets.

A neuron gets, to the last digit, what it gets alone: the functions for one neuron in ``intervals.py`` call these.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from neuronclaims.stats.distributions.newcombe import hanley_mcneil_limits, variance_excess
from neuronclaims.stats.distributions.noncentral import noncentrality_limits
from neuronclaims.stats.distributions.quantiles import normal_quantile
from neuronclaims.stats.distributions.skewed_difference import SkewedDifference
from neuronclaims.stats.distributions.skewed_mean import NEVER_UNSEEN, unseen_p
from neuronclaims.stats.effects.effect_size import AUROC, HEDGES_G, MEAN_DIFFERENCE, EffectSize
from neuronclaims.stats.effects.estimate import Caution, Estimate, few_units
from neuronclaims.stats.effects.points import auroc_many, variance
from neuronclaims.stats.inputs import Floats, check_share, check_sizes, column_means, matrix, to_unit
from neuronclaims.stats.tails import auroc_tails, standardised_tails, student_tails


def auroc_estimates(first: ArrayLike, second: ArrayLike, *, level: float = 0.95) -> tuple[Estimate, ...]:
    """Return for each of m neurons, [n1, m] against [n2, m], what ``auroc_estimate`` gives it.

    >>> [found.value for found in auroc_estimates([[2, 0], [3, 0]], [[1, 5], [2, 5]])]
    [0.875, 0.0]
    """
    a, b = _independent(first, second, level)
    excess, quantile = np.sqrt(variance_excess(a, b)), normal_quantile(level)
    return tuple(
        Estimate(
            AUROC,
            value,
            *hanley_mcneil_limits(value, len(a), len(b), quantile * wide),
            level,
            "Newcombe score interval",
            auroc_tails(value, len(a), len(b), paired=False, factor=wide**2),
        )
        for value, wide in zip(auroc_many(a, b).tolist(), excess.tolist(), strict=True)
    )


def mean_difference_estimates(
    first: ArrayLike, second: ArrayLike, *, level: float = 0.95
) -> tuple[Estimate, ...]:
    """Return for each of m neurons, [n1, m] against [n2, m], what ``mean_difference_estimate`` gives it.

    >>> [found.value for found in mean_difference_estimates([[3, 0], [5, 2]], [[1, 0], [3, 2]])]
    [2.0, 0.0]
    """
    a, b = _independent(first, second, level)
    values = column_means(a) - column_means(b)
    scale = np.ldexp(1.0, np.frexp(np.maximum(np.abs(a).max(axis=0), np.abs(b).max(axis=0)))[1])
    scaled = in_units(a, b)
    error, df = welch_errors(*scaled)
    found = SkewedDifference.of(values, error, scale, df, scaled)
    return differences(found, MEAN_DIFFERENCE, level, "Welch t interval, corrected for skewness")


def differences(
    found: SkewedDifference, effect: EffectSize, level: float, method: str
) -> tuple[Estimate, ...]:
    """Return the estimates of differences of means [m], with a caution where a shared skewness widens the interval."""
    lows, highs = found.limits(level)
    return tuple(
        Estimate(effect, value, low, high, level, method, found.tails(column), _caution(found, column))
        if found.error[column] > 0
        else Estimate(effect, value, None, None, level, method)
        for column, (value, low, high) in enumerate(
            zip(found.value.tolist(), lows.tolist(), highs.tolist(), strict=True)
        )
    )


def _caution(found: SkewedDifference, column: int) -> Caution | None:
    least = unseen_p(found.units)
    if found.skewed[column] == 0:
        few = Caution("few_units", few_units(found.units), least_p_of_number=least)
        return few if least >= NEVER_UNSEEN else None
    sentence = (
        "The values are skewed, and so few prompts cannot tell that both sets spread alike: one may lack its tail. "
        "Take more prompts, or claim an AUROC."
    )
    tails = student_tails(*found.plain(column))
    return Caution("skewed_sets", sentence, plain=tails, least_p_of_number=least)


def hedges_g_estimates(first: ArrayLike, second: ArrayLike, *, level: float = 0.95) -> tuple[Estimate, ...]:
    """Return for each of m neurons, [n1, m] against [n2, m], what ``hedges_g_estimate`` gives it.

    >>> many = hedges_g_estimates([[3, 0], [4, 1], [5, 2]], [[1, 0], [2, 1], [3, 2]])
    >>> [round(found.value, 2) for found in many]
    [1.6, 0.0]
    """
    t, size, df = pooled_ts(*_independent(first, second, level))
    return tuple(
        standardised(HEDGES_G, (None if math.isnan(one) else one, size, df), level) for one in t.tolist()
    )


def pooled_ts(first: Floats, second: Floats) -> tuple[Floats, float, int]:
    """Return Student's t of each column (NaN where nothing varies), by how much it exceeds the effect in sd, its df."""
    n1, n2 = len(first), len(second)
    a, b = in_units(first, second)
    df, size = n1 + n2 - 2, math.sqrt(n1 * n2 / (n1 + n2))
    pooled = np.sqrt(((n1 - 1) * variance(a) + (n2 - 1) * variance(b)) / df)
    difference = column_means(a) - column_means(b)
    t = np.divide(difference, pooled, out=np.full_like(pooled, np.nan), where=pooled > 0)
    return t * size, size, df


def welch_errors(first: Floats, second: Floats) -> tuple[Floats, Floats]:
    """Return the standard error of each column's difference of means, and Satterthwaite's degrees of freedom."""
    n1, n2 = len(first), len(second)
    parts = variance(first) / n1, variance(second) / n2
    both = parts[0] + parts[1]
    # From shares, so that tiny and huge variances neither vanish nor overflow.
    shares = [np.divide(part, both, out=np.full_like(both, 0.5), where=both > 0) for part in parts]
    df = 1 / (shares[0] ** 2 / (n1 - 1) + shares[1] ** 2 / (n2 - 1))
    return np.sqrt(both), np.where(both > 0, df, float(n1 + n2 - 2))


def in_units(first: Floats, second: Floats) -> tuple[Floats, Floats]:
    """Return columns divided by one power of two each: squares then neither vanish nor overflow."""
    pooled = to_unit(np.concatenate([first, second]))
    return pooled[: len(first)], pooled[len(first) :]


def standardised(effect: EffectSize, found: tuple[float | None, float, int], level: float) -> Estimate:
    """Return the effect in standard deviations of a t (None where nothing varies), its size and its df."""
    method = "noncentral t interval (normal theory)"
    t, size, df = found
    if t is None:
        return Estimate(effect, None, None, None, level, method)
    value = _hedges_factor(df) * t / size
    limits = noncentrality_limits(t, df, level)
    if limits is None:
        return Estimate(effect, value, None, None, level, method)
    low, high = min(value, limits[0] / size), max(value, limits[1] / size)
    return Estimate(effect, value, low, high, level, method, standardised_tails(t, size, df))


def _hedges_factor(df: int) -> float:
    if df < 2:
        return 1.0  # the factor exists from two degrees of freedom on
    return math.exp(math.lgamma(df / 2) - math.lgamma((df - 1) / 2)) / math.sqrt(df / 2)


def _independent(first: ArrayLike, second: ArrayLike, level: float) -> tuple[Floats, Floats]:
    a, b = matrix(first, "The first set"), matrix(second, "The second set")
    check_share(level, "The level")
    check_sizes(a, b, paired=False)
    return np.sort(a, axis=0), np.sort(b, axis=0)  # the order of prompts shall not change the last digit
