"""Figures for papers: one figure of one claim as SVG, PDF or PNG, drawn with matplotlib where it is installed."""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from neuronclaims.errors import NeuronClaimsError
from neuronclaims.figures import (
    Bins,
    Distributions,
    Figure,
    Matrix,
    Null,
    Points,
    Ranks,
    Surface,
    TokenMap,
    table_of,
)

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Painted

FORMATS = (".svg", ".pdf", ".png")
WIDTH = 6.5
"""Inches across: the text of a page with margins of one inch."""


class PaperError(NeuronClaimsError):
    """A figure that could not be drawn or written."""


def write_figure(figure: Figure, path: Path, width: float = WIDTH, dots: int = 300) -> Path:
    """Draw a figure ``width`` inches across, write it and return its path.

    The ending of ``path`` says as what; ``dots`` per inch are those of a PNG. The same figure gives the same bytes.
    Raises PaperError without matplotlib, for a table, for another ending, and where the file cannot be written.
    """
    if path.suffix.lower() not in FORMATS:
        raise PaperError(f"{path.name} must end in {', '.join(FORMATS[:-1])} or {FORMATS[-1]}.")
    painter = _painter(figure)
    from neuronclaims.reports.plots import canvas

    try:
        with canvas.styled():
            canvas.save(painter(figure, width), path, dots)
    except OSError as error:
        raise PaperError(f"{path} could not be written: {error.strerror}.") from error
    return path


def paint(figure: Figure, width: float = WIDTH) -> Painted:
    """Return a figure as an object of matplotlib, ``width`` inches across. Raises PaperError as ``write_figure``."""
    painter = _painter(figure)
    from neuronclaims.reports.plots import canvas

    with canvas.styled():
        painted: Painted = painter(figure, width)
        painted.draw_without_rendering()  # its layout, while our settings hold
        return painted


def svg_of(figure: Figure, width: float = WIDTH) -> str:
    """Return a figure as an SVG element for HTML. Raises PaperError as ``write_figure``."""
    painter = _painter(figure)
    from neuronclaims.reports.plots import canvas

    with canvas.styled():
        return canvas.svg_text(painter(figure, width))


def _painter(figure: Figure) -> Callable[[Any, float], Any]:
    rows = table_of(figure)
    if rows is not None:
        raise PaperError(f"{rows.title!r} is a table: its rows are in the report and in claims.json.")
    if isinstance(figure, TokenMap):
        raise PaperError(f"{figure.axis} token by token is a text: it is in the page and in claims.json.")
    if find_spec("matplotlib") is None:
        raise PaperError(
            "Figures for papers need matplotlib. Install it: pip install 'neuronclaims[figures]'"
        )
    return _painters()[type(figure)]


def _painters() -> dict[type, Callable[[Any, float], Any]]:
    from neuronclaims.reports.plots import curves, estimate, grids, spread

    return {
        Distributions: spread.distributions,
        Ranks: estimate.ranks,
        Null: spread.null,
        Points: curves.points,
        Bins: curves.bins,
        Surface: grids.surface,
        Matrix: grids.matrix,
    }
