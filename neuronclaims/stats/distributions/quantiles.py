"""Quantiles and tails of the normal and of Student's t distribution, for intervals and their tests."""

from __future__ import annotations

import math

import numpy as np

from neuronclaims.stats.effects.points import variance
from neuronclaims.stats.inputs import Floats

SMALLEST_P = float(np.finfo(np.float64).tiny)
"""What a p-value is written as when it is too small for a floating-point number: p is never 0."""


def t_quantile(df: float, level: float) -> float:
    """Return how many standard errors a two-sided Student interval of ``level`` reaches to each side."""
    from scipy.special import stdtrit

    return float(stdtrit(df, (1 + level) / 2))


def normal_quantile(level: float) -> float:
    """Return how many standard errors a two-sided normal interval of ``level`` reaches to each side."""
    from scipy.special import ndtri

    return float(ndtri((1 + level) / 2))


def t_below(t: float, df: float) -> float:
    """Return P(T <= t) of Student's t with ``df`` degrees of freedom, never 0."""
    from scipy.special import stdtr

    return never_zero(float(stdtr(df, t)))


def never_zero(p: float) -> float:
    """Return ``p`` within (0, 1]."""
    return min(1.0, max(SMALLEST_P, p))


def spread(values: Floats) -> float:
    """Return the unbiased variance of values [n], exactly 0 when they never vary."""
    return float(variance(values[:, None])[0])


def standard_error(values: Floats) -> float:
    """Return the standard error of the mean of values [n], exactly 0 when they never vary."""
    return math.sqrt(spread(values) / len(values))
