"""Scores of some neurons under some relabellings at a time: their maxima, and how many reach the neurons' own.

A tile of scores stays in a core's cache between the product that makes it and the comparisons with it. It
is made in single precision where that decides nearly every comparison; the few others are made in float64.
On a coarse grid of values too many scores tie with the observed one for that; such neurons are left to
float64.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from neuronclaims.stats.inputs import Bools, Floats
from neuronclaims.stats.maximum.screening import Screen, Singles, screen, single_bars
from neuronclaims.stats.maximum.search_columns import NeuronColumns
from neuronclaims.stats.maximum.search_design import Law

Counts: TypeAlias = NDArray[np.int64]
Reals: TypeAlias = NDArray[np.float32] | NDArray[np.float64]
_ROWS = 255
"""Relabellings treated together; 255 is the most that can be counted in bytes."""
_DOUBTFUL = 0.005
"""Share of scores in doubt from which on single precision is not worth it."""


@dataclass(slots=True)
class ScoreTile:
    """Some neurons next to each other (``cut``) in ascending order of observed scores.

    ``precise`` says that their scores come from float64; otherwise sums may be off by ``slack``.
    """

    law: Law
    source: NeuronColumns
    cut: slice
    precise: bool = True
    slack: float = 0.0

    def columns(self) -> Floats:
        """Return the neurons' columns [n, some]."""
        return self.source.of(self.cut)


class Count(Protocol):
    """What counts in one tail: scores, ``negated`` or not, that reach ``bars`` [m] are added up in ``alone`` [m]."""

    negated: bool
    bars: Floats
    alone: Counts


class Group:
    """Parts next to each other whose scores are made together, ``cut`` being the neurons of all of them."""

    def __init__(self, parts: Sequence[ScoreTile], *, screened: bool) -> None:
        self.cut = slice(parts[0].cut.start, parts[-1].cut.stop)
        self._law, self._source, self._parts, self._screened = parts[0].law, parts[0].source, parts, screened
        self._insides = [
            slice(part.cut.start - self.cut.start, part.cut.stop - self.cut.start) for part in parts
        ]

    def __len__(self) -> int:
        return len(self._parts)

    def count(
        self, weights: Singles, counts: Sequence[Count], tops: dict[bool, Floats], room: Singles
    ) -> None:
        """Add to ``counts`` over relabellings ``weights`` [rows, n]; put maxima of parts into ``tops``.

        ``tops`` has an array [parts, rows] for scores and one for scores with the other sign, as far as
        wanted. ``room`` is what ``tile_room`` gave.
        """
        columns = self._source.of(self.cut)
        if self._screened:
            made = screen(self._law, columns)
            self._screened = self._screen(made, columns, weights, counts, tops, room)
            slack = float(made.slack.max())
            for part in self._parts:
                part.precise, part.slack = not self._screened, slack
        if not self._screened:
            self._count_precisely(columns, weights, counts, tops, room)

    def _screen(
        self,
        made: Screen,
        columns: Floats,
        weights: Singles,
        counts: Sequence[Count],
        tops: dict[bool, Floats],
        room: Singles,
    ) -> bool:
        """Count in single precision; return False, with nothing counted, if the first tile shows it to be in vain."""
        # "As low" and "as high" as the observed score need the same comparisons, unless mirrored.
        looked_at = [[count] for count in counts] if self._law.mirrored else [counts]
        looks = [Look(made, columns, some, self.cut) for some in looked_at]
        for rows in _rows(weights):
            scores = made.scores(weights[rows], room)
            for look in looks:
                doubtful = look.count(scores, weights[rows])
                if rows.start == 0 and doubtful > _DOUBTFUL * max(scores.size, 100 * columns.shape[1]):
                    return False
            self._keep_maxima(scores, rows, tops)
        for look in looks:
            look.settle()
        return True

    def _count_precisely(
        self,
        columns: Floats,
        weights: Singles,
        counts: Sequence[Count],
        tops: dict[bool, Floats],
        room: Singles,
    ) -> None:
        for rows in _rows(weights):
            scores = self._law.scores(columns, weights[rows].astype(np.float64), room.view(np.float64))
            self._keep_maxima(scores, rows, tops)
            for count in counts:
                bars = count.bars[self.cut]
                count.alone[self.cut] += column_counts(scores <= -bars if count.negated else scores >= bars)

    def _keep_maxima(self, scores: Reals, rows: slice, tops: dict[bool, Floats]) -> None:
        for negated, top in tops.items():
            for inside, kept in zip(self._insides, top, strict=True):
                some = scores[:, inside]
                kept[rows] = -some.min(axis=1) if negated else some.max(axis=1)


