"""Groups of values: histograms on common bins with densities, every value below, cumulative shares beside."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

import numpy as np

from neuronclaims.figures import Distributions, Row
from neuronclaims.reports.html.figures.densities import Floats, common_edges, cumulative, density, shares
from neuronclaims.reports.html.figures.drawing import (
    SERIES,
    Drawing,
    Json,
    Numbers,
    Plot,
    axis,
    label,
    short,
    shorts,
)
from neuronclaims.reports.wording import number

MOST_TICKS = 600
"""Values of a group that are drawn one by one."""

LISTED = 16
"""How many prompts are listed with their values."""

LEFT, RIGHT, STRIP = (0.0, 0.6), (0.7, 1.0), (0.0, 0.14)


def draw(figure: Distributions) -> Drawing:
    """Draw groups over each other; one with a single value becomes a line."""
    rows = [row for row in figure.rows if row.values]
    caption = f"{figure.axis}: {', '.join(row.label for row in rows) or 'no values'}"
    plots = (Plot(_traces(rows), _layout(figure, rows), _words(figure, rows)),) if rows else ()
    return Drawing(caption, plots, (_numbers(figure), *_named(rows)))


def _traces(rows: Sequence[Row]) -> list[Json]:
    many = [row for row in rows if len(row.values) > 1]
    edges, ends = common_edges([row.values for row in many or rows]), _ends(rows)
    found: list[Json] = []
    for place, row in enumerate(rows):
        colour = SERIES[place % len(SERIES)]
        if row in many or not many:
            found += [*_histogram(row, edges, colour), _ticks(row, place, colour), _steps(row, ends, colour)]
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
        **_hover_texts(row, range(len(shown))),
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


def _hover_texts(row: Row, order: Sequence[int]) -> Json:
    """Return the name of each value, if the figure has names."""
    if not row.names:
        return {}
    return {"text": [label(row.names[place]) for place in order], "hovertemplate": "%{text}<br>%{x}"}


def _layout(figure: Distributions, rows: Sequence[Row]) -> Json:
    return {
        "barmode": "overlay",
        "bargap": 0,
        "xaxis": axis(figure.axis, wrap=42, domain=LEFT, anchor="y2"),
        "yaxis": axis("share of the set, %", domain=(STRIP[1] + 0.04, 1.0), rangemode="tozero"),
        "yaxis2": {
            "domain": STRIP,
            "range": [-len(rows) + 0.4, 0.6],
            "visible": False,
            "fixedrange": True,
        },
        "xaxis2": axis(figure.axis, wrap=22, domain=RIGHT, anchor="y3"),
        "yaxis3": axis("cumulative share, %", domain=(0.0, 1.0), range=[0, 102], anchor="x2"),
        "yaxis4": {"overlaying": "y", "range": [0, 1], "visible": False, "fixedrange": True},
        "legend": {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"},
        "hovermode": "closest",
    }


def _words(figure: Distributions, rows: Sequence[Row]) -> str:
    parts = [f"{row.label}: {len(row.values)} values, mean {number(_mean(row))}" for row in rows]
    return f"Histograms and cumulative shares of {figure.axis}. {'; '.join(parts)}."


def _mean(row: Row) -> float:
    return statistics.fmean(row.values)


def _numbers(figure: Distributions) -> Numbers:
    columns = ("set", "n", "mean", "sd", "least", "1st quartile", "median", "3rd quartile", "largest")
    return Numbers(columns, tuple(_summary(row) for row in figure.rows))


def _named(rows: Sequence[Row]) -> list[Numbers]:
    """List the values of single prompts: all, or only the highest and lowest."""
    named = [(v, name, row.label) for row in rows for v, name in zip(row.values, row.names, strict=False)]
    named.sort(key=lambda entry: -entry[0])
    left = len(named) - LISTED
    shown = named if left <= 0 else [*named[: LISTED // 2], *named[-LISTED // 2 :]]
    note = f"the {left:,} between them are in claims.json" if left > 0 else ""
    cells = tuple((label, name, number(value)) for value, name, label in shown)
    return [Numbers(("set", "prompt", "value"), cells, note, "Prompts, highest value first")] if cells else []


def _summary(row: Row) -> tuple[str, ...]:
    if not row.values:
        return (row.label, "0", *[""] * 7)
    spread = statistics.stdev(row.values) if len(row.values) > 1 else None
    marks = np.percentile(np.asarray(row.values, dtype=np.float64), [0, 25, 50, 75, 100])
    rest = (number(float(mark)) for mark in marks)
    return (
        row.label,
        f"{len(row.values):,}",
        number(_mean(row)),
        number(spread) if spread is not None else "",
        *rest,
    )
