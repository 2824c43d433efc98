"""What a textbook's test says of the same values: the tests of SciPy and statsmodels, many columns at once.

Each returns the two-sided p against a boundary and the side on which the estimate lies, 1 above and -1 below.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import stats

Floats = NDArray[np.float64]


class Found(NamedTuple):
    """The p and the side of each claim."""

    p: Floats
    side: NDArray[np.int_]


def welch(first: Floats, second: Floats, number: float | Floats = 0.0) -> Found:
    """Test a difference of means by Welch's t (``scipy.stats.ttest_ind``)."""
    with np.errstate(all="ignore"):
        found = stats.ttest_ind(first - number, second, axis=0, equal_var=False)
    return _found(found.pvalue, found.statistic)


def student(values: Floats, number: float | Floats = 0.0) -> Found:
    """Test a mean by Student's t (``scipy.stats.ttest_1samp``)."""
    with np.errstate(all="ignore"):
        found = stats.ttest_1samp(values - number, 0.0, axis=0)
    return _found(found.pvalue, found.statistic)


def noncentral(first: Floats, second: Floats, number: float | Floats) -> Found:
    """Test a difference in pooled standard deviations by the noncentral t distribution."""
    n1, n2 = len(first), len(second)
    size = np.sqrt(n1 * n2 / (n1 + n2))
    with np.errstate(all="ignore"):
        t = stats.ttest_ind(first, second, axis=0).statistic
        low, high = (
            tail(t, n1 + n2 - 2, np.multiply(number, size)) for tail in (stats.nct.cdf, stats.nct.sf)
        )
    return _found(2 * np.minimum(low, high), high * -1 + low)


def noncentral_one(values: Floats, number: float) -> Found:
    """Test a mean in standard deviations of the values by the noncentral t distribution."""
    n = len(values)
    with np.errstate(all="ignore"):
        t = stats.ttest_1samp(values, 0.0, axis=0).statistic
        low, high = (tail(t, n - 1, number * np.sqrt(n)) for tail in (stats.nct.cdf, stats.nct.sf))
    return _found(2 * np.minimum(low, high), low - high)


def mann_whitney(first: Floats, second: Floats, auroc: float = 0.5) -> Found:
    """Test that labels make no difference by ``scipy.stats.mannwhitneyu``; no other AUROC can be tested by it."""
    assert auroc == 0.5
    found = stats.mannwhitneyu(first, second, axis=0)
    return _found(found.pvalue, found.statistic - len(first) * len(second) / 2)


def brunner_munzel(first: Floats, second: Floats, auroc: float = 0.5) -> Found:
    """Test an AUROC as ``statsmodels``' ``rank_compare_2indep(...).test_prob_superior(value)`` does."""
    n1, n2 = len(first), len(second)
    together = stats.rankdata(np.concatenate([first, second]), axis=0)
    alone = [stats.rankdata(values, axis=0) for values in (first, second)]
    ranks = together[:n1], together[n1:]
    found = (ranks[0].mean(axis=0) - (n1 + 1) / 2) / n2
    parts = [
        np.sum((r - a - r.mean(axis=0) + (n + 1) / 2) ** 2, axis=0) / (n - 1)
        for r, a, n in zip(ranks, alone, (n1, n2), strict=True)
    ]
    one, other = parts[0] / n2**2 / n1, parts[1] / n1**2 / n2
    with np.errstate(all="ignore"):
        freedom = (one + other) ** 2 / (one**2 / (n1 - 1) + other**2 / (n2 - 1))
        t = (found - auroc) / np.sqrt(one + other)
        p = 2 * stats.t.sf(np.abs(t), freedom)
    return _found(p, found - auroc)


def spearman(values: Floats, numbers: Floats, rho: float = 0.0) -> Found:
    """Test a rank correlation: against 0 by ``scipy.stats.spearmanr``'s t, else as Bonett and Wright (2000) do."""
    n = len(numbers)
    ranks, x = stats.rankdata(values, axis=0), stats.rankdata(numbers)
    with np.errstate(all="ignore"):
        found = (x - x.mean()) @ (ranks - ranks.mean(axis=0)) / (n * x.std() * ranks.std(axis=0))
        if rho:
            z = (np.arctanh(found) - np.arctanh(rho)) / np.sqrt((1 + rho**2 / 2) / (n - 3))
            return _found(2 * stats.norm.sf(np.abs(z)), found - rho)
        t = found * np.sqrt((n - 2) / (1 - found**2))
    return _found(2 * stats.t.sf(np.abs(t), n - 2), found)


def binomial(hits: NDArray[np.int_], n: int, share: float) -> Found:
    """Test a share: twice the smaller tail of the binomial distribution."""
    tails = np.minimum(stats.binom.cdf(hits, n, share), stats.binom.sf(hits - 1, n, share))
    return _found(np.minimum(2 * tails, 1.0), hits / n - share)


def _found(p: Floats, side: Floats) -> Found:
    return Found(np.nan_to_num(np.asarray(p), nan=1.0), np.sign(np.nan_to_num(side)).astype(int))


def holm(p: Floats) -> Floats:
    """Correct the p-values of one file as Holm does (``statsmodels``' ``multipletests(method="holm")``)."""
    order = np.argsort(p)
    steps = np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1))
    corrected = np.empty(len(p))
    corrected[order] = np.minimum(steps, 1.0)
    return corrected
