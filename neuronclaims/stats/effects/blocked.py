"""Effects of two sets whose units lie in blocks, each set compared with the other within every block.

Blocks are given as one number per unit of each set; every block must hold units of both. With a single
block everything is as without.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neuronclaims.stats.effects.intervals import (
    Estimate,
    auroc_estimate,
    hedges_g_estimate,
    mean_difference_estimate,
)
from neuronclaims.stats.effects.newcombe import hanley_mcneil_variance
from neuronclaims.stats.effects.noncentral import noncentrality_limits
from neuronclaims.stats.effects.points import doubled_midranks
from neuronclaims.stats.inputs import Floats, StatsError, check_share, check_sizes, to_unit, vector

Blocks: TypeAlias = tuple[Sequence[int], Sequence[int]]
Codes: TypeAlias = tuple[NDArray[np.int64], NDArray[np.int64]]
_EPS = float(np.finfo(np.float64).eps)


@dataclass(frozen=True, slots=True)
class BlockedFit:
    """Least squares of m columns on a set indicator and one level per block, in units of 2^``exponent``.

    ``difference`` [m] is the block-adjusted difference of means, ``error`` [m] its heteroscedastic standard
    error with ``df`` [m] degrees of freedom, ``spread`` [m] the residual standard deviation (n - blocks - 1
    degrees), ``spreads`` the variances of the first and of the second set around the fit, and ``size``
    n1b n2b / n_b summed over blocks.
    """

    difference: Floats
    error: Floats
    df: Floats
    spread: Floats
    spreads: tuple[Floats, Floats]
    size: float
    exponent: NDArray[np.int32]


def block_codes(blocks: Blocks, counts: tuple[int, int]) -> Codes | None:
    """Return the block of every unit as numbers 0, 1, ... in the order of the labels; None for a single block.

    Raises StatsError when a set has more or fewer labels than units, or a block units of one set only.
    """
    for place, labels, count in zip(("first", "second"), blocks, counts, strict=True):
        if len(labels) != count:
            raise StatsError(f"There are {len(labels)} block numbers for {count} units of the {place} set.")
    lonely = sorted(set(blocks[0]) ^ set(blocks[1]))
    if lonely:
        raise StatsError(
            f"Block {lonely[0]!r} has units of one set only, so nothing can be compared within it. "
            "Leave such units out (two_sample_design does)."
        )
    names, codes = np.unique(np.concatenate([blocks[0], blocks[1]]), return_inverse=True)
    codes = codes.astype(np.int64)
    return None if len(names) == 1 else (codes[: counts[0]], codes[counts[0] :])


def blocked_fit(first: Floats, second: Floats, codes: Codes) -> BlockedFit:
    """Fit [n1, m] and [n2, m], with an HC2 standard error and Satterthwaite's degrees of freedom.

    HC2 (MacKinnon and White 1985) divides each squared residual by one less its leverage. The degrees of
    freedom are those of Bell and McCaffrey (2002), which suppose equal variances, taken at the two sets'
    estimated variances instead. With one block both are Welch's.
    """
    counts = block_counts(codes)
    sizes = counts.sum(axis=0)
    scaled, exponent = _centred_in_blocks(first, second, codes)
    means, squares = _cells(scaled, codes)
    x = np.stack([counts[1] / sizes, -counts[0] / sizes])  # the set's indicator less its mean in the block
    size = float((counts[0] * counts[1] / sizes).sum())
    difference = np.einsum("cb,cbm->m", x * counts, means) / size
    level = np.einsum("cb,cbm->bm", counts / sizes, means)
    residual = means - level - x[..., None] * difference
    squares = squares + counts[..., None] * residual**2
    squares[squares <= (64 * _EPS * len(codes[0]) * np.abs(means).max(axis=(0, 1))) ** 2] = 0.0
    leverage = 1 / sizes + x**2 / size
    error = np.sqrt(np.einsum("cb,cbm->m", (x / size) ** 2 / (1 - leverage), squares))
    spreads = np.einsum("cb,cbm->cm", 1 / (1 - leverage), squares) / counts.sum(axis=1)[:, None]
    spread = np.sqrt(squares.sum(axis=(0, 1)) / (sizes.sum() - len(sizes) - 1))
    df = _satterthwaite(counts, x, size, spreads)
    return BlockedFit(difference, error, df, spread, (spreads[0], spreads[1]), size, exponent)


def block_counts(codes: Codes) -> NDArray[np.int64]:
    """Return how many units each set has in each block, [2, blocks]."""
    blocks = 1 + int(codes[0].max())
    return np.stack([np.bincount(side, minlength=blocks) for side in codes])


def ranks_within_blocks(
    first: Floats, second: Floats, codes: Codes
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return twice the mid-rank of each value among the values of its block, [n1, m] and [n2, m]."""
    pooled, code = np.concatenate([first, second]), np.concatenate(codes)
    ranks = np.empty(pooled.shape, dtype=np.int64)
    for block in range(1 + int(code.max())):
        inside = np.flatnonzero(code == block)
        ranks[inside] = doubled_midranks(pooled[inside])
    return ranks[: len(first)], ranks[len(first) :]


