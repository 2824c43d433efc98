"""Draw a null distribution as a histogram, and the observed value as a line."""

from __future__ import annotations

from itertools import pairwise

from neuronclaims.figures import Null
from neuronclaims.reports.html.figures.drawing import Drawing, Json, Numbers, Plot, axis, short, shorts
from neuronclaims.reports.wording import number


def draw(figure: Null) -> Drawing:
    """Draw what exchanging the labels gives, and where the observed value lies among that."""
    total = sum(figure.counts)
    how = f"all {total:,} ways to exchange them" if figure.every else f"{total:,} random exchanges"
    caption = f"If the labels meant nothing: {figure.axis} in {how}"
    words = (
        f"{caption}, from {number(figure.low)} to {number(figure.high)}; observed {number(figure.observed)}."
    )
    return Drawing(caption, (Plot(_traces(figure), _layout(figure), words, "short"),), (_numbers(figure),))


def edges(figure: Null) -> list[float]:
    """Return where bins begin and end; a single one is given some width around its value."""
    count = len(figure.counts)
    if figure.high <= figure.low:
        half = abs(figure.low) * 0.05 or 0.5
        return [figure.low - half, figure.low + half]
    return [figure.low + place * (figure.high - figure.low) / count for place in range(count + 1)]


def _traces(figure: Null) -> list[Json]:
    ends, total = edges(figure), sum(figure.counts)
    bars: Json = {
        "type": "bar",
        "name": "labels exchanged",
        "x": shorts((low + high) / 2 for low, high in pairwise(ends)),
        "y": shorts(100 * count / total for count in figure.counts),
        "width": short(ends[1] - ends[0]),
        "marker": {"color": "var:others"},
        "customdata": [
            [count, short(low), short(high)]
            for count, (low, high) in zip(figure.counts, pairwise(ends), strict=True)
        ],
        "hovertemplate": "%{customdata[0]} exchanges<br>from %{customdata[1]} to %{customdata[2]}<extra></extra>",
    }
    line: Json = {
        "type": "scatter",
        "mode": "lines",
        "name": f"observed: {number(figure.observed)}",
        "x": shorts([figure.observed] * 2),
        "y": [0, 1],
        "yaxis": "y2",
        "line": {"color": "var:series-2", "width": 3},
        "hovertemplate": "observed: %{x}<extra></extra>",
    }
    return [bars, line]


def _layout(figure: Null) -> Json:
    return {
        "bargap": 0,
        "xaxis": axis(figure.axis),
        "yaxis": axis("exchanges, %", rangemode="tozero"),
        "yaxis2": {"overlaying": "y", "range": [0, 1], "visible": False, "fixedrange": True},
        "legend": {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"},
        "showlegend": True,
    }


def _numbers(figure: Null) -> Numbers:
    row = (f"{sum(figure.counts):,}", number(figure.low), number(figure.high), number(figure.observed))
    return Numbers(("exchanges", "least", "largest", "observed"), (row,))
