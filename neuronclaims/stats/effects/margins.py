"""One-sided p-values of an effect against a bound: the duals of the effects' intervals.

Each function here returns ``Tails``: from a bound to (p of "the effect is above it", p of "the effect is below
it"). The second is at most alpha exactly when the interval of level 1 - 2 alpha ends at or below the bound.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Literal, TypeAlias

import numpy as np

from neuronclaims.stats.distributions.newcombe import (
    hanley_mcneil_variance,
    paired_variance_factor,
    variance_excess,
)
from neuronclaims.stats.distributions.noncentral import noncentral_t_cdf
from neuronclaims.stats.distributions.quantiles import never_zero, standard_error, t_below
from neuronclaims.stats.effects.estimate import Estimate
from neuronclaims.stats.effects.intervals import (
    in_units,
    paired_t,
    pooled_t,
    welch_error,
)
from neuronclaims.stats.effects.points import auroc
from neuronclaims.stats.inputs import Floats

MarginSide: TypeAlias = Literal["within", "not greater", "not less"]
Scale: TypeAlias = Literal["difference", "sd", "auroc"]
Tails: TypeAlias = Callable[[float], tuple[float, float]]
_FINEST = 1e-9
"""Levels closer to 1 than by twice this are not asked of an interval: they would be rounded away."""


def sample_tails(first: Floats, second: Floats, scale: Scale, *, paired: bool) -> Tails | None:
    """Compare the effect of two samples [n1] and [n2], on ``scale``, with bounds; None where nothing varies."""
    if scale == "difference":
        return mean_tails(first, second, paired=paired)
    if scale == "sd":
        t, size, df = paired_t(first - second) if paired else pooled_t(first, second)
        return None if t is None else standardised_tails(t, size, df)
    pooled = np.concatenate([first, second])
    if np.all(pooled == pooled[0]):
        return None
    if paired:
        factor = paired_variance_factor(first, second)
    else:
        factor = float(variance_excess(first[:, None], second[:, None])[0])
    return auroc_tails(auroc(first, second), len(first), len(second), paired=paired, factor=factor)


def best_tails(n1: int, n2: int, scale: Scale, side: MarginSide, *, paired: bool) -> Tails | None:
    """Return the tails of the best possible values of n1 and n2 units; None where p could come next to 0."""
    if scale == "auroc":
        best = {"within": 0.5, "not greater": 0.0, "not less": 1.0}[side]
        return auroc_tails(best, n1, n2, paired=paired, factor=1 / n1 if paired else 1.0)
    if scale == "difference" or side != "within":
        return None
    size, df = (math.sqrt(n1), n1 - 1) if paired else (math.sqrt(n1 * n2 / (n1 + n2)), n1 + n2 - 2)
    return standardised_tails(0.0, size, df)


def smallest_margin_p(
    n1: int, n2: int, *, margin: float, scale: Scale, paired: bool, side: MarginSide = "within"
) -> float:
    """Return the least p that a claim of an effect smaller than ``margin`` could get from n1 and n2 units.

    That needs no values, so it can be known before any is measured. 0 where it depends on their spread: on the
    scale ``difference``, and in ``sd`` for one side alone.

    >>> round(smallest_margin_p(10, 10, margin=0.2, scale="auroc", paired=False), 3)
    0.047
    """
    best = best_tails(n1, n2, scale, side, paired=paired)
    return 0.0 if best is None else margin_p(best, side, 0.5 if scale == "auroc" else 0.0, margin)


def margin_p(tails: Tails, side: MarginSide, null: float, margin: float) -> float:
    """Return the p of "the effect is on ``side`` of ``null`` by less than ``margin``"."""
    return claimed_p(side, tails(null - margin)[0], tails(null + margin)[1])


def claimed_p(side: MarginSide, above: float, below: float) -> float:
    """Choose the p of "above the lower bound" or of "below the upper bound"; the larger for ``within``."""
    return {"within": max(above, below), "not greater": below, "not less": above}[side]


def mean_tails(first: Floats, second: Floats, *, paired: bool) -> Tails | None:
    """Compare a difference of means [n1] and [n2] with bounds, by Welch's or the paired t; None if nothing varies."""
    a, b = (np.sort(first - second), np.zeros(1)) if paired else (np.sort(first), np.sort(second))
    a, b, scale = in_units(a, b)
    difference = float(a.mean() - b.mean())
    error, df = (standard_error(a), len(a) - 1.0) if paired else welch_error(a, b)

    def tails(bound: float) -> tuple[float, float]:
        t = (difference - bound / scale) / error
        return t_below(-t, df), t_below(t, df)

    return tails if error > 0 else None


def standardised_tails(t: float, size: float, df: int) -> Tails:
    """Compare an effect in standard deviations with bounds, by the noncentral law of its t = effect x ``size``."""

    def tails(bound: float) -> tuple[float, float]:
        # P(T >= t | nc) is P(T <= -t | -nc), which keeps its digits where 1 - P(T <= t | nc) would lose them.
        above, below = noncentral_t_cdf(-t, df, -bound * size), noncentral_t_cdf(t, df, bound * size)
        return never_zero(above), never_zero(below)

    return tails


def auroc_tails(value: float, n1: int, n2: int, *, paired: bool, factor: float) -> Tails:
    """Compare an AUROC with bounds, by its standard error at the bound (Newcombe 2006, method 5).

    ``factor`` multiplies its variance, as in ``auroc_estimate`` and ``paired_auroc_estimate``.
    """
    from scipy.special import ndtr

    def tails(bound: float) -> tuple[float, float]:
        if not 0 < bound < 1:
            return (1.0, never_zero(0.0)) if bound >= 1 else (never_zero(0.0), 1.0)
        score = (value - bound) / math.sqrt(factor * hanley_mcneil_variance(bound, n1, n2))
        if paired:
            return t_below(-score, n1 - 1), t_below(score, n1 - 1)
        return never_zero(float(ndtr(-score))), never_zero(float(ndtr(score)))

    return tails


def inverted_tails(estimate_at: Callable[[float], Estimate], value: float) -> Tails:
    """Compare any effect with bounds by its intervals: p is the alpha at which 1 - 2 alpha just excludes the bound.

    An interval that a level does not allow excludes nothing. No p is below 1e-9.
    """

    def excluded(bound: float, alpha: float) -> bool:
        found = estimate_at(1 - 2 * alpha)
        limit = found.low if value > bound else found.high
        return limit is not None and (limit >= bound if value > bound else limit <= bound)

    def tails(bound: float) -> tuple[float, float]:
        p = 0.5 if value == bound else _smallest(lambda alpha: excluded(bound, alpha))
        return (p, 1 - p) if value > bound else (1 - p, p)

    return tails


def _smallest(holds: Callable[[float], bool]) -> float:
    """Bisect, on a logarithmic scale, for the smallest alpha below 1/2 that ``holds``; 1/2 where none does."""
    small, large = _FINEST, 0.5
    if holds(small):
        return small
    while large / small > 1 + 1e-9:
        middle = math.sqrt(small * large)
        small, large = (small, middle) if holds(middle) else (middle, large)
    return large
