"""Draw values over one axis, one line per set, for a surface with a single layer or token."""

from __future__ import annotations

from neuronclaims.figures import Panel, Surface
from neuronclaims.reports.html.figures.drawing import SERIES, Json, Plot, axis, label, shorts


def profile(figure: Surface, words: str) -> Plot:
    """Draw a surface that is only one cell deep."""
    along_x = len(figure.ys) < 2
    name, places = (figure.x_axis, figure.xs) if along_x else (figure.y_axis, figure.ys)
    data = [
        _line(panel, places, along_x, SERIES[place % len(SERIES)], name)
        for place, panel in enumerate(figure.panels)
    ]
    layout: Json = {
        "xaxis": axis(name, dtick=1) if len(places) <= 12 else axis(name),
        "yaxis": axis(figure.z_axis, wrap=36, zeroline=True),
        "legend": {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"},
        "showlegend": True,
    }
    return Plot(data, layout, f"Lines: {words}.")


def _line(panel: Panel, places: tuple[float, ...], along_x: bool, colour: str, name: str) -> Json:
    values = panel.values[0] if along_x else [row[0] for row in panel.values]
    counts = panel.counts * len(places) if along_x else panel.counts
    axis_name = label(name, 40).replace("%{", "%\u200b{")
    return {
        "type": "scatter",
        "mode": "lines+markers",
        "name": label(panel.label),
        "x": shorts(places),
        "y": shorts(values),
        "customdata": list(counts),
        "line": {"color": colour, "width": 2},
        "marker": {"color": colour, "size": 7},
        "hovertemplate": f"{axis_name} %{{x}}: %{{y:.3g}}<br>%{{customdata}} units",
    }
