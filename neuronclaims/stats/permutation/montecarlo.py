"""From counts of relabellings to p-values, and how far random draws can be trusted."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from neuronclaims.stats.inputs import Alternative, Bools, Floats, sides

_RISK = 1e-3
"""Error of the interval that decides whether random draws settle on which side of a level p lies."""


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

    def p_values(self, alternative: Alternative) -> Floats:
        """Return p [m]: the share of relabellings, or (1 + k) / (1 + B) if drawn (Phipson and Smyth 2010)."""
        if alternative == "two-sided":
            smaller = np.minimum(self.p_values("greater"), self.p_values("less"))
            return np.asarray(np.minimum(1.0, 2 * smaller), dtype=np.float64)
        count = self.above if alternative == "greater" else self.below
        share = count / float(self.total) if self.exact else (1 + count) / (1 + self.total)
        return np.asarray(np.minimum(1.0, share), dtype=np.float64)

    def smallest_p(self, alternative: Alternative, most_draws: int) -> float:
        """Return the least p that all relabellings, or ``most_draws`` random ones, can give."""
        return min(1.0, sides(alternative) / (self.total if self.exact else 1 + most_draws))

    def standard_errors(self, alternative: Alternative) -> Floats:
        """Return the Monte-Carlo standard error of p [m], 0 when exact."""
        if self.exact:
            return np.zeros_like(self.above)
        one_sided = self.p_values(alternative) / sides(alternative)
        return np.asarray(sides(alternative) * np.sqrt(one_sided * (1 - one_sided) / self.total))

    def resolved(self, alternative: Alternative, alpha: float, family: int) -> Bools:
        """Tell for which neurons [m] it is settled how p compares with alpha, alpha/2, ..., alpha/``family``.

        Settled means that none of these levels lies within the 99.9 % Clopper-Pearson interval of p.
        """
        if self.exact:
            return np.ones(self.above.shape, dtype=np.bool_)
        low, high = (bound * sides(alternative) for bound in self._interval(alternative))
        nearest = np.floor(alpha / high) + 1  # alpha / nearest is the largest level below the upper bound
        return ~((nearest <= family) & (alpha / nearest > low))

    def _interval(self, alternative: Alternative) -> tuple[Floats, Floats]:
        from scipy.special import betaincinv

        tails = {"greater": self.above, "less": self.below, "two-sided": np.minimum(self.above, self.below)}
        count, total = tails[alternative], self.total
        low = np.where(count > 0, betaincinv(np.maximum(count, 1), total - count + 1, _RISK / 2), 0.0)
        high = betaincinv(count + 1, np.maximum(total - count, 1), 1 - _RISK / 2)
        return low, np.where(count < total, high, 1.0)
