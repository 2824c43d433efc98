"""Ratios of means: the share of one effect in another, with one numerator (top) and denominator (bottom) per unit.

The ratio is that of the means, not the mean of the ratios: a unit whose bottom is nearly 0 would decide the
latter alone. It is tested and bounded without dividing, through top - ratio x bottom.
"""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import ArrayLike

from neuronclaims.stats.distributions.fieller import ROUNDING, fieller_limits, skewed_limit
from neuronclaims.stats.distributions.quantiles import t_quantile
from neuronclaims.stats.distributions.skewed_mean import mean_above_zero_p
from neuronclaims.stats.effects.effect_size import RATIO_OF_MEANS
from neuronclaims.stats.effects.estimate import Estimate, caution_of_mean
from neuronclaims.stats.inputs import (
    Alternative,
    Floats,
    StatsError,
    check_choice,
    check_share,
    check_sizes,
    to_unit,
    vector,
)
from neuronclaims.stats.permutation.results import TestResult
from neuronclaims.stats.permutation.two_samples import two_sample_test
from neuronclaims.stats.settings import LEVEL, Exchange, Level, Resampling

_LARGEST_DENOMINATOR = 1_000_000


@dataclass(frozen=True, slots=True)
class RatioTest:
    """The test of a ratio, and whether its denominator is above 0.

    ``denominator_p`` is the one-sided p of "the mean of the bottoms is above 0" (t corrected for skewness);
    ``denominator_positive`` is False when that leaves the ratio without a bounded interval. A verdict on
    such a ratio must be inconclusive, whatever ``test`` says.
    """

    test: TestResult
    denominator_p: float
    denominator_positive: bool


@dataclass(frozen=True, slots=True)
class RatioSummary:
    """The ratios of single units: quartiles over ``count`` units; ``undefined`` more have a bottom of 0."""

    count: int
    undefined: int
    lower_quartile: float | None
    median: float | None
    upper_quartile: float | None


def ratio_of_means_estimate(tops: ArrayLike, bottoms: ArrayLike, *, level: float = 0.95) -> Estimate:
    """Return sum(tops) / sum(bottoms) of aligned values [n] and [n] with Fieller's interval.

    The interval holds the ratios R at which the mean of tops - R bottoms is not significantly different
    from 0 by Student's t (Fieller 1954), nor by t corrected for skewness (Hall 1992, ``distributions.skewed_mean``).
    Where the mean of the bottoms itself is not, that is no interval but nearly everything: the limits are None then, as
    ``method`` says; likewise where tops are exactly proportional to bottoms. The value is None where the bottoms sum
    to 0.

    >>> found = ratio_of_means_estimate([1, 2, 3, 2, 2, 1], [2, 4, 5, 3, 4, 3])
    >>> round(found.value, 2), round(found.low, 2), round(found.high, 2)
    (0.52, 0.38, 0.63)
    """
    top, bottom = _aligned(tops, bottoms, level)
    top, top_scale = _scaled(top)
    bottom, bottom_scale = _scaled(bottom)
    mean_top, mean_bottom = float(top.mean()), float(bottom.mean())
    if abs(mean_bottom) <= ROUNDING * float(np.abs(bottom).mean()):
        return _without_limits(None, level, "undefined, because the denominator's mean is 0")
    ratio, exponent = mean_top / mean_bottom, top_scale - bottom_scale
    value = _times_power(ratio, exponent)
    if value is None:
        return _without_limits(None, level, "undefined, because the ratio is too large to be written")
    tail = (1 - level) / 2
    limits = fieller_limits(top, bottom, ratio, t_quantile(len(top) - 1, level))
    varies = bool(np.ptp(bottom))
    if limits is None or (varies and min(mean_above_zero_p(bottom), mean_above_zero_p(-bottom)) > tail):
        return _without_limits(
            value, level, "unbounded, because the denominator's mean is not clearly different from 0"
        )
    if limits[0] != limits[1]:
        sign = math.copysign(1.0, mean_bottom)
        limits = (
            skewed_limit(sign * top, sign * bottom, ratio, limits[0], tail),
            skewed_limit(sign * top, sign * bottom, ratio, limits[1], tail),
        )
    low, high = (_times_power(limit, exponent) for limit in limits)
    if limits[0] == limits[1] or low is None or high is None:
        same = _without_limits(value, level, "undefined, because the ratio is the same in all units")
        return dataclasses.replace(same, caution=caution_of_mean(np.zeros(len(top))))

    def tails(boundary: float) -> tuple[float, float]:
        left, right = _cleared(*_aligned(tops, bottoms, level), boundary)
        above, below = mean_above_zero_p(left - right), mean_above_zero_p(right - left)
        return (above, below) if mean_bottom > 0 else (below, above)

    low, high = min(low, value), max(high, value)
    method = "Fieller interval, corrected for skewness"
    return Estimate(
        RATIO_OF_MEANS, value, low, high, level, method, tails, caution_of_mean(top - ratio * bottom)
    )


