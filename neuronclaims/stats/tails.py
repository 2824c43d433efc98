"""Compare an effect with a bound: the one-sided p-values that turn its interval round.

Each function here returns ``Tails``: from a bound to (p of "the effect is above it", p of "the effect is below
it"). The second is at most alpha exactly when the interval of level 1 - 2 alpha ends at or below the bound.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

from neuronclaims.stats.distributions.newcombe import hanley_mcneil_variance
from neuronclaims.stats.distributions.noncentral import noncentral_t_cdf
from neuronclaims.stats.distributions.quantiles import never_zero, t_below
from neuronclaims.stats.effects.estimate import Estimate, Tails

_FINEST = 1e-9
"""Levels closer to 1 than by twice this are not asked of an interval: they would be rounded away."""


def student_tails(value: float, error: float, df: float) -> Tails:
    """Compare a value with bounds, by Student's t of its standard ``error``."""

    def tails(bound: float) -> tuple[float, float]:
        t = (value - bound) / error
        return t_below(-t, df), t_below(t, df)

    return tails


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


def inverted(
    estimate_at: Callable[[float], Estimate], level: float, finest: float = _FINEST, parts: float = 1e-9
) -> Estimate:
    """Return the estimate at ``level`` with tails that turn its intervals of other levels round.

    ``finest`` is the least one-sided p that is looked for, to one part in 1 / ``parts``, on the safe side.

    >>> from neuronclaims.stats import share_difference_estimate
    >>> found = share_difference_estimate([1, 1, 1, 1], [0, 0, 0, 0], paired=False)
    >>> found.low > 0, found.p_against(0.0) < 0.05
    (True, True)
    """
    found = estimate_at(level)
    if found.value is None or found.low is None:
        return found
    return replace(found, tails=inverted_tails(estimate_at, found.value, finest, parts))


def inverted_tails(
    estimate_at: Callable[[float], Estimate], value: float, finest: float = _FINEST, parts: float = 1e-9
) -> Tails:
    """Compare any effect with bounds by its intervals: p is the alpha at which 1 - 2 alpha just excludes the bound.

    An interval that a level does not allow excludes nothing. No p is below ``finest``.
    """

    def excluded(bound: float, alpha: float) -> bool:
        found = estimate_at(1 - 2 * alpha)
        limit = found.low if value > bound else found.high
        return limit is not None and (limit >= bound if value > bound else limit <= bound)

    def tails(bound: float) -> tuple[float, float]:
        p = 0.5 if value == bound else _smallest(lambda alpha: excluded(bound, alpha), finest, parts)
        return (p, 1 - p) if value > bound else (1 - p, p)

    return tails


def _smallest(holds: Callable[[float], bool], finest: float, parts: float) -> float:
    """Bisect, on a logarithmic scale, for the smallest alpha below 1/2 that ``holds``; 1/2 where none does."""
    small, large = finest, 0.5
    if holds(small):
        return small
    while large / small > 1 + parts:
        middle = math.sqrt(small * large)
        small, large = (small, middle) if holds(middle) else (middle, large)
    return large
