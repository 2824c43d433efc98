"""Sketch figures in a few lines of text, for a column of the terminal's table."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise
from typing import Any

from rich.cells import cell_len, chop_cells

from neuronclaims.figures import (
    Bins,
    Distributions,
    Figure,
    Matrix,
    Null,
    Point,
    Points,
    Ranks,
    Surface,
    Table,
    TokenMap,
    table_of,
)
from neuronclaims.foreign_text import one_line
from neuronclaims.reports.terminal.sketch import ASCII, BLOCKS, block, sketch
from neuronclaims.reports.wording import number

STRIP = 14
"""Columns of a drawn strip; the rest of a line is for its label."""

WIDTH = 28
"""Columns of a line."""

MOST = 3
"""How many rows of a long figure are shown."""


MOST_LINES = 6
"""How many lines of all a claim's figures are shown, where not all are asked for."""


def lines_of_all(figures: Sequence[Figure], ascii_only: bool = False, everything: bool = False) -> list[str]:
    """Return the figures of a claim as lines; tables beside drawings only if ``everything`` is set."""
    drawn = [figure for figure in figures if table_of(figure) is None]
    chosen = figures if everything or not drawn else drawn
    lines = [line for figure in chosen for line in lines_of(figure, ascii_only)]
    return lines if everything else lines[:MOST_LINES]


def lines_of(figure: Figure, ascii_only: bool = False) -> list[str]:
    """Return a figure as lines of at most ``WIDTH`` columns; no lines for an empty figure."""
    rows = table_of(figure)
    return _SKETCHES[type(figure)](figure, ascii_only) if rows is None else _table(rows, ascii_only)


def _distributions(figure: Distributions, ascii_only: bool) -> list[str]:
    rows = [row for row in figure.rows if row.values]
    if not rows:
        return []
    drawn = sketch(Distributions(figure.axis, tuple(rows)), bins=STRIP, ascii_only=ascii_only)
    return [_labelled(bars, label, ascii_only) for label, bars in drawn]


def _points(figure: Points, ascii_only: bool) -> list[str]:
    """Draw the largest value at each place along the axis, then the points the claim is about, largest first."""
    if not figure.points:
        return []
    heights = _largest(figure.points)
    shown = sorted((point for point in figure.points if point.marked), key=lambda point: -point.y)
    lines = [_labelled(_strip(heights, ascii_only), figure.y_axis, ascii_only)]
    lines += [_point(point, ascii_only) for point in shown[:MOST]]
    return [*lines, *_more(len(shown), ascii_only)]


def _point(point: Point, ascii_only: bool) -> str:
    """Name a point with its value, and with its interval if it fits."""
    named = f"{one_line(point.label)} {number(point.y)}"
    known = point.low is not None and point.high is not None
    full = f"{named} [{number(point.low)}, {number(point.high)}]" if known else named
    return full if cell_len(full) <= WIDTH else _clip(named, WIDTH, ascii_only)


def _largest(points: Sequence[Point]) -> list[float | None]:
    low, high = min(point.x for point in points), max(point.x for point in points)
    found: list[float | None] = [None] * STRIP
    for point in points:
        place = min(int((point.x - low) / (high - low) * STRIP), STRIP - 1) if high > low else 0
        before = found[place]
        found[place] = point.y if before is None else max(before, point.y)
    return found


def _surface(figure: Surface, ascii_only: bool) -> list[str]:
    """Draw, per panel, the means along the first axis, all panels on one scale."""
    rows = [
        _resampled([_mean(column) for column in zip(*panel.values, strict=True)]) for panel in figure.panels
    ]
    known = [value for row in rows for value in row if value is not None]
    lines = [
        _labelled(_strip(row, ascii_only, known), panel.label, ascii_only)
        for row, panel in list(zip(rows, figure.panels, strict=True))[:MOST]
        if known
    ]
    return [*lines, *_more(len(rows), ascii_only)] if lines else []


def _table(figure: Table, ascii_only: bool) -> list[str]:
    lines = [
        _clip("  ".join(filter(None, map(one_line, row))), WIDTH, ascii_only) for row in figure.rows[:MOST]
    ]
    return [*lines, *_more(len(figure.rows), ascii_only)]


def _matrix(figure: Matrix, ascii_only: bool) -> list[str]:
    known = [value for row in figure.values for value in row if value is not None]
    lines = [
        _labelled(_strip(_resampled(row), ascii_only, known), label, ascii_only)
        for label, row in list(zip(figure.labels, figure.values, strict=True))[:MOST]
        if known
    ]
    return [*lines, *_more(len(figure.labels), ascii_only)] if lines else []


def _bins(figure: Bins, ascii_only: bool) -> list[str]:
    """Draw the share in each bin, from none to the largest, which is named; bins with too few values are left blank."""
    shares = _resampled([None if row.sparse else row.share for row in figure.bins])
    known = [share for share in shares if share is not None]
    if not known:
        return []
    strip = _strip(shares, ascii_only, (0.0, max(known) or 1.0))
    return [_labelled(strip, f"to {_percent(max(known))} {figure.y_axis}", ascii_only)]


def _percent(share: float) -> str:
    return f"{100 * share:.{0 if share >= 0.0995 or share == 0 else 1 if share >= 0.00995 else 2}f}%"


_SKETCHES: dict[type, Callable[[Any, bool], list[str]]] = {
    Distributions: _distributions,
    Points: _points,
    Surface: _surface,
    Matrix: _matrix,
    Bins: _bins,
    TokenMap: lambda *_: [],  # too wide for a column
    Ranks: lambda *_: [],  # the effect says it in less room
    Null: lambda *_: [],  # and p
}


def _strip(values: Sequence[float | None], ascii_only: bool, scale: Iterable[float] | None = None) -> str:
    """Draw values side by side, from the least of ``scale`` to its largest; leave unknown values blank."""
    known = list(scale) if scale is not None else [value for value in values if value is not None]
    low, high = min(known), max(known)
    ramp = ASCII if ascii_only else BLOCKS
    return "".join(
        " " if value is None else block((value - low) / (high - low) if high > low else 1.0, ramp, least=1)
        for value in values
    )


def _resampled(values: Sequence[float | None]) -> list[float | None]:
    """Return at most ``STRIP`` values: means of neighbours if there are more."""
    if len(values) <= STRIP:
        return list(values)
    edges = [round(place * len(values) / STRIP) for place in range(STRIP + 1)]
    return [_mean(values[start:stop]) for start, stop in pairwise(edges)]


def _mean(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None and math.isfinite(value)]
    return sum(known) / len(known) if known else None


def _labelled(bars: str, label: str, ascii_only: bool) -> str:
    return f"{bars} {_clip(one_line(label), WIDTH - 1 - len(bars), ascii_only)}"


def _clip(text: str, width: int, ascii_only: bool) -> str:
    if cell_len(text) <= width:
        return text
    ellipsis = "..." if ascii_only else "…"
    return chop_cells(text, width - len(ellipsis))[0] + ellipsis


def _more(count: int, ascii_only: bool) -> list[str]:
    return [f"{'...' if ascii_only else '…'} and {count - MOST} more"] if count > MOST else []
