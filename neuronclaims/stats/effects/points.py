"""Point estimates of effects, for one neuron or many at once."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neuronclaims.stats.inputs import Floats, by_columns, check_sizes, column_means, matrix, to_unit, vector


def auroc(first: ArrayLike, second: ArrayLike) -> float:
    """Return P(first > second) + P(first = second) / 2 over all pairs of one value from each set.

    Inputs are finite arrays [n1] and [n2]. 1 means every first value is above every second one, 0.5 is
    chance.

    >>> auroc([2, 3], [1, 2])
    0.875
    """
    a, b = vector(first, "The first set"), vector(second, "The second set")
    return float(auroc_many(a[:, None], b[:, None])[0])


def auroc_many(first: ArrayLike, second: ArrayLike) -> Floats:
    """Return the AUROC of every neuron, from [n1, m] and [n2, m] to [m]; ties count one half.

    >>> auroc_many([[2, 0], [3, 0]], [[1, 5], [2, 5]]).tolist()
    [0.875, 0.0]
    """
    return by_columns(_auroc_many, matrix(first, "The first set"), matrix(second, "The second set"))


def _auroc_many(first: Floats, second: Floats) -> Floats:
    n1, n2 = len(first), len(second)
    rank_sum = doubled_midranks(np.concatenate([first, second]))[:n1].sum(axis=0)
    return np.asarray((rank_sum - n1 * (n1 + 1)) / (2 * n1 * n2), dtype=np.float64)


def welch_t_many(first: ArrayLike, second: ArrayLike) -> Floats:
    """Return Welch's t of every neuron, from [n1, m] and [n2, m] to [m].

    A neuron that never varies has t = 0; one that is constant in each set, at different values, has t =
    +-infinity.

    >>> welch_t_many([[3], [4], [5]], [[1], [2], [3]]).round(2).tolist()
    [2.45]
    """
    a, b = matrix(first, "The first set"), matrix(second, "The second set")
    check_sizes(a, b, paired=False)
    return by_columns(_welch_t_many, a, b)


def _welch_t_many(a: Floats, b: Floats) -> Floats:
    n1, pooled = len(a), to_unit(np.concatenate([a, b]))  # t has no unit, and squares can underflow
    a, b = np.sort(pooled[:n1], axis=0), np.sort(pooled[n1:], axis=0)  # in any order the same last digit
    error = np.sqrt(variance(a) / len(a) + variance(b) / len(b))
    return _ratio(column_means(a) - column_means(b), error)


def paired_t_many(first: ArrayLike, second: ArrayLike) -> Floats:
    """Return the paired t of every neuron, from aligned [n, m] and [n, m] to [m].

    Neurons whose differences never vary are treated as in ``welch_t_many``.

    >>> paired_t_many([[2], [3], [5], [4]], [[1], [1], [2], [2]]).round(2).tolist()
    [4.9]
    """
    a, b = matrix(first, "The first set"), matrix(second, "The second set")
    check_sizes(a, b, paired=True)
    return by_columns(_paired_t_many, a, b)


def _paired_t_many(a: Floats, b: Floats) -> Floats:
    differences = np.sort(to_unit(a - b), axis=0)
    return _ratio(column_means(differences), np.sqrt(variance(differences) / len(a)))


def doubled_midranks(values: Floats) -> NDArray[np.int64]:
    """Return twice the mid-rank of each value within its column [n, m]: whole numbers, ties included."""
    n = len(values)
    order = np.argsort(values, axis=0, kind="stable")
    ordered = np.take_along_axis(values, order, axis=0)
    place = np.arange(n)[:, None]
    rises = ordered[1:] != ordered[:-1]
    edge = np.ones((1, values.shape[1]), dtype=np.bool_)
    first = np.maximum.accumulate(np.where(np.concatenate([edge, rises]), place, 0), axis=0)
    last = np.minimum.accumulate(np.where(np.concatenate([rises, edge]), place, n)[::-1], axis=0)[::-1]
    ranks = np.empty(values.shape, dtype=np.int64)
    np.put_along_axis(ranks, order, first + last + 2, axis=0)
    return ranks


def variance(values: Floats) -> Floats:
    """Return the unbiased variance of each column [n, m], exactly 0 for a column that never varies."""
    spread = values - values[:1]
    return np.asarray(np.ascontiguousarray(spread.T).var(axis=1, ddof=1), dtype=np.float64)


def _ratio(top: Floats, bottom: Floats) -> Floats:
    limit = np.where(top == 0, 0.0, np.copysign(np.inf, top))
    return np.divide(top, bottom, out=limit, where=bottom > 0)
