"""Search a grid (such as layers by positions) for places where two sets of units differ.

Two answers to one set of relabellings. The cluster mass (Maris and Oostenveld 2007) adds up t over
neighbouring cells beyond a threshold: it finds broad weak differences, and supports "they differ somewhere",
not where. The maximum statistic (Westfall and Young 1993) gives every cell a p-value of its own, corrected
for having searched all: it supports where. See docs/adr/0011-searching-a-grid.md.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from neuronclaims.stats.clusters.grids import grid
from neuronclaims.stats.clusters.masses import Connectivity, Maxima, Search
from neuronclaims.stats.distributions.quantiles import t_quantile
from neuronclaims.stats.inputs import (
    Alternative,
    Bools,
    Floats,
    StatsError,
    check_choice,
    check_sizes,
)
from neuronclaims.stats.permutation.arrangements import Signs
from neuronclaims.stats.permutation.montecarlo import RISK, looks
from neuronclaims.stats.permutation.nulls import NullHistogram, histogram
from neuronclaims.stats.permutation.results import ways_in_words
from neuronclaims.stats.settings import LEVEL, Exchange, Level, Resampling


@dataclass(frozen=True, slots=True)
class Cluster:
    """Neighbouring cells (row, column) beyond the threshold on one side, heaviest clusters first.

    ``mass`` is the sum of their t, negative where the first set is lower; ``extent`` the number of cells.
    ``p_value`` is the chance of a cluster as heavy anywhere on the grid. It says that the sets differ, not
    that they differ in each of these cells.
    """

    cells: tuple[tuple[int, int], ...]
    mass: float
    p_value: float

    @property
    def extent(self) -> int:
        """The number of cells."""
        return len(self.cells)


@dataclass(frozen=True, slots=True)
class ClusterResult:
    """The result of a search of a grid.

    ``p_value`` is that of the heaviest cluster, 1 if there is none: the claim "differs somewhere". ``t``
    [rows, columns] is Student's t of each cell, 0 where nothing varies. ``cell_p_values`` [rows, columns]
    are those of the maximum statistic: the chance of one wrong cell among all that are called different at
    alpha is at most alpha. The other fields are as in ``TestResult``; ``cells_resolved`` says of the cells
    what ``resolved`` says of ``p_value``. ``null`` are the masses of the heaviest clusters that ``p_value`` is
    found
    from, absolute if two-sided.
    """

    clusters: tuple[Cluster, ...]
    p_value: float
    t: Floats
    cell_p_values: Floats
    alternative: Alternative
    forming_threshold: float
    exact: bool
    arrangements: int
    smallest_p: float
    standard_error: float
    resolved: bool
    cells_resolved: Bools
    degenerate: bool
    method: str
    null: NullHistogram


def cluster_test(
    first: ArrayLike,
    second: ArrayLike,
    *,
    exchange: Exchange,
    alternative: Alternative,
    resampling: Resampling,
    level: Level = LEVEL,
    forming_threshold: float | None = None,
    connectivity: Connectivity = "4",
) -> ClusterResult:
    """Test whether values are higher (``greater``), lower or different in the first set somewhere on a grid.

    ``first`` [n1, rows, columns] and ``second`` [n2, rows, columns] hold one map per unit, aligned when
    ``exchange`` is of pairs; whole maps are exchanged. Per cell t is Student's (pooled variance, or of the
    differences). Cells with t beyond ``forming_threshold``, by default the point that one cell alone would
    pass by chance
    with p = 0.01 (0.005 on each side if two-sided), form clusters with their neighbours: ``"4"`` shares an
    edge, ``"8"`` also a corner. The threshold changes what is found, not the rate of false positives.
    Two-sided, positive and negative clusters are apart and the largest |mass| counts. A t that relabelling
    can make infinite is held at 256 sqrt(degrees of freedom).

    All arrangements are enumerated when at most ``exact_limit``, otherwise drawn as in ``two_sample_test``
    until the p-value of the heaviest cluster is settled.

    Raises StatsError for NaN or infinity (a position some units do not have: cut the grid to those that all
    have), other shapes, or fewer than two units in a set.

    >>> from neuronclaims.stats import UNITS
    >>> rng = np.random.default_rng(0)
    >>> first, second = rng.normal(size=(8, 4, 10)), rng.normal(size=(8, 4, 10))
    >>> first[:, 1, 3:6] += 3
    >>> found = cluster_test(first, second, exchange=UNITS, alternative="greater", resampling=Resampling(seed=0))
    >>> len(found.clusters[0].cells), found.clusters[0].p_value < 0.001
    (3, True)
    """
    a, b = _maps(first, "The first set"), _maps(second, "The second set")
    _check_options(exchange, alternative, connectivity, forming_threshold)
    _check_maps(a, b, exchange.paired)
    if alternative == "less":
        a, b = b, a
    ready, two_sided = grid(a, b, paired=exchange.paired), alternative == "two-sided"
    threshold = forming_threshold or t_quantile(ready.df, 0.99 if two_sided else 0.98)
    search = Search(ready, threshold, connectivity, two_sided)
    planned = looks(resampling.draws, resampling.max_draws)
    exact = ready.arrangements.total <= resampling.exact_limit
    maxima = search.enumerated() if exact else search.drawn_until_settled(resampling.seed, planned, level)
    found = _Found(search, maxima, exact, alternative, planned)
    return found.result(level, exchange.unit)


@dataclass(frozen=True, slots=True)
class _Found:
    search: Search
    maxima: Maxima
    exact: bool
    alternative: Alternative
    planned: tuple[int, ...]

    def result(self, level: Level, unit: str) -> ClusterResult:
        alpha, family = level.alpha, level.family
        ready, sign = self.search.grid, -1 if self.alternative == "less" else 1
        seen, clusters = ready.observed(), self.search.observed()
        heights = np.array([abs(mass) for _, mass in clusters] or [0.0])
        masses = self.maxima.masses_reaching(heights, self.exact)
        sizes = np.abs(seen) if self.search.two_sided else seen
        cells = self.maxima.correlations_reaching(sizes, self.exact)
        p_values, risk = masses.p_values("greater"), RISK / len(self.planned)
        return ClusterResult(
            clusters=tuple(
                Cluster(inside, sign * mass, float(p))
                for (inside, mass), p in zip(clusters, p_values, strict=False)
            ),
            p_value=float(p_values[0]),
            t=sign * ready.t(seen).reshape(ready.shape),
            cell_p_values=cells.p_values("greater").reshape(ready.shape),
            alternative=self.alternative,
            forming_threshold=self.search.threshold,
            exact=self.exact,
            arrangements=masses.total,
            smallest_p=self._smallest_p(),
            standard_error=float(masses.standard_errors("greater")[0]),
            resolved=bool(masses.resolved("greater", alpha, family, risk)[0]),
            cells_resolved=cells.resolved("greater", alpha, family, risk).reshape(ready.shape),
            degenerate=not ready.scale.any(),
            method=self._method(unit),
            null=histogram(self.maxima.masses, self.exact),
        )

    def _smallest_p(self) -> float:
        """Return the least p possible; with mirror images of equal |mass| among the arrangements, two of them tie."""
        if not self.exact:
            return 1 / (1 + self.planned[-1])
        made = self.search.grid.arrangements
        mirrored = isinstance(made, Signs) or 2 * made.size == made.units
        return min(1.0, (2 if mirrored and self.search.two_sided else 1) / made.total)

    def _method(self, unit: str) -> str:
        arrangements, looked = self.search.grid.arrangements, len(self.maxima.masses)
        where = "within" if isinstance(arrangements, Signs) else "of"
        how = "exact permutation" if self.exact else "permutation"
        return (
            f"{how} {where} {arrangements.units} {unit}s ({ways_in_words(looked, exact=self.exact)}), "
            f"cluster mass of t beyond {self.search.threshold:.3g} and maximum t over "
            f"{self.search.grid.values.shape[1]} cells"
        )


def _maps(values: ArrayLike, name: str) -> Floats:
    try:
        array = np.asarray(values)
    except ValueError:  # lists of different lengths
        array = np.asarray(None)
    if array.dtype.kind not in "buif" or array.ndim != 3 or 0 in array.shape:
        raise StatsError(
            f"{name} must be one map per unit, an array [n, rows, columns] of real numbers. If units have "
            "different numbers of positions, cut the grid to the positions that all have first."
        )
    found = array.astype(np.float64)
    missing = int(found.size - np.count_nonzero(np.isfinite(found)))
    if missing:
        raise StatsError(
            f"{name}: {missing} of {found.size} values are NaN or infinite. Cut the grid to the cells that "
            "all units have before testing; if all should be there, the model or the data is broken."
        )
    return found


def _check_options(exchange: Exchange, alternative: str, connectivity: str, threshold: float | None) -> None:
    check_choice(alternative, ("greater", "less", "two-sided"), "alternative")
    check_choice(connectivity, ("4", "8"), "connectivity")
    if threshold is not None and not 0 < threshold < np.inf:
        raise StatsError(f"forming_threshold must be a positive t, not {threshold!r}.")
    if exchange.blocks is not None:
        raise StatsError("A grid is not searched within blocks.")


def _check_maps(first: Floats, second: Floats, paired: bool) -> None:
    if first.shape[1:] != second.shape[1:]:
        raise StatsError(
            f"The grids have shapes {list(first.shape[1:])} and {list(second.shape[1:])}; "
            "cut both to the same cells."
        )
    if max(np.abs(first).max(), np.abs(second).max()) > 1e100:
        raise StatsError("The maps have values beyond 1e+100, too large to be squared and summed.")
    check_sizes(first, second, paired=paired)
