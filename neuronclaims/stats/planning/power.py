"""The chance that a claim will be supported."""

from __future__ import annotations

from neuronclaims.stats.inputs import Alternative
from neuronclaims.stats.planning.chances import chances
from neuronclaims.stats.planning.question import PlannedStatistic, Question, Sizes


def power_of(
    *,
    statistic: PlannedStatistic,
    effect: float,
    threshold: float | None,
    side: Alternative,
    counts: Sizes,
    paired: bool,
    alpha: float = 0.05,
    family: int = 1,
    level: float = 0.95,
    margin: float | None = None,
    standardised: bool = False,
    searched: int = 1,
) -> float:
    """Return the probability that a claim is supported with ``counts`` units, if ``effect`` is the true effect.

    ``effect``, ``threshold`` (the number claimed, None: none) and ``margin`` are in standard deviations (of the
    differences when ``paired``) for ``mean``, and AUROCs (``margin``: a distance from 0.5) for ``auroc``.
    ``standardised`` says that the number is claimed of Hedges' g or dz itself ("by at least 0.5 sd") and judged
    by its interval; otherwise it is a number in the activation's own unit, divided by the spread. For ``share``,
    ``effect`` is the true share, ``threshold`` the share claimed, and ``counts`` is (n, n). With a ``margin`` the
    claim is a "does not": ``side`` is the side denied, and one-sided tests must put the effect within the
    margin of none, on that side or (``two-sided``) on both.

    p must pass alpha / (``family`` x ``searched``): Holm's worst case, in which no other claim of the family has
    a smaller p, and Bonferroni's level as an approximation to the max-statistic over ``searched`` neurons, which
    is a little too strict where neurons go together. Intervals are widened for ``searched`` too, as those of a
    searched claim are. 0 when the design cannot reach alpha / ``family`` at all.

    Approximations. Means: the t test on normal values of equal spread, with Welch's degrees of freedom (for 5
    and 20 units the pooled ones promise up to 0.11 too much); the power of the permutation test comes within
    0.04 of it with five units, 0.03 with ten or more. AUROC: the normal distribution with the variances of
    Newcombe's interval, pairs as if independent, which asks for too much where members of a pair go together.
    Shares: none (binomial sums).

    Raises StatsError for arguments out of place.
    """
    question = Question(
        statistic, effect, threshold, side, paired, alpha, family, level, margin, standardised, searched
    )
    return chances(question, *counts).supported
