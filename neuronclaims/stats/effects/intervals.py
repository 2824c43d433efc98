"""Effects with their confidence intervals.

Every interval contains its estimate and stays within the range of its effect. What the data cannot give is
None, never NaN: the interval of a difference when nothing varies, a standardised effect when the spread is
zero.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from neuronclaims.stats.effects.newcombe import hanley_mcneil_limits, pair_variance_ratio
from neuronclaims.stats.effects.noncentral import noncentrality_limits
from neuronclaims.stats.effects.points import auroc
from neuronclaims.stats.effects.quantiles import normal_quantile, spread, standard_error, t_quantile
from neuronclaims.stats.inputs import Floats, check_share, check_sizes, to_unit, vector

_FIRST, _SECOND = "The first set", "The second set"


@dataclass(frozen=True, slots=True)
class Estimate:
    """An effect ``value`` with its ``level`` confidence interval [``low``, ``high``], found by ``method``.

    ``value`` is None where the effect is undefined, ``low`` and ``high`` where the data allow no interval.
    """

    name: str
    value: float | None
    low: float | None
    high: float | None
    level: float
    method: str


def auroc_estimate(first: ArrayLike, second: ArrayLike, *, level: float = 0.95) -> Estimate:
    """Return the AUROC of two independent samples [n1] and [n2] with Newcombe's score interval.

    Source: Newcombe 2006, Statistics in Medicine 25:559-573, method 5.
    """
    a, b = _independent(first, second, level)
    value = auroc(a, b)
    low, high = hanley_mcneil_limits(value, len(a), len(b), normal_quantile(level))
    return Estimate("AUROC", value, low, high, level, "Newcombe score interval")


def cliffs_delta_estimate(first: ArrayLike, second: ArrayLike, *, level: float = 0.95) -> Estimate:
    """Return Cliff's delta, P(first > second) - P(first < second) = 2 AUROC - 1, with the same interval."""
    return _as_delta(auroc_estimate(first, second, level=level))


def mean_difference_estimate(first: ArrayLike, second: ArrayLike, *, level: float = 0.95) -> Estimate:
    """Return the difference of means of independent samples [n1] and [n2] with Welch's t interval."""
    a, b = _independent(first, second, level)
    value = float(a.mean() - b.mean())
    a, b, scale = _in_units(a, b)
    parts = spread(a) / len(a), spread(b) / len(b)
    if sum(parts) == 0:
        return Estimate("difference of means", value, None, None, level, "Welch t interval")
    # Satterthwaite's degrees of freedom, from shares so that tiny and huge variances neither vanish nor
    # overflow.
    shares = [part / sum(parts) for part in parts]
    df = 1 / (shares[0] ** 2 / (len(a) - 1) + shares[1] ** 2 / (len(b) - 1))
    reach = t_quantile(df, level) * math.sqrt(sum(parts)) * scale
    return Estimate("difference of means", value, value - reach, value + reach, level, "Welch t interval")


def hedges_g_estimate(first: ArrayLike, second: ArrayLike, *, level: float = 0.95) -> Estimate:
    """Return Hedges' g: the difference of means in pooled standard deviations, small-sample corrected.

    g = J d with J = Gamma(df/2) / (sqrt(df/2) Gamma((df-1)/2)) (Hedges 1981). The interval inverts the
    noncentral t distribution, so it is right for normal values only and too narrow for strongly skewed
    ones.
    """
    a, b, _ = _in_units(*_independent(first, second, level))
    df, size = len(a) + len(b) - 2, math.sqrt(len(a) * len(b) / (len(a) + len(b)))
    pooled = math.sqrt(((len(a) - 1) * spread(a) + (len(b) - 1) * spread(b)) / df)
    difference = float(a.mean() - b.mean())
    return _standardised("Hedges' g", difference, pooled, size, df, level)


def paired_mean_difference_estimate(first: ArrayLike, second: ArrayLike, *, level: float = 0.95) -> Estimate:
    """Return the mean of the differences of aligned values [n] and [n] with Student's t interval."""
    d = _differences(first, second, level)
    value = float(d.mean())
    d, _, scale = _in_units(d, d)
    error = standard_error(d)
    if error == 0:
        return Estimate("mean difference", value, None, None, level, "paired t interval")
    reach = t_quantile(len(d) - 1, level) * error * scale
    return Estimate("mean difference", value, value - reach, value + reach, level, "paired t interval")


