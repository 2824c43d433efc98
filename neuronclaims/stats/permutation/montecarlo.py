"""Compute p-values from counts of relabellings, and the error of random draws.

Draws are looked at after ``resamples`` of them, then after ten times as many, and so on. At each look the
Clopper-Pearson interval of p says whether p is settled against the limits it is compared with. The chance
that any of these intervals misses is at most ``RISK`` over all looks and both tails together, so a settled
p lies on the wrong side of a limit with no more than that probability (docs/adr/0010-stopping.md).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from neuronclaims.stats.inputs import Alternative, Bools, Floats, sides

RISK = 1e-3
"""Largest chance that draws which settle p put it on the wrong side of a limit."""

Floors: TypeAlias = tuple[Floats, Floats]
"""Least values of the two one-sided p (greater, less), each [m], that the Welch guard allows."""


@dataclass(frozen=True, slots=True)
class Tally:
    """How many of ``total`` relabellings reach each tail, per neuron [m].

    ``exact`` says that these are all relabellings, not random draws.
    """

    above: Floats
    below: Floats
    total: int
    exact: bool

    def plus(self, more: Tally) -> Tally:
        """Return the tally of both sets of random draws together."""
        return Tally(self.above + more.above, self.below + more.below, self.total + more.total, self.exact)

    def p_values(self, alternative: Alternative, floors: Floors | None = None) -> Floats:
        """Return p [m]: the share of relabellings, or (1 + k) / (1 + B) if drawn (Phipson and Smyth 2010).

        One-sided p are raised to ``floors``; the two-sided one is twice the smaller, at most 1.
        """
        return _combined(self._share(self.above), self._share(self.below), alternative, floors)

    def smallest_p(self, alternative: Alternative, most_draws: int) -> float:
        """Return the least p that all relabellings, or ``most_draws`` random ones, can give."""
        return min(1.0, sides(alternative) / (self.total if self.exact else 1 + most_draws))

    def standard_errors(self, alternative: Alternative) -> Floats:
        """Return the Monte-Carlo standard error of p [m], 0 when exact."""
        if self.exact:
            return np.zeros_like(self.above)
        one_sided = self.p_values(alternative) / sides(alternative)
        return np.asarray(sides(alternative) * np.sqrt(one_sided * (1 - one_sided) / self.total))

    def resolved(
        self,
        alternative: Alternative,
        alpha: float,
        family: int,
        risk: float = RISK,
        floors: Floors | None = None,
    ) -> Bools:
        """Tell for which neurons [m] it is settled how p compares with alpha, alpha/2, ..., alpha/``family``."""
        return np.asarray(self.doubtful_limits(alternative, alpha, family, risk, floors) == 0)

    def doubtful_limits(
        self, alternative: Alternative, alpha: float, family: int, risk: float, floors: Floors | None
    ) -> Floats:
        """Return per neuron [m] the largest of alpha, alpha/2, ..., alpha/``family`` not settled, 0 if all are.

        A limit is settled when it lies outside the Clopper-Pearson interval of p, whose error is ``risk``
        for both tails together.
        """
        if self.exact:
            return np.zeros(self.above.shape)
        bounds = [self._bounds(count, risk / sides(alternative), alpha) for count in (self.above, self.below)]
        low, high = (
            _combined(above, below, alternative, floors) for above, below in zip(*bounds, strict=True)
        )
        nearest = np.floor(alpha / high) + 1  # alpha / nearest is the largest limit below the upper bound
        return np.where((nearest <= family) & (alpha / nearest >= low), alpha / nearest, 0.0)

    def _share(self, count: Floats) -> Floats:
        share = count / float(self.total) if self.exact else (1 + count) / (1 + self.total)
        return np.asarray(np.minimum(1.0, share), dtype=np.float64)

    def _bounds(self, counts: Floats, risk: float, alpha: float) -> tuple[Floats, Floats]:
        """Return the Clopper-Pearson bounds of each count's share.

        They take long to find. Where Hoeffding's (1963) lower bound, which is never above theirs, is beyond alpha
        already, it stands for the lower one, and 1 for the upper: both say as well that no limit is near.
        """
        from scipy.special import betaincinv

        count, places = np.unique(counts, return_inverse=True)
        total = self.total
        low = count / total - math.sqrt(math.log(2 / risk) / (2 * total))
        high = np.ones_like(low)
        near = np.flatnonzero(low <= alpha)
        some = count[near]
        low[near] = np.where(some > 0, betaincinv(np.maximum(some, 1), total - some + 1, risk / 2), 0.0)
        found = betaincinv(some + 1, np.maximum(total - some, 1), 1 - risk / 2)
        high[near] = np.where(some < total, found, 1.0)
        return low[places], high[places]


def looks(resamples: int, most: int) -> tuple[int, ...]:
    """Return after how many draws to look whether p is settled: tenfold steps up to ``most``."""
    counts = [resamples]
    while counts[-1] < most:
        counts.append(min(10 * counts[-1] + 9, most))
    return tuple(counts)


def drawn_until_settled(
    draw: Callable[[int, int], Tally],
    planned: tuple[int, ...],
    alternative: Alternative,
    alpha: float,
    family: int,
    floors: Floors | None = None,
    max_draws: int | None = None,
) -> Tally:
    """Draw up to each of the ``planned`` looks until every neuron's p is settled, sharing RISK evenly among them.

    ``draw(start, stop)`` tallies the random arrangements of those numbers. No look beyond ``max_draws`` draws is
    taken, but the first.
    """
    tally = draw(0, planned[0])
    for stop in planned[1:]:
        if max_draws is not None and stop > max_draws:
            break
        if tally.resolved(alternative, alpha, family, RISK / len(planned), floors).all():
            break
        tally = tally.plus(draw(tally.total, stop))
    return tally


def _combined(greater: Floats, less: Floats, alternative: Alternative, floors: Floors | None) -> Floats:
    """Return p, or a bound of it, for ``alternative`` from those of the two tails."""
    if floors is not None:
        greater, less = np.maximum(greater, floors[0]), np.maximum(less, floors[1])
    if alternative == "two-sided":
        return np.asarray(np.minimum(1.0, 2 * np.minimum(greater, less)), dtype=np.float64)
    return greater if alternative == "greater" else less
