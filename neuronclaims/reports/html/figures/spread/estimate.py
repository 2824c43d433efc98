"""An effect with its interval, and the numbers it is held against: a panel beside the values it was made of."""

from __future__ import annotations

import math

from neuronclaims.figures import Estimated, Row
from neuronclaims.reports.html.figures.drawing import Json, axis, shorts
from neuronclaims.reports.html.figures.spread.dots import swarm
from neuronclaims.reports.html.figures.spread.histograms import hover_texts
from neuronclaims.reports.wording import number

MOST = 600
"""Differences that are drawn one by one."""


def estimate(effect: Estimated) -> list[Json]:
    """Return the traces of an effect, its interval, the number it is held against, and no effect at all."""
    found: list[Json] = []
    if effect.null is not None and effect.null != effect.boundary:
        found.append(_upright(effect.null, f"no effect: {number(effect.null)}", "var:others", "dot"))
    if effect.boundary is not None:
        name = f"held against {number(effect.boundary)}"
        found.append(_upright(effect.boundary, name, "var:series-2", "dash"))
    low, high = (end_of(effect, end) for end in (effect.low, effect.high))
    interval = {
        "type": "data",
        "symmetric": False,
        "array": shorts([high - effect.value]),
        "arrayminus": shorts([effect.value - low]),
        "color": "var:ink",
        "thickness": 2.5,
        "width": 6,
    }
    dot: Json = {
        "type": "scatter",
        "mode": "markers",
        "name": f"effect{f', {level_words(effect)}' if known(effect) else ''}",
        "x": shorts([effect.value]),
        "y": [0],
        **_PANEL,
        "marker": {"color": "var:ink", "size": 11},
        "customdata": [value_words(effect)],
        "hovertemplate": "%{customdata}<extra></extra>",
    }
    return [*found, {**dot, "error_x": interval} if known(effect) else dot]


_PANEL = {"xaxis": "x2", "yaxis": "y3"}
_DIFFERENCES = {"xaxis": "x3", "yaxis": "y5"}


def known(effect: Estimated) -> bool:
    """Say whether an effect has an interval; one that is open to a side is drawn to the effect alone there."""
    return any(end is not None and math.isfinite(end) for end in (effect.low, effect.high))


def end_of(effect: Estimated, end: float | None) -> float:
    """Return an end of an interval as it is drawn."""
    return effect.value if end is None or not math.isfinite(end) else end


def level_words(effect: Estimated) -> str:
    """Say the level of an effect's interval."""
    return f"{100 * effect.level:.6g} % interval"


def value_words(effect: Estimated) -> str:
    """Say an effect in numbers, with its interval."""
    if not known(effect):
        return number(effect.value)
    return f"{number(effect.value)} ({level_words(effect)} {number(effect.low)} to {number(effect.high)})"


def estimate_words(effect: Estimated) -> str:
    """Say what the panel of an effect shows.

    >>> estimate_words(Estimated("Hedges' g", 1.2, 0.5, 2.0, 0.95, 0.0, 0.8))
    "The effect, Hedges' g: 1.20 (95 % interval 0.50 to 2.00), held against 0.80."
    """
    held = "" if effect.boundary is None else f", held against {number(effect.boundary)}"
    return f"The effect, {effect.name}: {value_words(effect)}{held}."


def _upright(x: float, name: str, colour: str, dash: str) -> Json:
    return {
        "type": "scatter",
        "mode": "lines",
        "name": name,
        "x": shorts([x, x]),
        "y": [-1, 1],
        **_PANEL,
        "line": {"color": colour, "width": 2, "dash": dash},
        "hovertemplate": f"{name}<extra></extra>",
    }


def axes_of_estimate(effect: Estimated, across: tuple[float, float], up: tuple[float, float]) -> Json:
    """Return the axes of an effect's panel."""
    hidden = {"domain": up, "range": [-1, 1], "showticklabels": False, "showgrid": False, "zeroline": False}
    named = axis(
        f"{effect.name}: {value_words(effect)}", wrap=32, domain=across, anchor="y3", zeroline=False, nticks=6
    )
    return {"xaxis2": named, "yaxis3": {**hidden, "anchor": "x2", "fixedrange": True}}


def differences(row: Row) -> list[Json]:
    """Return the traces of the differences of pairs: each as a dot, and no difference as a line."""
    shown = row.values[:MOST]
    found: Json = {
        "type": "scatter",
        "mode": "markers",
        "name": "difference of a pair",
        "showlegend": False,
        "x": shorts(shown),
        "y": shorts(swarm(shown, min(row.values), max(row.values))),
        **_DIFFERENCES,
        "marker": {"color": "var:series-3", "size": 6, "opacity": 0.6},
        "hovertemplate": "%{x}<extra></extra>",
        **hover_texts(row, len(shown)),
    }
    zero: Json = {
        "type": "scatter",
        "mode": "lines",
        "showlegend": False,
        "x": [0, 0],
        "y": [-0.5, 0.5],
        **_DIFFERENCES,
        "line": {"color": "var:others", "width": 2, "dash": "dot"},
        "hoverinfo": "skip",
    }
    return [zero, found]


def difference_axes(row: Row, across: tuple[float, float], up: tuple[float, float]) -> Json:
    """Return the axes of the differences' panel."""
    hidden = {
        "domain": up,
        "range": [-0.5, 0.5],
        "showticklabels": False,
        "showgrid": False,
        "zeroline": False,
    }
    return {
        "xaxis3": axis(
            f"by pairs: {row.label}", wrap=32, domain=across, anchor="y5", zeroline=False, nticks=6
        ),
        "yaxis5": {**hidden, "anchor": "x3", "fixedrange": True},
    }
