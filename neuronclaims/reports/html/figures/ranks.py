"""Draw the place of a neuron in every prompt, the best first, with the last place that counts as a line."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

from neuronclaims.figures import Ranks, Row
from neuronclaims.reports.html.figures.drawing import (
    SERIES,
    Drawing,
    Json,
    Numbers,
    Plot,
    axis,
    label,
    shorts,
)
from neuronclaims.reports.html.figures.spread.estimate import axes_of_estimate, estimate, estimate_words

LEFT, RIGHT = (0.0, 0.58), (0.7, 1.0)


def draw(figure: Ranks) -> Drawing:
    """Draw places on a logarithmic axis, the first at the top, and the effect beside them."""
    rows = [row for row in figure.rows if row.values]
    caption = f"{figure.axis}, prompt by prompt: {', '.join(row.label for row in rows) or 'no prompts'}"
    plots = (Plot(_traces(figure, rows), _layout(figure), _words(figure, rows)),) if rows else ()
    return Drawing(caption, plots, (_numbers(figure),))


def ordered(row: Row) -> tuple[list[float], list[float], list[str]]:
    """Return where prompts stand along the axis, in per cent of their set, their places, best first, and names."""
    order = sorted(range(len(row.values)), key=lambda place: row.values[place])
    along = [100 * (place + 0.5) / len(order) for place in range(len(order))]
    return (
        along,
        [row.values[place] for place in order],
        [row.names[place] for place in order] if row.names else [],
    )


def counted(row: Row, limit: int) -> int:
    """Return in how many prompts the neuron is among the first ``limit``."""
    return sum(value <= limit for value in row.values)


def _traces(figure: Ranks, rows: Sequence[Row]) -> list[Json]:
    found = [_dots(row, SERIES[place % len(SERIES)]) for place, row in enumerate(rows)]
    found.append(
        {
            "type": "scatter",
            "mode": "lines",
            "name": f"place {figure.limit:,}, the last that counts",
            "x": [0, 100],
            "y": [figure.limit, figure.limit],
            "line": {"color": "var:ink", "width": 1.5, "dash": "dash"},
            "hoverinfo": "skip",
        }
    )
    return found if figure.estimate is None else found + estimate(figure.estimate)


def _dots(row: Row, colour: str) -> Json:
    along, places, names = ordered(row)
    return {
        "type": "scatter",
        "mode": "markers",
        "name": label(row.label),
        "x": shorts(along),
        "y": shorts(places),
        "marker": {"color": colour, "size": 6, "opacity": 0.75},
        "hovertemplate": "%{text}<br>place %{y:,}" if names else "place %{y:,}",
        **({"text": [label(name) for name in names]} if names else {}),
    }


def _layout(figure: Ranks) -> Json:
    across = (0.0, 1.0) if figure.estimate is None else LEFT
    found: Json = {
        "xaxis": axis(
            "prompts of the set, best place first, %", domain=across, range=[0, 100], zeroline=False
        ),
        "yaxis": axis(figure.axis, wrap=34, type="log", autorange="reversed", dtick=1, zeroline=False),
        "legend": {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"},
        "showlegend": True,
        "hovermode": "closest",
    }
    return found if figure.estimate is None else found | axes_of_estimate(figure.estimate, RIGHT, (0.0, 1.0))


def _words(figure: Ranks, rows: Sequence[Row]) -> str:
    among = f"among the first {figure.limit:,} in"
    parts = [
        f"{row.label}: {among} {counted(row, figure.limit):,} of {len(row.values):,} prompts" for row in rows
    ]
    said = "" if figure.estimate is None else f" {estimate_words(figure.estimate)}"
    return f"{figure.axis} of {figure.among:,}, prompt by prompt. {'; '.join(parts)}.{said}"


def _numbers(figure: Ranks) -> Numbers:
    columns = (
        "set",
        "prompts",
        f"among the first {figure.limit:,}",
        "best place",
        "median place",
        "last place",
    )
    rows = [
        (
            row.label,
            f"{len(row.values):,}",
            f"{counted(row, figure.limit):,}",
            f"{min(row.values):,g}",
            f"{statistics.median(row.values):,g}",
            f"{max(row.values):,g}",
        )
        for row in figure.rows
        if row.values
    ]
    return Numbers(columns, tuple(rows))
