"""Common parts of all figures: plots for Plotly, the same numbers as a table, and text that stays text.

Plotly takes some tags in its texts for markup, so all text goes through ``label``. Colours are written
``var:NAME`` and looked up in the page's style when a figure is drawn, so that light, dark and paper need no data of
their own.
"""

from __future__ import annotations

import html
import math
import re
import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal, TypeAlias

from neuronclaims.foreign_text import one_line
from neuronclaims.reports.html.figures.token_text import TokenText

Json = dict[str, Any]
Size: TypeAlias = Literal["short", "medium", "tall", "square"]

SERIES = tuple(f"var:series-{number}" for number in range(1, 7))
"""Colours of the groups of one figure, in order."""

DIVERGING = [[0, "var:low"], [0.5, "var:middle"], [1, "var:high"]]
"""A colour scale for values on both sides of 0."""

RISING = [[0, "var:least"], [0.5, "var:half"], [1, "var:most"]]
"""A colour scale for values on one side of 0."""

NUMERIC = re.compile(r"[-+−]?[\d.,]*(e[-+]?\d+)?( ?%)?|\?")
"""How numbers look in a table; an empty cell is no word either."""

GAP = 0.42
"""Room above a row of panels for headings and the ticks of the row before, as a share of the row's height."""

LONGEST = 300
"""Characters of a text that a label shows."""


@dataclass(frozen=True, slots=True)
class Plot:
    """One picture: Plotly's traces and layout, and in words what it shows.

    ``rows`` is how many rows of panels it has, where that sets its height; ``solid`` where it needs WebGL.
    """

    data: list[Json]
    layout: Json
    words: str
    size: Size = "medium"
    solid: bool = False
    rows: int | None = None

    @property
    def classes(self) -> str:
        """Return its classes in the page's style."""
        size = self.size if self.rows is None else f"rows-{self.rows}"
        return f"plot {size} solid" if self.solid else f"plot {size}"


@dataclass(frozen=True, slots=True)
class Numbers:
    """The numbers of a figure as a table, for readers who cannot see it or need exact values."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""
    title: str = ""

    @property
    def right(self) -> list[bool]:
        """Say of each column whether it holds numbers alone, which are read from the right."""
        columns = zip(*self.rows, strict=True) if self.rows else [()] * len(self.columns)
        return [all(map(NUMERIC.fullmatch, column)) for column in columns]


@dataclass(frozen=True, slots=True)
class Drawing:
    """A figure as the page shows it: a caption, plots (none for a table), tokens, its numbers in tables."""

    caption: str
    plots: tuple[Plot, ...]
    tables: tuple[Numbers, ...]
    tokens: TokenText | None = None

    @property
    def promise(self) -> str:
        """Return what its tables hold, for the words that unfold them."""
        return "The numbers of this figure" + (
            ", and prompts with their values" if len(self.tables) > 1 else ""
        )


@lru_cache(maxsize=20_000)
def label(text: str, width: int = 70) -> str:
    """Return a user's text so that Plotly shows it literally, in lines of at most ``width`` characters."""
    whole = one_line(text)
    cut = whole if len(whole) <= LONGEST else whole[: LONGEST - 1] + "…"
    lines = textwrap.wrap(cut, width, break_on_hyphens=False) or [""]
    return "<br>".join(html.escape(line, quote=False) for line in lines)


def short(value: float | None) -> float | None:
    """Return a number with the five digits a picture can show; None for what cannot be drawn."""
    return None if value is None or not math.isfinite(value) else float(f"{value:.5g}")


def shorts(values: Iterable[float | None]) -> list[float | None]:
    """Return numbers with five digits each."""
    return [short(value) for value in values]


def axis(title: str, wrap: int = 60, **more: Any) -> Json:
    """Return an axis with a title in lines of at most ``wrap`` characters."""
    return {"title": {"text": label(title, wrap)}, **more}


def titles(texts: Sequence[str], places: Sequence[float], height: float = 1.0) -> list[Json]:
    """Return headings for panels that lie side by side, each over its middle."""
    return [
        {
            "text": label(text, 50),
            "x": place,
            "y": height,
            "xref": "paper",
            "yref": "paper",
            "xanchor": "center",
            "yanchor": "bottom",
            "showarrow": False,
        }
        for text, place in zip(texts, places, strict=True)
    ]


def side_by_side(count: int, gap: float = 0.08) -> list[tuple[float, float]]:
    """Return where each of ``count`` panels begins and ends, from 0 to 1."""
    width = (1 - gap * (count - 1)) / count
    starts = [place * (width + gap) for place in range(count)]
    return [(round(start, 4), round(min(start + width, 1.0), 4)) for start in starts]


def stacked(row: int, height: int) -> tuple[float, float]:
    """Return where a panel of a row ends below and above, from 0 to 1, the first of ``height`` rows at the top."""
    bottom = 1 - (row + 1) / height
    return round(max(bottom, 0.0), 4), round(bottom + (1 - GAP) / height, 4)


def corner(lines: Iterable[str], x: float, y: float) -> Json:
    """Return a heading whose lines, fit to be shown, begin above the upper left corner of a panel."""
    return {
        "text": "<br>".join(lines),
        "x": x,
        "y": y,
        "xref": "paper",
        "yref": "paper",
        "xanchor": "left",
        "yanchor": "bottom",
        "align": "left",
        "font": {"size": 11},
        "showarrow": False,
    }


def colour_range(values: Iterable[float | None]) -> tuple[float, float, list[list[Any]]]:
    """Return the ends of one colour scale for all values, and the scale: symmetric if values lie on both sides of 0."""
    known = [value for value in values if value is not None and math.isfinite(value)] or [0.0]
    low, high = min(known), max(known)
    if low < 0 < high:
        end = max(-low, high)
        return -end, end, DIVERGING
    return (low, high, RISING) if low < high else (low - 0.5, high + 0.5, RISING)
