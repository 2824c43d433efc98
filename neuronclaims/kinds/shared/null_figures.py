"""Show the values that a test statistic takes when labels are exchanged, with the observed value among them.

Only a test whose p comes from exchanging labels has such a figure: no t-test against a margin, no binomial or score
test.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from neuronclaims.figures import Null

if TYPE_CHECKING:
    from neuronclaims.kinds.shared.two_samples import Floats
    from neuronclaims.stats import Exchange, TestResult
    from neuronclaims.stats.permutation.nulls import NullHistogram
    from neuronclaims.stats.permutation.relabelling import Statistic


def null_of(
    first: Floats,
    second: Floats,
    test: TestResult,
    *,
    exchange: Exchange,
    statistic: Statistic,
    seed: int,
    name: str = "",
    of: str = "",
) -> tuple[Null, ...]:
    """Return the figure of a test of two sets; none if its statistic is undefined.

    ``name`` says what the statistic is, where the usual name of it would not do, and ``of`` of which neuron.
    """
    from neuronclaims.stats.permutation.nulls import null_histogram

    if test.statistic is None:
        return ()
    paired, blocks = exchange.paired, exchange.blocks
    found = null_histogram(first, second, paired=paired, statistic=statistic, seed=seed, blocks=blocks)
    within = blocks is not None and len({*blocks[0], *blocks[1]}) > 1
    axis = name or statistic_name(statistic, paired=paired, alike=len(first) == len(second), within=within)
    return null_figure(found, axis + of, test.statistic)


def null_of_search(
    first: Floats,
    second: Floats,
    column: int,
    test: TestResult,
    *,
    paired: bool,
    statistic: Statistic,
    seed: int,
    noun: str,
) -> tuple[Null, ...]:
    """Return the figure of the maximum over all columns of [n1, m] and [n2, m], for a ``noun`` picked from them.

    Of a two-sided test it is the side that p is twice of.
    """
    from neuronclaims.stats.maximum.maximum_nulls import maximum_null

    if test.statistic is None:
        return ()
    side: Literal["greater", "less"] = "greater" if test.p_greater <= test.p_less else "less"
    found = maximum_null(first, second, column, paired=paired, statistic=statistic, side=side, seed=seed)
    if found is None:
        return ()
    which = "largest" if side == "greater" else "lowest"
    many = f"{found.neurons:,} {noun}s"
    of = f"the {many} that are no clearer" if found.clearer else many
    axis = found.name if found.neurons == 1 else f"{which} {found.name} of {of}"
    return null_figure(found.null, axis, test.statistic)


def null_figure(found: NullHistogram, axis: str, observed: float) -> tuple[Null, ...]:
    """Return the figure of a histogram, none of an empty one."""
    if not found.counts:
        return ()
    return (Null(axis, found.low, found.high, found.counts, observed, found.every),)


def statistic_name(statistic: Statistic, *, paired: bool, alike: bool, within: bool = False) -> str:
    """Return the name of the statistic of a test of two sets; ``alike`` in size, ``within`` blocks.

    >>> statistic_name("mean", paired=False, alike=False)
    "Welch's t"
    """
    if within:
        return "AUROC within blocks" if statistic == "auroc" else "difference of means, adjusted for blocks"
    if statistic == "auroc":
        return "AUROC"
    if paired:
        return "mean difference"
    return "difference of means" if alike else "Welch's t"
