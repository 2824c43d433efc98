"""Values over two axes, and a matrix of numbers, for papers."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import QuadMesh
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure as Sheet
from numpy.typing import NDArray

from neuronclaims.figures import Matrix, Panel, Surface
from neuronclaims.reports.html.figures.drawing import DIVERGING, colour_range
from neuronclaims.reports.html.figures.surface import firm, thin_from
from neuronclaims.reports.plots.canvas import colour, legend, sheet, text
from neuronclaims.reports.wording import number

BOTH = LinearSegmentedColormap.from_list("both", ["#2166ac", "#f7f7f7", "#b2182b"])
RISING = LinearSegmentedColormap.from_list("rising", ["#f3f6fa", "#5aa5c9", "#08306b"])


def surface(figure: Surface, width: float) -> Sheet:
    """Draw panels side by side in 3D and as heat maps below, one colour scale; a single row as lines."""
    if len(figure.xs) < 2 or len(figure.ys) < 2:
        return _lines(figure, width)
    low, high, scale = colour_range(
        value for panel in figure.panels for row in firm(panel) for value in row or ()
    )
    colours: dict[str, Any] = {"vmin": low, "vmax": high, "cmap": BOTH if scale is DIVERGING else RISING}
    count, image = len(figure.panels), None
    side = width / max(count, 2)
    drawn = sheet(width, 1.65 * side + 0.4)
    grid = drawn.add_gridspec(2, count, height_ratios=(1, 0.65))
    for place, panel in enumerate(figure.panels):
        _solid(drawn.add_subplot(grid[0, place], projection="3d"), figure, panel, colours)
        image = _flat(drawn.add_subplot(grid[1, place]), figure, panel, colours)
    if image is not None:
        drawn.colorbar(image, ax=drawn.axes[1::2], label=text(figure.z_axis, 32))
    return drawn


def _solid(axes: Any, figure: Surface, panel: Panel, colours: dict[str, Any]) -> None:
    rows = [(y, row) for y, row in zip(figure.ys, firm(panel), strict=True) if row is not None]
    places = np.meshgrid(figure.xs, [y for y, _ in rows])
    heights = np.ma.masked_invalid(_array([row for _, row in rows]))
    axes.plot_surface(
        *places, heights.filled(np.nan), **colours, linewidth=0, antialiased=True, rcount=60, ccount=60
    )
    axes.set_zlim(colours["vmin"], colours["vmax"])
    axes.set_title(text(panel.label, 40), fontsize=8)
    axes.set_xlabel(text(figure.x_axis), labelpad=-6)
    axes.set_ylabel(text(figure.y_axis), labelpad=-6)
    axes.tick_params(pad=-2, labelsize=6)
    axes.view_init(elev=25, azim=-125)


def _flat(axes: Axes, figure: Surface, panel: Panel, colours: dict[str, Any]) -> QuadMesh:
    image = axes.pcolormesh(figure.xs, figure.ys, _array(panel.values), shading="nearest", **colours)
    axes.set_title(text(panel.label, 40), fontsize=8)
    axes.set_xlabel(text(figure.x_axis))
    axes.set_ylabel(text(figure.y_axis))
    edge = thin_from(figure, panel)
    if edge is not None:
        axes.axhline(edge, color="black", linewidth=0.6, linestyle=":")
        axes.annotate(
            "above: fewer units",
            (1, edge),
            xycoords=axes.get_yaxis_transform(),
            fontsize=6,
            ha="right",
            va="bottom",
        )
    return image


def _lines(figure: Surface, width: float) -> Sheet:
    drawn = sheet(width, 2.2)
    axes = drawn.subplots()
    along_x = len(figure.ys) < 2
    for place, panel in enumerate(figure.panels):
        values = _array(panel.values)
        row = values[0] if along_x else values[:, 0]
        axes.plot(
            figure.xs if along_x else figure.ys,
            row,
            "o-",
            color=colour(place),
            markersize=3,
            label=text(panel.label, 30),
        )
    axes.set_xlabel(text(figure.x_axis if along_x else figure.y_axis))
    axes.set_ylabel(text(figure.z_axis, 32))
    legend(axes)
    return drawn


def matrix(figure: Matrix, width: float) -> Sheet:
    """Draw the matrix with its numbers, the first thing at the top and at the left."""
    side = min(width, 1.4 + 0.6 * len(figure.labels))
    drawn = sheet(side, 0.8 * side)
    axes = drawn.subplots()
    low, high, scale = colour_range(value for row in figure.values for value in row)
    colours: dict[str, Any] = {
        "vmin": min(low, 0.0),
        "vmax": high,
        "cmap": BOTH if scale is DIVERGING else RISING,
    }
    image = axes.imshow(_array(figure.values), aspect="auto", **colours)
    names = [text(name, 20) for name in figure.labels]
    axes.set_xticks(range(len(names)), names)
    axes.set_yticks(range(len(names)), names)
    for y, row in enumerate(figure.values):
        for x, value in enumerate(row):
            if value is not None:
                red, green, blue, _ = image.to_rgba(np.array([value]))[0]
                dark = 0.3 * red + 0.59 * green + 0.11 * blue < 0.5
                axes.text(x, y, number(value), ha="center", va="center", color="white" if dark else "black")
    axes.set_title(text(figure.title, 44), fontsize=8)
    return drawn


def _array(rows: Any) -> NDArray[np.float64]:
    return np.array([[np.nan if value is None else value for value in row] for row in rows], dtype=np.float64)
