"""Draw groups of values: every value of few, histograms of many; beside them the effect, or cumulative shares."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

import numpy as np

from neuronclaims.figures import Distributions, Row
from neuronclaims.reports.html.figures.drawing import Drawing, Json, Numbers, Plot, axis
from neuronclaims.reports.html.figures.spread.dots import FEW, axes_of_dots, dots, pair_lines
from neuronclaims.reports.html.figures.spread.estimate import (
    axes_of_estimate,
    difference_axes,
    differences,
    estimate,
    estimate_words,
)
from neuronclaims.reports.html.figures.spread.histograms import axes_of_histograms, histograms
from neuronclaims.reports.wording import number

LISTED = 16
"""How many prompts are listed with their values."""

LEFT, RIGHT = (0.0, 0.58), (0.7, 1.0)


def draw(figure: Distributions) -> Drawing:
    """Draw groups of values, and beside them the effect made of them, where it is known."""
    rows = [row for row in figure.rows if row.values]
    caption = f"{figure.axis}: {', '.join(row.label for row in rows) or 'no values'}"
    plots = (Plot(_traces(figure, rows), _layout(figure, rows), _words(figure, rows)),) if rows else ()
    return Drawing(caption, plots, (_numbers(figure), *_named(rows)))


def few(rows: Sequence[Row]) -> bool:
    """Say whether every value is drawn: the groups are small, and there is no reason to show their shapes."""
    return all(len(row.values) <= FEW for row in rows)


def _traces(figure: Distributions, rows: Sequence[Row]) -> list[Json]:
    beside = figure.estimate
    if beside is None or not few(rows):
        found = histograms(rows, cumulated=beside is None)
    else:
        lines = pair_lines(rows) if figure.differences is not None else []
        found = [*lines, *dots(rows)]
    pairs = figure.differences
    if beside is not None:
        found += estimate(beside)
        found += [] if pairs is None else differences(pairs)
    return found


def _layout(figure: Distributions, rows: Sequence[Row]) -> Json:
    common: Json = {
        "barmode": "overlay",
        "bargap": 0,
        "legend": {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"},
        "showlegend": True,
        "hovermode": "closest",
    }
    if figure.estimate is None:
        beside: Json = {
            "xaxis2": axis(figure.axis, wrap=22, domain=RIGHT, anchor="y3"),
            "yaxis3": axis("cumulative share, %", domain=(0.0, 1.0), range=[0, 102], anchor="x2"),
        }
        return {**common, **axes_of_histograms(figure.axis, len(rows), LEFT), **beside}
    pairs = figure.differences
    beside = axes_of_estimate(figure.estimate, RIGHT, (0.0, 1.0) if pairs is None else (0.0, 0.34))
    beside |= {} if pairs is None else difference_axes(pairs, RIGHT, (0.62, 1.0))
    own = (
        axes_of_dots(figure.axis, rows, LEFT)
        if few(rows)
        else axes_of_histograms(figure.axis, len(rows), LEFT)
    )
    return {**common, **own, **beside}


def _words(figure: Distributions, rows: Sequence[Row]) -> str:
    parts = [f"{row.label}: {len(row.values)} values, mean {number(_mean(row))}" for row in rows]
    shown = "Every value" if few(rows) else "Histograms"
    if figure.estimate is None:
        return f"{shown} and cumulative shares of {figure.axis}. {'; '.join(parts)}."
    differences = figure.differences
    pairs = (
        f" Differences of pairs, {differences.label}: mean {number(_mean(differences))}."
        if differences
        else ""
    )
    return f"{shown} of {figure.axis}. {'; '.join(parts)}.{pairs} {estimate_words(figure.estimate)}"


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
