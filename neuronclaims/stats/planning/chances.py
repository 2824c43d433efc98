"""How likely each verdict of ``decide`` is, for given sizes, by the distribution of what it decides on.

The two conditions of "supported", a small p and an interval beyond the number claimed, hang on the same data
and are taken together.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from neuronclaims.stats.effects.newcombe import hanley_mcneil_variance
from neuronclaims.stats.effects.noncentral import chi_rule, noncentral_t_quantile
from neuronclaims.stats.inputs import Floats, StatsError
from neuronclaims.stats.planning.question import Question


@dataclass(frozen=True, slots=True)
class Chances:
    """How likely each verdict is; the three add up to 1."""

    supported: float
    refuted: float

    @property
    def inconclusive(self) -> float:
        """What neither of the others takes."""
        return max(0.0, 1.0 - self.supported - self.refuted)


def chances(asked: Question, n1: int, n2: int) -> Chances:
    """Return how likely each verdict is with n1 and n2 units (n1 pairs; n1 units for a share)."""
    if asked.statistic == "share":
        found = _share_chances(asked, n1)
    else:
        if min(n1, n2) < 2:
            raise StatsError(f"Each set needs at least 2 units to be tested, but there are {n1} and {n2}.")
        found = (_mean_chances if asked.statistic == "mean" else _auroc_chances)(asked, n1, n2)
    return found if asked.reachable(n1, n2) else Chances(0.0, found.refuted)


def _mean_chances(asked: Question, n1: int, n2: int) -> Chances:
    """Average, over the chi-distributed spread, the normal chance of the difference in units of its error."""
    from scipy.special import stdtrit

    size = math.sqrt(min(n1, n2) if asked.paired else n1 * n2 / (n1 + n2))
    df = min(n1, n2) - 1 if asked.paired else n1 + n2 - 2
    spread, weights = chi_rule(df)
    by_p, by_interval = (-float(stdtrit(df, tail)) * spread for tail in (asked.tail, asked.outside))
    gain = asked.gain * size
    if asked.margin is not None:
        edge = asked.margin * size
        within, beyond = _inside(gain, edge - by_p), _outside(gain, edge + by_interval)
        return Chances(float(weights @ within), float(weights @ beyond))
    number = (asked.number or 0.0) * size
    if asked.standardised and asked.number is not None:
        low, high = (noncentral_t_quantile(p, df, number) for p in (asked.outside, 1 - asked.outside))
        above, below = high * spread, low * spread
    else:
        above, below = number + by_interval, number - by_interval
    enough = by_p if asked.number is None else np.maximum(by_p, above)
    return _both(asked, gain, enough, below, weights)


def _auroc_chances(asked: Question, n1: int, n2: int) -> Chances:
    """Take the estimate as normal, with its variance at the true value, and every limit at its own."""
    from scipy.special import ndtri

    finest = 1 / (2 * n1 * n2)  # an observed AUROC of 1 is not a true one of 1
    gain = math.copysign(min(abs(asked.gain), 0.5 - finest), asked.gain)
    error = math.sqrt(hanley_mcneil_variance(0.5 + gain, n1, n2))

    def limit(at: float, tail: float) -> float:
        return -float(ndtri(tail)) * math.sqrt(hanley_mcneil_variance(0.5 + at, n1, n2)) / error

    one = np.ones(1)
    if asked.margin is not None:
        edge, inner = asked.margin / error, limit(asked.margin, asked.tail)
        within = _inside(gain / error, (edge - inner) * one)
        beyond = _outside(gain / error, (edge + limit(asked.margin, asked.outside)) * one)
        return Chances(float(within[0]), float(beyond[0]))
    number = asked.number or 0.0
    reach = limit(number, asked.outside)
    enough = limit(0.0, asked.tail)
    if asked.number is not None:
        enough = max(enough, number / error + reach)
    return _both(asked, gain / error, enough * one, (number / error - reach) * one, one)


def _both(asked: Question, gain: float, enough: Floats, below: Floats, weights: Floats) -> Chances:
    """Return the chances of lying at or beyond ``enough``, and of lying ``below`` what is claimed."""
    from scipy.special import ndtr

    if asked.side != "two-sided":
        return Chances(float(weights @ ndtr(gain - enough)), float(weights @ ndtr(below - gain)))
    refuted = 0.0 if asked.number is None else float(weights @ _inside(gain, below))
    return Chances(float(weights @ _outside(gain, enough)), refuted)


def _outside(centre: float, edge: Floats) -> Floats:
    """Return the chance that a standard normal value around ``centre`` is ``edge`` or more from 0."""
    from scipy.special import ndtr

    return np.asarray(ndtr(centre - edge) + ndtr(-centre - edge))


def _inside(centre: float, edge: Floats) -> Floats:
    """Return the chance that a standard normal value around ``centre`` is less than ``edge`` from 0."""
    from scipy.special import ndtr

    return np.where(edge > 0, ndtr(edge - centre) - ndtr(-edge - centre), 0.0)


def _share_chances(asked: Question, n: int) -> Chances:
    """Sum binomial chances beyond the first count that passes; a claim of "less" counts the prompts that do not."""
    claimed, true = asked.null, asked.effect
    if asked.side == "less":
        claimed, true = 1 - claimed, 1 - true
    enough = _first_passing(n, claimed, asked.tail)
    too_few = n + 1 - _first_passing(n, 1 - claimed, asked.outside)
    if asked.side != "two-sided":
        return Chances(_at_least(enough, n, true), 1 - _at_least(too_few, n, true))
    few_enough = n + 1 - _first_passing(n, 1 - claimed, asked.tail)
    return Chances(_at_least(enough, n, true) + 1 - _at_least(few_enough, n, true), 0.0)


def _first_passing(n: int, share: float, tail: float) -> int:
    """Return the least count of n that a ``share`` reaches or passes with a chance of at most ``tail``."""
    low, high = 0, n + 1
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if _at_least(middle, n, share) <= tail else (middle, high)
    return high


def _at_least(count: int, n: int, share: float) -> float:
    """Return P(X >= ``count``) of a binomial X, as the incomplete beta function."""
    from scipy.special import betainc

    if count <= 0 or count > n:
        return 1.0 if count <= 0 else 0.0
    return float(betainc(count, n - count + 1, share))
