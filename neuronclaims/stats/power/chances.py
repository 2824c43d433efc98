"""Compute how likely each verdict of ``decide`` is, for given sizes, by distribution theory.

The two conditions of "supported", a small p and an interval beyond the number claimed, hang on the same data
and are taken together.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache, partial

import numpy as np

from neuronclaims.stats.distributions.bounded_mean import mean_above_p
from neuronclaims.stats.distributions.newcombe import hanley_mcneil_variance
from neuronclaims.stats.distributions.noncentral import chi_rule, noncentral_t_quantile
from neuronclaims.stats.distributions.shapes import nearer
from neuronclaims.stats.inputs import Floats, StatsError
from neuronclaims.stats.power.question import PlannedClaim
from neuronclaims.stats.power.reach import compared_p, reachable, refutable
from neuronclaims.stats.standardised import units_of

_HALVINGS, _MANY = 16, 400

DISPERSION = 0.1
"""How much shares of tokens are taken to differ between prompts: this part of the variance that 0 and 1 would have."""


@dataclass(frozen=True, slots=True)
class Chances:
    """How likely each verdict is; the three add up to 1."""

    supported: float
    refuted: float

    @property
    def inconclusive(self) -> float:
        """What neither of the others takes."""
        return max(0.0, 1.0 - self.supported - self.refuted)


def chances(claim: PlannedClaim, n1: int, n2: int) -> Chances:
    """Return how likely each verdict is with n1 and n2 units (n1 pairs; n1 units of one set)."""
    if claim.statistic == "share":
        found = _share_chances(claim, n1, n2)
    else:
        if min(n1, n2) < 2:
            raise StatsError(f"Each set needs at least 2 units to be tested, but there are {n1} and {n2}.")
        found = _CHANCES[claim.statistic](claim, n1, n2)
    return Chances(
        found.supported if reachable(claim, n1, n2) else 0.0,
        found.refuted if refutable(claim, n1, n2) else 0.0,
    )


def _mean_chances(claim: PlannedClaim, n1: int, n2: int) -> Chances:
    """Take p and the interval of a raw difference by Welch's t, the interval of Hedges' g by the pooled one."""
    if claim.paired:
        size, df, pooled_df = math.sqrt(min(n1, n2)), min(n1, n2) - 1.0, min(n1, n2) - 1.0
    else:
        size, df, pooled_df = math.sqrt(n1 * n2 / (n1 + n2)), _welch_df(n1, n2), n1 + n2 - 2.0
    if not claim.standardised or (claim.number is None and claim.margin is None):
        return _by_spread(claim, size, df, claim.number)
    return _by_ratio(claim, size, pooled_df, nearer(units_of(n1, n2, paired=claim.paired)[0]))


def _welch_df(n1: int, n2: int) -> float:
    """Return Satterthwaite's degrees of freedom when both sets vary equally: n1 + n2 - 2 only if n1 = n2."""
    return (1 / n1 + 1 / n2) ** 2 / (1 / n1**2 / (n1 - 1) + 1 / n2**2 / (n2 - 1))


def _by_spread(claim: PlannedClaim, size: float, df: float, number: float | None) -> Chances:
    """Average, over the law of the spread, the normal chance of the difference in units of its error."""
    from scipy.special import stdtrit

    spread, weights = chi_rule(df)
    reach = -float(stdtrit(df, claim.tail)) * spread
    gain = claim.gain * size
    if claim.margin is not None:
        edge = claim.margin * size
        return _within(claim, gain, edge - reach, edge + reach, weights)
    at = (number or 0.0) * size
    return _both(claim, gain, at + reach, at - reach, weights)


def _by_ratio(claim: PlannedClaim, size: float, df: float, beyond: float) -> Chances:
    """Compare t with the limits at which the interval touches the number, or the margin, of bell-shaped values.

    ``beyond`` is the factor by which an effect has to exceed a number.
    """
    spread, weights = chi_rule(df)
    at = ((claim.number or 0.0) if claim.margin is None else claim.margin) * size
    low = noncentral_t_quantile(claim.tail, df, at) * spread
    high = noncentral_t_quantile(1 - claim.tail, df, at * beyond) * spread
    if claim.margin is not None:
        return _within(claim, claim.gain * size, low, high, weights)
    return _both(claim, claim.gain * size, high, low, weights)


def _mean_share_chances(claim: PlannedClaim, n1: int, n2: int) -> Chances:  # noqa: ARG001
    """Take the mean of shares as normal, of a variance that is ``DISPERSION`` of the largest its mean allows."""
    from scipy.special import stdtrit

    spread, weights = chi_rule(n1 - 1.0)
    true, claimed = (max(share * (1 - share), 1e-12) for share in (claim.effect, claim.null))
    error = math.sqrt(DISPERSION * true / n1)
    reach = -float(stdtrit(n1 - 1.0, claim.tail)) * spread * math.sqrt(claimed / true)
    own, other = (claim.null, 1 - claim.null) if claim.side == "greater" else (1 - claim.null, claim.null)
    enough, below = (_least_distance(n1, share, claim.tail) / error for share in (own, other))
    return _both(claim, claim.gain / error, np.maximum(reach, enough), -np.maximum(reach, below), weights)


