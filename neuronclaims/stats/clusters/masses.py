"""The heaviest cluster and the largest cell of every relabelling of a grid.

A cluster is a set of neighbouring cells whose t reaches a threshold on one side; its mass is the sum of their
t. Few cells reach it, so the clusters of many relabellings are found at once as the connected parts of one
graph of those cells.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from neuronclaims.stats.clusters.grids import Grid
from neuronclaims.stats.inputs import Bools, Floats
from neuronclaims.stats.permutation.montecarlo import Tally, drawn_until_settled
from neuronclaims.stats.settings import Level

Connectivity: TypeAlias = Literal["4", "8"]
Cells: TypeAlias = tuple[tuple[int, int], ...]
Indices: TypeAlias = NDArray[np.intp]
_STEPS = {"4": ((0, 1), (1, 0)), "8": ((0, 1), (1, 0), (1, 1), (1, -1))}
"""How many rows down and columns right a neighbour may lie; the other half of them is found from its side."""


@dataclass(frozen=True, slots=True)
class Maxima:
    """The mass of the heaviest cluster and the largest r of a cell per relabelling [B]; absolute if two-sided."""

    masses: Floats
    correlations: Floats

    def masses_reaching(self, seen: Floats, exact: bool) -> Tally:
        """Count for every mass [m] the relabellings with a mass at least as large."""
        return _tally(self.masses, seen * (1 - 1e-9), exact)

    def correlations_reaching(self, seen: Floats, exact: bool) -> Tally:
        """Count for every r [m] the relabellings with an r at least as large."""
        return _tally(self.correlations, seen - 1e-12, exact)


@dataclass(frozen=True, slots=True)
class Search:
    """A grid, with the t that cells must reach to form clusters and which cells are neighbours."""

    grid: Grid
    threshold: float
    connectivity: Connectivity
    two_sided: bool

    def enumerated(self) -> Maxima:
        """Search every arrangement."""
        return self._maxima(self.grid.arrangements.every(self.grid.values.shape[1]))

    def drawn_until_settled(self, seed: int, planned: tuple[int, ...], level: Level) -> Maxima:
        """Search random arrangements until the p-value of the heaviest cluster is settled."""
        heaviest = np.array([max((abs(mass) for _, mass in self.observed()), default=0.0)])
        parts: list[Maxima] = []

        def draw(start: int, stop: int) -> Tally:
            cells = self.grid.values.shape[1]
            parts.append(self._maxima(self.grid.arrangements.drawn(seed, start, stop, cells)))
            return parts[-1].masses_reaching(heaviest, exact=False)

        drawn_until_settled(draw, planned, "greater", level.alpha, level.family)
        return _joined(parts)

    def observed(self) -> list[tuple[Cells, float]]:
        """Return the cells and the mass of every cluster as observed, heaviest first."""
        labels, places, t = self._labelled(self.grid.observed()[None])
        found: list[tuple[Cells, float]] = []
        for label in np.unique(labels):
            rows, columns = np.divmod(places[labels == label], self.grid.shape[1])
            cells = tuple(zip(rows.tolist(), columns.tolist(), strict=True))
            found.append((cells, float(t[labels == label].sum())))
        return sorted(found, key=lambda cluster: (-abs(cluster[1]), cluster[0]))

    def _maxima(self, blocks: Iterable[Bools]) -> Maxima:
        parts = []
        for rows in blocks:
            correlations = self.grid.correlations(rows)
            largest = correlations.max(axis=1)
            if self.two_sided:
                largest = np.maximum(largest, -correlations.min(axis=1))
            parts.append(Maxima(self._heaviest(correlations), largest))
        return _joined(parts)

    def _heaviest(self, correlations: Floats) -> Floats:
        """Return the |mass| of the heaviest cluster per relabelling, [rows, cells] to [rows]."""
        labels, places, t = self._labelled(correlations)
        masses = np.abs(np.bincount(labels, weights=t))
        row_of = np.zeros(len(masses), dtype=np.intp)
        row_of[labels] = places // correlations.shape[1]
        heaviest = np.zeros(len(correlations))
        np.maximum.at(heaviest, row_of, masses)
        return heaviest

    def _labelled(self, correlations: Floats) -> tuple[Indices, Indices, Floats]:
        """Return cluster, place and t of every cell beyond the threshold, in all maps [rows, cells] at once."""
        from scipy.sparse import csr_array
        from scipy.sparse.csgraph import connected_components

        sizes = np.abs(correlations) if self.two_sided else correlations
        places = np.flatnonzero(sizes >= self.grid.correlation_of(self.threshold))
        t = self.grid.t(correlations.ravel()[places])
        if not len(places):
            return places, places, t
        pairs = [self._touching(places, t > 0, down, right) for down, right in _STEPS[self.connectivity]]
        one, other = (np.concatenate(side) for side in zip(*pairs, strict=True))
        count = len(places)
        graph = csr_array((np.ones(len(one), dtype=np.int8), (one, other)), shape=(count, count))
        labels = connected_components(graph, directed=False)[1]
        return labels.astype(np.intp), places, t

    def _touching(self, places: Indices, positive: Bools, down: int, right: int) -> tuple[Indices, Indices]:
        """Return which of ``places`` have one of the same sign so many cells ``down`` and ``right`` of them."""
        rows, columns = self.grid.shape
        wanted = places + down * columns + right
        inside = (places // columns % rows + down < rows) & (places % columns + right < columns)
        inside &= places % columns + right >= 0
        found = np.minimum(np.searchsorted(places, wanted), len(places) - 1)
        match = np.flatnonzero(inside & (places[found] == wanted) & (positive[found] == positive))
        return match, found[match]


def _tally(maxima: Floats, reached: Floats, exact: bool) -> Tally:
    # Those that are nearer than rounding could bring them count as ties, and ties count.
    below = np.searchsorted(np.sort(maxima), reached).astype(np.float64)
    return Tally(len(maxima) - below, below, len(maxima), exact)


def _joined(parts: list[Maxima]) -> Maxima:
    return Maxima(
        np.concatenate([part.masses for part in parts]), np.concatenate([part.correlations for part in parts])
    )
