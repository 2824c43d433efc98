"""How many relabellings have a maximum over neurons that reaches each neuron's observed score.

For the step-down test the maximum that neuron j is compared with runs over the neurons whose observed score
is at most its own. Neurons are taken in ascending order of that score, a few columns and some relabellings
at a time. What most relabellings do to most columns follows from the maximum of whole blocks: where the
maximum so far already reaches the highest score of a block, it reaches them all; where not even the one
after the block reaches its lowest, it reaches none. Only what lies between is looked at neuron by neuron.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from neuronclaims.stats.inputs import Bools, Floats
from neuronclaims.stats.permutation.search_design import SearchDesign

Counts: TypeAlias = NDArray[np.int64]
Tail: TypeAlias = Literal["upper", "lower"]
Parts: TypeAlias = list[tuple[slice, SearchDesign]]
_ROWS = 255
"""Relabellings treated together; 255 is the most that can be counted in bytes."""
_COLUMNS = 512
"""Neurons treated together, half as many for Welch's t: with the rows above some MB, which a core keeps close."""
_FEW = 32
"""Neurons treated together at both ends, where most of the looking one by one is done."""


@dataclass(frozen=True, slots=True)
class Reached:
    """In one tail, how many relabellings reach the observed score of each neuron [m].

    ``alone`` by the neuron's own score, ``single`` by the largest of all neurons, ``step`` by the largest
    of those whose observed score is at most the neuron's own, made monotone.
    """

    alone: Counts
    single: Counts
    step: Counts


def count_maxima(design: SearchDesign, blocks: Iterable[Bools], tails: Sequence[Tail]) -> list[Reached]:
    """Count over relabellings [rows, n], given in ``blocks``, for each of ``tails``."""
    seen = design.observed_scores()
    order = np.argsort(seen, kind="stable")
    if not len(order):
        return [Reached(order, order, order) for _ in tails]
    widest = _COLUMNS // 2 if design.spread else _COLUMNS
    room = np.empty((3, _ROWS * widest))
    parts = [(cut, design.only(order[cut])) for cut in _cuts(len(order), widest)]
    counts = [_Counts(seen[order], design, upward=tail == "upper") for tail in tails]
    for chosen in blocks:
        for start in range(0, len(chosen), _ROWS):
            _count_tile(parts, counts, design.weights(chosen[start : start + _ROWS]), room)
    place = np.argsort(order)
    return [count.reached(place) for count in counts]


def _cuts(neurons: int, widest: int) -> list[slice]:
    """Cut ``neurons`` columns into parts, few neurons each at both ends and more in the middle."""
    half = neurons // 2
    cuts = [0, _FEW]
    while cuts[-1] < half:
        cuts.append(cuts[-1] + min(cuts[-1], widest))
    left = [cut for cut in cuts if cut <= half]
    edges = sorted({*left, half, *(neurons - cut for cut in left)})
    return [slice(start, stop) for start, stop in pairwise(edges)]


def _count_tile(parts: Parts, counts: list[_Counts], weights: Floats, room: Floats) -> None:
    tops = {count.negated: np.empty((len(parts), len(weights))) for count in counts}
    for place, (cut, design) in enumerate(parts):
        scores = design.scores(weights, room)
        for negated, top in tops.items():
            top[place] = -scores.min(axis=1) if negated else scores.max(axis=1)
        for count in counts:
            count.count_alone(cut, scores)
    for count in counts:
        count.count_maxima(parts, weights, tops[count.negated])


class _Counts:
    """Counts for one tail, neurons in ascending order of their observed scores ``seen`` [m].

    The lower tail takes neurons from the end, and scores with the other sign unless the design is mirrored.
    ``bars`` [m] are what these must reach.
    """

    def __init__(self, seen: Floats, design: SearchDesign, *, upward: bool) -> None:
        self.negated = not (upward or design.mirrored)
        self._bars = (seen if upward else -seen) - design.tolerance
        self._onward = slice(None) if upward else slice(None, None, -1)
        self._alone = np.zeros(len(seen), dtype=np.int64)
        self._step = np.zeros(len(seen), dtype=np.int64)
        self._maxima: list[Floats] = []

    def count_alone(self, cut: slice, scores: Floats) -> None:
        """Count the ``scores`` [rows, columns] that reach their own neuron's bar."""
        bars = self._bars[cut]
        self._alone[cut] += _column_counts(scores <= -bars if self.negated else scores >= bars)

    def count_maxima(self, parts: Parts, weights: Floats, tops: Floats) -> None:
        """Count successive maxima, given those within each part, ``tops`` [parts, rows]."""
        carried = np.full(len(weights), -np.inf)
        for (cut, design), top in list(zip(parts, tops, strict=True))[self._onward]:
            bars, counts = self._bars[cut][self._onward], self._step[cut][self._onward]
            unsure = _unsure(carried, top, bars, counts)
            if unsure.any():
                scores = design.scores(weights[unsure])[:, self._onward]
                _climb(-scores if self.negated else scores, carried[unsure], bars, counts)
            carried = np.maximum(carried, top)
        self._maxima.append(carried)

    def reached(self, place: Counts) -> Reached:
        """Return the counts with neurons where they were: the i-th is at ``place[i]`` here."""
        maxima = np.sort(np.concatenate(self._maxima))
        single = len(maxima) - np.searchsorted(maxima, self._bars)
        # Matrix products of different shapes may round one sum differently: what holds must be seen to hold.
        step = np.maximum(self._step, self._alone)[self._onward]
        # The most extreme neuron comes last; none before it may have a smaller p.
        step = np.maximum.accumulate(step[::-1])[::-1][self._onward]
        return Reached(self._alone[place], np.maximum(single, step)[place], step[place])


def _climb(scores: Floats, carried: Floats, bars: Floats, counts: Counts) -> None:
    """Add to ``counts`` how many rows reach each of the rising ``bars`` with the maximum up to there."""
    if len(bars) <= _FEW:
        climbing = np.concatenate([carried[:, None], scores], axis=1)
        counts += _column_counts(np.maximum.accumulate(climbing, axis=1)[:, 1:] >= bars)
        return
    for half in (slice(None, len(bars) // 2), slice(len(bars) // 2, None)):
        top = scores[:, half].max(axis=1)
        unsure = _unsure(carried, top, bars[half], counts[half])
        if unsure.any():
            _climb(scores[unsure, half], carried[unsure], bars[half], counts[half])
        carried = np.maximum(carried, top)


def _unsure(carried: Floats, top: Floats, bars: Floats, counts: Counts) -> Bools:
    """Tell which rows reach some of the rising ``bars`` but not all, and count those that reach all at once."""
    reaches_all = carried >= bars[-1]
    counts += np.count_nonzero(reaches_all)
    return np.asarray(~reaches_all & (np.maximum(carried, top) >= bars[0]), dtype=np.bool_)


def _column_counts(mask: Bools) -> Counts:
    """Count the true entries of each column [rows, m], at most 255: adding bytes is many times faster."""
    return np.asarray(mask.view(np.uint8).sum(axis=0, dtype=np.uint8), dtype=np.int64)