def ratio_test(
    tops: ArrayLike,
    bottoms: ArrayLike,
    *,
    threshold: float,
    alternative: Alternative,
    resampling: Resampling,
    level: Level = LEVEL,
    confidence: float = 0.95,
    unit: str = "unit",
) -> RatioTest:
    """Test whether mean(tops) / mean(bottoms) is above (``greater``), below or different from ``threshold``.

    ``tops`` and ``bottoms`` [n] are aligned. The differences top - ``threshold`` x bottom are tested for mean 0 by
    sign flips, which is exact when they are symmetric about 0, and not safe for strongly skewed differences in few
    units (docs/adr/0012-three-verdicts.md).

    ``confidence`` is that of the interval that will go with it: ``denominator_positive`` is False unless the bottoms'
    mean is above 0 with one-sided p <= (1 - ``confidence``) / 2, which is when Fieller's interval is bounded. The other
    arguments are those of ``two_sample_test``.

    >>> found = ratio_test(
    ...     [1, 2, 3, 2], [2, 4, 5, 5], threshold=0.3, alternative="greater", resampling=Resampling(seed=0)
    ... )
    >>> found.test.p_value
    0.0625
    """
    check_choice(alternative, ("greater", "less", "two-sided"), "alternative")
    top, bottom = _aligned(tops, bottoms, confidence)
    left, right = _cleared(top, bottom, threshold)
    flipped = two_sample_test(
        left,
        right,
        exchange=Exchange(paired=True, unit=unit),
        statistic="mean",
        alternative=alternative,
        resampling=resampling,
        level=level,
    )
    statistic = float(np.sort(top - threshold * bottom).mean())
    return _of_ratio(dataclasses.replace(flipped, statistic=statistic), threshold, bottom, confidence)


def ratio_t_test(
    tops: ArrayLike,
    bottoms: ArrayLike,
    *,
    threshold: float,
    alternative: Alternative,
    confidence: float = 0.95,
    unit: str = "unit",
) -> RatioTest:
    """Test a ratio by t corrected for skewness, as its interval does; see ``ratio_test`` for the arguments.

    >>> found = ratio_t_test([1, 2, 3, 2], [2, 4, 5, 5], threshold=0.3, alternative="greater")
    >>> round(found.test.p_value, 4)
    0.0243
    """
    check_choice(alternative, ("greater", "less", "two-sided"), "alternative")
    top, bottom = _aligned(tops, bottoms, confidence)
    left, right = _cleared(top, bottom, threshold)
    statistic = float(np.sort(top - threshold * bottom).mean())
    test = _t_test(np.sort(left - right), statistic, alternative, unit)
    return _of_ratio(test, threshold, bottom, confidence)


def _of_ratio(test: TestResult, threshold: float, bottom: Floats, confidence: float) -> RatioTest:
    test = dataclasses.replace(test, method=f"{test.method} of top - {threshold:g} x bottom")
    p = mean_above_zero_p(bottom)
    return RatioTest(test, p, p <= (1 - confidence) / 2)


def ratio_summary(tops: ArrayLike, bottoms: ArrayLike) -> RatioSummary:
    """Return quartiles of the single units' ratios, for display; tests and intervals are not about them.

    >>> ratio_summary([1, 2, 3], [2, 2, 0]).undefined
    1
    """
    top, bottom = _aligned(tops, bottoms, 0.95)
    defined = bottom != 0
    with np.errstate(over="ignore"):
        ratios = top[defined] / bottom[defined]
    low, middle, high = (
        (float(x) for x in np.quantile(ratios, (0.25, 0.5, 0.75))) if len(ratios) else (None,) * 3
    )
    return RatioSummary(len(ratios), len(top) - len(ratios), low, middle, high)


def _t_test(d: Floats, statistic: float, alternative: Alternative, unit: str) -> TestResult:
    degenerate = not d.any()
    greater, less = (1.0, 1.0) if degenerate else (mean_above_zero_p(d), mean_above_zero_p(-d))
    p = {"greater": greater, "less": less, "two-sided": min(1.0, 2 * min(greater, less))}[alternative]
    return TestResult(
        statistic=statistic,
        p_value=p,
        p_greater=greater,
        p_less=less,
        alternative=alternative,
        exact=True,
        arrangements=0,
        smallest_p=0.0,
        standard_error=0.0,
        resolved=True,
        degenerate=degenerate,
        method=f"Student's t test of {len(d)} {unit}s, corrected for skewness",
    )


def _cleared(top: Floats, bottom: Floats, threshold: float) -> tuple[Floats, Floats]:
    """Return ``top`` and threshold x ``bottom``, both times a whole number that clears the fraction.

    3 top and bottom instead of top and bottom / 3: products of stored values with small whole numbers are
    exact, so ties between differences, and differences of 0, are not lost to rounding.
    """
    if not math.isfinite(threshold):
        raise StatsError(f"The ratio claimed must be a number, not {threshold!r}.")
    fraction = Fraction(repr(float(threshold))).limit_denominator(_LARGEST_DENOMINATOR)
    if float(fraction) != threshold:
        fraction = Fraction(float(threshold))
    both = to_unit(np.concatenate([top, bottom]))
    if max(abs(fraction.numerator), fraction.denominator) > _LARGEST_DENOMINATOR:
        return both[: len(top)], float(threshold) * both[len(top) :]
    return fraction.denominator * both[: len(top)], fraction.numerator * both[len(top) :]


def _aligned(tops: ArrayLike, bottoms: ArrayLike, level: float) -> tuple[Floats, Floats]:
    top, bottom = vector(tops, "The tops of the ratio"), vector(bottoms, "The bottoms of the ratio")
    check_share(level, "The level")
    check_sizes(top, bottom, paired=True)
    order = np.lexsort((bottom, top))
    return top[order], bottom[order]


def _scaled(values: Floats) -> tuple[Floats, int]:
    return to_unit(values), int(np.frexp(np.abs(values).max())[1])


def _times_power(value: float, exponent: int) -> float | None:
    """Return value x 2^exponent, or None where it is too large for a floating-point number."""
    try:
        return math.ldexp(value, exponent)
    except OverflowError:
        return None


def _without_limits(value: float | None, level: float, why: str) -> Estimate:
    return Estimate(RATIO_OF_MEANS, value, None, None, level, f"Fieller interval, {why}")
