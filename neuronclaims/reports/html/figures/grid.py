"""The histograms of one claim file side by side: a row of panels per model, a panel per claim that compares values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from neuronclaims.figures import Distributions, Row
from neuronclaims.reports.html.figures.drawing import (
    SERIES,
    Drawing,
    Json,
    Numbers,
    Plot,
    corner,
    label,
    short,
    shorts,
    side_by_side,
    stacked,
)
from neuronclaims.reports.html.figures.spread.densities import Floats, common_edges, shares
from neuronclaims.reports.wording import number

COLUMNS = 4
"""Panels side by side; a model with more takes several rows."""

ROWS = 8
"""Rows that are drawn: claims beyond them have their own figures anyway."""


@dataclass(frozen=True, slots=True)
class GridCell:
    """One panel: its model, its claim and its groups of values."""

    model: str
    claim: str
    figure: Distributions


def draw(cells: Sequence[GridCell]) -> Drawing | None:
    """Return all panels as one plot, each with its own bins and axes; None for fewer than two panels."""
    cells = _different(cells)
    placed = [(cell, place) for cell, place in zip(cells, _places(cells), strict=True) if place[0] < ROWS]
    if len(placed) < 2:
        return None
    height = 1 + max(row for _, (row, _) in placed)
    colours = _colours([cell for cell, _ in placed])
    data: list[Json] = []
    layout: Json = {"barmode": "overlay", "bargap": 0, "annotations": [], "margin": {"t": 10, "b": 60}}
    layout["legend"] = {"orientation": "h", "x": 0, "y": -0.3 / height, "yanchor": "top"}
    for panel, (cell, (row, column)) in enumerate(placed, start=1):
        across, up = side_by_side(COLUMNS, gap=0.05)[column], stacked(row, height)
        layout[f"xaxis{panel}"] = {"domain": across, "anchor": f"y{panel}", "nticks": 5}
        layout[f"yaxis{panel}"] = {"domain": up, "anchor": f"x{panel}", "nticks": 4, "ticksuffix": " %"}
        layout["annotations"].append(_heading(cell, across[0], up[1], sets=not colours))
        data += _panel(cell.figure, panel, colours, {trace["name"] for trace in data})
    left = f" (the first {len(placed)} of {len(cells)})" if len(placed) < len(cells) else ""
    told = "" if colours else "; of two sets the first is blue"
    caption = f"All comparisons of this file side by side, a row per model{told}{left}"
    return Drawing(caption, (Plot(data, layout, f"{caption}.", rows=height),), (_numbers(placed),))


def _different(cells: Sequence[GridCell]) -> list[GridCell]:
    """Return the panels with values; of panels that look the same on a model (claims of one neuron), only the first."""
    full = [cell for cell in cells if any(row.values for row in cell.figure.rows)]
    seen = {(cell.model, cell.figure.axis, cell.figure.rows): cell for cell in reversed(full)}
    return list(seen.values())[::-1]


def _places(cells: Sequence[GridCell]) -> list[tuple[int, int]]:
    """Return the row and column of every panel: each model begins a row."""
    found: list[tuple[int, int]] = []
    row, column, model = -1, 0, None
    for cell in cells:
        if cell.model != model or column == COLUMNS:
            row, column, model = row + 1, 0, cell.model
        found.append((row, column))
        column += 1
    return found


def _heading(cell: GridCell, x: float, y: float, *, sets: bool) -> Json:
    """Write the model and the axis above a panel, and its sets if there is no legend."""
    names = [" / ".join(row.label for row in cell.figure.rows if row.values)] if sets else []
    lines = (cell.model, cell.figure.axis, *names)
    return corner((label(line if len(line) <= 34 else f"{line[:33]}…", 34) for line in lines), x, y)


def _colours(cells: Sequence[GridCell]) -> dict[str, str]:
    """Give each set of the file one colour in all panels; sets beyond the number of colours are named on hover."""
    names = dict.fromkeys(row.label for cell in cells for row in cell.figure.rows)
    return dict(zip(names, SERIES, strict=False)) if len(names) <= len(SERIES) else {}


def _panel(figure: Distributions, panel: int, colours: Mapping[str, str], named: set[str]) -> list[Json]:
    rows = [row for row in figure.rows if row.values]
    edges = common_edges([row.values for row in rows])
    return [
        _bars(row, edges, panel, colours.get(row.label, SERIES[place % 2]))
        | {"showlegend": bool(colours) and label(row.label) not in named}
        for place, row in enumerate(rows)
    ]


def _bars(row: Row, edges: Floats, panel: int, colour: str) -> Json:
    heights, _ = shares(row.values, edges)
    return {
        "type": "bar",
        "name": label(row.label),
        "legendgroup": label(row.label),
        "xaxis": f"x{panel}",
        "yaxis": f"y{panel}",
        "x": shorts((edges[:-1] + edges[1:]) / 2),
        "y": shorts(heights),
        "width": short(float(edges[1] - edges[0])),
        "opacity": 0.5,
        "marker": {"color": colour},
        "hovertemplate": f"%{{y:.1f}} % of {len(row.values)} at %{{x}}",
    }


def _numbers(placed: Sequence[tuple[GridCell, tuple[int, int]]]) -> Numbers:
    rows = (
        (cell.model, cell.claim, row.label, f"{len(row.values):,}", number(sum(row.values) / len(row.values)))
        for cell, _ in placed
        for row in cell.figure.rows
        if row.values
    )
    return Numbers(("model", "claim", "set", "n", "mean"), tuple(rows))
