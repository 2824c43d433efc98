"""Results of permutation tests, for one neuron or for many at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from neuronclaims.stats.inputs import Alternative, Bools, Floats


@dataclass(frozen=True, slots=True)
class TestResult:
    """The result of a permutation test of one neuron.

    ``p_value`` is that of ``alternative``; ``p_greater`` and ``p_less`` are the two one-sided ones, and the
    two-sided one is twice the smaller, at most 1. None is ever 0. ``statistic`` is the difference of means,
    Welch's t or the AUROC, or None where undefined. ``arrangements`` counts the relabellings taken into
    account: all there are when ``exact``, otherwise the random ones drawn. ``smallest_p`` is the least p
    this test could have given on any values in this design; ``standard_error`` is the Monte-Carlo error of
    ``p_value``, 0 when exact. ``resolved`` is False when random draws leave open on which side of the level
    p lies. ``degenerate`` is True when relabelling cannot change anything because all values (all
    differences; within each block) are the same. ``method`` says all that in words.

    ``welch_guard`` is True when the larger of the permutation p and that of Welch's t-test was taken,
    because the smaller set varies more (docs/adr/0009-unequal-spreads.md); ``p_permutation`` is the
    permutation p of ``alternative`` alone (None: not known apart from ``p_value``). ``arrangements``,
    ``standard_error`` and ``exact`` are about the permutation p. Where a verdict rests on it, ``p_interval`` is the p
    of the interval against the same boundary, below which ``p_value`` never lies, and ``p_exchange`` the p of the test
    alone if it is the smaller one (``stats.rule``).
    """

    __test__ = False

    statistic: float | None
    p_value: float
    p_greater: float
    p_less: float
    alternative: Alternative
    exact: bool
    arrangements: int
    smallest_p: float
    standard_error: float
    resolved: bool
    degenerate: bool
    method: str
    welch_guard: bool = False
    p_permutation: float | None = None
    p_interval: float = 0.0
    p_exchange: float | None = None

    @property
    def p_tested(self) -> float:
        """The p of the test alone, where that of the interval is the larger one and counts."""
        return self.p_value if self.p_exchange is None else self.p_exchange


@dataclass(frozen=True, slots=True)
class TestResults:
    """The results of tests of m neurons: the fields of TestResult, with arrays [m] for those per neuron."""

    __test__ = False

    statistic: Floats
    p_value: Floats
    p_greater: Floats
    p_less: Floats
    alternative: Alternative
    exact: bool
    arrangements: int
    smallest_p: float
    standard_error: Floats
    resolved: Bools
    degenerate: Bools
    method: str
    welch_guard: Bools | None = None
    p_permutation: Floats | None = None


def column(many: TestResults, place: int) -> TestResult:
    """Return the results of one of the neurons tested."""
    statistic = float(many.statistic[place])
    return TestResult(
        statistic=statistic if np.isfinite(statistic) else None,
        p_value=float(many.p_value[place]),
        p_greater=float(many.p_greater[place]),
        p_less=float(many.p_less[place]),
        alternative=many.alternative,
        exact=many.exact,
        arrangements=many.arrangements,
        smallest_p=many.smallest_p,
        standard_error=float(many.standard_error[place]),
        resolved=bool(many.resolved[place]),
        degenerate=bool(many.degenerate[place]),
        method=many.method,
        welch_guard=many.welch_guard is not None and bool(many.welch_guard[place]),
        p_permutation=None if many.p_permutation is None else float(many.p_permutation[place]),
    )


def ways_in_words(total: int, act: str = "exchange the labels", *, exact: bool) -> str:
    """Say how many relabellings a test looked at, and whether that are all there are.

    >>> ways_in_words(252, exact=True)
    'all 252 ways to exchange the labels'
    >>> ways_in_words(9_999, "flip the signs", exact=False)
    '9,999 ways to flip the signs, drawn at random'
    """
    counted = f"{grouped(total)} ways to {act}"
    return f"all {counted}" if exact else f"{counted}, drawn at random"


def grouped(number: int) -> str:
    """Write a count with separators, or its size where it has too many digits to be read."""
    return f"{number:,}" if number < 10**12 else f"about 1e{len(str(number)) - 1}"
