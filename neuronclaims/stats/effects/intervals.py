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

from neuronclaims.stats.effects.newcombe import hanley_mcneil_limits, paired_variance_factor, variance_excess
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

    Source: Newcombe 2006, Statistics in Medicine 25:559-573, method 5; its variance is raised where DeLong's (1988) is
    larger at the estimate, see docs/adr/0014-auroc-interval.md.
    """
    a, b = _independent(first, second, level)
    value = auroc(a, b)
    excess = math.sqrt(variance_excess(a[:, None], b[:, None])[0])
    low, high = hanley_mcneil_limits(value, len(a), len(b), normal_quantile(level) * excess)
    return Estimate("AUROC", value, low, high, level, "Newcombe score interval")


def cliffs_delta_estimate(first: ArrayLike, second: ArrayLike, *, level: float = 0.95) -> Estimate:
    """Return Cliff's delta, P(first > second) - P(first < second) = 2 AUROC - 1, with the same interval."""
    return _as_delta(auroc_estimate(first, second, level=level))


def mean_difference_estimate(first: ArrayLike, second: ArrayLike, *, level: float = 0.95) -> Estimate:
    """Return the difference of means of independent samples [n1] and [n2] with Welch's t interval."""
    a, b = _independent(first, second, level)
    value = float(a.mean() - b.mean())
    a, b, scale = in_units(a, b)
    error, df = welch_error(a, b)
    if error == 0:
        return Estimate("difference of means", value, None, None, level, "Welch t interval")
    reach = t_quantile(df, level) * error * scale
    return Estimate("difference of means", value, value - reach, value + reach, level, "Welch t interval")


def hedges_g_estimate(first: ArrayLike, second: ArrayLike, *, level: float = 0.95) -> Estimate:
    """Return Hedges' g: the difference of means in pooled standard deviations, small-sample corrected.

    g = J d with J = Gamma(df/2) / (sqrt(df/2) Gamma((df-1)/2)) (Hedges 1981). The interval inverts the
    noncentral t distribution, so it is right for normal values only and too narrow for strongly skewed
    ones.
    """
    a, b = _independent(first, second, level)
    return _standardised("Hedges' g", pooled_t(a, b), level)


def paired_mean_difference_estimate(first: ArrayLike, second: ArrayLike, *, level: float = 0.95) -> Estimate:
    """Return the mean of the differences of aligned values [n] and [n] with Student's t interval."""
    d = _differences(first, second, level)
    value = float(d.mean())
    d, _, scale = in_units(d, d)
    error = standard_error(d)
    if error == 0:
        return Estimate("mean difference", value, None, None, level, "paired t interval")
    reach = t_quantile(len(d) - 1, level) * error * scale
    return Estimate("mean difference", value, value - reach, value + reach, level, "paired t interval")


def dz_estimate(first: ArrayLike, second: ArrayLike, *, level: float = 0.95) -> Estimate:
    """Return dz: the mean difference in standard deviations *of the differences*, small-sample corrected.

    The interval inverts the noncentral t distribution, as for Hedges' g. dz is not comparable with g.
    """
    return _standardised("dz", paired_t(_differences(first, second, level)), level)


def paired_auroc_estimate(first: ArrayLike, second: ArrayLike, *, level: float = 0.95) -> Estimate:
    """Return the AUROC of aligned pairs [n] and [n], with an interval that takes the pairing into account.

    Newcombe's interval with its variance multiplied by the ratio of the U-statistic variance with pairs as
    units (Obuchowski 1997) to that for independent samples (DeLong 1988); see
    docs/adr/0006-paired-auroc.md.
    """
    a, b = _aligned(first, second, level)
    value, ratio = auroc(a, b), paired_variance_factor(a, b)
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


def welch_error(first: Floats, second: Floats) -> tuple[float, float]:
    """Return the standard error of a difference of means, and Satterthwaite's degrees of freedom."""
    n1, n2 = len(first), len(second)
    parts = spread(first) / n1, spread(second) / n2
    if sum(parts) == 0:
        return 0.0, float(n1 + n2 - 2)
    # From shares, so that tiny and huge variances neither vanish nor overflow.
    shares = [part / sum(parts) for part in parts]
    return math.sqrt(sum(parts)), 1 / (shares[0] ** 2 / (n1 - 1) + shares[1] ** 2 / (n2 - 1))


def pooled_t(first: Floats, second: Floats) -> tuple[float | None, float, int]:
    """Return Student's t (None if nothing varies), by how much it exceeds the effect in sd, and its df."""
    a, b, _ = in_units(np.sort(first), np.sort(second))
    df, size = len(a) + len(b) - 2, math.sqrt(len(a) * len(b) / (len(a) + len(b)))
    pooled = math.sqrt(((len(a) - 1) * spread(a) + (len(b) - 1) * spread(b)) / df)
    return (float(a.mean() - b.mean()) / pooled * size if pooled > 0 else None), size, df


def paired_t(differences: Floats) -> tuple[float | None, float, int]:
    """Return the same for differences [n] within pairs."""
    d, size = to_unit(np.sort(differences)), math.sqrt(len(differences))
    deviation = math.sqrt(spread(d))
    return (float(d.mean()) / deviation * size if deviation > 0 else None), size, len(d) - 1


def in_units(first: Floats, second: Floats) -> tuple[Floats, Floats, float]:
    """Return both samples divided by one power of two, and that power: squares then neither vanish nor overflow."""
    pooled = to_unit(np.concatenate([first, second]))
    scale = 2.0 ** int(np.frexp(max(np.abs(first).max(), np.abs(second).max()))[1])
    return pooled[: len(first)], pooled[len(first) :], scale


def _standardised(name: str, found: tuple[float | None, float, int], level: float) -> Estimate:
    method = "noncentral t interval (normal theory)"
    t, size, df = found
    if t is None:
        return Estimate(name, None, None, None, level, method)
    value = _hedges_factor(df) * t / size
    limits = noncentrality_limits(t, df, level)
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
