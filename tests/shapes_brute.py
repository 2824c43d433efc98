"""Amounts in standard deviations for any shape of values, computed with SciPy's laws and plain loops."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
from scipy import stats


def tails_of_shape(
    x: Sequence[float], y: Sequence[float], paired: bool
) -> Callable[[float], tuple[float, float]]:
    """Return the one-sided p of an effect in sd above and below a bound, by docs/adr/0044-amounts-in-sd.md."""
    x, y = np.asarray(x, float), np.asarray(y, float)
    if paired:
        d = x - y
        n, df, size = len(d), len(d) - 1, math.sqrt(len(d))
        residuals, weights, units, far = [d - d.mean()], [1 / n], n, n / 2.5
        difference = d.mean()
    else:
        n1, n2 = len(x), len(y)
        df, size, units = n1 + n2 - 2, math.sqrt(n1 * n2 / (n1 + n2)), 4 * n1 * n2 / (n1 + n2)
        residuals, weights, far = [x - x.mean(), y - y.mean()], [1 / n1, -1 / n2], units
        difference = x.mean() - y.mean()
    spread = math.sqrt(sum(float(r @ r) for r in residuals) / df)
    residuals, effect = [r / spread for r in residuals], difference / spread
    pooled = np.sort(np.concatenate(residuals))
    n = len(pooled)
    w = np.corrcoef(pooled, stats.norm.ppf((np.arange(1, n + 1) - 0.375) / (n + 0.25)))[0, 1] ** 2
    u, v = math.log(n), math.log(math.log(n))
    z = (math.log(1 - w) - (-1.2725 + 1.0521 * (v - u))) / (1.0308 - 0.26758 * (v + 2 / u))
    bell = stats.norm.sf(z) >= 0.1
    chi = stats.chi.ppf((np.arange(20_000) + 0.5) / 20_000, df) / math.sqrt(df)

    def variance(bound: float, sign: int) -> list[float]:
        return [
            len(r) * np.var(weight * sign * r - bound * r**2 / (2 * df), ddof=1)
            for r, weight in zip(residuals, weights, strict=True)
        ]

    def plain(bound: float, sign: int) -> tuple[float, float]:
        at = sign * effect
        parts = variance(at, sign)
        freedom = sum(parts) ** 2 / sum(p**2 / (len(r) - 1) for p, r in zip(parts, residuals, strict=True))
        score = (at - bound) / math.sqrt(sum(variance(bound, sign)))
        # T = (Z + nc) / s, averaged over the law of s, because SciPy's nct gives NaN for large t.
        shifted = at * size * chi - bound * size
        return (
            max(stats.norm.sf(shifted).mean(), stats.t.sf(score, freedom)),
            max(stats.norm.cdf(shifted).mean(), stats.t.cdf(score, freedom)),
        )

    def tails(bound: float) -> tuple[float, float]:
        sign = -1 if bound < 0 else 1
        bound = abs(bound)
        above, below = plain(bound, sign)
        if bound > 0:
            farther = 1.0
            if far >= 40 and w >= 0.8:
                farther = plain(bound * (1 + 2 * math.sqrt(40 / far)), sign)[0]
            least = min(1.0, 10 ** (-0.9 - 0.08 * (units - 16))) / 2
            factor = 1 + 0.3 * min(1.0, math.sqrt(80 / units))
            above = min(max(plain(bound * factor, sign)[0], least), farther) if bell else farther
            sizes = sorted(map(len, residuals))
            if not bell and sizes[0] < 20 and (paired or 2 * sizes[0] <= sizes[1]):
                below = 1.0
        return (above, below) if sign > 0 else (below, above)

    return tails


def interval_of_shape(
    tails: Callable[[float], tuple[float, float]], value: float, reach: float, level: float = 0.95
) -> tuple[float, float]:
    """Return the interval of bounds that no one-sided p of (1 - level) / 2 excludes, found by halving."""
    found = []
    for side in (0, 1):
        inside, outside = value, value + (reach if side else -reach)
        while tails(outside)[side] > (1 - level) / 2:
            inside, outside = outside, outside + 2 * (outside - inside)
        for _ in range(50):
            middle = (inside + outside) / 2
            excluded = tails(middle)[side] <= (1 - level) / 2
            inside, outside = (inside, middle) if excluded else (middle, outside)
        found.append(outside)
    return found[0], found[1]
