"""Draw a matrix of values as a heat map with its numbers in it."""

from __future__ import annotations

from typing import Any

from neuronclaims.figures import Matrix
from neuronclaims.reports.html.figures.drawing import (
    Drawing,
    Json,
    Numbers,
    Plot,
    colour_range,
    label,
    shorts,
)
from neuronclaims.reports.wording import number


def draw(figure: Matrix) -> Drawing:
    """Draw the matrix as it is read: the first thing at the top and at the left."""
    low, high, scale = colour_range(value for row in figure.values for value in row)
    names = [label(name, 24) for name in figure.labels]
    trace: Json = {
        "type": "heatmap",
        "x": list(range(len(names))),
        "y": list(range(len(names))),
        "z": [shorts(row) for row in figure.values],
        "customdata": [[f"{one}, {other}" for other in names] for one in names],
        "hovertemplate": "%{customdata}: %{z}<extra></extra>",
        "hoverongaps": False,
        "zmin": min(low, 0.0),
        "zmax": high,
        "colorscale": scale,
        "xgap": 2,
        "ygap": 2,
        "colorbar": {"thickness": 14},
    }
    texts = _texts(figure, min(low, 0.0), high, scale)
    ticks: Json = {"tickvals": list(range(len(names))), "ticktext": names, "showgrid": False}
    layout = {"xaxis": ticks, "yaxis": {**ticks, "autorange": "reversed"}}
    rows = tuple(
        (name, *("" if value is None else number(value) for value in row))
        for name, row in zip(figure.labels, figure.values, strict=True)
    )
    plots = (Plot([trace, texts], layout, f"Heat map: {figure.title}.", "square"),) if names else ()
    return Drawing(figure.title, plots, (Numbers(("", *figure.labels), rows),))


def _texts(figure: Matrix, low: float, high: float, scale: list[list[Any]]) -> Json:
    """Write every number into its cell; the page's script makes it black or white for contrast."""
    cells = [
        (x, y, value)
        for y, row in enumerate(figure.values)
        for x, value in enumerate(row)
        if value is not None
    ]
    stops = ",".join(colour.removeprefix("var:") for _, colour in scale)
    return {
        "type": "scatter",
        "mode": "text",
        "x": [x for x, _, _ in cells],
        "y": [y for _, y, _ in cells],
        "text": [number(value) for _, _, value in cells],
        "textfont": {"color": [f"on:{stops}:{(value - low) / (high - low):.3f}" for _, _, value in cells]},
        "hoverinfo": "skip",
        "showlegend": False,
    }
