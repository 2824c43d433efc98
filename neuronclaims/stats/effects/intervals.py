"""Effects with their confidence intervals.

Every interval contains its estimate and stays within the range of its effect. What the data cannot give is
None, never NaN: the interval of a difference when nothing varies, a standardised effect when the spread is
zero.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from neuronclaims.stats.distributions.newcombe import hanley_mcneil_limits, paired_variance_factor
from neuronclaims.stats.distributions.quantiles import spread, t_quantile
from neuronclaims.stats.distributions.skewed_mean import SkewedMean
from neuronclaims.stats.effects.effect_size import AUROC, DZ, PAIRED_MEAN_DIFFERENCE
from neuronclaims.stats.effects.estimate import Estimate, caution_of_mean
from neuronclaims.stats.effects.points import auroc
from neuronclaims.stats.effects.together import (
    auroc_estimates,
    hedges_g_estimates,
    mean_difference_estimates,
    pooled_ts,
    standardised,
    welch_errors,
)
from neuronclaims.stats.inputs import Floats, check_share, check_sizes, to_unit, vector
from neuronclaims.stats.tails import auroc_tails

_FIRST, _SECOND = "The first set", "The second set"


def auroc_estimate(first: ArrayLike, second: ArrayLike, *, level: float = 0.95) -> Estimate:
    """Return the AUROC of two independent samples [n1] and [n2] with Newcombe's score interval.

    Source: Newcombe 2006, Statistics in Medicine 25:559-573, method 5; its variance is raised where DeLong's (1988) is
    larger at the estimate, see docs/adr/0014-auroc-interval.md.

    >>> found = auroc_estimate([3, 4, 5], [1, 2, 3])
    >>> round(found.value, 3), round(found.low, 2), round(found.high, 2)
    (0.944, 0.45, 1.0)
    """
    return auroc_estimates(*_columns(first, second), level=level)[0]


def mean_difference_estimate(first: ArrayLike, second: ArrayLike, *, level: float = 0.95) -> Estimate:
    """Return the difference of means of independent samples [n1] and [n2] with Welch's t interval, wider where skewed.

    The limits are those of Welch's t slowed down by the skewness that the sets do not, or need not, have in common; see
    docs/adr/0052-skewed-sets.md. Its caution says so where the values are clearly skewed.

    >>> found = mean_difference_estimate([3, 4, 5], [1, 2, 3])
    >>> found.value, round(found.low, 2), round(found.high, 2)
    (2.0, -0.27, 4.27)
    """
    return mean_difference_estimates(*_columns(first, second), level=level)[0]


def hedges_g_estimate(first: ArrayLike, second: ArrayLike, *, level: float = 0.95) -> Estimate:
    """Return Hedges' g: the difference of means in pooled standard deviations, small-sample corrected.

    g = J d with J = Gamma(df/2) / (sqrt(df/2) Gamma((df-1)/2)) (Hedges 1981). The interval inverts the
    noncentral t distribution, so it is right for normal values only and too narrow for strongly skewed
    ones.

    >>> found = hedges_g_estimate([3, 4, 5], [1, 2, 3])
    >>> round(found.value, 2), round(found.low, 2), round(found.high, 2)
    (1.6, -0.15, 4.02)
    """
    return hedges_g_estimates(*_columns(first, second), level=level)[0]


def paired_mean_difference_estimate(first: ArrayLike, second: ArrayLike, *, level: float = 0.95) -> Estimate:
    """Return the mean of the differences of aligned values [n] and [n], with an interval that bears skewness.

    The limits are the farther ones of Student's t and of t corrected for skewness (Hall 1992); where the differences
    are symmetric these are the same. Its caution says of how few differences the mean may be, see
    docs/adr/0045-skewed-values.md.

    >>> found = paired_mean_difference_estimate([2, 3, 5, 4], [1, 1, 2, 2])
    >>> found.value, round(found.low, 2), round(found.high, 2)
    (2.0, 0.7, 3.3)
    """
    d = _differences(first, second, level)
    value = float(d.mean())
    mean, method = SkewedMean.of(d), "paired t interval, corrected for skewness"
    if mean.error == 0:
        return Estimate(PAIRED_MEAN_DIFFERENCE, value, None, None, level, method, None, caution_of_mean(d))
    low, high = mean.limits(level)
    return Estimate(PAIRED_MEAN_DIFFERENCE, value, low, high, level, method, mean.tails, caution_of_mean(d))


def dz_estimate(first: ArrayLike, second: ArrayLike, *, level: float = 0.95) -> Estimate:
    """Return dz: the mean difference in standard deviations *of the differences*, small-sample corrected.

    The interval inverts the noncentral t distribution, as for Hedges' g. dz is not comparable with g.

    >>> found = dz_estimate([2, 3, 5, 4], [1, 1, 2, 2])
    >>> round(found.value, 2)
    1.77
    """
    return standardised(DZ, paired_t(_differences(first, second, level)), level)


def paired_auroc_estimate(first: ArrayLike, second: ArrayLike, *, level: float = 0.95) -> Estimate:
    """Return the AUROC of aligned pairs [n] and [n], with an interval that takes the pairing into account.

    Newcombe's interval with its variance multiplied by the ratio of the U-statistic variance with pairs as
    units (Obuchowski 1997) to that for independent samples (DeLong 1988); see
    docs/adr/0006-paired-auroc.md.

    >>> found = paired_auroc_estimate([3, 4, 5], [1, 2, 3])
    >>> round(found.value, 3)
    0.944
    """
    a, b = _aligned(first, second, level)
    value, ratio = auroc(a, b), paired_variance_factor(a, b)
    low, high = hanley_mcneil_limits(value, len(a), len(b), t_quantile(len(a) - 1, level) * math.sqrt(ratio))
    tails = auroc_tails(value, len(a), len(b), paired=True, factor=ratio)
    return Estimate(AUROC, value, low, high, level, "Newcombe score interval adjusted for pairs", tails)


def welch_error(first: Floats, second: Floats) -> tuple[float, float]:
    """Return the standard error of a difference of means, and Satterthwaite's degrees of freedom."""
    error, df = welch_errors(first[:, None], second[:, None])
    return float(error[0]), float(df[0])


def pooled_t(first: Floats, second: Floats) -> tuple[float | None, float, int]:
    """Return Student's t (None if nothing varies), by how much it exceeds the effect in sd, and its df."""
    t, size, df = pooled_ts(np.sort(first)[:, None], np.sort(second)[:, None])
    return None if math.isnan(t[0]) else float(t[0]), size, df


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


def _aligned(first: ArrayLike, second: ArrayLike, level: float) -> tuple[Floats, Floats]:
    a, b = vector(first, _FIRST), vector(second, _SECOND)
    check_share(level, "The level")
    check_sizes(a, b, paired=True)
    order = np.lexsort((b, a))
    return a[order], b[order]


def _differences(first: ArrayLike, second: ArrayLike, level: float) -> Floats:
    a, b = _aligned(first, second, level)
    return np.sort(a - b)


def _columns(first: ArrayLike, second: ArrayLike) -> tuple[Floats, Floats]:
    return vector(first, _FIRST)[:, None], vector(second, _SECOND)[:, None]
