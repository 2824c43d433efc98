"""Compute histograms, smoothed densities and cumulative shares."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

MOST_BINS = 40
FEWEST = 8
"""How many values a density needs; of fewer it would show a shape that is not there."""


def common_edges(groups: Sequence[Sequence[float]]) -> Floats:
    """Return the edges of bins that serve all groups: from 5 to 40.

    They are as narrow as NumPy's ``auto`` rule makes them for the group that needs the narrowest: groups that lie far
    apart would else fall into one bin each.
    """
    pooled = np.array([value for group in groups for value in group], dtype=np.float64)
    low, high = float(pooled.min()), float(pooled.max())
    if low == high:
        half = 0.5 if low == 0 else abs(low) * 0.05
        return np.array([low - half, low + half])
    widths = [width for group in groups if (width := _bin_width(group)) > 0]
    count = round((high - low) / min(widths)) if widths else 0
    return np.linspace(low, high, min(max(count, 5), MOST_BINS) + 1)


def _bin_width(values: Sequence[float]) -> float:
    given = np.asarray(values, dtype=np.float64)
    if len(given) < 2 or given.min() == given.max():
        return 0.0
    edges = np.histogram_bin_edges(given, bins="auto")
    return float(edges[1] - edges[0])


def shares(values: Sequence[float], edges: Floats) -> tuple[list[float], list[int]]:
    """Return per bin the share of a group's values in per cent, and their number."""
    counts = np.histogram(np.asarray(values, dtype=np.float64), bins=edges)[0]
    return [100 * int(count) / len(values) for count in counts], [int(count) for count in counts]


def density(values: Sequence[float], points: int = 60) -> tuple[Floats, Floats] | None:
    """Return a Gaussian kernel density: places and heights; None for too few values, or if half are equal.

    The bandwidth is Silverman's rule of thumb, 0.9 min(sd, IQR / 1.34) n^(-1/5) (Silverman 1986, eq. 3.31).
    """
    given = np.asarray(values, dtype=np.float64)
    width = _bandwidth(given) if len(given) >= FEWEST else 0.0
    if width <= 0:
        return None
    places = np.linspace(given.min() - 2 * width, given.max() + 2 * width, points)
    kernels = np.exp(-0.5 * ((places[:, None] - given[None, :]) / width) ** 2)
    return places, kernels.sum(axis=1) / (len(given) * width * np.sqrt(2 * np.pi))


def cumulative(values: Sequence[float]) -> tuple[list[float], list[float]]:
    """Return the empirical distribution function: sorted values, and the share up to each in per cent."""
    return sorted(values), [100 * place / len(values) for place in range(1, len(values) + 1)]


def _bandwidth(values: Floats) -> float:
    low, high = np.percentile(values, [25, 75])
    spread = min(float(np.std(values, ddof=1)), float(high - low) / 1.34)
    return 0.9 * spread / float(len(values) ** 0.2)
