"""Count, in bins of a neuron's value, how often a token is on top. The bins are for looking at: no test uses them."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated

import numpy as np
from pydantic import AfterValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from neuronclaims import stats
from neuronclaims.figures import BinRow, Bins
from neuronclaims.kinds.shared.effects import counted
from neuronclaims.sentences.options import Form, Options
from neuronclaims.stats.effects.points import doubled_midranks

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from neuronclaims.stats import Estimate

MOST_BINS = 10_000

FEWEST = 10
"""The least positions of a bin that is looked at, where the claim does not say."""

MOST_IN_HIGHEST = 0.5
"""The share of values in the highest bin from which on a neuron may be at its ceiling."""


def _shortest(decimal: str) -> str:
    return f"{Decimal(decimal).normalize() + 0:f}"


Edge = Annotated[
    str,
    Form(r"-?[0-9]{1,9}(?:\.[0-9]{1,9})?", "write a decimal such as 0.2"),
    AfterValidator(_shortest),
]


class ValueBins(Options):
    """Bins of equal width, half-open, with exact decimal edges.

    >>> ValueBins(start="0", stop="0.3", width="0.1").edges
    (0.0, 0.1, 0.2, 0.3)
    """

    start: Edge = Field(description="The first edge.")
    stop: Edge = Field(description="The last edge.")
    width: Edge = Field(description="The width of a bin.")

    @model_validator(mode="after")
    def _whole(self) -> ValueBins:
        start, stop, width = Decimal(self.start), Decimal(self.stop), Decimal(self.width)
        rule = None
        if width <= 0 or stop <= start:
            rule = "'width' must be above 0, and 'stop' above 'start'"
        elif (stop - start) % width:
            rule = f"from {start} to {stop} is not a whole number of steps of {width}"
        elif (stop - start) / width > MOST_BINS:
            rule = f"there can be {MOST_BINS} bins at most"
        if rule:
            raise PydanticCustomError("claims_rule", "", {"rule": rule})
        return self

    def __repr_name__(self) -> str:
        return "Bins"  # baselines know a claim's options by this text

    @property
    def edges(self) -> tuple[float, ...]:
        """Return the edges of all bins, each the float nearest to its decimal."""
        start, stop, width = Decimal(self.start), Decimal(self.stop), Decimal(self.width)
        return tuple(float(start + number * width) for number in range(int((stop - start) / width) + 1))


BINS = ValueBins(start="-1", stop="8", width="0.2")
"""Bins for values behind an activation function such as GELU; two open ones take what lies outside."""


def whole_sums(counts: NDArray[np.floating]) -> NDArray[np.int64]:
    """Return the sums of counts [documents, bins] over all documents, [bins], without a copy of them.

    >>> whole_sums(np.array([[2, 0], [1, 4]], np.float32)).tolist()
    [3, 4]
    """
    return np.asarray(np.rint(counts.sum(axis=0, dtype=np.float64)), dtype=np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class BinnedHits:
    """How many positions of all documents have a value in each bin, and how many of these the token on top: [bins].

    The first and the last bin are open and take what lies outside. Bins of fewer than ``fewest`` positions are not
    looked at.

    >>> bins = ValueBins(start="0", stop="2", width="1")
    >>> binned = BinnedHits(bins, np.array([0, 20, 20, 0]), np.array([0, 1, 10, 0]))
    >>> [round(estimate.value, 3) for estimate in binned.others]
    [1.0, 0.5]
    """

    bins: ValueBins
    positions: NDArray[np.int64]
    hits: NDArray[np.int64]
    fewest: int = FEWEST

    @property
    def others(self) -> tuple[Estimate, Estimate]:
        """Whether the shares on top rise from bin to bin, and how high they are in the highest bin."""
        shown = self.positions >= self.fewest
        shares = self.hits[shown] / self.positions[shown]
        return (
            counted(
                "rank_correlation",
                "rank correlation of the bins shown and their shares",
                _rank_correlation(shares),
            ),
            counted(
                "share_in_highest_bin",
                "share in the highest bin shown",
                float(shares[-1]) if len(shares) else None,
            ),
        )

    @property
    def notes(self) -> tuple[str, ...]:
        """Notes for readers of the bins: what they do not show, and whether the neuron may be at its ceiling."""
        outside = int(self.positions[0] + self.positions[-1])
        return (
            *self._ceiling,
            "Bins pool the positions of all documents, and their bands take each for independent: they are to be "
            f"looked at, not a test. {outside:,} of {self.positions.sum():,} positions lie below {self.bins.start} or "
            f"from {self.bins.stop} on, in two open bins; bins of fewer than {self.fewest:,} are not looked at.",
        )

    @property
    def _ceiling(self) -> tuple[str, ...]:
        """Return a warning if the bins show the one case in which flipping signs gives too small a p."""
        held = np.flatnonzero(self.positions)
        share = self.positions[held[-1]] / self.positions.sum()
        if len(held) == 1 or share <= MOST_IN_HIGHEST:
            return ()
        return (
            f"{share:.0%} of the values lie in the highest bin that holds any. If they are all the same, as of a "
            "neuron at its ceiling, AUROCs just above 0.5 are the rule by chance alone, and p can be too small.",
        )

    def figure(self, x_axis: str, y_axis: str) -> Bins:
        """Draw the share on top of each bin."""
        edges = (None, *self.bins.edges, None)
        rows = (
            self._row(start, stop, int(count), int(top))
            for start, stop, count, top in zip(edges, edges[1:], self.positions, self.hits, strict=False)
        )
        return Bins(x_axis, y_axis, tuple(rows))

    def _row(self, start: float | None, stop: float | None, count: int, top: int) -> BinRow:
        if not count:
            return BinRow(start, stop, 0, None, None, None, sparse=True)
        low, high = stats.wilson_limits(top, count)
        return BinRow(start, stop, count, top / count, low, high, sparse=count < self.fewest)


def _rank_correlation(shares: NDArray[np.float64]) -> float | None:
    """Return Spearman's correlation of shares, lowest bin first, with the order of their bins."""
    if len(shares) < 2 or (shares == shares[0]).all():
        return None
    ranks = doubled_midranks(shares[:, None])[:, 0]
    return float(np.corrcoef(ranks, np.arange(len(shares)))[0, 1])
