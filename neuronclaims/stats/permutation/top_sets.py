"""Tests of how often a neuron is among the top k, and of how many top neurons concepts share.

The question is always whether labels matter: is it more for this set of prompts than for that? Comparing
with random subsets of neurons instead finds overlap everywhere, because some neurons are always high.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from neuronclaims.stats.effects.top_k import Profile, contending, highest, profiles, scores_of, two_scores
from neuronclaims.stats.inputs import Alternative, Bools, Floats, StatsError, vector
from neuronclaims.stats.permutation.exchange import ExchangeOptions, exchange_test
from neuronclaims.stats.permutation.results import TestResult
from neuronclaims.stats.permutation.two_samples import two_sample_test

if TYPE_CHECKING:
    from typing_extensions import Unpack


def share_difference_test(
    first_hits: ArrayLike,
    second_hits: ArrayLike,
    *,
    alternative: Alternative,
    seed: int,
    paired: bool = False,
    **options: Unpack[ExchangeOptions],
) -> TestResult:
    """Test whether something, say being among the top k, is true more often in the first set's prompts.

    ``first_hits`` [n1] and ``second_hits`` [n2] are true or false per prompt (aligned when ``paired``). The
    p-value is Fisher's exact one, or McNemar's when ``paired``; two-sided it is twice the smaller tail.
    """
    a, b = _hits(first_hits, "The first set"), _hits(second_hits, "The second set")
    # The rank sum of true/false values is the number of true ones, up to a constant, and its law is known.
    found = two_sample_test(
        a, b, paired=paired, statistic="auroc", alternative=alternative, seed=seed, **options
    )
    method = found.method.replace("AUROC", "difference of shares")
    return replace(found, statistic=float(a.mean() - b.mean()), method=method)


def overlap_specificity_test(
    fixed: ArrayLike,
    first: ArrayLike,
    second: ArrayLike,
    k: int,
    *,
    alternative: Alternative,
    seed: int,
    by: Profile = "mean",
    **options: Unpack[ExchangeOptions],
) -> TestResult:
    """Test whether ``fixed`` shares more of its top ``k`` neurons with ``first`` than with ``second``.

    All three are scores per prompt, [n, m], [n1, m] and [n2, m], on the same neurons. The prompts of
    ``first`` and ``second`` are exchanged while ``fixed`` stays; the statistic is the number it shares with
    the one less that with the other. Tops are those of the mean profile or, ``by="occurrence"``, of the
    number of prompts in whose top k a neuron is. Neurons that are always high are high in both sets and
    cancel, which makes this a test of specificity; chance subsets of neurons are no fair comparison.
    """
    own, (a, b) = scores_of(fixed, k, "The fixed set"), two_scores(first, second, k)
    if own.shape[1] != a.shape[1]:
        raise StatsError(f"The fixed set has {own.shape[1]} neurons and the others {a.shape[1]}.")
    top = highest(profiles(own, k, by).sum(axis=0)[None], k)[0]
    values, kept = contending(profiles(np.concatenate([a, b]), k, by), (len(a), len(b)), k)
    wanted, total = top[kept], values.sum(axis=0)

    def statistic(rows: Bools) -> Floats:
        sums = rows.astype(np.float64) @ values
        near, far = (highest(side, k)[:, wanted].sum(axis=1) for side in (sums, total - sums))
        return np.asarray(near - far, dtype=np.float64)

    return exchange_test(
        statistic,
        (len(a), len(b)),
        alternative=alternative,
        seed=seed,
        content=values,
        columns=values.shape[1],
        name=f"difference of the numbers shared among the top {k}",
        **options,
    )


def distinct_test(
    first: ArrayLike,
    second: ArrayLike,
    k: int,
    *,
    seed: int,
    by: Profile = "mean",
    alternative: Alternative = "less",
    **options: Unpack[ExchangeOptions],
) -> TestResult:
    """Test whether two sets share fewer of their top ``k`` neurons than random splits of their prompts do.

    Scores per prompt [n1, m] and [n2, m]; the statistic is the number shared. Rejecting means that the sets
    have different top neurons; two sets of the same kind share as many as the splits do, up to chance.
    """
    a, b = two_scores(first, second, k)
    values, _ = contending(profiles(np.concatenate([a, b]), k, by), (len(a), len(b)), k)
    total = values.sum(axis=0)

    def statistic(rows: Bools) -> Floats:
        sums = rows.astype(np.float64) @ values
        return np.asarray((highest(sums, k) & highest(total - sums, k)).sum(axis=1), dtype=np.float64)

    return exchange_test(
        statistic,
        (len(a), len(b)),
        alternative=alternative,
        seed=seed,
        content=values,
        columns=values.shape[1],
        name=f"number shared among the top {k}",
        **options,
    )


def _hits(values: ArrayLike, name: str) -> Floats:
    array = vector(values, name)
    if not np.isin(array, (0.0, 1.0)).all():
        raise StatsError(f"{name} must say true or false for each prompt, but holds other numbers.")
    return array
