"""Histograms on common bins with densities, every value below, cumulative shares beside."""

from __future__ import annotations

from collections.abc import Sequence

from neuronclaims.figures import Row
from neuronclaims.reports.html.figures.drawing import SERIES, Json, axis, label, short, shorts
from neuronclaims.reports.html.figures.spread.densities import (
    Floats,
    common_edges,
    cumulative,
    density,
    shares,
)

MOST_TICKS = 600
"""Values of a group that are drawn one by one."""

STRIP = (0.0, 0.14)
"""Where the values are, below the histograms."""


def histograms(rows: Sequence[Row], *, cumulated: bool) -> list[Json]:
    """Return the traces of histograms with densities and ticks; a group of one value is a line.

    ``cumulated`` adds the cumulative shares, in the panel beside them.
    """
    many = [row for row in rows if len(row.values) > 1]
    edges, ends = common_edges([row.values for row in many or rows]), _ends(rows)
    found: list[Json] = []
    for place, row in enumerate(rows):
        colour = SERIES[place % len(SERIES)]
        if row in many or not many:
            found += [*_histogram(row, edges, colour), _ticks(row, place, colour)]
            found += [_steps(row, ends, colour)] if cumulated else []
        else:
            found += [_line(row, colour), _ticks(row, place, colour)]
    return found


def _histogram(row: Row, edges: Floats, colour: str) -> list[Json]:
    heights, counts = shares(row.values, edges)
    width = float(edges[1] - edges[0])
    bars: Json = {
        "type": "bar",
        "name": label(row.label),
        "legendgroup": label(row.label),
        "x": shorts((edges[:-1] + edges[1:]) / 2),
        "y": shorts(heights),
        "width": short(width),
        "opacity": 0.45,
        "marker": {"color": colour},
        "customdata": [
            [count, short(low), short(high)]
            for count, low, high in zip(counts, edges[:-1], edges[1:], strict=True)
        ],
        "hovertemplate": f"%{{customdata[0]}} of {len(row.values)}: %{{y:.1f}} %"
        "<br>from %{customdata[1]} to %{customdata[2]}",
    }
    smooth = density(row.values)
    return [bars] if smooth is None else [bars, _curve(row, smooth, width, colour)]


def _curve(row: Row, smooth: tuple[Floats, Floats], width: float, colour: str) -> Json:
    places, heights = smooth
    return {
        "type": "scatter",
        "mode": "lines",
        "name": label(row.label),
        "legendgroup": label(row.label),
        "showlegend": False,
        "x": shorts(places),
        "y": shorts(100 * width * heights),
        "line": {"color": colour, "width": 2},
        "hoverinfo": "skip",
    }


def _ticks(row: Row, place: int, colour: str) -> Json:
    shown = row.values[:MOST_TICKS]
    return {
        "type": "scatter",
        "mode": "markers",
        "name": label(row.label),
        "legendgroup": label(row.label),
        "showlegend": False,
        "x": shorts(shown),
        "y": [-place] * len(shown),
        "yaxis": "y2",
        "marker": {"color": colour, "symbol": "line-ns-open", "size": 11, "line": {"width": 1.5}},
        "hovertemplate": "%{x}",
        **hover_texts(row, len(shown)),
    }


def _steps(row: Row, ends: tuple[float, float], colour: str) -> Json:
    values, up_to = cumulative(row.values)
    return {
        "type": "scatter",
        "mode": "lines",
        "name": label(row.label),
        "legendgroup": label(row.label),
        "showlegend": False,
        "x": shorts([ends[0], *values, ends[1]]),
        "y": shorts([0.0, *up_to, 100.0]),
        "xaxis": "x2",
        "yaxis": "y3",
        "line": {"shape": "hv", "color": colour, "width": 2},
        "hovertemplate": "%{y:.1f} % are at most %{x}",
    }


def _ends(rows: Sequence[Row]) -> tuple[float, float]:
    """Return the range for cumulative shares: a little beyond all values."""
    values = [value for row in rows for value in row.values]
    low, high = min(values), max(values)
    beyond = 0.04 * (high - low) or 0.5
    return low - beyond, high + beyond


def _line(row: Row, colour: str) -> Json:
    return {
        "type": "scatter",
        "mode": "lines",
        "name": label(row.label),
        "legendgroup": label(row.label),
        "x": shorts([row.values[0]] * 2),
        "y": [0, 1],
        "yaxis": "y4",
        "line": {"color": colour, "width": 3},
        "hovertemplate": "%{x}",
    }


def hover_texts(row: Row, shown: int) -> Json:
    """Return the names of the first values, if the figure has names."""
    if not row.names:
        return {}
    return {"text": [label(name) for name in row.names[:shown]], "hovertemplate": "%{text}<br>%{x}"}


def axes_of_histograms(title: str, groups: int, across: tuple[float, float]) -> Json:
    """Return the axes of histograms of so many groups, in a panel that goes ``across`` the plot."""
    return {
        "xaxis": axis(title, wrap=42, domain=across, anchor="y2"),
        "yaxis": axis("share of the set, %", domain=(STRIP[1] + 0.04, 1.0), rangemode="tozero"),
        "yaxis2": {"domain": STRIP, "range": [-groups + 0.4, 0.6], "visible": False, "fixedrange": True},
        "yaxis4": {"overlaying": "y", "range": [0, 1], "visible": False, "fixedrange": True},
    }
