"""Draw claims through a series of models: per claim a panel with its effect and interval over the models."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from neuronclaims.reports.html.figures.drawing import (
    Drawing,
    Json,
    Numbers,
    Plot,
    corner,
    label,
    shorts,
    side_by_side,
    stacked,
)
from neuronclaims.reports.matrix import MARKS
from neuronclaims.reports.wording import number

COLUMNS = 3
ROWS = 4
"""Panels beside and under each other in one plot; more claims are drawn in more plots."""

LETTERS = 44
"""Letters that fit under a panel: where the names of all models are longer, every second or third is named."""

SYMBOLS = {"supported": "circle", "refuted": "x", "inconclusive": "circle-open"}
"""How verdicts are told apart without colours."""


UNPLACED = " (a mark at the foot: no effect, as where a claim could not be tested)"


@dataclass(frozen=True, slots=True)
class Stop:
    """A claim on one model of a series, ``place`` from 0: its verdict as a word, and the effect where there is one."""

    place: int
    model: str
    verdict: str
    value: float | None = None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Course:
    """One claim through a series of models: its name, that of its effect, and what became of it in a sentence.

    ``onset`` are the runs of looks, from 1, at which the claim may first hold; they are shaded.
    """

    claim: str
    effect: str
    story: str
    stops: tuple[Stop, ...]
    onset: tuple[tuple[int, int], ...] = ()


def draw(models: Sequence[str], courses: Sequence[Course]) -> Drawing | None:
    """Return all claims that have effects, as plots of several panels each; None if there are none."""
    drawable = [course for course in courses if any(stop.value is not None for stop in course.stops)]
    if not drawable:
        return None
    size = COLUMNS * ROWS
    plots = (_plot(models, drawable[start : start + size]) for start in range(0, len(drawable), size))
    unplaced = any(stop.value is None for course in drawable for stop in course.stops)
    caption = f"Effects with their intervals through {len(models)} models, in the claim file's order"
    if any(course.onset for course in drawable):
        caption += "; shaded: where the claim may first hold"
    return Drawing(f"{caption}{UNPLACED if unplaced else ''}", tuple(plots), (_numbers(courses),))


def _plot(models: Sequence[str], courses: Sequence[Course]) -> Plot:
    height = -(-len(courses) // COLUMNS)
    domains = side_by_side(COLUMNS, 0.07)
    layout: Json = {"annotations": [], "shapes": [], "margin": {"t": 10, "b": 60}}
    layout["legend"] = {"orientation": "h", "x": 0, "y": -0.3 / height, "yanchor": "top"}
    data: list[Json] = []
    for place, course in enumerate(courses):
        panel, domain = place + 1, domains[place % COLUMNS]
        low, high = stacked(place // COLUMNS, height)
        layout[f"xaxis{panel}"] = {"domain": list(domain), "anchor": f"y{panel}", **_ticks(models)}
        layout[f"yaxis{panel}"] = {"domain": [low, high], "anchor": f"x{panel}", "nticks": 5}
        layout["shapes"] += _onset(course, panel)
        layout["annotations"] += [_heading(course, domain[0], high), *_verdict_marks(course, panel)]
        data += _panel(course, panel, {trace["name"] for trace in data})
    told = " ".join(f"{course.claim}: {course.story}." for course in courses)
    words = f"Effects with intervals through the models {', '.join(models)}. {told}"
    return Plot(data, layout, words, rows=height)


def _ticks(models: Sequence[str]) -> Json:
    """Name the models under a panel without their common beginning; keep only the end of a long name."""
    names = [name[_shared(models) :] or name for name in models]
    names = [name if len(name) <= 16 else f"…{name[-15:]}" for name in names]
    most = max(LETTERS // (max(map(len, names)) + 1), 1)
    places = list(range(0, len(models), -(-len(models) // most)))
    return {
        "tickvals": places,
        "ticktext": [label(names[place], 20) for place in places],
        "tickangle": 0,
        "tickfont": {"size": 11},
        "range": [-0.5, len(models) - 0.5],
        "showgrid": False,
        "zeroline": False,
    }


def _shared(models: Sequence[str]) -> int:
    """Return the length of the common beginning of all names, up to the last separator of words."""
    first, last = min(models), max(models)
    alike = next((i for i, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), len(first))
    return max((i + 1 for i in range(alike) if not first[i].isalnum()), default=0)


def _heading(course: Course, x: float, y: float) -> Json:
    claim = course.claim if len(course.claim) <= 76 else f"{course.claim[:75]}…"
    return corner((label(claim, 40), label(course.effect, 40)), x, y)


def _verdict_marks(course: Course, panel: int) -> list[Json]:
    """Mark a verdict without an effect, and that there is none, at the foot of the panel."""
    place = {"xref": f"x{panel}", "yref": f"y{panel} domain", "y": 0, "yanchor": "bottom", "showarrow": False}
    return [
        {**place, "x": stop.place, "text": f"<b>{MARKS[stop.verdict]}</b>", "font": _font(stop)}
        for stop in course.stops
        if stop.value is None
    ]


def _onset(course: Course, panel: int) -> list[Json]:
    """Shade the models at which the claim may first hold."""
    box = {
        "type": "rect",
        "xref": f"x{panel}",
        "yref": f"y{panel} domain",
        "y0": 0,
        "y1": 1,
        "layer": "below",
    }
    paint = {"fillcolor": "var:others", "opacity": 0.15, "line": {"width": 0}}
    return [{**box, **paint, "x0": first - 1.5, "x1": last - 0.5} for first, last in course.onset]


def _font(stop: Stop) -> Json:
    return {"size": 15, "color": f"var:{stop.verdict}"}


def _panel(course: Course, panel: int, named: set[str]) -> list[Json]:
    axes = {"type": "scatter", "xaxis": f"x{panel}", "yaxis": f"y{panel}"}
    values = {stop.place: stop.value for stop in course.stops}
    places = range(max(values) + 1)
    line: Json = {
        **axes,
        "mode": "lines",
        "name": "",
        "showlegend": False,
        "hoverinfo": "skip",
        "x": list(places),
        "y": shorts(values.get(place) for place in places),
        "line": {"color": "var:others", "width": 1},
    }
    found = {
        verdict: [stop for stop in course.stops if stop.verdict == verdict and stop.value is not None]
        for verdict in SYMBOLS
    }
    return [line] + [
        {**axes, **_marks(verdict, stops), "showlegend": verdict not in named}
        for verdict, stops in found.items()
        if stops
    ]


def _marks(verdict: str, stops: Sequence[Stop]) -> Json:
    colour = f"var:{verdict}"
    return {
        "mode": "markers",
        "name": verdict,
        "legendgroup": verdict,
        "x": [stop.place for stop in stops],
        "y": shorts(stop.value for stop in stops),
        "customdata": [f"{label(stop.model)}: {verdict}, {_effect_text(stop)}" for stop in stops],
        "hovertemplate": "%{customdata}<extra></extra>",
        "marker": {"color": colour, "symbol": SYMBOLS[verdict], "size": 9},
        "error_y": {
            "type": "data",
            "symmetric": False,
            "array": shorts(_interval_width(stop.value, stop.high) for stop in stops),
            "arrayminus": shorts(_interval_width(stop.low, stop.value) for stop in stops),
            "color": colour,
            "thickness": 1.5,
        },
    }


def _interval_width(low: float | None, high: float | None) -> float:
    return 0.0 if low is None or high is None else high - low


def _effect_text(stop: Stop) -> str:
    between = "" if stop.low is None and stop.high is None else f" [{number(stop.low)}, {number(stop.high)}]"
    return f"{number(stop.value)}{between}"


def _numbers(courses: Sequence[Course]) -> Numbers:
    rows = (
        (
            course.claim,
            stop.model,
            stop.verdict,
            course.effect if stop.value is not None else "",
            _effect_text(stop) if stop.value is not None else "",
        )
        for course in courses
        for stop in course.stops
    )
    return Numbers(("claim", "model", "verdict", "effect", "value with interval"), tuple(rows))
