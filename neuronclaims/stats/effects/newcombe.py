"""Score limits for the AUROC, from the standard error it would have at each candidate value."""

from __future__ import annotations

import math

import numpy as np

from neuronclaims.stats.effects.points import doubled_midranks
from neuronclaims.stats.inputs import Floats


def hanley_mcneil_variance(theta: float, n1: int, n2: int) -> float:
    """Return the variance of the AUROC estimate when the true AUROC is ``theta``, with n1 and n2 units.

    The form of Hanley and McNeil (1982) for exponential values, with both n1 - 1 and n2 - 1 replaced by
    (n1 + n2) / 2 - 1, which makes it symmetric in the two sets: Newcombe 2006, method 5.
    """
    weight = (n1 + n2) / 2 - 1
    inner = 1 + weight * (1 - theta) / (2 - theta) + weight * theta / (1 + theta)
    return theta * (1 - theta) * inner / (n1 * n2)


def hanley_mcneil_limits(value: float, n1: int, n2: int, quantile: float) -> tuple[float, float]:
    """Return the two solutions theta of |value - theta| = quantile sqrt(variance at theta), within [0, 1]."""
    return _solve(value, 0.0, n1, n2, quantile), _solve(value, 1.0, n1, n2, quantile)


def pair_variance_ratio(first: Floats, second: Floats) -> float:
    """Return by how much pairing changes the variance of the AUROC of aligned values [n] and [n].

    With each value's placement among the other set's values as its U-statistic component, the ratio is that
    of var(h1 + h2) over pairs (Obuchowski 1997) to var(h1) + var(h2) (DeLong 1988). 1 where nothing varies.
    """
    n = len(first)
    together = doubled_midranks(np.concatenate([first, second])[:, None])[:, 0]
    own = np.concatenate([doubled_midranks(side[:, None])[:, 0] for side in (first, second)])
    placement = (together - own) / (2 * n)
    over, under = placement[:n], -placement[n:]
    independent = float(over.var() + under.var())
    return float((over + under).var()) / independent if independent > 0 else 1.0


def _solve(value: float, end: float, n1: int, n2: int, quantile: float) -> float:
    """Bisect between the estimate, where the distance is too small, and ``end``, where it is large enough."""
    inside, outside = value, end
    for _ in range(200):
        middle = (inside + outside) / 2
        if middle in (inside, outside):
            break
        reach = quantile * math.sqrt(hanley_mcneil_variance(middle, n1, n2))
        if abs(value - middle) <= reach:
            inside = middle
        else:
            outside = middle
    return inside
