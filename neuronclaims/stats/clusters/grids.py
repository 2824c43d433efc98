"""Student's t of every cell of a grid under every relabelling of whole maps, as one matrix product.

The total and the sum of squares of a cell do not change when labels are exchanged, so t depends on the sum
over the first set alone: with r the correlation of value and label (for pairs: the mean difference over the
root mean square), t = r sqrt(df / (1 - r^2)) (Winkler et al. 2014). The values are made whole numbers
first, so that sums are exact and r does not depend on the order of units or on how a product is made.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from neuronclaims.stats.inputs import Bools, Floats
from neuronclaims.stats.permutation.arrangements import Signs, Subsets
from neuronclaims.stats.permutation.exchange import content_order, whole_numbers

_UNEXPLAINED = 2.0**-16
"""Least 1 - r^2 in t, so that a cell in which the sets separate without spread weighs finitely."""


@dataclass(frozen=True, slots=True)
class Grid:
    """Two sets of maps prepared for exchanging labels, in an order that depends only on their content.

    ``values`` [n, cells] are whole numbers of which r is the (signed) sum times ``scale`` [cells];
    ``marked`` [n] is the observed arrangement; ``swapped`` says that arrangements mark the second set.
    """

    arrangements: Subsets | Signs
    values: Floats
    scale: Floats
    marked: Bools
    swapped: bool
    df: int
    shape: tuple[int, int]

    def correlations(self, rows: Bools) -> Floats:
        """Return r of every cell under every arrangement: [rows, n] in, [rows, cells] out."""
        weights = rows.astype(np.float64)
        if isinstance(self.arrangements, Signs):
            weights += weights - 1
        product: Floats = np.asarray(weights @ self.values, dtype=np.float64)
        np.multiply(product, -self.scale if self.swapped else self.scale, out=product)
        return product

    def observed(self) -> Floats:
        """Return r of every cell [cells] as observed."""
        return np.asarray(self.correlations(self.marked[None])[0], dtype=np.float64)

    def t(self, correlations: Floats) -> Floats:
        """Return Student's t for r of any shape, held at 256 sqrt(df)."""
        unexplained = np.maximum(1 - correlations**2, _UNEXPLAINED)
        return np.asarray(correlations * np.sqrt(self.df / unexplained), dtype=np.float64)

    def correlation_of(self, t: float) -> float:
        """Return the r at which Student's t is ``t``."""
        return t / math.hypot(t, math.sqrt(self.df))


def grid(first: Floats, second: Floats, *, paired: bool) -> Grid:
    """Make maps [n1, rows, columns] and [n2, rows, columns] ready; exchanged within pairs when ``paired``."""
    shape = (first.shape[1], first.shape[2])
    a, b = first.reshape(len(first), -1), second.reshape(len(second), -1)
    return _of_pairs(a - b, shape) if paired else _of_sets(a, b, shape)


def _of_sets(first: Floats, second: Floats, shape: tuple[int, int]) -> Grid:
    n1, n2, n = len(first), len(second), len(first) + len(second)
    pooled = np.concatenate([first, second])
    order = content_order(pooled)
    ordered = pooled[order]
    whole = whole_numbers(ordered - ordered[0], 2 * n * n, per_column=True)
    values = n * whole - whole.sum(axis=0)
    scale = _inverse(np.sqrt(n1 * n2 / n * (values**2).sum(axis=0)))
    swapped = n2 < n1
    marked = order >= n1 if swapped else order < n1
    return Grid(Subsets(n, min(n1, n2)), values, scale, marked, swapped, n - 2, shape)


def _of_pairs(differences: Floats, shape: tuple[int, int]) -> Grid:
    # Each difference is turned so that its first entry that is not 0 is positive, and arrangements say which
    # keep that sign: exchanging the sets then changes which one is observed and nothing else.
    leading = np.take_along_axis(differences, (differences != 0).argmax(axis=1)[:, None], axis=1)
    turned = np.where(leading < 0, -differences, differences)
    order = content_order(turned)
    values = whole_numbers(turned[order], len(turned), per_column=True)
    scale = _inverse(np.sqrt(len(values) * (values**2).sum(axis=0)))
    return Grid(Signs(len(values)), values, scale, leading[order, 0] >= 0, False, len(values) - 1, shape)


def _inverse(size: Floats) -> Floats:
    return np.divide(1.0, size, out=np.zeros_like(size), where=size > 0)
