"""On which side of a number the interval of an effect lies, for many data sets at once.

Every interval here is the inversion of a test, so "its lower end is at or above x" is asked of x directly:
the same answer as from the estimates in ``effects``, without solving for the ends.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from neuronclaims.stats.distributions.newcombe import hanley_mcneil_variance, variance_excess
from neuronclaims.stats.distributions.noncentral import noncentral_t_quantile
from neuronclaims.stats.effects.points import auroc_many, doubled_midranks, variance
from neuronclaims.stats.inputs import Bools, Floats
from neuronclaims.stats.permutation.relabelling import Statistic


@dataclass(frozen=True, slots=True)
class Limits:
    """The effects of m data sets, ``exists`` telling which of them have an interval.

    ``beyond(x)`` tells for which the interval lies at or above x, ``below(x)`` for which it lies below x.
    """

    value: Floats
    exists: Bools
    beyond: Callable[[float], Bools]
    below: Callable[[float], Bools]


def interval_limits(
    first: Floats, second: Floats, *, statistic: Statistic, paired: bool, standardised: bool, level: float
) -> Limits:
    """Return the limits for the columns of [n1, m] and [n2, m] by the intervals that ``effects`` gives them."""
    if statistic == "auroc":
        return _auroc(first, second, paired, level)
    value = first.mean(axis=0) - second.mean(axis=0)
    if paired:
        spread, df = variance(first - second), np.full(len(value), len(first) - 1.0)
        error = np.sqrt(spread / len(first))
    else:
        parts = variance(first) / len(first), variance(second) / len(second)
        error, df = np.sqrt(parts[0] + parts[1]), _satterthwaite(parts, len(first), len(second))
    if standardised:
        return _noncentral(first, second, value, paired, level)
    return _student(value, error, df, level)


def _student(value: Floats, error: Floats, df: Floats, level: float) -> Limits:
    from scipy.special import stdtrit

    half_width = stdtrit(df, (1 + level) / 2) * error
    exists = error > 0
    return Limits(
        value,
        exists,
        lambda x: exists & (value - half_width >= x),
        lambda x: exists & (value + half_width < x),
    )


def _satterthwaite(parts: tuple[Floats, Floats], n1: int, n2: int) -> Floats:
    total = parts[0] + parts[1]
    shares = [np.divide(part, total, out=np.full_like(total, 0.5), where=total > 0) for part in parts]
    return np.asarray(1 / (shares[0] ** 2 / (n1 - 1) + shares[1] ** 2 / (n2 - 1)))


def _noncentral(first: Floats, second: Floats, value: Floats, paired: bool, level: float) -> Limits:
    n1, n2 = len(first), len(second)
    if paired:
        df, size, spread = n1 - 1, math.sqrt(n1), np.sqrt(variance(first - second))
    else:
        df, size = n1 + n2 - 2, math.sqrt(n1 * n2 / (n1 + n2))
        spread = np.sqrt(((n1 - 1) * variance(first) + (n2 - 1) * variance(second)) / df)
    exists = spread > 0
    t = size * np.divide(value, spread, out=np.zeros_like(value), where=exists)
    outside = (1 - level) / 2
    return Limits(
        value,
        exists,
        lambda x: exists & (t >= noncentral_t_quantile(1 - outside, df, x * size)),
        lambda x: exists & (t < noncentral_t_quantile(outside, df, x * size)),
    )


def _auroc(first: Floats, second: Floats, paired: bool, level: float) -> Limits:
    from scipy.special import ndtri, stdtrit

    n1, n2 = len(first), len(second)
    value = auroc_many(first, second)
    if paired:
        factor = variance_excess(first, second) * np.maximum(_pair_variance_ratios(first, second), 1 / n1)
        quantile = float(stdtrit(n1 - 1, (1 + level) / 2)) * np.sqrt(factor)
    else:
        quantile = float(ndtri((1 + level) / 2)) * np.sqrt(variance_excess(first, second))

    def half_width(x: float) -> Floats:
        return np.asarray(quantile * math.sqrt(hanley_mcneil_variance(x, n1, n2)))

    everywhere = np.ones(len(value), dtype=np.bool_)
    return Limits(
        value, everywhere, lambda x: value - x >= half_width(x), lambda x: x - value > half_width(x)
    )


def _pair_variance_ratios(first: Floats, second: Floats) -> Floats:
    """Return ``newcombe.pair_variance_ratio`` of every column."""
    n = len(first)
    together = doubled_midranks(np.concatenate([first, second]))
    own = np.concatenate([doubled_midranks(first), doubled_midranks(second)])
    placement = (together - own) / (2 * n)
    over, under = placement[:n], -placement[n:]
    independent = over.var(axis=0) + under.var(axis=0)
    pairs = np.asarray((over + under).var(axis=0), dtype=np.float64)
    return np.asarray(np.divide(pairs, independent, out=np.ones_like(pairs), where=independent > 0))
