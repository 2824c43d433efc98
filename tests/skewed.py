"""p and intervals of means by SciPy alone, for values that may be skewed and for values in [0, 1]."""

from __future__ import annotations

import numpy as np
from scipy import integrate, optimize, stats


def mean_p(values: np.ndarray, bound: float = 0.0, side: str = "two-sided") -> float:
    """Return the larger p of Student's t and of t bent by 1.5 times the sample's skewness (Hall 1992)."""
    if side == "two-sided":
        return min(1.0, 2 * min(mean_p(values, bound, "greater"), mean_p(values, bound, "less")))
    n, sign = len(values), 1 if side == "greater" else -1
    t = sign * stats.ttest_1samp(values, bound).statistic
    a = 1.5 * sign * stats.skew(values, bias=False) / np.sqrt(n) if n > 2 else 0.0
    return max(stats.t.sf([t, t + a * t**2 / 3 + a**2 * t**3 / 27 + a / 6], n - 1))


def mean_interval(values: np.ndarray, level: float = 0.95) -> tuple[float, float]:
    """Return where ``mean_p`` of either side is (1 - level) / 2."""
    mean, far, tail = values.mean(), 1e3 * stats.sem(values), (1 - level) / 2
    return (
        optimize.brentq(lambda m: mean_p(values, m, "greater") - tail, mean - far, mean, xtol=1e-12),
        optimize.brentq(lambda m: mean_p(values, m, "less") - tail, mean, mean + far, xtol=1e-12),
    )


def share_p(shares: np.ndarray, bound: float, side: str) -> float:
    """Return Gaffke's p: P(sum((x - bound) E) >= 0) over exponential E, of ``shares`` and the end of the range."""
    if side == "greater":
        return share_p(1 - shares, 1 - bound, "less")
    a = np.append(shares, 1.0) - bound

    def integrand(t: float) -> float:
        return float(np.imag(np.prod(1 / (1 - 1j * a * t)))) / t

    return 0.5 + integrate.quad(integrand, 1e-12, np.inf, limit=2000)[0] / np.pi


def share_interval(shares: np.ndarray, level: float = 0.95) -> tuple[float, float]:
    """Return where ``share_p`` of either side is (1 - level) / 2."""
    mean, tail = float(shares.mean()), (1 - level) / 2
    return (
        optimize.brentq(lambda m: share_p(shares, m, "greater") - tail, 1e-9, mean),
        optimize.brentq(lambda m: share_p(shares, m, "less") - tail, mean, 1 - 1e-9),
    )
