"""Shares of an outcome by bins of activation: for figures, never for tests.

Where bins begin and how wide they are changes what a curve of proportions shows, so the evidence is the
association within documents (``association``); the bins show what it looks like, with counts and bands.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

import numpy as np
from numpy.typing import ArrayLike

from neuronclaims.stats.effects.shares import wilson_limits
from neuronclaims.stats.inputs import StatsError, check_share, vector


@dataclass(frozen=True, slots=True)
class Bin:
    """The tokens with activation in [``start``, ``stop``): ``hits`` of ``count`` have the outcome.

    ``share`` is None where there are none. [``low``, ``high``] are Wilson's limits, 0 and 1 without tokens.
    ``sparse`` says that there are too few tokens to be looked at.
    """

    start: float
    stop: float
    count: int
    hits: int
    share: float | None
    low: float
    high: float
    sparse: bool


class ProportionBins:
    """Counts outcomes by bins of equal width from ``start`` to ``stop``, in as many portions as one likes.

    The edges are given as decimal texts ("-2", "0.1"): each is the exact start + i width, as the nearest
    float64, so 0.3 lies at the beginning of [0.3, 0.4) although 3 * 0.1 in float64 is above it. Bins are
    half-open. What lies outside is counted in ``below`` and ``above``, never dropped in silence. Memory is
    that of the bins.

    Raises StatsError unless the width divides the range evenly.
    """

    def __init__(self, start: str, stop: str, width: str) -> None:
        first, last, step = (_decimal(text) for text in (start, stop, width))
        if step <= 0 or last <= first or (last - first) % step != 0:
            raise StatsError(
                f"Bins from {start} to {stop} cannot have the width {width}: it must divide the range."
            )
        self.edges = np.array([float(first + i * step) for i in range(int((last - first) / step) + 1)])
        if not np.all(np.diff(self.edges) > 0):
            raise StatsError(f"Bins of width {width} from {start} to {stop} are too narrow to be told apart.")
        self._counts = np.zeros((2, len(self.edges) + 1), dtype=np.int64)

    def add(self, values: ArrayLike, hits: ArrayLike) -> None:
        """Count more tokens: their activations [n] and whether each has the outcome [n], as true or false."""
        x, truth = vector(values, "The activations"), vector(hits, "The outcomes")
        if len(x) != len(truth) or not np.isin(truth, (0.0, 1.0)).all():
            raise StatsError(
                f"Each of the {len(x)} activations needs one outcome that is true or false; there are {len(truth)}."
            )
        place = np.searchsorted(self.edges, x, side="right")
        size = self._counts.shape[1]
        self._counts[0] += np.bincount(place, minlength=size)
        self._counts[1] += np.bincount(place[truth > 0], minlength=size)

    @property
    def below(self) -> tuple[int, int]:
        """Tokens below the first edge, and how many of them have the outcome."""
        return int(self._counts[0, 0]), int(self._counts[1, 0])

    @property
    def above(self) -> tuple[int, int]:
        """Tokens at or above the last edge, and how many of them have the outcome."""
        return int(self._counts[0, -1]), int(self._counts[1, -1])

    def bins(self, *, level: float = 0.95, fewest: int = 10) -> tuple[Bin, ...]:
        """Return the bins, with bands of ``level``; those with under ``fewest`` tokens are marked sparse."""
        check_share(level, "The level")
        return tuple(
            self._bin(place, int(count), int(hits), level, fewest)
            for place, (count, hits) in enumerate(self._counts.T[1:-1])
        )

    def _bin(self, place: int, count: int, hits: int, level: float, fewest: int) -> Bin:
        low, high = wilson_limits(hits, count, level=level) if count else (0.0, 1.0)
        start, stop = float(self.edges[place]), float(self.edges[place + 1])
        return Bin(start, stop, count, hits, hits / count if count else None, low, high, count < fewest)


def _decimal(text: str) -> Decimal:
    try:
        number = Decimal(text)
    except (InvalidOperation, TypeError, ValueError):
        number = Decimal("NaN")
    if not isinstance(text, str) or not number.is_finite():
        raise StatsError(f"The edges of bins must be decimal texts such as '0.1', not {text!r}.")
    return number
