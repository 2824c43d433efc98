"""The noncentral t distribution where SciPy's may be undefined.

``scipy.special.nctdtr`` gives NaN in parts of its range (scipy issue 25470). Where it does, the defining
integral P(T <= t) = E[Phi(t sqrt(V / df) - nc)], V chi-squared with df degrees of freedom, is summed by
Gauss's rule.
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np

from neuronclaims.stats.inputs import Floats

_LEAST, _FINEST = float(np.finfo(np.float64).tiny), float(np.finfo(np.float64).eps)
_CLOSE = 1e-12
_FAR = 1000.0
"""Noncentralities beyond which another sum is faster; there both agree to 1e-10."""


def noncentral_t_cdf(t: float, df: float, nc: float) -> float:
    """Return P(T <= t) for noncentral t with ``df`` degrees of freedom and noncentrality ``nc``."""
    from scipy.special import nctdtr

    if abs(nc) > _FAR:
        return far_cdf(t, df, nc)
    value = float(nctdtr(df, nc, t))
    if 0.0 <= value <= 1.0:
        return value
    return far_cdf(t, df, nc) if abs(nc) > 20 else integrated_cdf(t, df, nc)


def integrated_cdf(t: float, df: float, nc: float) -> float:
    """Return the same by numerical integration over chi-squared; correct to about 1e-9 for |nc| up to 37."""
    from scipy.special import ndtr

    roots, weights = chi_rule(df)
    return float(weights @ ndtr(t * roots - nc))


def far_cdf(t: float, df: float, nc: float) -> float:
    """Return the same for |nc| above 20, where SciPy's sum may take seconds: integrated over the normal variable.

    P(T <= t) = E[P(V / df >= ((Z + nc) / t)^2)], Z standard normal, whose effect beside a large nc is smooth.
    """
    from scipy.special import gammaincc

    if nc < 0:
        return 1.0 - far_cdf(-t, df, -nc)
    if t <= 0:
        return 0.0
    nodes, weights = _legendre()
    z = 9 * nodes
    chances = gammaincc(df / 2, df / 2 * ((z + nc) / t) ** 2)
    return float((weights * 9 * np.exp(-(z**2) / 2) / math.sqrt(2 * math.pi)) @ chances)


def noncentral_t_quantile(probability: float, df: float, nc: float) -> float:
    """Return the t for which P(T <= t) = ``probability``, for noncentral t with noncentrality ``nc``."""
    low, high = nc - 10.0, nc + 10.0
    while noncentral_t_cdf(low, df, nc) > probability:
        low -= 2 * (nc + 1 - low)
    while noncentral_t_cdf(high, df, nc) < probability:
        high += 2 * (high - nc + 1)
    for _ in range(200):
        middle = (low + high) / 2
        if middle in (low, high) or high - low < 1e-12 * (1 + abs(middle)):
            break
        low, high = (middle, high) if noncentral_t_cdf(middle, df, nc) < probability else (low, middle)
    return (low + high) / 2


def noncentrality_limits(t: float, df: float, level: float) -> tuple[float, float] | None:
    """Return the noncentralities for which ``t`` is the upper and the lower (1 - level) / 2 point.

    None when ``t`` is not finite.
    """
    if not math.isfinite(t):
        return None
    tail = (1 - level) / 2
    return _noncentrality(t, df, 1 - tail), _noncentrality(t, df, tail)


def _noncentrality(t: float, df: float, probability: float) -> float:
    """Return the noncentrality at which P(T <= t) falls to ``probability``; it falls as nc grows.

    As normal quantiles the two are nearly a straight line, which false position (with the Illinois rule, Dowell and
    Jarratt 1971) follows in a few steps.
    """
    from scipy.special import ndtri

    aim, spread = float(ndtri(probability)), math.sqrt(1 + t * t / (2 * df))

    def above(nc: float) -> float:
        chance = min(max(noncentral_t_cdf(t, df, nc), _LEAST), 1 - _FINEST)
        return float(ndtri(chance)) - aim

    reach = 0.1 * spread
    low = high = t - aim * spread
    while (at_low := above(low := low - reach)) < 0:
        reach *= 2
    reach = 0.1 * spread
    while (at_high := above(high := high + reach)) > 0:
        reach *= 2
    middle, last = low, 0
    for _ in range(200):
        if at_low == at_high or high - low < _CLOSE * (1 + abs(high)):
            break
        middle = low + at_low * (high - low) / (at_low - at_high)
        found = above(middle)
        if abs(found) < _CLOSE:
            break
        if found > 0:
            low, at_low, at_high = middle, found, at_high / 2 if last > 0 else at_high
        else:
            high, at_high, at_low = middle, found, at_low / 2 if last < 0 else at_low
        last = 1 if found > 0 else -1
    return middle


@lru_cache(maxsize=2048)
def chi_rule(df: float) -> tuple[Floats, Floats]:
    """Return points sqrt(V / df) and weights for expectations over V, on the range that matters."""
    from scipy.special import gammaincinv, gammaln

    low, high = (math.sqrt(2 * float(gammaincinv(df / 2, share)) / df) for share in (1e-14, 1 - 1e-14))
    nodes, weights = _legendre()
    roots = low + (high - low) * (nodes + 1) / 2
    log_density = math.log(2) + df / 2 * math.log(df / 2) - gammaln(df / 2) + (df - 1) * np.log(roots)
    density = np.exp(log_density - df * roots**2 / 2)
    return roots, weights * density * (high - low) / 2


@lru_cache(maxsize=1)
def _legendre() -> tuple[Floats, Floats]:
    return np.polynomial.legendre.leggauss(200)
