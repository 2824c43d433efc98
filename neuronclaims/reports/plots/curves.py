"""Named values over a number, and shares over bins, for papers."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure as Sheet

from neuronclaims.figures import Bins, Point, Points
from neuronclaims.reports.html.figures.bins import bin_width, middle
from neuronclaims.reports.html.figures.points import named
from neuronclaims.reports.plots.canvas import OTHERS, colour, legend, sheet, text


def points(figure: Points, width: float) -> Sheet:
    """Draw all points; those of the claim stand out, and the most extreme ones are named too."""
    drawn = sheet(width, 2.4)
    axes = drawn.subplots()
    marked = [point for point in figure.points if point.marked]
    others = [point for point in figure.points if not point.marked]
    axes.plot([p.x for p in others], [p.y for p in others], ".", color=OTHERS, markersize=3, rasterized=True)
    for point in marked:
        _marked(axes, point)
    for point in named(figure.points, marked, others):
        _name(axes, point)
    for height in figure.bounds:
        axes.axhline(height, color=colour(1), linewidth=0.6, linestyle="--")
        beside = axes.get_yaxis_transform()
        axes.annotate(
            f"{height:g}", (1, height), xycoords=beside, fontsize=7, color=colour(1), ha="right", va="bottom"
        )
    axes.set_xlabel(text(figure.x_axis))
    axes.set_ylabel(text(figure.y_axis, 36))
    return drawn


def _marked(axes: Axes, point: Point) -> None:
    if point.low is not None and point.high is not None:
        axes.plot([point.x] * 2, [point.low, point.high], color=colour(1), linewidth=1)
    axes.plot([point.x], [point.y], "o", color=colour(1), markersize=4)


def _name(axes: Axes, point: Point) -> None:
    shade = colour(1) if point.marked else "#57606a"
    axes.annotate(
        text(point.label, 30),
        (point.x, point.y),
        xytext=(4, 2),
        textcoords="offset points",
        fontsize=7,
        color=shade,
    )


def bins(figure: Bins, width: float) -> Sheet:
    """Draw shares with their band (hollow marks for too few values), and the counts below."""
    drawn = sheet(width, 3.2)
    above, below = drawn.subplots(2, 1, sharex=True, height_ratios=(3, 1))
    step = bin_width(figure.bins)
    known = [(middle(row, step), row.share, row) for row in figure.bins if row.share is not None]
    dense = [(x, row) for x, _, row in known if not row.sparse]
    _band(above, [(x, row.low, row.high) for x, row in dense])
    above.plot([x for x, _, _ in known], [share for _, share, _ in known], color=colour(0), linewidth=1)
    for hollow in (False, True):
        chosen = [(x, share) for x, share, row in known if row.sparse is hollow]
        face = "white" if hollow else colour(0)
        label = "too few to look at" if hollow else None
        above.plot(*_split(chosen), "o", color=colour(0), markerfacecolor=face, markersize=3.5, label=label)
    below.bar(
        [middle(row, step) for row in figure.bins], [row.count for row in figure.bins], step, color=OTHERS
    )
    below.set_yscale("symlog", linthresh=1)
    tens = [
        10**power
        for power in range(0, 9, 2)
        if 10**power <= max((row.count for row in figure.bins), default=1)
    ]
    below.set_yticks([0, *tens], ["0", *(f"{ten:,}" for ten in tens)])
    below.minorticks_off()
    above.set_ylabel(text(figure.y_axis, 38))
    below.set_ylabel("count")
    below.set_xlabel(text(figure.x_axis))
    if any(row.sparse for _, _, row in known):
        legend(above)
    return drawn


def _band(axes: Axes, given: Sequence[tuple[float, float | None, float | None]]) -> None:
    known = [(x, low, high) for x, low, high in given if low is not None and high is not None]
    if known:
        places, lows, highs = zip(*known, strict=True)
        axes.fill_between(places, lows, highs, color=colour(0), alpha=0.18, linewidth=0)


def _split(pairs: Sequence[tuple[float, float]]) -> tuple[list[float], list[float]]:
    return [x for x, _ in pairs], [y for _, y in pairs]
