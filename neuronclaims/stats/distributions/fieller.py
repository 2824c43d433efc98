"""The limits of a ratio of two means, found without dividing: Fieller's, and those corrected for skewness."""

from __future__ import annotations

import math

import numpy as np

from neuronclaims.stats.distributions.quantiles import spread
from neuronclaims.stats.distributions.skewed_mean import mean_above_zero_p
from neuronclaims.stats.inputs import Floats

_HALVINGS = 50
ROUNDING = 64 * float(np.finfo(np.float64).eps)
"""What is smaller than this share of its parts is 0."""


def fieller_limits(top: Floats, bottom: Floats, ratio: float, quantile: float) -> tuple[float, float] | None:
    """Return ratio + x for the roots x of (x mean)^2 = q^2 var(residual - x bottom); None where not bounded."""
    n, residual = len(top), top - ratio * bottom
    residual -= residual.mean()
    size = float(np.abs(top).max() + abs(ratio) * np.abs(bottom).max())
    if float(np.abs(residual).max()) <= ROUNDING * size:
        residual = np.zeros(n)
    mean = float(bottom.mean())
    covariance = float((residual * (bottom - mean)).sum()) / (n - 1) / n
    square = quantile**2
    a = mean**2 - square * spread(bottom) / n
    if a <= 0:
        return None
    middle = -square * covariance
    reach = math.sqrt(middle**2 + a * square * spread(residual) / n)
    return ratio + (middle - reach) / a, ratio + (middle + reach) / a


def skewed_limit(top: Floats, bottom: Floats, ratio: float, fieller: float, tail: float) -> float:
    """Return the limit on Fieller's side at which the mean of top - limit x bottom first has a p of ``tail``.

    Corrected for skewness, p may rise above it once more farther out. A verdict goes by p.
    """

    def excluded(limit: float) -> bool:
        left = top - limit * bottom
        return mean_above_zero_p(left if fieller < ratio else -left) <= tail * (1 + 1e-9)

    inside, outside = ratio, fieller
    while not excluded(outside):
        inside, outside = outside, ratio + 2 * (outside - ratio)
        if not math.isfinite(outside):
            return outside
    for _ in range(_HALVINGS if inside != ratio else 0):
        middle = (inside + outside) / 2
        inside, outside = (inside, middle) if excluded(middle) else (middle, outside)
    return outside
