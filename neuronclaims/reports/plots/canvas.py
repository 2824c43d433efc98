"""Common parts of figures for papers: fonts and colours, literal text, and files."""

from __future__ import annotations

import io
import textwrap
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from neuronclaims.foreign_text import one_line

SERIES = ("#0072b2", "#d55e00", "#008060", "#aa4499", "#8a6d00", "#56606b")
"""Colours of groups, in order: those of the page in light."""

OTHERS = "#8c96a3"
LONGEST = 160

STYLE: dict[Any, Any] = {
    "font.family": "sans-serif",
    "font.size": 8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.6,
    "legend.frameon": False,
    "text.parse_math": False,  # a dollar sign in a prompt is a dollar sign
    "text.usetex": False,
    "svg.fonttype": "none",  # text stays text
    "pdf.fonttype": 42,
    "svg.hashsalt": "neuronclaims",  # the same figure, the same bytes
}


@contextmanager
def styled() -> Iterator[None]:
    """Draw with these settings, not with the user's own."""
    with matplotlib.rc_context(), warnings.catch_warnings():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(STYLE)
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        warnings.filterwarnings("ignore", message="constrained_layout not applied")  # longer words than room
        yield


def sheet(width: float, height: float) -> Figure:
    """Return an empty figure, sized in inches, with automatic layout."""
    return Figure(figsize=(width, height), layout="constrained")


def text(given: str, width: int = 60) -> str:
    """Return a user's text as it is, in lines of at most ``width`` characters."""
    whole = one_line(given)
    cut = whole if len(whole) <= LONGEST else whole[: LONGEST - 1] + "…"
    return "\n".join(textwrap.wrap(cut, width, break_on_hyphens=False))


def colour(place: int) -> str:
    """Return the colour of a group."""
    return SERIES[place % len(SERIES)]


def legend(axes: Axes, columns: int = 3) -> None:
    """Put the legend above the plot."""
    axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=columns, borderaxespad=0.2, handlelength=1.2)


def save(figure: Figure, path: Path, dots: int) -> None:
    """Write a figure as what the path's ending says, without the time of day in it."""
    kind = path.suffix.lower()[1:]
    dated = {"svg": {"Date": None}, "pdf": {"CreationDate": None}, "png": {}}[kind]
    figure.savefig(path, format=kind, dpi=dots, metadata=dated)


def svg_text(figure: Figure) -> str:
    """Return a figure as the text of an SVG element, without the head of a file."""
    written = io.StringIO()
    figure.savefig(written, format="svg", metadata={"Date": None})
    text = written.getvalue()
    return text[text.index("<svg") :]