def dz_estimate(first: ArrayLike, second: ArrayLike, *, level: float = 0.95) -> Estimate:
    """Return dz: the mean difference in standard deviations *of the differences*, small-sample corrected.

    The interval inverts the noncentral t distribution, as for Hedges' g. dz is not comparable with g.
    """
    d = to_unit(_differences(first, second, level))
    return _standardised("dz", float(d.mean()), math.sqrt(spread(d)), math.sqrt(len(d)), len(d) - 1, level)


def paired_auroc_estimate(first: ArrayLike, second: ArrayLike, *, level: float = 0.95) -> Estimate:
    """Return the AUROC of aligned pairs [n] and [n], with an interval that takes the pairing into account.

    Newcombe's interval with its variance multiplied by the ratio of the U-statistic variance with pairs as
    units (Obuchowski 1997) to that for independent samples (DeLong 1988); see
    docs/adr/0006-paired-auroc.md.
    """
    a, b = _aligned(first, second, level)
    # In few pairs the ratio can come out near 0 by luck, and the interval then far too narrow: hence the floor.
    value, ratio = auroc(a, b), max(pair_variance_ratio(a, b), 1 / len(a))
    low, high = hanley_mcneil_limits(value, len(a), len(b), t_quantile(len(a) - 1, level) * math.sqrt(ratio))
    return Estimate("AUROC", value, low, high, level, "Newcombe score interval adjusted for pairs")


def paired_cliffs_delta_estimate(first: ArrayLike, second: ArrayLike, *, level: float = 0.95) -> Estimate:
    """Return Cliff's delta of aligned pairs: 2 AUROC - 1, with the interval of ``paired_auroc_estimate``."""
    return _as_delta(paired_auroc_estimate(first, second, level=level))


def _as_delta(estimate: Estimate) -> Estimate:
    value, low, high = (
        None if x is None else 2 * x - 1 for x in (estimate.value, estimate.low, estimate.high)
    )
    return Estimate("Cliff's delta", value, low, high, estimate.level, estimate.method)


def _standardised(
    name: str, difference: float, deviation: float, size: float, df: int, level: float
) -> Estimate:
    method = "noncentral t interval (normal theory)"
    if deviation == 0:
        return Estimate(name, None, None, None, level, method)
    d = difference / deviation
    value = _hedges_factor(df) * d
    limits = noncentrality_limits(d * size, df, level)
    if limits is None:
        return Estimate(name, value, None, None, level, method)
    return Estimate(name, value, min(value, limits[0] / size), max(value, limits[1] / size), level, method)


def _hedges_factor(df: int) -> float:
    if df < 2:
        return 1.0  # the factor exists from two degrees of freedom on
    return math.exp(math.lgamma(df / 2) - math.lgamma((df - 1) / 2)) / math.sqrt(df / 2)


def _independent(first: ArrayLike, second: ArrayLike, level: float) -> tuple[Floats, Floats]:
    a, b = vector(first, _FIRST), vector(second, _SECOND)
    check_share(level, "The level")
    check_sizes(a, b, paired=False)
    return np.sort(a), np.sort(b)  # the order of prompts shall not change the last digit


def _aligned(first: ArrayLike, second: ArrayLike, level: float) -> tuple[Floats, Floats]:
    a, b = vector(first, _FIRST), vector(second, _SECOND)
    check_share(level, "The level")
    check_sizes(a, b, paired=True)
    order = np.lexsort((b, a))
    return a[order], b[order]


def _differences(first: ArrayLike, second: ArrayLike, level: float) -> Floats:
    a, b = _aligned(first, second, level)
    return np.sort(a - b)


def _in_units(a: Floats, b: Floats) -> tuple[Floats, Floats, float]:
    """Return both samples divided by one power of two, and that power: squares then neither vanish nor overflow."""
    pooled = to_unit(np.concatenate([a, b]))
    scale = 2.0 ** int(np.frexp(max(np.abs(a).max(), np.abs(b).max()))[1])
    return pooled[: len(a)], pooled[len(a) :], scale
