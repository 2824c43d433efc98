"""The rule of inference: one boundary, one interval, one p.

A sentence puts a boundary between true and false: the number it names, or no effect. p is two-sided against it, and
at most alpha exactly when the interval of level 1 - alpha excludes it. Where an exact test of the same boundary exists
(an exchange of labels, at no effect or after shifting the values by the number), the larger p counts. No p is below the
least that an interval's caution leaves it. The side on which the estimate lies then says supported or refuted
(``stats.decide``).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Literal, TypeAlias

from neuronclaims.stats.permutation.results import TestResult

if TYPE_CHECKING:
    from neuronclaims.stats.effects.estimate import Estimate
    from neuronclaims.stats.inputs import Alternative

Side: TypeAlias = Literal["greater", "less", "two-sided", "within", "not greater", "not less"]
"""On which side of its boundary a sentence puts the effect; ``two-sided`` and ``within`` have two boundaries."""

_BOTH_SIDES = ("two-sided", "within")


def boundaries(side: Side, null: float, threshold: float | None) -> tuple[float, ...]:
    """Return what a sentence puts between true and false: its number, with its mirror image where it claims both sides.

    >>> boundaries("greater", 0.0, None), boundaries("two-sided", 0.5, 0.75)
    ((0.0,), (0.75, 0.25))
    """
    if threshold is None or threshold == null:
        return (null,)
    return (threshold, 2 * null - threshold) if side in _BOTH_SIDES else (threshold,)


def interval_p(estimate: Estimate, side: Side, null: float, threshold: float | None) -> float | None:
    """Return the smallest alpha at which the interval excludes every boundary; None where there is no interval.

    >>> from neuronclaims.stats import mean_difference_estimate
    >>> found = mean_difference_estimate([4.0, 5, 6], [1.0, 2, 3])
    >>> round(interval_p(found, "greater", 0.0, 2.0), 3)  # by the interval 0.288, but by chance three miss much: 0.8^3
    0.512
    """
    found = [estimate.p_against(boundary) for boundary in boundaries(side, null, threshold)]
    least = least_of(estimate, null, threshold)
    return None if None in found else max(least, *(p for p in found if p is not None))


def interval_test(
    estimate: Estimate, side: Side, null: float, threshold: float | None, smallest_p: float = 0.0
) -> TestResult:
    """Return the test that turns an interval round, for boundaries that no exchange of labels tests.

    ``smallest_p`` is the least p that the design allows; 0 where that depends on the values.

    >>> from neuronclaims.stats import hedges_g_estimate
    >>> found = interval_test(hedges_g_estimate([4.0, 5, 6], [1.0, 2, 3]), "greater", 0.0, 0.5)
    >>> round(found.p_value, 3), found.method  # 2 scipy.stats.nct.sf(t, 4, 0.5 * 1.5**0.5), t = 3 * 1.5**0.5
    (0.063, 'noncentral t interval (normal theory), turned round at 0.5')
    """
    p = interval_p(estimate, side, null, threshold)
    at = " and ".join(f"{boundary:g}" for boundary in sorted(boundaries(side, null, threshold)))
    return TestResult(
        statistic=estimate.value,
        p_value=1.0 if p is None else p,
        p_greater=1.0 if p is None else p,
        p_less=1.0 if p is None else p,
        alternative="two-sided",
        exact=True,
        arrangements=0,
        smallest_p=smallest_p,
        standard_error=0.0,
        resolved=True,
        degenerate=False,
        method=f"{estimate.method}, turned round at {at}",
        p_interval=0.0 if p is None else p,
    )


def at_boundary(
    test: TestResult, estimate: Estimate, side: Side, null: float, threshold: float | None
) -> TestResult:
    """Return the test whose p a verdict rests on: two-sided, and never below that of the interval.

    ``test`` is one of the same boundary, of any alternative: twice the smaller of its one-sided p counts. Where it was
    exact and no interval exists, as between two constants, its p counts alone, but for the least that a caution leaves.

    >>> from neuronclaims.stats import UNITS, Resampling, mean_difference_estimate, two_sample_test
    >>> a, b = [4.0, 5, 6, 7, 8], [1.0, 2, 3, 3.5, 2.5]
    >>> test = two_sample_test(
    ...     a, b, exchange=UNITS, statistic="mean", alternative="two-sided", resampling=Resampling(0)
    ... )
    >>> round(at_boundary(test, mean_difference_estimate(a, b), "greater", 0.0, None).p_value, 4)  # 2 of 252
    0.0079
    """
    both = two_sided(test)
    p = interval_p(estimate, side, null, threshold)
    if p is None:
        # Without any spread so few may be as far from all others.
        p = least_of(estimate, null, threshold) or None
    elif p < 1 and estimate.tails is None:
        # One interval alone can take a verdict back, but says no more of p than its level.
        p = least_of(estimate, null, threshold)
    if p is None or p <= both.p_value:
        return replace(
            both, p_interval=max(p or 0.0, both.p_interval)
        )  # of several neurons, another one's may count
    return replace(both, p_value=p, p_interval=p, p_exchange=both.p_value)


def cautioned(
    estimate: Estimate, test: TestResult, side: Side, null: float, threshold: float | None, limit: float
) -> bool:
    """Tell whether p is above ``limit``, the alpha left for it, because of the estimate's caution alone.

    >>> from neuronclaims.stats import mean_difference_estimate
    >>> few = mean_difference_estimate([4.0, 5, 6, 4, 5, 6, 5], [1.0, 1, 1, 2, 1, 1, 9])
    >>> test = interval_test(few, "greater", 0.0, 0.0)
    >>> round(test.p_value, 3), cautioned(few, test, "greater", 0.0, 0.0, 0.05)
    (0.367, False)
    >>> cautioned(few, test, "greater", 0.0, 0.0, 0.1)  # Welch's t alone: 0.054
    True
    """
    caution = estimate.caution
    if caution is None or test.p_value <= limit:
        return False
    if caution.plain is None:
        return test.p_value <= least_of(estimate, null, threshold)
    p = interval_p(replace(estimate, tails=caution.plain, caution=None), side, null, threshold)
    rest = test.p_value if test.p_interval < test.p_value else test.p_exchange or 0.0
    return p is not None and max(p, rest) <= limit


def least_of(estimate: Estimate, null: float, threshold: float | None) -> float:
    """Return the least p that an estimate's caution leaves a claim with this boundary.

    >>> from neuronclaims.stats import mean_difference_estimate
    >>> two_sets = mean_difference_estimate([4.0, 5, 6], [1.0, 2, 3])
    >>> least_of(two_sets, 0.0, None), round(least_of(two_sets, 0.0, 0.5), 3)
    (0.0, 0.512)
    """
    numbered = threshold is not None and threshold != null
    return 0.0 if estimate.caution is None else estimate.caution.least(numbered)


def plain_p(
    estimate: Estimate, test: TestResult, side: Side, null: float, threshold: float | None
) -> tuple[float, float]:
    """Return the p that a test ``at_boundary`` would have if units were many, and the least that so few leave it.

    Both are the test's own p and 0 where the estimate's caution is of another sort, or has no part in p.

    >>> from neuronclaims.stats import paired_mean_difference_estimate
    >>> few = paired_mean_difference_estimate([4.0, 5, 6, 9, 3, 4, 5, 8], [1.0, 2, 3, 5, 1, 1, 2, 4])
    >>> test = interval_test(few, "greater", 0.0, None)
    >>> [round(p, 2) for p in plain_p(few, test, "greater", 0.0, None)], round(test.p_value, 2)
    ([0.0, 0.17], 0.17)
    """
    caution, least = estimate.caution, least_of(estimate, null, threshold)
    if caution is None or caution.key != "few_units" or test.p_value > least:
        return test.p_value, least if caution is not None and caution.key == "few_units" else 0.0
    p = interval_p(replace(estimate, caution=None), side, null, threshold) or 0.0
    return min(test.p_value, max(p, test.p_exchange or 0.0)), least


def two_sided(test: TestResult) -> TestResult:
    """Return a test with the two-sided p: twice the smaller of its one-sided ones, at most 1."""
    if test.alternative == "two-sided":
        return test
    alternative: Alternative = "two-sided"
    alone = test.p_permutation
    return replace(
        test,
        alternative=alternative,
        p_value=min(1.0, 2 * min(test.p_greater, test.p_less)),
        smallest_p=min(1.0, 2 * test.smallest_p),
        standard_error=2 * test.standard_error,
        p_permutation=None if alone is None else min(1.0, 2 * alone),
    )
