"""What exchanging labels alone gives the statistic a claim was tested on, to set the observed value against."""

from __future__ import annotations

from typing import TYPE_CHECKING

from neuronclaims.figures import Null

if TYPE_CHECKING:
    from neuronclaims.kinds.two_set_values import Floats
    from neuronclaims.stats import TestResult
    from neuronclaims.stats.permutation.relabelling import Statistic


def null_of(
    first: Floats,
    second: Floats,
    test: TestResult,
    *,
    paired: bool,
    statistic: Statistic,
    seed: int,
    name: str = "",
) -> tuple[Null, ...]:
    """Return the figure of a test of two sets without blocks, none where its statistic is undefined.

    ``name`` says what the statistic is, where the usual name of it would not do.
    """
    from neuronclaims.stats.permutation.nulls import null_histogram

    if test.statistic is None:
        return ()
    found = null_histogram(first, second, paired=paired, statistic=statistic, seed=seed)
    if not found.counts:
        return ()
    axis = name or _name(statistic, paired, len(first) == len(second))
    return (Null(axis, found.low, found.high, found.counts, test.statistic, found.every),)


def _name(statistic: Statistic, paired: bool, alike: bool) -> str:
    if statistic == "auroc":
        return "AUROC"
    if paired:
        return "mean difference"
    return "difference of means" if alike else "Welch's t"
