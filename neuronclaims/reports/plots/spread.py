"""Draw groups of values, and null distributions, for papers."""

from __future__ import annotations

from itertools import pairwise

from matplotlib.axes import Axes
from matplotlib.figure import Figure as Sheet

from neuronclaims.figures import Distributions, Null, Row
from neuronclaims.reports.html.figures.null import edges
from neuronclaims.reports.html.figures.spread.densities import (
    Floats,
    common_edges,
    cumulative,
    density,
    shares,
)
from neuronclaims.reports.html.figures.spread.distributions import few
from neuronclaims.reports.html.figures.spread.dots import shortened, swarms
from neuronclaims.reports.plots.canvas import OTHERS, colour, legend, sheet, text
from neuronclaims.reports.plots.estimate import differences, estimate
from neuronclaims.reports.wording import number


def distributions(figure: Distributions, width: float) -> Sheet:
    """Draw every value of few, histograms of many; beside them the effect, or cumulative shares."""
    rows = [row for row in figure.rows if row.values]
    if figure.estimate is None:
        return _cumulated(figure, rows, width)
    pairs = figure.differences
    drawn = sheet(width, 2.4)
    grid = drawn.add_gridspec(2, 2, width_ratios=(3, 2))
    axes = drawn.add_subplot(grid[:, 0])
    if few(rows):
        _dots(axes, rows, pairs is not None)
    else:
        _histograms(axes, rows)
    axes.set_xlabel(text(figure.axis, 50))
    if pairs is None:
        estimate(drawn.add_subplot(grid[:, 1]), figure.estimate)
    else:
        differences(drawn.add_subplot(grid[0, 1]), pairs)
        estimate(drawn.add_subplot(grid[1, 1]), figure.estimate)
    return drawn


def _cumulated(figure: Distributions, rows: list[Row], width: float) -> Sheet:
    drawn = sheet(width, 2.4)
    left, right = drawn.subplots(1, 2, width_ratios=(3, 2))
    many = [row for row in rows if len(row.values) > 1]
    for place, row in enumerate(rows):
        if row in many or not many:
            _steps(right, row, colour(place))
    _histograms(left, rows)
    left.set_xlabel(text(figure.axis, 50))
    right.set_xlabel(text(figure.axis, 32))
    right.set_ylabel("cumulative share, %")
    return drawn


def _histograms(axes: Axes, rows: list[Row]) -> None:
    many = [row for row in rows if len(row.values) > 1]
    bins = common_edges([row.values for row in many or rows]) if rows else None
    for place, row in enumerate(rows):
        if bins is not None and (row in many or not many):
            _histogram(axes, row, bins, colour(place))
        else:
            axes.axvline(row.values[0], color=colour(place), linewidth=1.5, label=text(row.label, 30))
    _rugs(axes, rows)
    axes.set_ylabel("share of the set, %")
    if rows:
        legend(axes)


def _dots(axes: Axes, rows: list[Row], paired: bool) -> None:
    """Draw a row of dots per group, with its mean; lines between those of pairs."""
    heights = swarms(rows)
    if paired:
        for ends in zip(rows[0].values, rows[1].values, heights[0], heights[1], strict=True):
            axes.plot(ends[:2], ends[2:], color=OTHERS, linewidth=0.4)
    for place, row in enumerate(rows):
        axes.plot(row.values, heights[place], "o", color=colour(place), markersize=3, alpha=0.7)
        mean = sum(row.values) / len(row.values)
        axes.plot([mean, mean], [-place - 0.42, -place + 0.42], color="black", linewidth=1.2)
    axes.set_yticks([-place for place in range(len(rows))], [text(shortened(row.label), 16) for row in rows])
    axes.set_ylim(-len(rows) + 0.4, 0.6)
    axes.tick_params(axis="y", length=0)


def null(figure: Null, width: float) -> Sheet:
    """Draw what exchanging the labels gives, and the observed value."""
    drawn = sheet(width, 2.0)
    axes = drawn.subplots()
    total, ends = sum(figure.counts), edges(figure)
    places = [(low + high) / 2 for low, high in pairwise(ends)]
    axes.bar(places, [100 * count / total for count in figure.counts], width=ends[1] - ends[0], color=OTHERS)
    axes.axvline(
        figure.observed, color=colour(1), linewidth=1.5, label=f"observed: {number(figure.observed)}"
    )
    axes.set_xlabel(text(figure.axis))
    axes.set_ylabel("all exchanges of labels, %" if figure.every else "random exchanges of labels, %")
    legend(axes)
    return drawn


def _histogram(axes: Axes, row: Row, bins: Floats, shade: str) -> None:
    heights, _ = shares(row.values, bins)
    axes.bar(
        bins[:-1],
        heights,
        width=bins[1] - bins[0],
        align="edge",
        color=shade,
        alpha=0.45,
        label=text(row.label, 30),
    )
    smooth = density(row.values)
    if smooth is not None:
        axes.plot(smooth[0], 100 * (bins[1] - bins[0]) * smooth[1], color=shade, linewidth=1.2)


def _steps(axes: Axes, row: Row, shade: str) -> None:
    values, up_to = cumulative(row.values)
    axes.step([values[0], *values], [0.0, *up_to], where="post", color=shade, linewidth=1.2)


def _rugs(axes: Axes, rows: list[Row]) -> None:
    """Mark every value below the axis of shares, a line of marks per group."""
    top = axes.get_ylim()[1]
    for place, row in enumerate(rows):
        height = -(place + 1) * 0.07 * top
        axes.plot(row.values, [height] * len(row.values), "|", color=colour(place), markersize=5)
    axes.axhline(0, color="black", linewidth=0.6)
    axes.set_yticks([tick for tick in axes.get_yticks() if 0 <= tick <= top])
    axes.set_ylim(-(len(rows) + 0.6) * 0.07 * top, top)
    axes.spines["left"].set_bounds(0, top)