@lru_cache(maxsize=4096)
def _least_distance(n: int, share: float, tail: float) -> float:
    """Return how far above a ``share`` the mean of n typical shares lies that Gaffke's interval just parts from it.

    Of more than ``_MANY`` shares it is taken to fall with the root of their number, which is a little too far.
    """
    from scipy.special import betaincinv

    if n > _MANY:
        return _least_distance(_MANY, share, tail) * math.sqrt(_MANY / n)
    places, size = (np.arange(n) + 0.5) / n, 1 / DISPERSION - 1
    low, high = share, 1.0
    for _ in range(_HALVINGS):
        mean = (low + high) / 2
        typical = betaincinv(size * mean, size * (1 - mean), places)
        low, high = (low, mean) if mean_above_p(typical, share) <= tail else (mean, high)
    return high - share


def _auroc_chances(claim: PlannedClaim, n1: int, n2: int) -> Chances:
    """Take the estimate as normal, with its variance at the true value, and every limit at its own."""
    from scipy.special import ndtri

    finest = 1 / (2 * n1 * n2)  # an observed AUROC of 1 is not a true one of 1
    gain = math.copysign(min(abs(claim.gain), 0.5 - finest), claim.gain)
    error = math.sqrt(hanley_mcneil_variance(0.5 + gain, n1, n2))

    def limit(at: float, tail: float) -> float:
        return -float(ndtri(tail)) * math.sqrt(hanley_mcneil_variance(0.5 + at, n1, n2)) / error

    one = np.ones(1)
    if claim.margin is not None:
        edge = claim.margin / error
        inner, outer = edge - limit(claim.margin, claim.tail), edge + limit(claim.margin, claim.tail)
        return _within(claim, gain / error, inner * one, outer * one, one)
    number = claim.number or 0.0
    reach = limit(number, claim.tail)
    enough = number / error + reach
    return _both(claim, gain / error, enough * one, (number / error - reach) * one, one)


def _both(claim: PlannedClaim, gain: float, enough: Floats, below: Floats, weights: Floats) -> Chances:
    """Return the chances of lying at or beyond ``enough``, and of lying ``below`` what is claimed."""
    from scipy.special import ndtr

    if claim.side != "two-sided":
        return Chances(float(weights @ ndtr(gain - enough)), float(weights @ ndtr(below - gain)))
    refuted = 0.0 if claim.number is None else float(weights @ _inside(gain, below))
    return Chances(float(weights @ _outside(gain, enough)), refuted)


def _within(claim: PlannedClaim, gain: float, inner: Floats, outer: Floats, weights: Floats) -> Chances:
    """Return the chances of lying ``inner`` to the margin, and ``outer``: at both sides, or at the one denied."""
    from scipy.special import ndtr

    if claim.side == "two-sided":
        return Chances(float(weights @ _inside(gain, inner)), float(weights @ _outside(gain, outer)))
    return Chances(float(weights @ ndtr(inner - gain)), float(weights @ ndtr(gain - outer)))


def _outside(centre: float, edge: Floats) -> Floats:
    """Return the chance that a standard normal value around ``centre`` is ``edge`` or more from 0."""
    from scipy.special import ndtr

    return np.asarray(ndtr(centre - edge) + ndtr(-centre - edge))


def _inside(centre: float, edge: Floats) -> Floats:
    """Return the chance that a standard normal value around ``centre`` is less than ``edge`` from 0."""
    from scipy.special import ndtr

    return np.where(edge > 0, ndtr(edge - centre) - ndtr(-edge - centre), 0.0)


def _share_chances(claim: PlannedClaim, n: int, others: int) -> Chances:
    """Sum binomial chances beyond the first count that passes; a claim of "less" counts the prompts that do not."""
    claimed, true = claim.fair, 1 - claim.effect if claim.side == "less" else claim.effect
    enough = _first_passing(n, claimed, claim.tail)
    if claim.compared:
        beside = partial(compared_p, n1=n, n2=others, paired=claim.paired)
        enough = max(enough, _first(lambda count: beside(count) <= 2 * claim.tail, n))
    too_few = n + 1 - _first_passing(n, 1 - claimed, claim.tail)
    if claim.side != "two-sided":
        return Chances(_at_least(enough, n, true), 1 - _at_least(too_few, n, true))
    few_enough = n + 1 - _first_passing(n, 1 - claimed, claim.tail)
    return Chances(_at_least(enough, n, true) + 1 - _at_least(few_enough, n, true), 0.0)


def _first_passing(n: int, share: float, tail: float) -> int:
    """Return the least count of n that a ``share`` reaches or passes with a chance of at most ``tail``."""
    return _first(lambda count: _at_least(count, n, share) <= tail, n)


def _first(passes: Callable[[int], bool], n: int) -> int:
    """Return the least count of n that ``passes``, as all larger ones do; n + 1 where none does."""
    low, high = 0, n + 1
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if passes(middle) else (middle, high)
    return high


def _at_least(count: int, n: int, share: float) -> float:
    """Return P(X >= ``count``) of a binomial X, as the incomplete beta function."""
    from scipy.special import betainc

    if count <= 0 or count > n:
        return 1.0 if count <= 0 else 0.0
    return float(betainc(count, n - count + 1, share))


_CHANCES: dict[str, Callable[[PlannedClaim, int, int], Chances]] = {
    "mean": _mean_chances,
    "mean auroc": _mean_chances,
    "auroc": _auroc_chances,
    "mean share": _mean_share_chances,
}
