"""Permutation tests of two sets of units, independent or paired, for one neuron or many at once.

The null hypothesis is that a unit's value does not depend on the set it is in. Independent units are
exchanged between the sets; in paired designs the two values of a unit are exchanged, which gives its
difference the other sign.

Each neuron's pooled values are put in ascending order before labels are exchanged. All arrangements being
equally likely, this changes nothing about the test; but it makes p a function of the values and the seed
alone, so neither the order of prompts nor the company of other neurons can move it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from neuronclaims.stats.inputs import (
    Alternative,
    Bools,
    Floats,
    StatsError,
    check_choice,
    check_share,
    check_sizes,
    matrix,
    vector,
)
from neuronclaims.stats.permutation.montecarlo import Tally
from neuronclaims.stats.permutation.relabelling import Relabelling, Statistic, observed, relabel
from neuronclaims.stats.permutation.results import TestResult, TestResults, grouped, only


def two_sample_test(
    first: ArrayLike,
    second: ArrayLike,
    *,
    paired: bool,
    statistic: Statistic,
    alternative: Alternative,
    seed: int,
    resamples: int = 9999,
    exact_limit: int = 200_000,
    alpha: float = 0.05,
    family: int = 1,
    max_resamples: int = 999_999,
    unit: str = "unit",
) -> TestResult:
    """Test whether one neuron's values are higher (``greater``), lower or different in the first set.

    ``first`` [n1] and ``second`` [n2] hold one finite value per unit, aligned when ``paired``.

    ``statistic="mean"`` takes the difference of means when n1 = n2 (the pooled t gives the same p) or units
    are paired, and Welch's t when sizes differ, so that unequal variances harm less (Chung and Romano
    2013). ``statistic="auroc"`` takes the sum of mid-ranks of the first set among all values; in pairs
    labels are exchanged within each pair. Its law is counted exactly, ties included, up to some hundred
    units.

    All arrangements are enumerated when at most ``exact_limit``; otherwise p = (1 + k) / (1 + B) from B =
    ``resamples`` random ones, ten times more, up to ``max_resamples``, while the 99.9 % Clopper-Pearson
    interval of p contains alpha, alpha/2, ... or alpha/``family``, the levels at which Holm's procedure may
    compare it.

    Raises StatsError for NaN, infinity, fewer than two units in a set, or unequal lengths of pairs.
    """
    a, b = vector(first, "The first set")[:, None], vector(second, "The second set")[:, None]
    _check(a, b, paired, statistic, alternative, resamples, alpha, family)
    ready = relabel(a, b, paired=paired, statistic=statistic)
    tally = ready.rank_law()
    how = "exact rank law" if tally else "permutation"
    if tally is None and ready.arrangements.total <= exact_limit:
        tally = ready.enumerated()
    if tally is None:
        tally = _drawn_until_resolved(ready, seed, resamples, max_resamples, alternative, alpha, family)
    found = _Found(a, b, paired, statistic, tally, max(resamples, max_resamples), unit, how)
    return only(found.results(alternative, alpha, family))


def two_sample_tests(
    first: ArrayLike,
    second: ArrayLike,
    *,
    paired: bool,
    statistic: Statistic,
    alternative: Alternative,
    seed: int,
    resamples: int = 9999,
    exact_limit: int = 200_000,
    alpha: float = 0.05,
    family: int = 1,
    unit: str = "unit",
) -> TestResults:
    """Test m neurons at once, [n1, m] against [n2, m], as ``two_sample_test`` does one.

    Relabellings become matrix products. Up to the first ``resamples`` draws every column's p is the one
    ``two_sample_test`` gives it alone (but no more are drawn here where that leaves it unresolved).
    """
    a, b = matrix(first, "The first set"), matrix(second, "The second set")
    _check(a, b, paired, statistic, alternative, resamples, alpha, family)
    ready = relabel(a, b, paired=paired, statistic=statistic)
    enumerable = ready.arrangements.total <= exact_limit
    tally = ready.enumerated() if enumerable else ready.drawn(seed, 0, resamples)
    found = _Found(a, b, paired, statistic, tally, resamples, unit, "permutation")
    return found.results(alternative, alpha, family)


def _check(
    first: Floats,
    second: Floats,
    paired: bool,
    statistic: str,
    alternative: str,
    resamples: int,
    alpha: float,
    family: int,
) -> None:
    check_choice(statistic, ("mean", "auroc"), "statistic")
    check_choice(alternative, ("greater", "less", "two-sided"), "alternative")
    check_share(alpha, "alpha")
    if resamples < 1 or family < 1:
        raise StatsError(f"resamples and family must be at least 1, not {resamples} and {family}.")
    check_sizes(first, second, paired=paired)


def _drawn_until_resolved(
    ready: Relabelling,
    seed: int,
    resamples: int,
    most: int,
    alternative: Alternative,
    alpha: float,
    family: int,
) -> Tally:
    tally = ready.drawn(seed, 0, resamples)
    while tally.total < most and not tally.resolved(alternative, alpha, family).all():
        tally = tally.plus(ready.drawn(seed, tally.total, min(10 * tally.total + 9, most)))
    return tally


@dataclass(frozen=True, slots=True)
class _Found:
    first: Floats
    second: Floats
    paired: bool
    statistic: Statistic
    tally: Tally
    most_draws: int
    unit: str
    how: str

    def results(self, alternative: Alternative, alpha: float, family: int) -> TestResults:
        value, name = observed(self.first, self.second, paired=self.paired, statistic=self.statistic)
        return TestResults(
            statistic=value,
            p_value=self.tally.p_values(alternative),
            p_greater=self.tally.p_values("greater"),
            p_less=self.tally.p_values("less"),
            alternative=alternative,
            exact=self.tally.exact,
            arrangements=self.tally.total,
            smallest_p=self.tally.smallest_p(alternative, self.most_draws),
            standard_error=self.tally.standard_errors(alternative),
            resolved=self.tally.resolved(alternative, alpha, family),
            degenerate=self._degenerate(),
            method=self._method(name),
        )

    def _degenerate(self) -> Bools:
        fixed = self.second if self.paired else self.first[:1]
        values = self.first if self.paired else np.concatenate([self.first, self.second])
        return np.asarray(np.all(values == fixed, axis=0), dtype=np.bool_)

    def _method(self, name: str) -> str:
        count = len(self.first) + (0 if self.paired else len(self.second))
        how = f"{self.how} within" if self.paired else f"{self.how} of"
        how = how if self.how.startswith("exact") or not self.tally.exact else f"exact {how}"
        random = "" if self.tally.exact else " random"
        return f"{how} {count} {self.unit}s ({grouped(self.tally.total)}{random} arrangements), {name}"
