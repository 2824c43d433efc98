"""Draw groups of values, and null distributions, for papers."""

from __future__ import annotations

from itertools import pairwise

from matplotlib.axes import Axes
from matplotlib.figure import Figure as Sheet

from neuronclaims.figures import Distributions, Null, Row
from neuronclaims.reports.html.figures.densities import Floats, common_edges, cumulative, density, shares
from neuronclaims.reports.html.figures.null import edges
from neuronclaims.reports.plots.canvas import OTHERS, colour, legend, sheet, text
from neuronclaims.reports.wording import number


def distributions(figure: Distributions, width: float) -> Sheet:
    """Draw histograms on common bins with densities and every value, and cumulative shares beside them."""
    drawn = sheet(width, 2.4)
    left, right = drawn.subplots(1, 2, width_ratios=(3, 2))
    rows = [row for row in figure.rows if row.values]
    many = [row for row in rows if len(row.values) > 1]
    bins = common_edges([row.values for row in many or rows]) if rows else None
    for place, row in enumerate(rows):
        if bins is not None and (row in many or not many):
            _histogram(left, row, bins, colour(place))
            _steps(right, row, colour(place))
        else:
            left.axvline(row.values[0], color=colour(place), linewidth=1.5, label=text(row.label, 30))
    _rugs(left, rows)
    left.set_xlabel(text(figure.axis, 50))
    left.set_ylabel("share of the set, %")
    right.set_xlabel(text(figure.axis, 32))
    right.set_ylabel("cumulative share, %")
    if rows:
        legend(left)
    return drawn


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
