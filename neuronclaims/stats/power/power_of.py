"""The chance that a claim will be supported."""

from __future__ import annotations

from neuronclaims.stats.power.chances import chances
from neuronclaims.stats.power.question import PlannedClaim, Sizes


def power_of(claim: PlannedClaim, counts: Sizes) -> float:
    """Return the probability that a claim is supported with ``counts`` units, if its effect is the true one.

    ``counts`` of pairs and shares is (n, n).

    p must pass alpha / (``family`` x ``searched``): Holm's worst case, in which no other claim of the family has
    a smaller p, and Bonferroni's level as an approximation to the max-statistic over ``searched`` neurons, which
    is a little too strict where neurons go together. Intervals are widened for ``searched`` too, as those of a
    searched claim are. 0 when the design cannot reach alpha / ``family`` at all.

    Approximations. Means: the t test on normal values of equal spread, with Welch's degrees of freedom (for 5
    and 20 units the pooled ones promise up to 0.11 too much); the power of the permutation test comes within
    0.04 of it with five units, 0.03 with ten or more. AUROC: the normal distribution with the variances of
    Newcombe's interval, pairs as if independent, which asks for too much where members of a pair go together.
    Shares: none (binomial sums).

    >>> claim = PlannedClaim("mean", effect=1.0, side="greater", paired=False)
    >>> round(power_of(claim, (20, 20)), 2)
    0.87
    """
    return chances(claim, *counts).supported
