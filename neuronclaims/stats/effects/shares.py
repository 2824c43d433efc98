"""Shares of units: estimates with intervals, and tests against a number.

Clopper and Pearson's interval covers at least as often as it says, so verdicts rest on it. Wilson's is
shorter and right on average, but not in every case: it is for display.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from neuronclaims.stats.distributions.quantiles import never_zero, normal_quantile
from neuronclaims.stats.effects.effect_size import SHARE, SHARE_DIFFERENCE
from neuronclaims.stats.effects.estimate import Estimate
from neuronclaims.stats.inputs import (
    Alternative,
    Floats,
    StatsError,
    check_choice,
    check_share,
    check_sizes,
    vector,
)
from neuronclaims.stats.permutation.results import TestResult
from neuronclaims.stats.tails import inverted


def share_estimate(successes: int, n: int, *, level: float = 0.95) -> Estimate:
    """Return the share of ``successes`` among ``n`` units with Clopper and Pearson's exact interval.

    Raises StatsError unless 0 <= successes <= n and n >= 1.

    >>> found = share_estimate(8, 10)
    >>> found.value, round(found.low, 3), round(found.high, 3)
    (0.8, 0.444, 0.975)
    """
    from scipy.special import betaincinv

    _check_counts(successes, n)
    check_share(level, "The level")
    tail = (1 - level) / 2
    low = 0.0 if successes == 0 else float(betaincinv(successes, n - successes + 1, tail))
    high = 1.0 if successes == n else float(betaincinv(successes + 1, n - successes, 1 - tail))

    def tails(boundary: float) -> tuple[float, float]:
        if not 0 < boundary < 1:
            return (1.0, never_zero(0.0)) if boundary >= 1 else (never_zero(0.0), 1.0)
        return share_at_least(successes, n, boundary), share_at_most(successes, n, boundary)

    return Estimate(SHARE, successes / n, low, high, level, "Clopper-Pearson interval", tails)


def wilson_limits(successes: int, n: int, *, level: float = 0.95) -> tuple[float, float]:
    """Return Wilson's score limits of a share: for display, not for verdicts (at n = 5 it covers 84 % at worst).

    >>> low, high = wilson_limits(8, 10)
    >>> round(low, 3), round(high, 3)
    (0.49, 0.943)
    """
    _check_counts(successes, n)
    check_share(level, "The level")
    return _wilson(successes, n, normal_quantile(level))


def share_test(
    successes: int, n: int, *, null: float, alternative: Alternative, unit: str = "unit"
) -> TestResult:
    """Test exactly whether a share is above (``greater``), below or different from ``null``.

    ``successes`` of ``n`` independent units are binomial under the null. The two-sided p is twice the
    smaller one-sided one, at most 1, as everywhere here; ``scipy.stats.binomtest`` instead adds up all
    counts that are no more likely than the one observed, and so gives another two-sided p unless ``null``
    is 1/2. ``arrangements`` is the number of counts possible, n + 1.

    Raises StatsError for impossible counts and for a ``null`` not strictly between 0 and 1: no number of
    units can show that a share is exactly 0 or 1.

    >>> round(share_test(8, 10, null=0.5, alternative="greater").p_value, 4)
    0.0547
    """
    _check_counts(successes, n)
    check_choice(alternative, ("greater", "less", "two-sided"), "alternative")
    if not 0.0 < null < 1.0:
        raise StatsError(
            f"A share of {null:g} cannot be tested: it must lie strictly between 0 and 1. "
            "No number of units shows that all of them, or none, are so; claim 0.95 or 0.05, say."
        )
    greater, less = share_at_least(successes, n, null), share_at_most(successes, n, null)
    return TestResult(
        statistic=successes / n,
        p_value=_of_side(greater, less, alternative),
        p_greater=greater,
        p_less=less,
        alternative=alternative,
        exact=True,
        arrangements=n + 1,
        smallest_p=_of_side(never_zero(null**n), never_zero((1 - null) ** n), alternative),
        standard_error=0.0,
        resolved=True,
        degenerate=False,
        method=f"exact binomial test of {successes} in {n} {unit}s against {null:g}",
    )


def share_difference_estimate(
    first: ArrayLike, second: ArrayLike, *, paired: bool, level: float = 0.95
) -> Estimate:
    """Return the share of ones in ``first`` [n1] less that in ``second`` [n2], with a score interval in [-1, 1].

    Values are 0 or 1 (or booleans), one per unit, aligned when ``paired``. Independent sets: Newcombe's
    hybrid of two Wilson intervals (Statistics in Medicine 1998, 17:873-890, method 10). Pairs: Tango's
    score interval (Statistics in Medicine 1998, 17:891-908). The exact tests that go with them are
    ``two_sample_test`` on the same values: Fisher's for independent sets, McNemar's for pairs.

    >>> share_difference_estimate([1, 1, 1, 0], [0, 0, 1, 0], paired=False).value
    0.5
    """
    a, b = _ones(first, "The first set"), _ones(second, "The second set")
    check_share(level, "The level")
    check_sizes(a, b, paired=paired)
    k1, k2 = int(a.sum()), int(b.sum())
    value = k1 / len(a) - k2 / len(b)

    def made(level: float) -> Estimate:
        quantile = normal_quantile(level)
        if paired:
            low, high = _tango(int(np.sum(a > b)), int(np.sum(a < b)), len(a), quantile)
            method = "Tango score interval"
        else:
            low, high = _newcombe(k1, len(a), k2, len(b), quantile)
            method = "Newcombe hybrid score interval"
        low, high = max(-1.0, min(low, value)), min(1.0, max(high, value))
        return Estimate(SHARE_DIFFERENCE, value, low, high, level, method)

    return inverted(made, level)


def share_at_least(successes: int, n: int, null: float) -> float:
    """Return P(X >= successes) for X binomial with ``n`` and ``null``, never 0."""
    from scipy.special import betainc

    return never_zero(float(betainc(successes, n - successes + 1, null))) if successes > 0 else 1.0


def share_at_most(successes: int, n: int, null: float) -> float:
    """Return P(X <= successes) for X binomial with ``n`` and ``null``, never 0."""
    return share_at_least(n - successes, n, 1 - null)


def _of_side(greater: float, less: float, alternative: Alternative) -> float:
    if alternative == "two-sided":
        return min(1.0, 2 * min(greater, less))
    return greater if alternative == "greater" else less


def _wilson(successes: int, n: int, quantile: float) -> tuple[float, float]:
    share, square = successes / n, quantile**2
    middle = share + square / (2 * n)
    reach = quantile * math.sqrt(share * (1 - share) / n + square / (4 * n**2))
    low, high = (middle - reach) / (1 + square / n), (middle + reach) / (1 + square / n)
    return (0.0 if successes == 0 else low), (1.0 if successes == n else high)


def _newcombe(k1: int, n1: int, k2: int, n2: int, quantile: float) -> tuple[float, float]:
    p1, p2 = k1 / n1, k2 / n2
    (low1, high1), (low2, high2) = _wilson(k1, n1, quantile), _wilson(k2, n2, quantile)
    difference = p1 - p2
    return difference - math.hypot(p1 - low1, high2 - p2), difference + math.hypot(high1 - p1, p2 - low2)


def _tango(more: int, fewer: int, n: int, quantile: float) -> tuple[float, float]:
    """Return the differences delta whose score statistic is ``quantile`` and -``quantile``, within [-1, 1]."""
    value = (more - fewer) / n
    return _bisect(more, fewer, n, quantile, value, -1.0), _bisect(more, fewer, n, quantile, value, 1.0)


def _bisect(more: int, fewer: int, n: int, quantile: float, inside: float, outside: float) -> float:
    for _ in range(100):
        middle = (inside + outside) / 2
        if middle in (inside, outside):
            break
        if abs(more - fewer - n * middle) <= quantile * math.sqrt(_tango_variance(more, fewer, n, middle)):
            inside = middle
        else:
            outside = middle
    return inside


def _tango_variance(more: int, fewer: int, n: int, delta: float) -> float:
    """Return the variance of ``more`` - ``fewer`` at the most likely shares whose difference is ``delta``."""
    b = (2 * n - more + fewer) * delta - more - fewer
    c = -fewer * delta * (1 - delta)
    rarer = (math.sqrt(max(0.0, b * b - 8 * n * c)) - b) / (4 * n)
    return max(0.0, n * (2 * rarer + delta * (1 - delta)))


def _check_counts(successes: int, n: int) -> None:
    if n < 1 or not 0 <= successes <= n:
        raise StatsError(f"A share needs at least 1 unit and 0 to all successes, not {successes} of {n}.")


def _ones(values: ArrayLike, name: str) -> Floats:
    array = vector(values, name)
    if not np.isin(array, (0.0, 1.0)).all():
        raise StatsError(f"{name} must hold only 0 and 1 (or False and True): whether each unit counts.")
    return array
