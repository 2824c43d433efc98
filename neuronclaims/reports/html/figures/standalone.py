"""Figures as objects of Plotly, for notebooks: its Python package is imported here alone."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from neuronclaims.figures import Figure, table_of
from neuronclaims.reports.html.figures import draw

if TYPE_CHECKING:
    import plotly.graph_objects as go

_CSS = Path(__file__).parents[1] / "assets" / "base.css"


def plotly_figure(figure: Figure) -> go.Figure | None:
    """Return the drawing of a figure in the page's light colours; None for a table, and where nothing is drawn."""
    if table_of(figure) is not None:
        return None
    drawing = draw(figure)
    if not drawing.plots:
        return None
    import plotly.graph_objects as go

    plot = drawing.plots[0]
    found = go.Figure(data=_coloured(plot.data), layout=_coloured(plot.layout))
    found.update_layout(template="simple_white", title={"text": drawing.caption, "font": {"size": 13}})
    return found


def _coloured(value: Any) -> Any:
    """Return Plotly's traces with the colours that the page looks up in its style."""
    if isinstance(value, str):
        return _colours().get(value.removeprefix("var:"), value) if value.startswith("var:") else value
    if isinstance(value, dict):
        return {key: _coloured(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_coloured(each) for each in value]
    return value


@cache
def _colours() -> dict[str, str]:
    return dict(re.findall(r"--([\w-]+): ([^;]+);", _CSS.read_text(encoding="utf-8").split("}")[0]))
