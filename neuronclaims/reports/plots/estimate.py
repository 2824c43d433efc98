"""Draw an effect with its interval, the differences of pairs, and a neuron's place in each prompt, for papers."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.figure import Figure as Sheet

from neuronclaims.figures import Estimated, Ranks, Row
from neuronclaims.reports.html.figures.ranks import ordered
from neuronclaims.reports.html.figures.spread.dots import swarm
from neuronclaims.reports.html.figures.spread.estimate import end_of, known, value_words
from neuronclaims.reports.plots.canvas import OTHERS, colour, legend, sheet, text
from neuronclaims.reports.wording import number


def estimate(axes: Axes, effect: Estimated) -> None:
    """Draw an effect with its interval, the number it is held against, and no effect at all."""
    if effect.null is not None and effect.null != effect.boundary:
        name = f"no effect: {number(effect.null)}"
        axes.axvline(effect.null, color=OTHERS, linewidth=1, linestyle=":", label=name)
    if effect.boundary is not None:
        name = f"held against {number(effect.boundary)}"
        axes.axvline(effect.boundary, color=colour(1), linewidth=1, linestyle="--", label=name)
    if known(effect):
        ends = [end_of(effect, effect.low), end_of(effect, effect.high)]
        axes.plot(ends, [0, 0], color="black", linewidth=1.5)
    axes.plot([effect.value], [0], "o", color="black", markersize=5)
    axes.set_ylim(-1, 1)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    axes.set_xlabel(text(f"{effect.name}: {value_words(effect)}", 34))
    if effect.boundary is not None or effect.null is not None:
        legend(axes, columns=2)


def differences(axes: Axes, row: Row) -> None:
    """Draw the difference of every pair."""
    axes.axvline(0, color=OTHERS, linewidth=1, linestyle=":")
    heights = swarm(row.values, min(row.values), max(row.values))
    axes.plot(row.values, heights, "o", color=colour(2), markersize=2.5, alpha=0.6)
    axes.set_ylim(-0.5, 0.5)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    axes.set_xlabel(text(f"by pairs: {row.label}", 34))


def ranks(figure: Ranks, width: float) -> Sheet:
    """Draw a neuron's place in each prompt, the first at the top, and the effect beside them."""
    drawn = sheet(width, 2.4)
    if figure.estimate is None:
        axes = drawn.subplots()
    else:
        axes, right = drawn.subplots(1, 2, width_ratios=(3, 2))
        estimate(right, figure.estimate)
    for place, row in enumerate(figure.rows):
        if row.values:
            along, places, _ = ordered(row)
            axes.plot(
                along, places, "o", color=colour(place), markersize=2.5, alpha=0.75, label=text(row.label, 30)
            )
    name = f"place {figure.limit:,}"
    axes.axhline(figure.limit, color="black", linewidth=0.8, linestyle="--", label=name)
    axes.set_yscale("log")
    axes.yaxis.set_major_formatter("{x:,.0f}")
    axes.minorticks_off()
    axes.invert_yaxis()
    axes.set_xlabel("prompts of the set, best place first, %")
    axes.set_ylabel(text(figure.axis, 36))
    legend(axes)
    return drawn
