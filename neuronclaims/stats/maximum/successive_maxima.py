"""How many relabellings have a maximum over neurons that reaches each neuron's observed score.

For the step-down test the maximum that neuron j is compared with runs over the neurons whose observed score
is at most its own. Neurons are taken in ascending order of that score, a part at a time. What most
relabellings do to most neurons follows from the maximum of each part: where the maximum so far already
reaches the highest score of a part, it reaches them all; where not even the one after the part reaches its
lowest, it reaches none. Only what lies between is looked at neuron by neuron, in float64.

The maxima of parts may come from single precision (score_tiles.py) and are then known between two bounds;
a maximum with an observed score between its bounds is made again in float64.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from neuronclaims.stats.inputs import Bools, Floats
from neuronclaims.stats.maximum.score_tiles import ScoreTile, grouped_parts, tile_room
from neuronclaims.stats.maximum.screening import Singles, bounds
from neuronclaims.stats.maximum.search_design import SearchDesign

Counts: TypeAlias = NDArray[np.int64]
Tail: TypeAlias = Literal["upper", "lower"]
_CHUNK_ROWS = 10_200
_CHUNK_CELLS = 10_000_000
"""Most relabellings, and weights in single precision (40 MB), that are treated together."""
_AGAIN_CELLS = 500_000
"""Scores, or weights, in float64 that are made again together: 4 MB."""
_COLUMNS = 768
"""Neurons treated together; two thirds of that for Welch's t and for ranks, which need more room in a core's cache."""
_FEW = 16
"""Neurons treated together at both ends, where most of the looking one by one is done."""
_FEW_SCORES = 20_000
"""Scores that are looked at one by one without looking for those that need not be."""


@dataclass(frozen=True, slots=True)
class Reached:
    """In one tail, how many relabellings reach the observed score of each neuron [m].

    ``alone`` by the neuron's own score, ``single`` by the largest of all neurons, ``step`` by the largest
    of those whose observed score is at most the neuron's own, made monotone.
    """

    alone: Counts
    single: Counts
    step: Counts


def count_maxima(
    design: SearchDesign, blocks: Iterable[Bools], tails: Sequence[Tail], *, screened: bool = True
) -> list[Reached]:
    """Count over relabellings [rows, n], given in ``blocks``, for each of ``tails``.

    Without ``screened`` all is made in float64; the counts are the same.
    """
    law, seen, place = design.law, design.scores, design.place
    if not len(seen):
        return [Reached(place, place, place) for _ in tails]
    screened = screened and not law.whole  # sums of ranks tie too often
    widest = _COLUMNS * 2 // 3 if law.spread or not screened else _COLUMNS
    parts = [ScoreTile(law, design.columns, cut) for cut in _cuts(len(seen), widest, tails)]
    counts = [_Counts(seen, parts, upward=tail == "upper") for tail in tails]
    groups, room = grouped_parts(parts, widest, screened=screened), tile_room(widest)
    for weights in _chunks(design, blocks):
        tops = {count.negated: np.empty((len(parts), len(weights))) for count in counts}
        made = 0
        for group in groups:
            some = slice(made, made := made + len(group))
            group.count(weights, counts, {negated: top[some] for negated, top in tops.items()}, room)
        for count in counts:
            count.count_maxima(weights, tops[count.negated])
    return [count.reached(place) for count in counts]


def _cuts(neurons: int, widest: int, tails: Sequence[Tail]) -> list[slice]:
    """Cut ``neurons`` columns into parts: few neurons at the first end, and ever fewer towards the last of a tail.

    The highest observed scores, and of the lower tail the lowest, are near the maxima of relabellings.
    """
    edges = {0, neurons, *range(0, neurons, widest), _FEW, neurons - _FEW}
    width = _FEW
    while width < widest:
        edges |= {neurons - width} if "upper" in tails else set()
        edges |= {width} if "lower" in tails else set()
        width *= 2
    return [slice(start, stop) for start, stop in pairwise(sorted(e for e in edges if 0 <= e <= neurons))]


def _chunks(design: SearchDesign, blocks: Iterable[Bools]) -> Iterator[Singles]:
    """Yield the relabellings as weights [rows, n], which single precision holds without error, many at a time."""
    most = max(1, min(_CHUNK_ROWS, _CHUNK_CELLS // design.law.units))
    room, filled = np.empty((most, design.law.units), dtype=np.float32), 0
    for block in blocks:
        for start in range(0, len(block), most):
            rest = block[start : start + most]
            while len(rest):
                taken = rest[: most - filled]
                room[filled : filled + len(taken)] = design.law.weights(taken)
                filled, rest = filled + len(taken), rest[len(taken) :]
                if filled == most:
                    yield room
                    filled = 0
    if filled:
        yield room[:filled]


class _Counts:
    """Counts for one tail, neurons in ascending order of their observed scores ``seen`` [m].

    The lower tail takes neurons from the end, and scores with the other sign unless the design is mirrored.
    ``bars`` [m] are what these must reach.
    """

    def __init__(self, seen: Floats, parts: list[ScoreTile], *, upward: bool) -> None:
        self._law = parts[0].law
        self.negated = not (upward or self._law.mirrored)
        self.bars = (seen if upward else -seen) - self._law.tolerance
        self.alone = np.zeros(len(seen), dtype=np.int64)
        self._onward = slice(None) if upward else slice(None, None, -1)
        self._parts = parts[self._onward]
        self._rising = self.bars[self._onward]
        self._step = np.zeros(len(seen), dtype=np.int64)
        self._maxima: list[Floats] = []

    def count_maxima(self, weights: Singles, tops: Floats) -> None:
        """Count successive maxima under ``weights`` [rows, n], given about those within each part [parts, rows]."""
        tops = tops[self._onward]
        low, high = (np.full(len(weights), -np.inf) for _ in range(2))
        for place, part in enumerate(self._parts):
            bars, counts = self.bars[part.cut][self._onward], self._step[part.cut][self._onward]
            least, most = self._between(part, tops[place])
            unsure = np.flatnonzero(_unsure(low, np.maximum(high, most), bars, counts))
            for rows in self._pieces(part, unsure):
                carried = self._settled(low[rows], high[rows], bars, weights[rows], tops[:place, rows])
                _climb(self._scores(part, weights[rows]), carried, bars, counts)
            low, high = np.maximum(low, least), np.maximum(high, most)
        self._maxima.append(self._settled(low, high, self._rising, weights, tops))

    def _between(self, part: ScoreTile, top: Floats) -> tuple[Floats, Floats]:
        return (top, top) if part.precise else bounds(self._law, top, part.slack)

    def _settled(self, low: Floats, high: Floats, bars: Floats, weights: Singles, tops: Floats) -> Floats:
        """Return maxima [rows] over the first parts that are on the right side of each of the rising ``bars``.

        They are between ``low`` and ``high``, and made anew where a bar is there too.
        """
        open_rows = np.flatnonzero(
            np.searchsorted(bars, low, "right") != np.searchsorted(bars, high, "right")
        )
        settled = low.copy()
        settled[open_rows] = -np.inf
        for part, top in zip(self._parts, tops, strict=False):
            possible = open_rows[self._between(part, top[open_rows])[1] >= low[open_rows]]
            for rows in self._pieces(part, possible):
                settled[rows] = np.maximum(settled[rows], self._scores(part, weights[rows]).max(axis=0))
        return np.asarray(settled, dtype=np.float64)

    def _scores(self, part: ScoreTile, weights: Singles) -> Floats:
        """Return the scores [neurons, rows] of a part in float64."""
        scores = self._law.scores(part.columns(), weights.astype(np.float64)).T[self._onward]
        return np.negative(scores) if self.negated else np.ascontiguousarray(scores)

    def _pieces(self, part: ScoreTile, rows: NDArray[np.int64]) -> list[NDArray[np.int64]]:
        """Split ``rows`` so that their scores and weights need little room."""
        most = max(1, _AGAIN_CELLS // max(self._law.units, part.cut.stop - part.cut.start))
        return [rows[start : start + most] for start in range(0, len(rows), most)]

    def reached(self, place: Counts) -> Reached:
        """Return the counts with neurons where they were: the i-th is at ``place[i]`` here."""
        maxima = np.sort(np.concatenate(self._maxima))
        single = len(maxima) - np.searchsorted(maxima, self.bars)
        # Matrix products of different shapes may round one sum differently: what holds must be seen to hold.
        step = np.maximum(self._step, self.alone)[self._onward]
        # The most extreme neuron comes last; none before it may have a smaller p.
        step = np.maximum.accumulate(step[::-1])[::-1][self._onward]
        return Reached(self.alone[place], np.maximum(single, step)[place], step[place])


def _climb(scores: Floats, carried: Floats, bars: Floats, counts: Counts) -> None:
    """Add to ``counts`` how many rows reach each of the rising ``bars`` with the maximum up to there.

    ``scores`` [neurons, rows], ``carried`` [rows] is the maximum before.
    """
    if len(bars) <= _FEW or scores.size <= _FEW_SCORES:
        climbing = np.maximum.accumulate(np.concatenate([carried[None, :], scores]), axis=0)[1:]
        counts += np.count_nonzero(climbing >= bars[:, None], axis=1)
        return
    for half in (slice(None, len(bars) // 2), slice(len(bars) // 2, None)):
        top = np.maximum(carried, scores[half].max(axis=0))
        unsure = _unsure(carried, top, bars[half], counts[half])
        if unsure.any():
            _climb(scores[half][:, unsure], carried[unsure], bars[half], counts[half])
        carried = top


def _unsure(low: Floats, high: Floats, bars: Floats, counts: Counts) -> Bools:
    """Tell which rows may reach some of the rising ``bars`` but not all, and count those that reach all at once.

    ``low`` are maxima before, at least, and ``high`` after these neurons, at most.
    """
    reaches_all = low >= bars[-1]
    counts += np.count_nonzero(reaches_all)
    return np.asarray(~reaches_all & (high >= bars[0]), dtype=np.bool_)
