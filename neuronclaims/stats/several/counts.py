"""How many of n hypotheses hold at least: closed testing with Bonferroni's tests, which is Holm's count.

That fewer than k of n effects are there is rejected where the k smallest p pass Holm's steps: among more than n - k
effects that are not there, some p would else be below its step, which happens with probability alpha at most, however
the tests depend on one another (Goeman and Solari 2011, https://doi.org/10.1214/11-STS356). So no count of tests that
pass, which dependent tests would make worth nothing, stands behind it, and the limits for all k hold together.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from neuronclaims.stats.distributions.quantiles import never_zero
from neuronclaims.stats.effects.effect_size import EffectSize
from neuronclaims.stats.effects.estimate import Estimate
from neuronclaims.stats.inputs import Floats, StatsError

SHARE_OF_NEURONS = EffectSize("share_of_neurons", "share of the neurons", "share", scale="share")


def holm_steps(p_values: ArrayLike) -> Floats:
    """Return for k = 1 to n the p of "at least k of the n effects are there", given the p [n] of each.

    >>> holm_steps([0.5, 0.01, 0.02]).tolist()  # 3 * 0.01, 2 * 0.02, 0.5
    [0.03, 0.04, 0.5]
    """
    p = np.sort(np.asarray(p_values, dtype=np.float64))
    if p.ndim != 1 or not len(p) or not ((p >= 0) & (p <= 1)).all():
        raise StatsError("Holm's steps need p-values between 0 and 1, at least one.")
    return np.minimum(np.maximum.accumulate(p * np.arange(len(p), 0, -1)), 1.0)


def deciding(p_values: ArrayLike, k: int) -> tuple[int, int]:
    """Return whose p decides that at least ``k`` are there, by place, and what it is multiplied by.

    >>> deciding([0.5, 0.01, 0.02], 2)
    (2, 2)
    """
    p = np.asarray(p_values, dtype=np.float64)
    order = np.argsort(p, kind="stable")[:k]
    factors = len(p) - np.arange(len(order))
    step = int(np.argmax(p[order] * factors))
    return int(order[step]), int(factors[step])


def share_that_holds(so: ArrayLike, not_so: ArrayLike, holds: int, *, level: float = 0.95) -> Estimate:
    """Return the share of n claims that ``holds``, with an interval that is valid under every dependence.

    ``so`` are the two-sided p [n] of each claim against its boundary where its estimate lies on the claimed side, 1
    elsewhere, and ``not_so`` those where it lies on the other side.

    >>> found = share_that_holds([0.001, 0.002, 0.3, 1.0], [1, 1, 1, 0.4], 3)
    >>> found.value, found.low, found.high
    (0.75, 0.5, 1.0)
    """
    above, below = holm_steps(so), holm_steps(not_so)
    n = len(above)
    if len(below) != n or not 0 <= holds <= n:
        raise StatsError(f"{holds} of {n} claims cannot hold against {len(below)} others.")
    low = int(np.searchsorted(above, 1 - level, side="right")) / n
    high = 1 - int(np.searchsorted(below, 1 - level, side="right")) / n

    def tails(boundary: float) -> tuple[float, float]:
        """Return p of more than the boundary, and of less."""
        most = math.ceil(round(boundary * n, 9)) - 1
        return _at(above, math.floor(round(boundary * n, 9)) + 1), _at(below, n - most)

    method = "Holm's count, which holds under every dependence"
    return Estimate(SHARE_OF_NEURONS, holds / n, low, high, level, method, tails)


def _at(steps: Floats, k: int) -> float:
    """Return the one-sided p of "at least k are there"."""
    if k <= 0:
        return never_zero(0.0)
    return float(steps[k - 1]) / 2 if k <= len(steps) else 1.0