def blocked_auroc_many(first: Floats, second: Floats, codes: Codes) -> Floats:
    """Return the AUROC over all pairs of a first and a second value of one block, from [n1, m], [n2, m] to [m]."""
    n1, n2 = block_counts(codes)
    ranks = ranks_within_blocks(first, second, codes)[0].sum(axis=0)
    return np.asarray((ranks - (n1 * (n1 + 1)).sum()) / (2 * (n1 * n2).sum()), dtype=np.float64)


def blocked_mean_difference_estimate(
    first: ArrayLike, second: ArrayLike, blocks: Blocks, *, level: float = 0.95
) -> Estimate:
    """Return the difference of means of [n1] and [n2] within blocks, weighted n1b n2b / n_b, with a t interval.

    The estimate is that of least squares with one level per block; the standard error lets the two sets
    vary differently (see ``blocked_fit``). With one block it is Welch's interval.
    """
    a, b, codes = _prepared(first, second, blocks, level)
    if codes is None:
        return mean_difference_estimate(first, second, level=level)
    name, method = "block-adjusted difference of means", "t interval, HC2 errors within blocks"
    fit = blocked_fit(a, b, codes)
    scale = 2.0 ** int(fit.exponent[0])
    value, error = float(fit.difference[0]) * scale, float(fit.error[0]) * scale
    if error == 0:
        return Estimate(name, value, None, None, level, method)
    from scipy.special import stdtrit

    reach = float(stdtrit(fit.df[0], (1 + level) / 2)) * error
    return Estimate(name, value, value - reach, value + reach, level, method)


def blocked_hedges_g_estimate(
    first: ArrayLike, second: ArrayLike, blocks: Blocks, *, level: float = 0.95
) -> Estimate:
    """Return Hedges' g within blocks: the block-adjusted difference in residual standard deviations.

    The residual has n - blocks - 1 degrees of freedom; correction and interval are those of
    ``hedges_g_estimate`` with these degrees, right for normal values of equal spread.
    """
    a, b, codes = _prepared(first, second, blocks, level)
    if codes is None:
        return hedges_g_estimate(first, second, level=level)
    name, method = "Hedges' g within blocks", "noncentral t interval (normal theory)"
    fit = blocked_fit(a, b, codes)
    df = len(a) + len(b) - 2 - int(codes[0].max())
    if fit.spread[0] == 0:
        return Estimate(name, None, None, None, level, method)
    d, size = float(fit.difference[0] / fit.spread[0]), math.sqrt(fit.size)
    value = d * math.exp(math.lgamma(df / 2) - math.lgamma((df - 1) / 2)) / math.sqrt(df / 2) if df > 1 else d
    limits = noncentrality_limits(d * size, df, level)
    if limits is None:
        return Estimate(name, value, None, None, level, method)
    return Estimate(name, value, min(value, limits[0] / size), max(value, limits[1] / size), level, method)


def blocked_auroc_estimate(
    first: ArrayLike, second: ArrayLike, blocks: Blocks, *, level: float = 0.95
) -> Estimate:
    """Return the AUROC over pairs of units of the same block, with a score interval.

    Blocks weigh by their number of pairs. The interval holds every theta at which the estimate is no
    further off than the normal quantile times the standard error it would have there, with the variance of
    Newcombe 2006 (method 5) in each block. With one block it is Newcombe's interval.
    """
    a, b, codes = _prepared(first, second, blocks, level)
    if codes is None:
        return auroc_estimate(first, second, level=level)
    from scipy.special import ndtri

    value = float(blocked_auroc_many(a, b, codes)[0])
    counts = [(int(n1), int(n2)) for n1, n2 in block_counts(codes).T]
    quantile = float(ndtri((1 + level) / 2))
    low, high = (_score_limit(value, end, counts, quantile) for end in (0.0, 1.0))
    return Estimate("AUROC within blocks", value, low, high, level, "Newcombe score interval over blocks")


