"""Scores of some neurons under some relabellings at a time: their maxima, and how many reach the neurons' own.

A tile of scores stays in a core's cache between the product that makes it and the comparisons with it. It
is made in single precision where that decides nearly every comparison; the few others are made in float64.
On a coarse grid of values too many scores tie with the observed one for that; such neurons are left to
float64.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from neuronclaims.stats.inputs import Bools, Floats
from neuronclaims.stats.permutation.screening import Screen, Singles, screen, single_bars
from neuronclaims.stats.permutation.search_columns import Columns
from neuronclaims.stats.permutation.search_design import Law

Counts: TypeAlias = NDArray[np.int64]
Reals: TypeAlias = NDArray[np.float32] | NDArray[np.float64]
_ROWS = 255
"""Relabellings treated together; 255 is the most that can be counted in bytes."""
_DOUBTFUL = 0.005
"""Share of scores in doubt from which on single precision is not worth it."""


@dataclass(slots=True)
class Part:
    """Some neurons next to each other (``cut``) in ascending order of observed scores.

    ``neurons`` says where they are among all that vary. ``precise`` says that their scores come from float64;
    otherwise sums may be off by ``slack``.
    """

    law: Law
    source: Columns
    neurons: Counts
    cut: slice
    precise: bool = True
    slack: float = 0.0
    coarse: bool = field(default=False)
    """Single precision was tried and left too much in doubt."""

    def columns(self) -> Floats:
        """Return the neurons' columns [n, some]."""
        return self.source.of(self.neurons)


class Count(Protocol):
    """What counts in one tail: scores, ``negated`` or not, that reach ``bars`` [m] are added up in ``alone`` [m]."""

    negated: bool
    bars: Floats
    alone: Counts


class Tiles:
    """Makes tiles of scores of at most ``widest`` neurons, in single precision first where ``screened``."""

    def __init__(self, law: Law, widest: int, *, screened: bool) -> None:
        self._law, self._screened = law, screened
        self._room = np.empty((3, _ROWS * widest), dtype=np.float32)
        self._masks = np.empty((2, _ROWS * widest), dtype=np.bool_)

    def count(self, part: Part, weights: Singles, counts: Sequence[Count], tops: dict[bool, Floats]) -> None:
        """Add to ``counts`` over relabellings ``weights`` [rows, n]; put the maxima of rows into ``tops``.

        ``tops`` has an array [rows] for scores and one for scores with the other sign, as far as wanted.
        """
        columns = part.columns()
        part.precise = part.coarse or not self._screened
        if not part.precise:
            made = screen(self._law, columns)
            part.slack = float(made.slack.max())
            part.coarse = not self._screen(made, columns, part, weights, counts, tops)
            part.precise = part.coarse
        if part.precise:
            for rows in _rows(weights):
                scores = self._law.scores(columns, weights[rows].astype(np.float64))
                _maxima(scores, rows, tops)
                for count in counts:
                    bars = count.bars[part.cut]
                    count.alone[part.cut] += column_counts(
                        scores <= -bars if count.negated else scores >= bars
                    )

    def _screen(
        self,
        made: Screen,
        columns: Floats,
        part: Part,
        weights: Singles,
        counts: Sequence[Count],
        tops: dict[bool, Floats],
    ) -> bool:
        """Count in single precision; return False, with nothing counted, if the first tile shows it to be in vain."""
        looks = [_Look(made, columns, count, part.cut) for count in counts]
        for rows in _rows(weights):
            scores = made.scores(weights[rows], self._room)
            for look in looks:
                doubtful = look.count(scores, weights[rows], self._masks)
                if rows.start == 0 and doubtful > _DOUBTFUL * scores.size:
                    return False
            _maxima(scores, rows, tops)
        for look in looks:
            look.settle()
        return True


class _Look:
    """Counts how many scores of some neurons reach their own bars in one tail, made in single precision first."""

    def __init__(self, made: Screen, columns: Floats, count: Count, cut: slice) -> None:
        self._law, self._columns = made.law, columns
        self._count, self._cut = count, cut
        self._bars = count.bars[cut]
        self._low, self._high = single_bars(made.law, self._bars, made.slack)
        self._found = np.zeros(len(self._bars), dtype=np.int64)

    def count(self, scores: Singles, weights: Singles, masks: Bools) -> int:
        """Count ``scores`` [rows, some] under ``weights`` [rows, n]; return how many were made in float64."""
        maybe, surely = (flat[: scores.size].reshape(scores.shape) for flat in masks)
        if self._count.negated:
            np.less_equal(scores, -self._low, out=maybe)
            np.less_equal(scores, -self._high, out=surely)
        else:
            np.greater_equal(scores, self._low, out=maybe)
            np.greater_equal(scores, self._high, out=surely)
        sure = column_counts(surely)
        self._found += sure
        doubtful = column_counts(maybe) - sure
        neurons = np.flatnonzero(doubtful)
        total = int(doubtful.sum())
        if total:
            self._decide(neurons, maybe[:, neurons] & ~surely[:, neurons], weights, total)
        return total

    def _decide(self, neurons: Counts, doubtful: Bools, weights: Singles, total: int) -> None:
        bars, columns = self._bars[neurons], self._columns[:, neurons]
        if total > 0.2 * doubtful.size:  # a whole product is faster than many sums
            scores = self._law.scores(columns, weights.astype(np.float64))
            self._found[neurons] += column_counts(doubtful & self._reach(scores, bars))
            return
        rows, places = np.nonzero(doubtful)
        for start in range(0, len(rows), _ROWS):
            row, place = rows[start : start + _ROWS], places[start : start + _ROWS]
            scores = self._law.pair_scores(columns[:, place], weights[row].astype(np.float64))
            reached = place[self._reach(scores, bars[place])]
            self._found[neurons] += np.bincount(reached, minlength=len(neurons))

    def _reach(self, scores: Floats, bars: Floats) -> Bools:
        return np.asarray(scores <= -bars if self._count.negated else scores >= bars)

    def settle(self) -> None:
        """Add what was found to the counts of the tail."""
        self._count.alone[self._cut] += self._found


def column_counts(mask: Bools) -> Counts:
    """Count the true entries of each column [rows, m], at most 255: adding bytes is many times faster."""
    return np.asarray(mask.view(np.uint8).sum(axis=0, dtype=np.uint8), dtype=np.int64)


def _rows(weights: Singles) -> list[slice]:
    return [slice(start, min(start + _ROWS, len(weights))) for start in range(0, len(weights), _ROWS)]


def _maxima(scores: Reals, rows: slice, tops: dict[bool, Floats]) -> None:
    for negated, top in tops.items():
        top[rows] = -scores.min(axis=1) if negated else scores.max(axis=1)
