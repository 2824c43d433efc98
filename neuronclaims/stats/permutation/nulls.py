"""The null distribution of a statistic under exchange of labels, as a histogram for display, not for a test."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike

from neuronclaims.stats.effects.points import doubled_midranks
from neuronclaims.stats.effects.within_blocks import (
    Blocks,
    Codes,
    block_codes,
    block_counts,
)
from neuronclaims.stats.inputs import Floats, vector
from neuronclaims.stats.permutation.arrangements import Signs, Subsets
from neuronclaims.stats.permutation.blocks import BlockSubsets
from neuronclaims.stats.permutation.relabelling import Statistic, relabel

DRAWS = 1_000
"""Random arrangements looked at, the first of the test's own stream."""

EVERY = 4_096
"""All arrangements are looked at where there are no more."""

BINS = 30
"""Most bins of the histogram; a statistic with fewer values has fewer."""

_EDGE = 1e-9
"""How near below an edge, in widths of a bin, a value counts as on it."""


@dataclass(frozen=True, slots=True)
class NullHistogram:
    """How often relabelling gives the statistic a value within each of ``counts`` bins, from ``low`` to ``high``.

    ``every`` is True where all arrangements were looked at, otherwise they were drawn at random.
    """

    low: float
    high: float
    counts: tuple[int, ...]
    every: bool


def null_histogram(
    first: ArrayLike,
    second: ArrayLike,
    *,
    paired: bool,
    statistic: Statistic,
    seed: int,
    blocks: Blocks | None = None,
) -> NullHistogram:
    """Return the values that exchanging labels gives the statistic of ``two_sample_test``.

    ``first`` [n1] and ``second`` [n2] hold one value per unit, ``blocks`` their blocks, as there. Raises StatsError
    for NaN and infinity.
    """
    return histogram(
        *null_values(first, second, paired=paired, statistic=statistic, seed=seed, blocks=blocks)
    )


def histogram(found: Floats, every: bool) -> NullHistogram:
    """Count values [arrangements] in bins of one width.

    Arrangements without a value (NaN: nothing varies) are left out; infinite values (nothing varies within the sets)
    count in the outermost bin.
    """
    finite = found[np.isfinite(found)]
    if not len(finite):
        return NullHistogram(0.0, 0.0, (), every)
    low, high = float(finite.min()), float(finite.max())
    known = found[~np.isnan(found)].clip(low, high)
    if high - low <= 1e-12 * max(abs(low), abs(high)):
        return NullHistogram(low, high, (len(known),), every)
    # What rounding alone keeps below an edge, such as ranks that lie on a grid, goes above it with its likes.
    places = (known - low) * (BINS / (high - low)) + _EDGE
    counts = np.bincount(places.astype(np.intp).clip(max=BINS - 1), minlength=BINS)
    return NullHistogram(low, high, tuple(counts.tolist()), every)


def null_values(
    first: ArrayLike,
    second: ArrayLike,
    *,
    paired: bool,
    statistic: Statistic,
    seed: int,
    blocks: Blocks | None = None,
) -> tuple[Floats, bool]:
    """Return the statistic in every arrangement, or in random ones, and whether it is every one."""
    a, b = vector(first, "The first set"), vector(second, "The second set")
    sizes = len(a), len(b)
    codes = None if blocks is None else block_codes(blocks, sizes)
    if codes is not None:
        return _within_blocks(a[:, None], b[:, None], codes, statistic, seed)
    if statistic == "auroc":
        ranks = doubled_midranks(np.concatenate([a, b])[:, None])[:, 0].astype(np.float64)
        a, b = ranks[: len(a)], ranks[len(a) :]
    arrangements = Signs(len(a)) if paired else Subsets(sum(sizes), min(sizes))
    # Sorted, so that the order of units changes no draw.
    values = np.sort(np.abs(a - b) if paired else np.concatenate([a, b]))
    rows, every = looked_at(arrangements, seed)
    return _statistics(rows, values, sizes, paired, statistic), every


def _within_blocks(
    first: Floats, second: Floats, codes: Codes, statistic: Statistic, seed: int
) -> tuple[Floats, bool]:
    """Return the block-adjusted difference of means, or the AUROC over pairs of one block, of [n1, 1] and [n2, 1].

    Either is the first set's sum of values, or of ranks within blocks, but for what relabelling cannot change.
    """
    ready = relabel(first, second, paired=False, statistic=statistic, codes=codes)
    (n1, n2), values = block_counts(codes), ready.values[:, 0]
    rows, every = looked_at(ready.arrangements, seed)
    sums = rows @ values
    if ready.swapped:
        sums = values.sum() - sums
    if statistic == "auroc":
        return (sums - (n1 * (n1 + 1)).sum()) / (2 * (n1 * n2).sum()), every
    code, pooled = np.concatenate(codes), np.concatenate([first, second])[:, 0]
    due = (np.bincount(code, weights=pooled) * n1 / (n1 + n2)).sum()
    return (sums - due) / (n1 * n2 / (n1 + n2)).sum(), every


def _statistics(
    rows: Floats, values: Floats, sizes: tuple[int, int], paired: bool, statistic: Statistic
) -> Floats:
    """Return the statistic for rows that mark the units of the smaller set, the first where they are alike."""
    n1, n2 = sizes
    if statistic == "auroc":
        return _aurocs(rows @ values, values, sizes, paired)
    if paired:
        return np.asarray((2 * (rows @ values) - values.sum()) / n1)
    centred = values - values.mean()
    if n1 == n2:
        return np.asarray(2 * (rows @ centred) / n1)
    t = _welch(rows, centred, min(n1, n2))
    return -t if n2 < n1 else t


def _aurocs(sums: Floats, values: Floats, sizes: tuple[int, int], paired: bool) -> Floats:
    """Turn sums of doubled mid-ranks into AUROCs (Mann and Whitney's U over n1 n2)."""
    if paired:
        signed = 2 * sums - values.sum()
        return np.asarray(0.5 + signed / (4 * sizes[0] ** 2))
    n = min(sizes)
    found = (sums / 2 - n * (n + 1) / 2) / (sizes[0] * sizes[1])
    return np.asarray(1 - found if sizes[1] < sizes[0] else found)


def _welch(rows: Floats, values: Floats, size: int) -> Floats:
    """Return Welch's t of the ``size`` units each row marks against the others; values are centred."""
    rest = len(values) - size
    sums, squares = rows @ values, rows @ values**2
    others, other_squares = values.sum() - sums, (values**2).sum() - squares
    variance = (squares - sums**2 / size) / (size - 1) / size
    other = (other_squares - others**2 / rest) / (rest - 1) / rest
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray((sums / size - others / rest) / np.sqrt(variance + other))


def looked_at(
    arrangements: Subsets | BlockSubsets | Signs, seed: int, most: int = EVERY
) -> tuple[Floats, bool]:
    """Return arrangements as rows of zeros and ones, and whether they are all: random ones of more than ``most``."""
    every = arrangements.total <= most
    return _rows(arrangements, seed, every), every


@lru_cache(maxsize=4)
def _rows(arrangements: Subsets | BlockSubsets | Signs, seed: int, every: bool) -> Floats:
    """Claims on the same design and seed share them."""
    blocks = arrangements.every() if every else arrangements.drawn(seed, 0, DRAWS)
    rows = np.concatenate([block.astype(np.float64) for block in blocks])
    rows.setflags(write=False)
    return rows
