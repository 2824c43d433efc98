"""Hold how active a direction is for each prompt of two sets, over layers and token positions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from neuronclaims.figures import Panel, Surface

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from neuronclaims.measurements.views.fits import Floats

FAR = 100.0
"""How many standard deviations of the neutral prompts are more than prompts that vary would give."""


@dataclass(frozen=True, slots=True, eq=False)
class ActivityMaps:
    """Scores [prompts, layers, positions] of both sets, NaN where a prompt has no such token.

    ``start`` is the number of the first position, counted from 1.

    >>> import numpy as np
    >>> first, second = np.zeros((2, 1, 3)), np.ones((2, 1, 3))
    >>> first[0, 0, 2] = np.nan
    >>> maps = ActivityMaps((5,), 1, first, second)
    >>> maps.counts, maps.shared
    (((2, 2, 1), (2, 2, 2)), 2)
    """

    layers: tuple[int, ...]
    start: int
    first: Floats
    second: Floats

    @property
    def counts(self) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """How many prompts of each set have each position."""
        first, second = (np.isfinite(grid[:, 0]).sum(axis=0) for grid in (self.first, self.second))
        return tuple(int(count) for count in first), tuple(int(count) for count in second)

    @property
    def shared(self) -> int:
        """How many positions, from the first on, every prompt has."""
        sizes = len(self.first), len(self.second)
        whole = [
            all(pair)
            for pair in zip(*(np.equal(c, n) for c, n in zip(self.counts, sizes, strict=True)), strict=True)
        ]
        return whole.index(False) if False in whole else len(whole)

    @property
    def far_notes(self) -> tuple[str, ...]:
        """A note if neutral prompts are so alike that their standard deviation is no useful scale."""
        sizes = np.nan_to_num(np.abs(np.concatenate([self.first, self.second]))).max(axis=(0, 2))
        place = int(sizes.argmax())
        if sizes[place] <= FAR:
            return ()
        return (
            f"At layer {self.layers[place]} scores lie up to {sizes[place]:,.0f} standard deviations of the neutral "
            "prompts from their mean. These prompts hardly differ there, so it counts for more than other layers: give "
            "the direction neutral prompts that vary more.",
        )

    def length_notes(self, names: tuple[str, str]) -> tuple[str, ...]:
        """Say how many prompts have each position, if some prompts are shorter than others."""
        if self.shared == self.first.shape[2]:
            return ()
        runs = (
            f"{name}: {', '.join(_runs(counts, self.start))}"
            for name, counts in zip(names, self.counts, strict=True)
        )
        return (f"Prompts differ in length. Prompts that have a token, by its place: {'; '.join(runs)}.",)

    def surface(self, names: tuple[str, str], scale: str) -> Surface:
        """Draw the mean of each set over layers (x) and positions (y), with the number of prompts per position.

        It ends with the longest prompt.
        """
        longest = 1 + max(place for place, both in enumerate(zip(*self.counts, strict=True)) if any(both))
        panels = tuple(
            Panel(name, _means(grid[:, :, :longest]), counts[:longest])
            for name, grid, counts in zip(names, (self.first, self.second), self.counts, strict=True)
        )
        ys = tuple(float(self.start + place) for place in range(longest))
        return Surface("layer", "token", scale, tuple(map(float, self.layers)), ys, panels)


def _means(grid: NDArray[np.float64]) -> tuple[tuple[float | None, ...], ...]:
    known = np.isfinite(grid)
    sums, counts = np.where(known, grid, 0.0).sum(axis=0), known.sum(axis=0)
    return tuple(
        tuple(float(total / count) if count else None for total, count in zip(*row, strict=True))
        for row in zip(sums.T, counts.T, strict=True)
    )


def _runs(counts: Sequence[int], start: int) -> list[str]:
    """Return "12 at tokens 1 to 5" for each run of positions with equally many prompts."""
    edges = [place for place in range(len(counts)) if place == 0 or counts[place] != counts[place - 1]]
    ends = [*edges[1:], len(counts)]
    return [
        f"{counts[edge]} at token {start + edge}"
        if end == edge + 1
        else f"{counts[edge]} at tokens {start + edge} to {start + end - 1}"
        for edge, end in zip(edges, ends, strict=True)
    ]
