"""One value for each two of some things, as a heat map with its numbers in it."""

from __future__ import annotations

from neuronclaims.figures import Matrix
from neuronclaims.reports.html.figures.drawing import Drawing, Json, Numbers, Plot, label, reach, shorts
from neuronclaims.reports.wording import number


def draw(figure: Matrix) -> Drawing:
    """Draw the matrix as it is read: the first thing at the top and at the left."""
    low, high, scale = reach(value for row in figure.values for value in row)
    names = [label(name, 24) for name in figure.labels]
    trace: Json = {
        "type": "heatmap",
        "x": list(range(len(names))),
        "y": list(range(len(names))),
        "z": [shorts(row) for row in figure.values],
        "text": [["" if value is None else number(value) for value in row] for row in figure.values],
        "texttemplate": "%{text}",
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
    ticks: Json = {"tickvals": list(range(len(names))), "ticktext": names, "showgrid": False}
    layout = {"xaxis": ticks, "yaxis": {**ticks, "autorange": "reversed"}}
    rows = tuple(
        (name, *("" if value is None else number(value) for value in row))
        for name, row in zip(figure.labels, figure.values, strict=True)
    )
    plots = (Plot([trace], layout, f"Heat map: {figure.title}.", "square"),) if names else ()
    return Drawing(figure.title, plots, (Numbers(("", *figure.labels), rows),))
