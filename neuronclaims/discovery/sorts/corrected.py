"""Test neurons of a search, each corrected for all that were looked at: p by the maximum under exchanged labels."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from neuronclaims import stats

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from neuronclaims.discovery.sorts.sort import Sort
    from neuronclaims.discovery.values import Floats, UnitTable

DRAWS = 1_999
"""So many random signs are drawn where there are more than ``EVERY`` of them."""
EVERY = 4_096
_AT_ONCE = 4_000_000


def by_statistic(sort: Sort, table: UnitTable, columns: NDArray[np.intp], seed: int) -> Floats:
    """Return p of some neurons [columns], by the maximum of the kind's statistic over all of a table."""
    found = stats.max_statistic_tests(
        table.first,
        table.second,
        exchange=stats.Exchange(paired=table.paired),
        statistic=sort.statistic,
        alternative=sort.alternative,
        resampling=stats.Resampling(seed),
    )
    return np.asarray(found.p_step_down[columns])


def by_mean(changes: Floats, columns: NDArray[np.intp], seed: int) -> Floats:
    """Return p of some neurons [columns], by the maximum of the mean over all, of ``changes`` [units, m] above 0.

    All changes have one unit, so means can be compared as they are, and neurons that hardly change anything, however
    regularly, take no part in the maximum. Under flipped signs each is compared with the maximum over those whose own
    mean is no larger (step-down, Westfall and Young 1993).

    >>> changes = np.array([[3.0, 0.1], [4.0, 0.1], [2.0, 0.1], [3.0, 0.1]])
    >>> by_mean(changes, np.array([0, 1]), seed=0).tolist()  # of 16 flips none but the data's own reaches 3
    [0.0625, 0.0625]
    """
    order = np.argsort(-changes.mean(axis=0), kind="stable")
    places = np.argsort(order)[columns]
    ordered = changes[:, order].astype(np.float32)
    means = ordered.mean(axis=0)
    reached, count = np.zeros(len(columns)), 0
    for signs in _signs(len(changes), changes.shape[1], seed):
        flipped = signs @ ordered / np.float32(len(changes))
        largest = np.maximum.accumulate(flipped[:, ::-1], axis=1)[:, ::-1]
        reached += (largest[:, places] >= means[places] * np.float32(1 - 1e-5)).sum(axis=0)
        count += len(signs)
    every = 2 ** min(len(changes), 60) <= EVERY
    p = reached / count if every else (1 + reached) / (1 + count)
    ranks = np.argsort(places)
    p[ranks] = np.maximum.accumulate(p[ranks])  # none is clearer than one before it
    return np.asarray(p)


def _signs(units: int, columns: int, seed: int) -> Iterator[NDArray[np.float32]]:
    """Yield blocks of signs [rows, units]: all there are, or random ones."""
    rows = max(1, _AT_ONCE // max(1, columns))
    if 2 ** min(units, 60) <= EVERY:
        numbers = np.arange(2**units)[:, None]
        flips = (numbers >> np.arange(units)) & 1
    else:
        flips = np.random.default_rng(seed).integers(0, 2, (DRAWS, units))
    signs = (1 - 2 * flips).astype(np.float32)
    for start in range(0, len(signs), rows):
        yield signs[start : start + rows]
