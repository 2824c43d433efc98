"""Every value of small groups as a dot, a row of dots per group, with the mean as a line."""

from __future__ import annotations

import statistics
import textwrap
from collections.abc import Sequence

from neuronclaims.figures import Row
from neuronclaims.foreign_text import one_line
from neuronclaims.reports.html.figures.drawing import SERIES, Json, axis, label, short, shorts
from neuronclaims.reports.html.figures.spread.histograms import hover_texts

FEW = 40
"""Values of a group that are drawn as dots."""

PLACES, STEP, WIDEST = 40, 0.11, 0.36
"""Dots that fall into one of so many places along the axis lie ``STEP`` apart, at most ``WIDEST`` from the middle."""


def swarm(values: Sequence[float], low: float, high: float) -> list[float]:
    """Return how far each value lies from the middle of its row, so that dots of like values do not hide each other.

    >>> swarm((1.0, 1.0, 1.0, 5.0), 1.0, 5.0)
    [0.0, 0.11, -0.11, 0.0]
    """
    taken: dict[int, int] = {}
    found: list[float] = []
    for value in values:
        place = round((value - low) / (high - low) * PLACES) if high > low else 0
        rank = taken.get(place, 0)
        taken[place] = rank + 1
        side = 1 if rank % 2 else -1
        found.append(side * min((rank + 1) // 2 * STEP, WIDEST) if rank else 0.0)
    return found


def swarms(rows: Sequence[Row]) -> list[list[float]]:
    """Return the height of every dot: the rows lie at 0, -1 and so on."""
    values = [value for row in rows for value in row.values]
    low, high = min(values), max(values)
    return [[off - place for off in swarm(row.values, low, high)] for place, row in enumerate(rows)]


def dots(rows: Sequence[Row]) -> list[Json]:
    """Return the traces of dots and of means."""
    heights = swarms(rows)
    found = [_dots(row, heights[place], SERIES[place % len(SERIES)]) for place, row in enumerate(rows)]
    return [*found, *(_mean(row, place) for place, row in enumerate(rows) if len(row.values) > 1)]


def _dots(row: Row, heights: Sequence[float], colour: str) -> Json:
    return {
        "type": "scatter",
        "mode": "markers",
        "name": label(row.label),
        "showlegend": False,
        "x": shorts(row.values),
        "y": shorts(heights),
        "marker": {"color": colour, "size": 8, "opacity": 0.7},
        "hovertemplate": "%{x}",
        **hover_texts(row, len(row.values)),
    }


def _mean(row: Row, place: int) -> Json:
    mean = short(statistics.fmean(row.values))
    return {
        "type": "scatter",
        "mode": "lines",
        "name": "mean",
        "legendgroup": "mean",
        "showlegend": place == 0,
        "x": [mean, mean],
        "y": [-place - 0.42, -place + 0.42],
        "line": {"color": "var:ink", "width": 2.5},
        "hovertemplate": "mean %{x}<extra></extra>",
    }


def pair_lines(rows: Sequence[Row]) -> list[Json]:
    """Return lines between the dots of pairs, of two rows."""
    (one, two), (above, below) = rows, swarms(rows)
    xs = [end for a, b in zip(one.values, two.values, strict=True) for end in (a, b, None)]
    ys = [end for a, b in zip(above, below, strict=True) for end in (a, b, None)]
    line = {"color": "var:others", "width": 1}
    lines: Json = {"type": "scatter", "mode": "lines", "x": shorts(xs), "y": shorts(ys), "line": line}
    return [{**lines, "showlegend": False, "hoverinfo": "skip"}]


def axes_of_dots(title: str, rows: Sequence[Row], across: tuple[float, float]) -> Json:
    """Return the axes of rows of dots, each with its name, in a panel that goes ``across`` the plot."""
    names = {
        "tickmode": "array",
        "tickvals": [-place for place in range(len(rows))],
        "ticktext": [label(shortened(row.label), 16) for row in rows],
        "range": [-len(rows) + 0.4, 0.6],
        "showgrid": False,
        "zeroline": False,
    }
    return {"xaxis": axis(title, wrap=42, domain=across, zeroline=False), "yaxis": names}


def shortened(text: str, most: int = 44) -> str:
    """Return a name that fits beside a row: its first words.

    >>> shortened("prompts about a city", 12)
    'prompts…'
    """
    return textwrap.shorten(one_line(text), most, placeholder="…") if len(text) > most else text