class Look:
    """Counts how many scores of some neurons reach their own bars, made in single precision first.

    ``counts`` are one tail, or two that are not mirrored and share what is in doubt.
    """

    def __init__(self, made: Screen, columns: Floats, counts: Sequence[Count], cut: slice) -> None:
        self._law, self._columns, self._cut = made.law, columns, cut
        self._counts = counts
        self._bars = [count.bars[cut] for count in counts]
        limits = [
            single_bars(made.law, -bars if count.negated else bars, made.slack)
            for count, bars in zip(counts, self._bars, strict=True)
        ]
        self._low = np.minimum.reduce([low for low, _ in limits])
        self._high = np.maximum.reduce([high for _, high in limits])
        self._found = [np.zeros(columns.shape[1], dtype=np.int64) for _ in counts]

    def count(self, scores: Singles, weights: Singles) -> int:
        """Count ``scores`` [rows, some] under ``weights`` [rows, n]; return how many were made in float64."""
        maybe, surely = scores >= self._low, scores > self._high
        above, sure = column_counts(maybe), column_counts(surely)
        for count, found in zip(self._counts, self._found, strict=True):
            found += len(scores) - above if count.negated else sure
        doubtful = above - sure
        total = int(doubtful.sum())
        if total:
            neurons = np.flatnonzero(doubtful)
            self._decide(neurons, maybe[:, neurons] & ~surely[:, neurons], weights, total)
        return total

    def _decide(self, neurons: Counts, doubtful: Bools, weights: Singles, total: int) -> None:
        rows = np.flatnonzero(doubtful.any(axis=1))
        if total > 0.1 * len(rows) * len(neurons):  # products are faster than sums one by one
            scores = self._law.scores(self._columns[:, neurons], weights[rows].astype(np.float64))
            for number, found in enumerate(self._found):
                found[neurons] += column_counts(doubtful[rows] & self._reach(number, scores, neurons))
            return
        row, column = np.nonzero(doubtful)
        for start in range(0, len(row), _ROWS):
            some, place = row[start : start + _ROWS], neurons[column[start : start + _ROWS]]
            scores = self._law.pair_scores(self._columns[:, place], weights[some].astype(np.float64))
            for number, found in enumerate(self._found):
                found += np.bincount(place[self._reach(number, scores, place)], minlength=len(found))

    def _reach(self, number: int, scores: Floats, neurons: Counts) -> Bools:
        bars = self._bars[number][neurons]
        return np.asarray(scores <= -bars if self._counts[number].negated else scores >= bars)

    def settle(self) -> None:
        """Add what was found to the counts of the tails."""
        for count, found in zip(self._counts, self._found, strict=True):
            count.alone[self._cut] += found


def grouped_parts(parts: Sequence[ScoreTile], widest: int, *, screened: bool) -> list[Group]:
    """Put parts together as long as they have at most ``widest`` neurons, to be ``screened`` or not."""
    groups: list[list[ScoreTile]] = [[]]
    for part in parts:
        if groups[-1] and part.cut.stop - groups[-1][0].cut.start > widest:
            groups.append([])
        groups[-1].append(part)
    return [Group(group, screened=screened) for group in groups]


def tile_room(widest: int) -> Singles:
    """Return room for the scores of a tile of ``widest`` neurons in float64, and for what they are made from."""
    return np.empty((2, 2 * _ROWS * widest), dtype=np.float32)


def column_counts(mask: Bools) -> Counts:
    """Count the true entries of each column [rows, m], at most 255: adding bytes is many times faster."""
    return np.asarray(mask.view(np.uint8).sum(axis=0, dtype=np.uint8), dtype=np.int64)


def _rows(weights: Singles) -> list[slice]:
    return [slice(start, min(start + _ROWS, len(weights))) for start in range(0, len(weights), _ROWS)]
