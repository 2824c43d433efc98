"""Draw named values over a number; the claim's values and the most extreme ones stand out."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

from neuronclaims.figures import Point, Points
from neuronclaims.reports.html.figures.drawing import Drawing, Json, Numbers, Plot, axis, label, short, shorts
from neuronclaims.reports.wording import number

MOST = 1500
"""Points beyond this many are thinned out: at each place along the axis the lowest and the highest are kept."""

NAMED = 3
"""How many of the points furthest from the middle are named beside those the claim is about."""

LISTED = 12
"""How many points the table of numbers has, beside those the claim is about."""


def draw(figure: Points) -> Drawing:
    """Draw points, with the intervals of those that have one."""
    marked = [point for point in figure.points if point.marked]
    others = thinned([point for point in figure.points if not point.marked])
    dropped = len(figure.points) - len(marked) - len(others)
    note = f" (of {len(figure.points):,}, the lowest and highest at each place are drawn)" if dropped else ""
    ends = [end(point.x for point in figure.points) for end in (min, max) if figure.points] or [0.0]
    names = named(figure.points, marked, others)
    traces = [_trace(others, "others", "var:others", 5)]
    traces += [_trace(marked, "what the claim is about", "var:series-2", 10)] if marked else []
    traces.append(_names(names, statistics.fmean(ends)))
    layout = {
        "xaxis": axis(figure.x_axis),
        "yaxis": axis(figure.y_axis, wrap=42, zeroline=True),
        "hovermode": "closest",
        "legend": {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"},
        "showlegend": bool(marked),
    }
    layout |= _bounds(figure.bounds)
    plots = (Plot(traces, layout, _words(figure, marked)),) if figure.points else ()
    return Drawing(f"{figure.y_axis} over {figure.x_axis}{note}", plots, (_numbers(figure),))


def thinned(points: Sequence[Point]) -> list[Point]:
    """Return at most ``MOST`` points that together look like all of them."""
    if len(points) <= MOST:
        return list(points)
    low, high = min(point.x for point in points), max(point.x for point in points)
    places: dict[int, tuple[Point, Point]] = {}
    for point in points:
        place = int((point.x - low) / (high - low) * (MOST // 2 - 1)) if high > low else 0
        least, most = places.get(place, (point, point))
        places[place] = min(least, point, key=_height), max(most, point, key=_height)
    return [point for pair in places.values() for point in dict.fromkeys(pair)]


def named(points: Sequence[Point], marked: Sequence[Point], others: Sequence[Point]) -> list[Point]:
    """Return the points whose names are written: those of the claim, and the most extreme of the others."""
    return _apart(points, marked[:LISTED], _furthest(others))


def _height(point: Point) -> float:
    return point.y


def _apart(points: Sequence[Point], first: Sequence[Point], then: Sequence[Point]) -> list[Point]:
    """Return the points whose names would not overlap; ``first`` have priority."""
    width, height = _span([point.x for point in points]), _span([point.y for point in points])
    found: list[Point] = []
    for point in (*first, *then):
        near = (abs(point.x - p.x) < width / 14 and abs(point.y - p.y) < height / 12 for p in found)
        if not any(near):
            found.append(point)
    return found


def _span(values: Sequence[float]) -> float:
    return (max(values) - min(values) if values else 0.0) or 1.0


def _trace(points: Sequence[Point], name: str, colour: str, size: int) -> Json:
    bars = _intervals(points, colour)
    return {
        "type": "scatter",
        "mode": "markers",
        "name": name,
        "x": shorts(point.x for point in points),
        "y": shorts(point.y for point in points),
        "customdata": [f"{label(point.label)}{_interval(point)}" for point in points],
        "hovertemplate": "%{customdata}: %{y:.3g}<extra></extra>",
        "marker": {"color": colour, "size": size},
        **bars,
    }


def _bounds(heights: Sequence[float]) -> Json:
    """Draw heights that the claim names as lines across, each with its number."""
    where = {"xref": "paper", "yref": "y"}
    line = {"color": "var:series-2", "width": 1, "dash": "dash"}
    lines = [
        {"type": "line", **where, "x0": 0, "x1": 1, "y0": y, "y1": y, "line": line} for y in shorts(heights)
    ]
    note = {"x": 1, "xanchor": "right", "yanchor": "bottom", "showarrow": False}
    note |= {"font": {"size": 11, "color": "var:series-2"}}
    notes = [{**where, **note, "y": short(y), "text": f"{y:g}"} for y in heights]
    return {"shapes": lines, "annotations": notes} if heights else {}


def _names(points: Sequence[Point], middle: float) -> Json:
    """Write names beside some points, towards the ``middle`` of the axis."""
    return {
        "type": "scatter",
        "mode": "text",
        "showlegend": False,
        "x": shorts(point.x for point in points),
        "y": shorts(point.y for point in points),
        "text": [f"\u2002{label(point.label, 30)}\u2002" for point in points],  # clear of the marker
        "textposition": [_beside(point, middle) for point in points],
        "textfont": {"color": ["var:series-2" if point.marked else "var:soft" for point in points]},
        "cliponaxis": False,
        "hoverinfo": "skip",
    }


def _beside(point: Point, middle: float) -> str:
    """Return where a point's name stands: beside it if the point has an interval, otherwise a little above."""
    across = "right" if point.x <= middle else "left"
    return f"{'top' if point.low is None else 'middle'} {across}"


def _intervals(points: Sequence[Point], colour: str) -> Json:
    if not any(point.low is not None or point.high is not None for point in points):
        return {}
    return {
        "error_y": {
            "type": "data",
            "symmetric": False,
            "array": shorts(0 if point.high is None else point.high - point.y for point in points),
            "arrayminus": shorts(0 if point.low is None else point.y - point.low for point in points),
            "color": colour,
            "thickness": 1.5,
        }
    }


def _interval(point: Point) -> str:
    known = point.low is not None and point.high is not None
    return f" [{number(point.low)}, {number(point.high)}]" if known else ""


def _furthest(points: Sequence[Point], most: int = NAMED) -> list[Point]:
    if not points:
        return []
    middle = statistics.median(point.y for point in points)
    return sorted(points, key=lambda point: -abs(point.y - middle))[:most]


def _words(figure: Points, marked: Sequence[Point]) -> str:
    told = "; ".join(f"{point.label} {number(point.y)}" for point in marked[:LISTED])
    about = f" The claim is about {told}." if told else ""
    bounds = f" Lines at {' and '.join(map(number, figure.bounds))}." if figure.bounds else ""
    return f"{len(figure.points):,} points: {figure.y_axis} over {figure.x_axis}.{about}{bounds}"


def _numbers(figure: Points) -> Numbers:
    marked = [point for point in figure.points if point.marked]
    others = _furthest([point for point in figure.points if not point.marked], LISTED)
    rows = [(point, "what the claim is about") for point in marked]
    rows += [(point, "") for point in others]
    left = len(figure.points) - len(rows)
    return Numbers(
        ("name", figure.x_axis, figure.y_axis, "interval", ""),
        tuple(
            (point.label, f"{point.x:g}", number(point.y), _interval(point).strip(), why)
            for point, why in rows
        ),
        f"and {left:,} more, all nearer to the middle; claims.json has them all" if left else "",
    )
