"""Draw figures for Plotly, one module per type; its Python package is never imported."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from neuronclaims.figures import (
    Bins,
    Distributions,
    Figure,
    Matrix,
    Null,
    Points,
    Ranks,
    Surface,
    TokenMap,
    table_of,
)
from neuronclaims.reports.html.figures import (
    bins,
    grid,
    matrix,
    null,
    points,
    ranks,
    surface,
    table,
    token_maps,
    trend,
)
from neuronclaims.reports.html.figures.drawing import Drawing, Numbers, Plot
from neuronclaims.reports.html.figures.grid import GridCell
from neuronclaims.reports.html.figures.spread import distributions
from neuronclaims.reports.html.figures.trend import Course, Stop

__all__ = ["Course", "Drawing", "GridCell", "Numbers", "Plot", "Stop", "draw", "draw_grid", "draw_trend"]

_DRAW: dict[type, Callable[[Any], Drawing]] = {
    Distributions: distributions.draw,
    Ranks: ranks.draw,
    Points: points.draw,
    Surface: surface.draw,
    Matrix: matrix.draw,
    Bins: bins.draw,
    Null: null.draw,
    TokenMap: token_maps.draw,
}


def draw(figure: Figure) -> Drawing:
    """Return a figure for the page: a drawing, or a table if the figure is not one of ours."""
    rows = table_of(figure)
    return _DRAW[type(figure)](figure) if rows is None else table.draw(rows)


draw_grid = grid.draw
draw_trend = trend.draw
