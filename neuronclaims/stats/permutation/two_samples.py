"""Permutation tests of two sets of units, independent or paired, for one neuron or many at once.

The null hypothesis is that a unit's value does not depend on the set it is in. Independent units are
exchanged between the sets, within their block where they have one; in paired designs the two values of a
unit are exchanged, which gives its difference the other sign.

Each neuron's pooled values are put in ascending order before labels are exchanged. All arrangements being
equally likely, this changes nothing about the test; but it makes p a function of the values and the seed
alone, so neither the order of prompts nor the company of other neurons can move it.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike

from neuronclaims.stats.effects.within_blocks import Codes, block_codes
from neuronclaims.stats.inputs import (
    Alternative,
    Bools,
    Floats,
    StatsError,
    check_choice,
    check_sizes,
    matrix,
    vector,
)
from neuronclaims.stats.permutation.relabelling import Statistic, observed, relabel
from neuronclaims.stats.permutation.results import TestResult, TestResults
from neuronclaims.stats.permutation.running import Prepared, check_alternative, never_varies
from neuronclaims.stats.permutation.welch_guard import welch_guard
from neuronclaims.stats.settings import LEVEL, Exchange, Level, Resampling


def two_sample_test(
    first: ArrayLike,
    second: ArrayLike,
    *,
    exchange: Exchange,
    statistic: Statistic,
    alternative: Alternative,
    resampling: Resampling,
    level: Level = LEVEL,
    named: str | None = None,
) -> TestResult:
    """Test whether one neuron's values are higher (``greater``), lower or different in the first set.

    ``first`` [n1] and ``second`` [n2] hold one finite value per unit, aligned when ``exchange`` is of pairs.

    ``statistic="mean"`` takes the difference of means when n1 = n2 (the pooled t gives the same p) or units
    are paired, and Welch's t when sizes differ, so that unequal variances harm less (Chung and Romano
    2013); where they still would, because the smaller set varies more, p is the larger one of this and of
    Welch's t-test (docs/adr/0009-unequal-spreads.md). ``statistic="auroc"`` takes the sum of mid-ranks of
    the first set among all values; in pairs labels are exchanged within each pair. Its law is counted
    exactly, ties included, up to some hundred units.

    Where ``exchange`` has blocks, labels are exchanged within blocks only,
    and the statistic is the difference of means adjusted for blocks, or the AUROC over pairs of units of
    one block. A single block is no restriction.

    Relabellings are found as ``resampling`` says. Of random ones p = (1 + k) / (1 + B); more are drawn until p is
    settled against alpha, alpha/2, ... and alpha/family of ``level``, at which Holm's procedure may compare
    it. The chance that
    a settled p is on the wrong side of one is at most 0.1 % (docs/adr/0010-stopping.md).

    >>> from neuronclaims.stats import UNITS, Resampling
    >>> found = two_sample_test([4.0, 5, 6, 7], [1.0, 2, 3], exchange=UNITS, statistic="mean",
    ...                         alternative="greater", resampling=Resampling(seed=0))
    >>> round(found.p_value, 4), found.exact
    (0.0286, True)

    ``named`` is what the result's method calls the statistic where that has a better name for these values.

    Raises StatsError for NaN, infinity, fewer than two units in a set, unequal lengths of pairs, blocks of
    pairs, or a block with units of one set only.
    """
    a, b = vector(first, "The first set")[:, None], vector(second, "The second set")[:, None]
    ready = _prepared(a, b, exchange, statistic, alternative, level)
    return replace(ready, name=named or ready.name).one(resampling)


def two_sample_tests(
    first: ArrayLike,
    second: ArrayLike,
    *,
    exchange: Exchange,
    statistic: Statistic,
    alternative: Alternative,
    resampling: Resampling,
    level: Level = LEVEL,
) -> TestResults:
    """Test m neurons at once, [n1, m] against [n2, m], as ``two_sample_test`` does one.

    Relabellings become matrix products. Up to the first draws every column's p is the one
    ``two_sample_test`` gives it alone (but no more are drawn here where that leaves it unresolved).

    >>> from neuronclaims.stats import UNITS
    >>> first, second = [[5, 1], [6, 3], [7, 2], [8, 2]], [[1, 2], [2, 1], [3, 3], [4, 1]]
    >>> found = two_sample_tests(
    ...     first, second, exchange=UNITS, statistic="mean", alternative="greater", resampling=Resampling(seed=0)
    ... )
    >>> found.p_value.round(4).tolist()
    [0.0143, 0.5]
    """
    a, b = matrix(first, "The first set"), matrix(second, "The second set")
    return _prepared(a, b, exchange, statistic, alternative, level).many(resampling)


def two_sample_first_looks(
    first: ArrayLike,
    second: ArrayLike,
    *,
    exchange: Exchange,
    statistic: Statistic,
    alternative: Alternative,
    resampling: Resampling,
    level: Level = LEVEL,
) -> tuple[TestResult, ...]:
    """Return for each of m neurons, [n1, m] against [n2, m], what ``two_sample_test`` gives it with ``stop_after=0``.

    One matrix product serves all of them. For an AUROC the law of rank sums is used, neuron by neuron, where
    ``two_sample_test`` uses it.

    >>> from neuronclaims.stats import UNITS
    >>> first, second = [[5, 1], [6, 3], [7, 2], [8, 2]], [[1, 2], [2, 1], [3, 3], [4, 1]]
    >>> many = two_sample_first_looks(
    ...     first, second, exchange=UNITS, statistic="mean", alternative="greater", resampling=Resampling(seed=0)
    ... )
    >>> [round(found.p_value, 4) for found in many]
    [0.0143, 0.5]
    """
    a, b = matrix(first, "The first set"), matrix(second, "The second set")
    if exchange.blocks is not None:
        raise StatsError("Tests within blocks are made one by one.")
    together = _prepared(a, b, exchange, statistic, alternative, level)
    if not together.ready.whole:
        return together.firsts(resampling)
    first_draws = replace(resampling, stop_after=0)
    return tuple(
        _prepared(a[:, [place]], b[:, [place]], exchange, statistic, alternative, level).one(first_draws)
        for place in range(a.shape[1])
    )


def _prepared(
    first: Floats,
    second: Floats,
    exchange: Exchange,
    statistic: Statistic,
    alternative: Alternative,
    level: Level,
) -> Prepared:
    paired, blocks = exchange.paired, exchange.blocks
    check_alternative(alternative)
    check_choice(statistic, ("mean", "auroc"), "statistic")
    check_sizes(first, second, paired=paired)
    if paired and blocks is not None:
        raise StatsError("Pairs already compare like with like; give blocks or pairs, not both.")
    codes = None if blocks is None else block_codes(blocks, (len(first), len(second)))
    value, name = observed(first, second, paired=paired, statistic=statistic, codes=codes)
    studentised = statistic == "mean" and not paired
    return Prepared(
        ready=relabel(first, second, paired=paired, statistic=statistic, codes=codes),
        statistic=value,
        name=name,
        exchange="permutation",
        units=_units(len(first), len(second), exchange.unit, paired, codes),
        degenerate=_degenerate(first, second, paired, codes),
        alternative=alternative,
        level=level,
        guard=welch_guard(first, second, codes) if studentised else None,
    )


def _units(n1: int, n2: int, unit: str, paired: bool, codes: Codes | None) -> str:
    if paired:
        return f"within {n1} {unit}s"
    return f"of {n1 + n2} {unit}s" + (f" within {1 + codes[0].max()} blocks" if codes else "")


def _degenerate(first: Floats, second: Floats, paired: bool, codes: Codes | None) -> Bools:
    if paired:
        return never_varies(first, second)
    values = np.concatenate([first, second])
    if codes is None:
        return never_varies(values, values[:1])
    code = np.concatenate(codes)
    return never_varies(values, values[np.unique(code, return_index=True)[1]][code])
