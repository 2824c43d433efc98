"""Values over two axes: as surfaces in 3D side by side, and as heat maps, all with one colour scale.

Late tokens are those of the few longest texts, and their values run far out. The scale is therefore that of the rows
on which at least a quarter of a panel's units stand; surfaces show no others, and heat maps say where units run out.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from neuronclaims.figures import Panel, Surface
from neuronclaims.reports.html.figures.drawing import (
    Drawing,
    Json,
    Numbers,
    Plot,
    Size,
    axis,
    colour_range,
    label,
    shorts,
    side_by_side,
    titles,
)
from neuronclaims.reports.html.figures.profiles import profile
from neuronclaims.reports.wording import number

WIDE = 3
"""Panels that fit side by side; more are drawn as heat maps only, in rows of as many."""

ENOUGH = 0.25
"""The share of a panel's units that a row must stand on to count for the colour scale."""


def draw(figure: Surface) -> Drawing:
    """Draw every panel twice: in 3D to see its shape, and as a heat map to read values."""
    low, high, scale = colour_range(
        value for panel in figure.panels for row in firm(panel) for value in row or ()
    )
    colours = {"cmin": low, "cmax": high, "colorscale": scale, "colorbar": _bar(figure)}
    over = [
        name for name, places in ((figure.x_axis, figure.xs), (figure.y_axis, figure.ys)) if len(places) > 1
    ]
    words = f"{figure.z_axis} over {' and '.join(over or [figure.x_axis])}, for " + " and ".join(
        panel.label for panel in figure.panels
    )
    if len(over) < 2:
        return Drawing(words, (profile(figure, words),), (_numbers(figure),))
    plots = [] if len(figure.panels) > WIDE else [_solid(figure, colours, words)]
    plots += [
        _flat(figure, figure.panels[start : start + WIDE], colours, words)
        for start in range(0, len(figure.panels), WIDE)
    ]
    return Drawing(words, tuple(plots), (_numbers(figure),))


def firm(panel: Panel) -> list[tuple[float | None, ...] | None]:
    """Return the rows of a panel that rest on enough units; None for the others."""
    least = ENOUGH * max(panel.counts, default=0)
    return [row if count >= least else None for row, count in zip(panel.values, panel.counts, strict=True)]


def _bar(figure: Surface) -> Json:
    return {"title": {"text": label(figure.z_axis, 28), "side": "right"}, "thickness": 14}


def _solid(figure: Surface, colours: Json, words: str) -> Plot:
    places = side_by_side(len(figure.panels), gap=0.02)
    data: list[Json] = [
        {
            "type": "surface",
            "scene": f"scene{place or ''}" if place == 0 else f"scene{place + 1}",
            "name": label(panel.label),
            "x": shorts(figure.xs),
            "y": shorts(figure.ys),
            "z": [shorts(row or [None] * len(figure.xs)) for row in firm(panel)],
            "coloraxis": "coloraxis",
            "hovertemplate": _hover(figure, "z"),
        }
        for place, panel in enumerate(figure.panels)
    ]
    scene: Json = {
        "xaxis": axis(figure.x_axis),
        "yaxis": axis(figure.y_axis),
        "zaxis": axis(figure.z_axis, wrap=30, range=[colours["cmin"], colours["cmax"]]),
        "camera": {"eye": {"x": -1.45, "y": -1.65, "z": 0.8}, "center": {"x": 0, "y": 0, "z": -0.12}},
        "aspectmode": "cube",
    }
    scenes = {
        "scene" if place == 0 else f"scene{place + 1}": {**scene, "domain": {"x": ends, "y": [0, 1]}}
        for place, ends in enumerate(places)
    }
    heads = titles([panel.label for panel in figure.panels], [sum(ends) / 2 for ends in places])
    layout = {**scenes, "coloraxis": colours, "annotations": heads}
    return Plot(data, layout, f"Surfaces in three dimensions: {words}.", "tall", solid=True)


