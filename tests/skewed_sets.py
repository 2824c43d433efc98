"""p and intervals of a difference of means of skewed values, by SciPy alone (docs/adr/0052-skewed-sets.md)."""

from __future__ import annotations

import math

import numpy as np
from scipy import optimize, stats


def bends(x: np.ndarray, y: np.ndarray) -> tuple[float, float]:
    """Return what is taken off t for "above", and for "below"."""
    m, n = len(x), len(y)
    spread = math.hypot(stats.sem(x), stats.sem(y))
    third = [stats.kstat(side, 3) / len(side) ** 2 if len(side) > 2 else 0.0 for side in (x, y)]
    own = float(third[0] - third[1]) / spread**3
    every = np.concatenate([_in_sd(x), _in_sd(y)])
    skewness = (every**3).sum() / (m + n - 2)
    skewness = math.copysign(max(0.0, abs(skewness) - math.sqrt(6 / (m + n))), skewness)
    distances = [np.abs(side - np.median(side)) for side in (x, y)]
    of_x, of_y = (distance.mean() for distance in distances)
    errors = [stats.variation(d, ddof=1) / math.sqrt(len(d)) if np.ptp(d) else 0.0 for d in distances]
    if np.ptp(x) == 0:
        of_x, errors[0] = of_y, 0.0
    if np.ptp(y) == 0:
        of_y, errors[1] = of_x, 0.0
    found = [own]
    for sign in (-1, 1):
        a, b = of_x / of_y * math.exp(2 * sign * math.hypot(*errors)), 1.0
        found.append(2.5 * skewness * (a**3 / m**2 - b**3 / n**2) / (a**2 / m + b**2 / n) ** 1.5)
    return max(0.0, -min(found)), max(0.0, *found)


def difference_p(x: np.ndarray, y: np.ndarray, bound: float = 0.0, side: str = "two-sided") -> float:
    """Return the p of Welch's t after the bend of that side was taken off it."""
    if side == "two-sided":
        return min(1.0, 2 * min(difference_p(x, y, bound, one) for one in ("greater", "less")))
    welch, sign = stats.ttest_ind(x, y, equal_var=False), 1 if side == "greater" else -1
    t = sign * (x.mean() - y.mean() - bound) / math.hypot(stats.sem(x), stats.sem(y))
    bend = bends(x, y)[0 if side == "greater" else 1]
    return float(stats.t.sf(slowed(t, bend), welch.df))


def difference_interval(x: np.ndarray, y: np.ndarray, level: float = 0.95) -> tuple[float, float]:
    """Return where ``difference_p`` of either side is (1 - level) / 2."""
    middle, tail = float(x.mean() - y.mean()), (1 - level) / 2
    far = 1e3 * math.hypot(stats.sem(x), stats.sem(y))
    return (
        optimize.brentq(lambda b: difference_p(x, y, b, "greater") - tail, middle - far, middle, xtol=1e-13),
        optimize.brentq(lambda b: difference_p(x, y, b, "less") - tail, middle, middle + far, xtol=1e-13),
    )


def slowed(t: float, bend: float) -> float:
    """Return t less the bend: Hall's cubic, and beyond its turning point three tenths of t."""
    if bend == 0:
        return t
    if t > 3 / bend:
        return 1 / bend - bend / 6 + 0.3 * (t - 3 / bend)
    return (1 - (1 - bend * t / 3) ** 3) / bend - bend / 6


def _in_sd(values: np.ndarray) -> np.ndarray:
    return stats.zscore(values, ddof=1) if np.ptp(values) else np.zeros(len(values))
