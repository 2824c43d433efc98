"""Effects of two sets whose units lie in blocks, each set compared with the other within every block.

Blocks are given as one number per unit of each set; every block must hold units of both. With a single
block everything is as without.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from neuronclaims.stats.distributions.newcombe import (
    distances,
    hanley_mcneil_variance,
    own_excess,
    spread_excess,
)
from neuronclaims.stats.distributions.noncentral import noncentrality_limits
from neuronclaims.stats.distributions.skewed_difference import SkewedDifference
from neuronclaims.stats.effects.effect_size import BLOCKED_AUROC, BLOCKED_HEDGES_G, BLOCKED_MEAN_DIFFERENCE
from neuronclaims.stats.effects.estimate import Estimate
from neuronclaims.stats.effects.intervals import auroc_estimate, hedges_g_estimate, mean_difference_estimate
from neuronclaims.stats.effects.together import differences
from neuronclaims.stats.effects.within_blocks import (
    Blocks,
    Codes,
    block_codes,
    block_counts,
    blocked_auroc_many,
    blocked_fit,
    blocked_residuals,
)
from neuronclaims.stats.inputs import Floats, check_share, check_sizes, vector
from neuronclaims.stats.tails import inverted, standardised_tails


def blocked_mean_difference_estimate(
    first: ArrayLike, second: ArrayLike, blocks: Blocks, *, level: float = 0.95
) -> Estimate:
    """Return the difference of means of [n1] and [n2] within blocks, weighted n1b n2b / n_b, with a t interval.

    The estimate is that of least squares with one level per block; the standard error lets the two sets
    vary differently (see ``blocked_fit``). It is corrected for skewness as ``mean_difference_estimate`` is, and with
    one block it is the same.

    >>> blocked_mean_difference_estimate([2, 12], [1, 11], ([0, 1], [0, 1])).value
    1.0
    """
    a, b, codes = _prepared(first, second, blocks, level)
    if codes is None:
        return mean_difference_estimate(first, second, level=level)
    fit = blocked_fit(a, b, codes)
    scale = np.ldexp(1.0, fit.exponent)
    residuals = blocked_residuals(a, b, codes)
    found = SkewedDifference.of(fit.difference * scale, fit.error, scale, fit.df, residuals)
    method = "t interval, HC2 errors within blocks, corrected for skewness"
    return differences(found, BLOCKED_MEAN_DIFFERENCE, level, method)[0]


def blocked_hedges_g_estimate(
    first: ArrayLike, second: ArrayLike, blocks: Blocks, *, level: float = 0.95
) -> Estimate:
    """Return Hedges' g within blocks: the block-adjusted difference in residual standard deviations.

    The residual has n - blocks - 1 degrees of freedom; correction and interval are those of
    ``hedges_g_estimate`` with these degrees, right for normal values of equal spread.

    >>> found = blocked_hedges_g_estimate([2, 4, 13], [1, 11, 12], ([0, 0, 1], [0, 1, 1]))
    >>> round(found.value, 2)
    1.36
    """
    a, b, codes = _prepared(first, second, blocks, level)
    if codes is None:
        return hedges_g_estimate(first, second, level=level)
    effect, method = BLOCKED_HEDGES_G, "noncentral t interval (normal theory)"
    fit = blocked_fit(a, b, codes)
    df = len(a) + len(b) - 2 - int(codes[0].max())
    if fit.spread[0] == 0:
        return Estimate(effect, None, None, None, level, method)
    d, size = float(fit.difference[0] / fit.spread[0]), math.sqrt(fit.size)
    value = d * math.exp(math.lgamma(df / 2) - math.lgamma((df - 1) / 2)) / math.sqrt(df / 2) if df > 1 else d
    limits = noncentrality_limits(d * size, df, level)
    if limits is None:
        return Estimate(effect, value, None, None, level, method)
    low, high = min(value, limits[0] / size), max(value, limits[1] / size)
    return Estimate(effect, value, low, high, level, method, standardised_tails(d * size, size, df))


def blocked_auroc_estimate(
    first: ArrayLike, second: ArrayLike, blocks: Blocks, *, level: float = 0.95
) -> Estimate:
    """Return the AUROC over pairs of units of the same block, with a score interval.

    Blocks weigh by their number of pairs. The interval holds every theta at which the estimate is no
    further off than the normal quantile times the standard error it would have there, with the variance of
    ``auroc_estimate`` in each block. With one block it is Newcombe's interval.

    >>> blocked_auroc_estimate([2, 12], [1, 11], ([0, 1], [0, 1])).value
    1.0
    """
    a, b, codes = _prepared(first, second, blocks, level)
    if codes is None:
        return auroc_estimate(first, second, level=level)
    from scipy.special import ndtri

    value = float(blocked_auroc_many(a, b, codes)[0])
    counts = [(int(n1), int(n2)) for n1, n2 in block_counts(codes).T]
    excess = _excess(a, b, codes, counts)

    def made(level: float) -> Estimate:
        quantile = float(ndtri((1 + level) / 2))
        low, high = (_score_limit(value, end, counts, excess, quantile) for end in (0.0, 1.0))
        return Estimate(BLOCKED_AUROC, value, low, high, level, "Newcombe score interval over blocks")

    return inverted(made, level)


def _prepared(
    first: ArrayLike, second: ArrayLike, blocks: Blocks, level: float
) -> tuple[Floats, Floats, Codes | None]:
    a, b = vector(first, "The first set")[:, None], vector(second, "The second set")[:, None]
    check_share(level, "The level")
    check_sizes(a, b, paired=False)
    return a, b, block_codes(blocks, (len(a), len(b)))


def _of_block(first: Floats, second: Floats, codes: Codes, block: int) -> tuple[Floats, Floats]:
    return first[codes[0] == block], second[codes[1] == block]


def _excess(first: Floats, second: Floats, codes: Codes, counts: Sequence[tuple[int, int]]) -> list[float]:
    """Return what the variance is multiplied by in each block: by its own ranks, or by the spreads in all blocks."""
    inside = [_of_block(first, second, codes, block) for block in range(len(counts))]
    one, two = (
        np.sort(np.concatenate([distances(block[side]) for block in inside]), axis=0).mean(axis=0)
        for side in (0, 1)
    )
    return [
        float(np.maximum(own_excess(*values), spread_excess(one, two, sizes))[0])
        for values, sizes in zip(inside, counts, strict=True)
    ]


def _score_limit(
    value: float,
    end: float,
    counts: Sequence[tuple[int, int]],
    excess: Sequence[float],
    quantile: float,
) -> float:
    """Bisect between the estimate, where the distance is too small, and ``end``, where it is large enough."""
    pairs = sum(n1 * n2 for n1, n2 in counts)
    inside, outside = value, end
    for _ in range(200):
        middle = (inside + outside) / 2
        if middle in (inside, outside):
            break
        variance = sum(
            (n1 * n2) ** 2 * times * hanley_mcneil_variance(middle, n1, n2)
            for (n1, n2), times in zip(counts, excess, strict=True)
        )
        if abs(value - middle) <= quantile * math.sqrt(variance) / pairs:
            inside = middle
        else:
            outside = middle
    return inside
