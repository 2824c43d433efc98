"""Scores in single precision with a bound on their error: twice as fast, and enough to decide nearly all of them.

NeuronColumns are rounded to whole multiples of a power of two so coarse that single precision adds any of them
up without error, in whatever order. How far a sum is from that of the columns themselves then is at most
the sum of their roundings, which is known; for Welch's t the roundings of Y, of two products and a
quotient come in addition. A score further from a bar than that is on the same side of it in float64.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from neuronclaims.stats.inputs import Floats
from neuronclaims.stats.maximum.search_design import Law

Singles: TypeAlias = NDArray[np.float32]
_UNIT = 2.0**-24
"""Relative error of one rounding in single precision."""


@dataclass(frozen=True, slots=True)
class Screen:
    """Columns [n, m] in single precision; S of each may be off by ``slack`` [m], the rest by a share of ``share``."""

    law: Law
    columns: Singles
    weighed: Singles | None
    slack: Floats

    def scores(self, weights: Singles, room: Singles) -> Singles:
        """Return nearly the scores [rows, m] under ``weights`` [rows, n], made within ``room`` [2 or more, cells]."""
        shape = len(weights), self.columns.shape[1]
        scores, within = (flat[: shape[0] * shape[1]].reshape(shape) for flat in room[:2])
        np.matmul(weights, self.columns, out=scores)
        if self.weighed is not None:
            scores *= np.abs(scores, out=within)
            scores /= np.matmul(weights, self.weighed, out=within)
        return np.asarray(scores)


def screen(law: Law, columns: Floats) -> Screen:
    """Round ``columns`` [n, m], whose squares add up to 1, for sums in single precision."""
    sizes = np.abs(columns).sum(axis=0)
    # With mean 0, no sum of some of the values is beyond half the sum of all sizes.
    largest = (sizes / 2 if law.marked else sizes) * 1.01  # room for what is rounded up
    step = np.ldexp(1.0, np.frexp(largest)[1] - 24)
    scaled = columns / step
    rounded = np.rint(scaled)
    scaled -= rounded
    gap = scaled.sum(axis=0)
    up = np.maximum(scaled, 0, out=scaled).sum(axis=0)
    slack = 1.01 * step * (np.maximum(up, up - gap) if law.marked else 2 * up - gap)
    rounded *= step
    weighed = law.weighed(columns).astype(np.float32) if law.spread else None
    return Screen(law, rounded.astype(np.float32), weighed, slack)


def bounds(law: Law, scores: Floats, slack: Floats | float) -> tuple[Floats, Floats]:
    """Return between which values a score is in float64 that is nearly ``scores``, sums being off by ``slack``.

    The same holds the other way round: a score that is nearly known and not between the two is on the same
    side of ``scores``, known exactly, for certain.
    """
    if not law.spread:
        off = slack + law.tolerance
        return scores - off, scores + off
    # S |S| / Y is the square, with its sign, of S / sqrt(Y); and Y is at least 1.
    extra = law.tolerance + 2 * (law.marked + 8) * _UNIT * np.abs(scores)
    return _square(_root(scores - extra) - slack), _square(_root(scores + extra) + slack)


def single_bars(law: Law, bars: Floats, slack: Floats) -> tuple[Singles, Singles]:
    """Return for ``bars`` [m] the single-precision ones that must be reached: to come into question, for certain."""
    low, high = bounds(law, bars, slack)
    least = np.nextafter(low.astype(np.float32), np.float32(-np.inf))
    return least, np.nextafter(high.astype(np.float32), np.float32(np.inf))


def _root(values: Floats) -> Floats:
    return np.asarray(np.copysign(np.sqrt(np.abs(values)), values))


def _square(values: Floats) -> Floats:
    return np.asarray(values * np.abs(values))
