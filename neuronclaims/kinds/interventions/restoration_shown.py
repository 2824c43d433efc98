"""What is told and drawn of restored and of corrupted neurons: where, how single pairs differ, and what each gives."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from neuronclaims import stats
from neuronclaims.figures import Table
from neuronclaims.kinds.interventions.before_after import untouched
from neuronclaims.kinds.interventions.controls.layer_figure import layer_figure
from neuronclaims.kinds.shared.requests import percent
from neuronclaims.kinds.shared.subjects.subjects import found_note

if TYPE_CHECKING:
    from neuronclaims.figures import Figure
    from neuronclaims.kinds.interventions.changed_neurons import Floats
    from neuronclaims.kinds.interventions.restoration_request import RestorationData, RestorationRequest
    from neuronclaims.stats import Estimate, TestResult

SHOWN = 20
"""How many pairs are listed."""


def picked_note(data: RestorationData) -> tuple[str, ...]:
    """Say which neuron was found, where the sentence names none."""
    if data.picked is None:
        return ()
    return (found_note(data.sweeps.count, data.neuron, data.sweeps.noun),)


def clearest(data: RestorationData) -> tuple[Figure, ...]:
    """List the clearest of all from which a neuron is picked; nothing where the sentence names what is changed."""
    if data.picked is None:
        return ()
    return (data.picked.table(data.sweeps.all, f"mean of what is {data.request.way.did} (logits)"),)


def notes_of(data: RestorationData) -> tuple[str, ...]:
    """Say where was restored, how single pairs differ, and what makes the test doubtful."""
    differences, request = data.clean - data.corrupted, data.request
    found = stats.ratio_summary(data.moved, differences)
    at = request.claim.settings.options.at
    notes = [f"Restored at {at.words} of the text; predicted is the token after it."]
    if not request.way.restores:
        notes = [f"Corrupted at {at.words} of the clean text; predicted is the token after it."]
    if found.lower_quartile is not None and found.upper_quartile is not None:
        low, high = 100 * found.lower_quartile, 100 * found.upper_quartile
        notes.append(f"Half of the single pairs have shares between {low:.3g} % and {high:.3g} %.")
    against = int((differences < 0).sum())
    if against:
        notes.append(
            f"In {against} of {len(differences)} pairs the corrupted text favours {request.prediction} more."
        )
    return (*notes, *untouched(data.moved, np.zeros_like(data.moved)), *data.change.warnings)


def null_of(data: RestorationData, test: TestResult) -> tuple[Figure, ...]:
    """Draw what chance makes of the mean of what is recovered, where that is what is tested by flipping signs."""
    if data.request.denies or data.request.claim.sentence.often is not None:
        return ()
    name = f"mean of what was {data.request.way.did}"
    if data.request.number:
        name += f" less {percent(data.request.number)} of {data.request.way.whole}"
    return data.change.null(test, name)


def figures_of(data: RestorationData, gains: Floats | None, share: Estimate) -> tuple[Figure, ...]:
    """Draw the shares of the layer's neurons, ``gains`` [width] being what each alone adds, and list the pairs."""
    table, whole = _table(data.request, data), float(data.lost.mean())
    if gains is None or whole == 0:
        return (table,)
    claim = data.request.claim
    neuron, site = data.neuron, claim.settings.site
    points = layer_figure(
        neuron,
        gains,
        share,
        site=site,
        y_axis=data.request.way.effect.name,
        scale=1 / whole,
    )
    return points, table


def _table(request: RestorationRequest, data: RestorationData) -> Table:
    columns = ("clean text", "corrupted text", "clean", "corrupted", request.way.column, "share")
    values = zip(request.pairs, data.clean, data.corrupted, data.patched, data.moved, strict=True)
    rows = tuple(
        (
            pair.clean,
            pair.corrupted,
            *(f"{number:.3g}" for number in (clean, corrupted, patched)),
            f"{100 * moved / (clean - corrupted):.3g} %",
        )
        for pair, clean, corrupted, patched, moved in values
    )
    shown = f"the first {SHOWN} of {len(rows):,} pairs" if len(rows) > SHOWN else "each pair"
    return Table(f"{shown}: {request.prediction}", columns, rows[:SHOWN])
