"""A share over the bins of a value, with the band of its intervals, and below it how many values each bin has."""

from __future__ import annotations

from collections.abc import Sequence

from neuronclaims.figures import BinRow, Bins
from neuronclaims.reports.html.figures.drawing import Drawing, Json, Numbers, Plot, axis, short, shorts
from neuronclaims.reports.wording import number


def draw(figure: Bins) -> Drawing:
    """Draw shares of bins that have values; those with too few to look at are hollow, and outside the band."""
    known = [row for row in figure.bins if row.share is not None]
    caption = f"{figure.y_axis} over {figure.x_axis}, with intervals and counts"
    plots = (Plot(_traces(figure.bins, known), _layout(figure), f"{caption}."),) if known else ()
    return Drawing(caption, plots, (_numbers(figure),))


def _traces(bins: Sequence[BinRow], known: Sequence[BinRow]) -> list[Json]:
    dense = [row for row in known if not row.sparse]
    width = bin_width(bins)
    return [
        *_band(dense, width),
        _shares(known, width),
        {
            "type": "bar",
            "x": shorts(middle(row, width) for row in bins),
            "y": [row.count for row in bins],
            "width": short(width),
            "yaxis": "y2",
            "marker": {"color": "var:others"},
            "customdata": [span(row) for row in bins],
            "hovertemplate": "%{customdata}: %{y} values<extra></extra>",
        },
    ]


def _band(dense: Sequence[BinRow], width: float) -> list[Json]:
    places = shorts(middle(row, width) for row in dense)
    edge: Json = {
        "type": "scatter",
        "mode": "lines",
        "x": places,
        "hoverinfo": "skip",
        "line": {"width": 0, "color": "var:series-1"},
    }
    low, high = shorts(row.low for row in dense), shorts(row.high for row in dense)
    return [
        {**edge, "y": low},
        {**edge, "y": high, "fill": "tonexty", "fillcolor": "var:band"},
    ]


def _shares(known: Sequence[BinRow], width: float) -> Json:
    return {
        "type": "scatter",
        "mode": "lines+markers",
        "x": shorts(middle(row, width) for row in known),
        "y": shorts(row.share for row in known),
        "line": {"color": "var:series-1", "width": 1.5},
        "marker": {
            "color": "var:series-1",
            "size": 8,
            "symbol": ["circle-open" if row.sparse else "circle" for row in known],
        },
        "customdata": [
            f"{span(row)}: {number(row.share)} [{number(row.low)}, {number(row.high)}] of {row.count:,}"
            for row in known
        ],
        "hovertemplate": "%{customdata}<extra></extra>",
    }


def _layout(figure: Bins) -> Json:
    return {
        "showlegend": False,
        "hovermode": "closest",
        "xaxis": axis(figure.x_axis, anchor="y2"),
        "yaxis": axis(figure.y_axis, wrap=30, domain=[0.36, 1], range=[-0.03, 1.03]),
        "yaxis2": axis("count", domain=[0, 0.26], type="log", dtick=1),
    }


def middle(row: BinRow, width: float) -> float:
    """Return where a bin is drawn: at its middle, or half a bin beyond its only edge."""
    if row.start is not None and row.stop is not None:
        return (row.start + row.stop) / 2
    if row.start is not None:
        return row.start + width / 2
    return 0.0 if row.stop is None else row.stop - width / 2


def span(row: BinRow) -> str:
    """Say from where to where a bin goes."""
    if row.start is None:
        return "all values" if row.stop is None else f"below {row.stop:g}"
    return f"{row.start:g} or more" if row.stop is None else f"{row.start:g} to {row.stop:g}"


def bin_width(bins: Sequence[BinRow]) -> float:
    """Return the width of the bins that are open to no side, 1 where there are none."""
    return next((row.stop - row.start for row in bins if row.start is not None and row.stop is not None), 1.0)


def _numbers(figure: Bins) -> Numbers:
    rows = tuple(
        (
            span(row),
            f"{row.count:,}",
            number(row.share),
            f"[{number(row.low)}, {number(row.high)}]",
            "too few to look at" if row.sparse else "",
        )
        for row in figure.bins
        if row.count
    )
    return Numbers((figure.x_axis, "values", figure.y_axis, "interval", ""), rows)
