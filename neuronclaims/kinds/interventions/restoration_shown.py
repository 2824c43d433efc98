"""What is shown and said beside the share that restored neurons recover."""

from __future__ import annotations

from typing import TYPE_CHECKING

from neuronclaims import stats
from neuronclaims.figures import Table
from neuronclaims.kinds.interventions.predictions import layer_figure, mean_change, untouched
from neuronclaims.kinds.interventions.random_lists import Lists
from neuronclaims.kinds.shared.selection import LEVEL

if TYPE_CHECKING:
    from neuronclaims.figures import Figure
    from neuronclaims.kinds.interventions.predictions import Floats
    from neuronclaims.kinds.interventions.restoration_values import Asked, Measured
    from neuronclaims.stats import Estimate

MEDIAN = stats.EffectSize("median_share", "median of single pairs' shares")
CLEAN_LESS_CORRUPTED = stats.EffectSize("clean_less_corrupted", "clean minus corrupted (logits)")
RESTORED_LESS_CORRUPTED = stats.EffectSize("restored_less_corrupted", "restored minus corrupted (logits)")


SHOWN = 20
"""How many pairs are listed."""


def others_of(measured: Measured) -> tuple[Estimate, ...]:
    """Return the median of single shares, and by how much the predictions differ."""
    summary = stats.ratio_summary(measured.patched - measured.corrupted, measured.clean - measured.corrupted)
    median = stats.Estimate(MEDIAN, summary.median, None, None, LEVEL, "counted")
    clean, corrupted, restored = map(
        measured.units.means, (measured.clean, measured.corrupted, measured.patched)
    )
    return (
        median,
        mean_change(clean, corrupted, CLEAN_LESS_CORRUPTED),
        mean_change(restored, corrupted, RESTORED_LESS_CORRUPTED),
    )


def notes_of(asked: Asked, measured: Measured) -> tuple[str, ...]:
    """Say where was restored, how single pairs differ, and what makes the test doubtful."""
    differences = measured.clean - measured.corrupted
    found = stats.ratio_summary(measured.patched - measured.corrupted, differences)
    where = {"all": "all tokens", "last": "the last token"}[asked.claim.settings.options.positions]
    told = [f"Restored at {where} of the text; predicted is the token after it."]
    if found.lower_quartile is not None and found.upper_quartile is not None:
        low, high = 100 * found.lower_quartile, 100 * found.upper_quartile
        told.append(f"Half of the single pairs have shares between {low:.3g} % and {high:.3g} %.")
    against = int((differences < 0).sum())
    if against:
        told.append(
            f"In {against} of {len(differences)} pairs the corrupted text favours {asked.prediction} more."
        )
    doubts = stats.doubts(measured.tops, asked.number * measured.bottoms, paired=True, statistic="mean")
    return (*told, *untouched(measured.patched, measured.corrupted), *doubts)


def controls_of(measured: Measured) -> Lists:
    """Return what lists of other neurons recover, beside what the claim's neurons do."""
    whole = float(measured.bottoms.mean())
    own = float(measured.tops.mean()) / whole if whole else 0.0
    return Lists(own, measured.lists, 1, "share recovered", "restored", "recover")


def figures_of(
    asked: Asked, measured: Measured, estimate: Estimate, gains: Floats | None
) -> tuple[Figure, ...]:
    """Draw the shares of the layer's neurons, ``gains`` [width] being what each alone adds, and list the pairs."""
    table = _table(asked, measured)
    whole = float(measured.bottoms.mean())
    if gains is None or whole == 0:
        return (table,)
    said, site = asked.claim.sentence, asked.claim.settings.site
    points = layer_figure(
        said.neurons[0], gains, estimate, site=site, y_axis="share recovered", scale=1 / whole
    )
    return points, table


def _table(asked: Asked, measured: Measured) -> Table:
    columns = ("clean text", "corrupted text", "clean", "corrupted", "restored", "share")
    values = zip(asked.pairs, measured.clean, measured.corrupted, measured.patched, strict=True)
    rows = tuple(
        (
            pair.clean,
            pair.corrupted,
            *(f"{number:.3g}" for number in (clean, corrupted, restored)),
            f"{100 * (restored - corrupted) / (clean - corrupted):.3g} %",
        )
        for pair, clean, corrupted, restored in values
    )
    shown = f"the first {SHOWN} of {len(rows):,} pairs" if len(rows) > SHOWN else "each pair"
    return Table(f"{shown}: {asked.prediction}", columns, rows[:SHOWN])
