"""Two sets compared within blocks by least squares and by ranks, many neurons at once.

Every block must hold units of both sets; blocks are numbered from 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from neuronclaims.stats.effects.points import doubled_midranks
from neuronclaims.stats.inputs import Floats, StatsError, to_unit

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
    means, squares = _cells(scaled, codes)  # [cells, m]: those of the first set, then those of the second
    number, in_block = counts.ravel(), np.tile(sizes, 2)
    x = np.concatenate([counts[1], -counts[0]]) / in_block  # the set's indicator less its mean in the block
    size = float((counts[0] * counts[1] / sizes).sum())
    weight = (counts[0] * counts[1] / sizes / size)[:, None]
    difference = sum_rows(weight * (means[: len(sizes)] - means[len(sizes) :]))
    shares = (number / in_block)[:, None] * means
    level = shares[: len(sizes)] + shares[len(sizes) :]
    residual = means - np.concatenate([level, level]) - x[:, None] * difference
    squares = squares + number[:, None] * residual**2
    squares[squares <= (64 * _EPS * sizes.sum() * np.abs(means).max(axis=0)) ** 2] = 0.0
    corrected = squares / (1 - 1 / in_block - x**2 / size)[:, None]  # by the leverage of each unit
    # Set by set, so that naming the sets the other way round cannot change the last digit.
    error = np.sqrt(sum(sum_rows(half) for half in np.split((x / size)[:, None] ** 2 * corrected, 2)))
    spreads = np.stack(
        [
            sum_rows(half) / count
            for half, count in zip(np.split(corrected, 2), counts.sum(axis=1), strict=True)
        ]
    )
    spread = np.sqrt(sum_rows(squares) / (sizes.sum() - len(sizes) - 1))
    df = _satterthwaite(counts, size, spreads)
    return BlockedFit(difference, error, df, spread, (spreads[0], spreads[1]), size, exponent)


def blocked_residuals(first: Floats, second: Floats, codes: Codes) -> tuple[Floats, Floats]:
    """Return what the fit of ``blocked_fit`` leaves of [n1, m] and [n2, m], on a scale of its own."""
    fit, code = blocked_fit(first, second, codes), np.concatenate(codes)
    scaled, _ = _centred_in_blocks(first, second, codes)
    rest = np.concatenate([scaled[0] - fit.difference, scaled[1]])
    for block in range(1 + int(code.max())):
        inside = code == block
        rest[inside] -= sum_rows(rest[inside]) / inside.sum()
    return rest[: len(first)], rest[len(first) :]


def sum_rows(values: Floats) -> Floats:
    """Return the sum of each column [n, m], which its neighbours do not change by a digit, as they do in np.sum."""
    total = np.zeros(values.shape[1])
    for row in values:
        total += row
    return total


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
    """Return the mean and the sum of squares around it of every cell, [cells, m], the first set's blocks first."""
    means, squares = [], []
    for values, code in zip(sides, codes, strict=True):
        for block in range(1 + int(codes[0].max())):
            cell = np.sort(values[code == block], axis=0)  # in any order of units the same last digit
            mean = sum_rows(cell) / len(cell)
            means.append(mean)
            squares.append(sum_rows((cell - mean) ** 2))
    return np.array(means), np.array(squares)


def _satterthwaite(counts: NDArray[np.int64], size: float, spreads: Floats) -> Floats:
    """Return twice the squared mean over the variance of the HC2 form, [m], for set variances ``spreads`` [2, m]."""
    if counts[1].tolist() < counts[0].tolist():  # one order of the sets, one last digit
        counts, spreads = counts[::-1], spreads[::-1]
    mean, square = _hc2_form(counts, size)
    largest = spreads.max(axis=0)
    one, two = np.where(largest > 0, spreads / np.where(largest > 0, largest, 1.0), 1.0)
    variance = square[0, 0] * one**2 + 2 * square[0, 1] * one * two + square[1, 1] * two**2
    return np.asarray((mean[0] * one + mean[1] * two) ** 2 / variance, dtype=np.float64)


def _hc2_form(counts: NDArray[np.int64], size: float) -> tuple[Floats, Floats]:
    """Return the mean [2] and half the variance [2, 2] of the HC2 form, as coefficients of the sets' variances.

    With M the projection on residuals and S the diagonal of variances, residuals have covariance M S M,
    which is linear in the two variances; units of one set and block are alike, so sums go over those cells.
    """
    blocks, in_block = counts.shape[1], np.tile(counts.sum(axis=0), 2)
    x, number = np.concatenate([counts[1], -counts[0]]) / in_block, counts.ravel().astype(np.float64)
    hat = np.tile(np.eye(blocks), (2, 2)) / in_block + np.outer(x, x) / size
    weight = (x / size) ** 2 / (1 - np.diag(hat))
    of_set = np.repeat(np.eye(2), blocks, axis=1)
    # Covariance of two different units of cells c and d per unit variance of either set; own adds a unit's variance.
    shared = [
        np.einsum("ij,jk->ik", hat * (number * own), hat) - hat * (own[:, None] + own) for own in of_set
    ]
    mean = np.array([(number * weight) @ (np.diag(a) + own) for a, own in zip(shared, of_set, strict=True)])
    mass = number * weight
    square = np.array(
        [
            [
                np.einsum("i,ij,ij,j->", mass, a, b, mass)
                + (mass * weight) @ (np.diag(a) * other + np.diag(b) * own + own * other)
                for b, other in zip(shared, of_set, strict=True)
            ]
            for a, own in zip(shared, of_set, strict=True)
        ]
    )
    return mean, square