def _prepared(
    first: ArrayLike, second: ArrayLike, blocks: Blocks, level: float
) -> tuple[Floats, Floats, Codes | None]:
    a, b = vector(first, "The first set")[:, None], vector(second, "The second set")[:, None]
    check_share(level, "The level")
    check_sizes(a, b, paired=False)
    return a, b, block_codes(blocks, (len(a), len(b)))


def _centred_in_blocks(
    first: Floats, second: Floats, codes: Codes
) -> tuple[tuple[Floats, Floats], NDArray[np.int32]]:
    """Return both sets less their block's least value, divided by one power of two, and its exponent [m]."""
    pooled, code = np.concatenate([first, second]), np.concatenate(codes)
    exponent = np.frexp(np.abs(pooled).max(axis=0))[1]
    scaled = to_unit(pooled)
    for block in range(1 + int(code.max())):
        inside = code == block
        scaled[inside] -= scaled[inside].min(axis=0)
    return (scaled[: len(first)], scaled[len(first) :]), exponent


def _cells(sides: tuple[Floats, Floats], codes: Codes) -> tuple[Floats, Floats]:
    """Return the mean and the sum of squares around it of each set in each block, [2, blocks, m]."""
    blocks = range(1 + int(codes[0].max()))
    # Sorted, so that the order of units cannot change the last digit.
    cells = [
        [np.sort(values[code == b], axis=0) for b in blocks]
        for values, code in zip(sides, codes, strict=True)
    ]
    means = np.array([[cell.mean(axis=0) for cell in row] for row in cells])
    squares = np.array([[((cell - cell.mean(axis=0)) ** 2).sum(axis=0) for cell in row] for row in cells])
    return means, squares


def _satterthwaite(counts: NDArray[np.int64], x: Floats, size: float, spreads: Floats) -> Floats:
    """Return twice the squared mean over the variance of the HC2 form, [m], for set variances ``spreads`` [2, m].

    With M the projection on residuals and S the diagonal of variances, residuals have covariance M S M,
    which is linear in the two variances; units of one set and block are alike, so sums go over those cells.
    """
    blocks = counts.shape[1]
    number, flat = counts.ravel().astype(np.float64), x.ravel()
    hat = np.tile(np.eye(blocks), (2, 2)) / np.tile(counts.sum(axis=0), 2) + np.outer(flat, flat) / size
    weight = (flat / size) ** 2 / (1 - np.diag(hat))
    of_set = np.repeat(np.eye(2), blocks, axis=1)
    # Covariance of two different units of cells c and d per unit variance of either set; own adds a unit's variance.
    shared = [(hat * (number * own)) @ hat - hat * (own[:, None] + own) for own in of_set]
    mean = np.array([(number * weight) @ (np.diag(a) + own) for a, own in zip(shared, of_set, strict=True)])
    mass = number * weight
    square = np.array(
        [
            [
                mass @ (a * b) @ mass
                + (mass * weight) @ (np.diag(a) * other + np.diag(b) * own + own * other)
                for b, other in zip(shared, of_set, strict=True)
            ]
            for a, own in zip(shared, of_set, strict=True)
        ]
    )
    largest = spreads.max(axis=0)
    share = np.where(largest > 0, spreads / np.where(largest > 0, largest, 1.0), 1.0)
    return np.asarray((mean @ share) ** 2 / np.einsum("sm,st,tm->m", share, square, share))


def _score_limit(value: float, end: float, counts: Sequence[tuple[int, int]], quantile: float) -> float:
    """Bisect between the estimate, where the distance is too small, and ``end``, where it is large enough."""
    pairs = sum(n1 * n2 for n1, n2 in counts)
    inside, outside = value, end
    for _ in range(200):
        middle = (inside + outside) / 2
        if middle in (inside, outside):
            break
        variance = sum((n1 * n2) ** 2 * hanley_mcneil_variance(middle, n1, n2) for n1, n2 in counts)
        if abs(value - middle) <= quantile * math.sqrt(variance) / pairs:
            inside = middle
        else:
            outside = middle
    return inside