def _flat(figure: Surface, panels: Sequence[Panel], colours: Json, words: str) -> Plot:
    places = side_by_side(len(panels))
    data: list[Json] = []
    layout: Json = {"coloraxis": colours}
    for place, (panel, ends) in enumerate(zip(panels, places, strict=True)):
        suffix = "" if place == 0 else str(place + 1)
        data.append(_map(figure, panel, suffix))
        layout[f"xaxis{suffix}"] = axis(figure.x_axis, domain=ends, anchor=f"y{suffix}", **_few(figure.xs))
        name = figure.y_axis if place == 0 else ""
        layout[f"yaxis{suffix}"] = axis(name, anchor=f"x{suffix}", **_few(figure.ys))
    heads = titles([panel.label for panel in panels], [sum(ends) / 2 for ends in places])
    edges = [edge for place, panel in enumerate(panels) if (edge := _edge(figure, panel, place)) is not None]
    layout["annotations"] = heads + [note for _, note in edges]
    layout["shapes"] = [line for line, _ in edges]
    size: Size = "short" if len(figure.ys) <= 3 else "medium"
    return Plot(data, layout, f"Heat maps: {words}.", size)


def thin_from(figure: Surface, panel: Panel) -> float | None:
    """Return the row beyond which there are too few units; None if there is no such row."""
    whole = [count == max(panel.counts) for count in panel.counts]
    last = sum(whole)
    if all(whole) or not all(whole[:last]):
        return None
    return (figure.ys[last - 1] + figure.ys[last]) / 2


def _edge(figure: Surface, panel: Panel, place: int) -> tuple[Json, Json] | None:
    """Mark beyond which row units run out."""
    height = thin_from(figure, panel)
    if height is None:
        return None
    suffix = "" if place == 0 else str(place + 1)
    line = {"type": "line", "xref": f"x{suffix} domain", "yref": f"y{suffix}", "x0": 0, "x1": 1}
    line |= {"y0": height, "y1": height, "line": {"color": "var:ink", "width": 1, "dash": "dot"}}
    note = {"text": "above: fewer units", "xref": line["xref"], "yref": line["yref"], "x": 1, "y": height}
    note |= {"xanchor": "right", "yanchor": "bottom", "showarrow": False, "font": {"size": 11}}
    return line, note


def _map(figure: Surface, panel: Panel, suffix: str) -> Json:
    counts = [[count] * len(figure.xs) for count in panel.counts]
    return {
        "type": "heatmap",
        "xaxis": f"x{suffix}",
        "yaxis": f"y{suffix}",
        "name": label(panel.label),
        "x": shorts(figure.xs),
        "y": shorts(figure.ys),
        "z": [shorts(row) for row in panel.values],
        "customdata": counts,
        "coloraxis": "coloraxis",
        "hoverongaps": False,
        "hovertemplate": _hover(figure, "z") + "<br>%{customdata} units",
    }


def _few(places: Sequence[float]) -> dict[str, Any]:
    """Make ticks whole numbers if there are few places."""
    return {"dtick": 1} if len(places) <= 12 else {}


def _hover(figure: Surface, value: str) -> str:
    # The names of axes stand in a template: percent signs in them must not begin a placeholder.
    x, y, z = (
        label(name, 40).replace("%{", "%\u200b{") for name in (figure.x_axis, figure.y_axis, figure.z_axis)
    )
    return f"{x} %{{x}}, {y} %{{y}}<br>{z}: %{{{value}:.3g}}"


def _numbers(figure: Surface) -> Numbers:
    """Return the means along each axis; the whole grid would not be easier to read than the picture."""
    rows = [
        (panel.label, f"{figure.x_axis} {x:g}", number(_mean([row[place] for row in panel.values])), "")
        for panel in figure.panels
        for place, x in enumerate(figure.xs)
    ]
    if len(figure.ys) > 1:
        rows += [
            (
                panel.label,
                f"{figure.y_axis} {y:g}",
                number(_mean(panel.values[place])),
                str(panel.counts[place]),
            )
            for panel in figure.panels
            for place, y in enumerate(figure.ys)
        ]
    return Numbers(("set", "at", f"mean {figure.z_axis}", "units"), tuple(rows), "claims.json has every cell")


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None
