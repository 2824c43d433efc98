"""What is told and drawn of changed neurons: what was done, where harm was looked for, before and after."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from neuronclaims.figures import Distributions, Row
from neuronclaims.kinds.interventions.before_after import untouched
from neuronclaims.kinds.interventions.controls.layer_figure import layer_figure
from neuronclaims.kinds.interventions.outcomes.continuations import CountedContinuations
from neuronclaims.kinds.interventions.outcomes.outcome import PROBABILITY, Outcome
from neuronclaims.kinds.shared.requests import plain
from neuronclaims.kinds.shared.unit_names import unit_names

if TYPE_CHECKING:
    from neuronclaims.figures import Figure
    from neuronclaims.kinds.interventions.changed.data import ChangedPredictionData
    from neuronclaims.kinds.interventions.changed.parts import ClaimedPart
    from neuronclaims.kinds.interventions.changed.request import ChangedPredictionRequest
    from neuronclaims.kinds.interventions.changed_neurons import Floats
    from neuronclaims.kinds.interventions.damage import DamageRequest
    from neuronclaims.kinds.kind import Answers
    from neuronclaims.stats import Estimate

WRITTEN = "No random neurons were changed while text was written: what they would do to it is not known."
"""What notes say of continuations."""

TREND_NOTES = (
    "The claim is about a trend: the least-squares slope of the outcome over the amounts in each text, or group. An "
    "amount that changes nothing is counted too. A slope says nothing of the shape: the figure shows the curve.",
    "The divergence, and what is said of a single change, is that of the amount furthest from changing nothing.",
    "No other neurons were given these amounts: any neuron may show such a trend. A claim of one amount has controls.",
)
"""What notes say of a claim with several amounts, after what the largest amount does."""


def notes_of(
    request: ChangedPredictionRequest, data: ChangedPredictionData, damage: DamageRequest | None
) -> tuple[str, ...]:
    """Say what neurons held instead, where harm was looked for, and what makes the test doubtful."""
    name, change = request.claim.sentence.first, data.change
    change_made = request.made
    pairs = f"Neurons are {change_made.done} in the clean texts of the pairs {name!r}; the corrupted ones play no part."
    return (
        *((pairs,) if name in request.claim.pairs else ()),
        f"{change_made.held} at {request.options.at.words}; {request.outcome.told}{_counted(request)}.",
        *(() if data.curve is None else TREND_NOTES),
        *((WRITTEN,) if request.claim.sentence.outcome.writes else ()),
        *untouched(data.own.after, data.own.before),
        _harm(damage, change_made.verb, known=data.divergences is not None),
        *change.warnings,
    )


def _harm(damage: DamageRequest | None, verb: str, *, known: bool) -> str:
    if damage is None and not known:
        return (
            f"Whether {verb} does harm elsewhere was not looked at: of each by itself only logits are known."
        )
    if damage is None:
        return (
            f"Whether {verb} does harm elsewhere was not looked at: name prompts for it ('damage'). The KL divergence "
            "given is that on the claim's own prompts."
        )
    if damage.at_most is None:
        return f"The KL divergence on {damage.name!r} is reported, not tested: 'damage' sets no limit ('at_most')."
    return (
        f"The claim has two parts, the change and a mean KL divergence of at most {damage.at_most:g} nats on "
        f"{damage.name!r}: p is the larger of the two tests, and the effect is that of the part that fits least. "
        "Harm that strikes only few prompts can escape a set this size: take many, and various ones."
    )


def _counted(request: ChangedPredictionRequest) -> str:
    """Say which tokens of a text count, where not all of them do."""
    at = request.reading.at
    return "" if at is None else f"; of these {at.words} count"


def figures_of(
    request: ChangedPredictionRequest, data: ChangedPredictionData, change: Estimate, changes: Floats | None
) -> tuple[Figure, ...]:
    """Draw the prediction before and after, and what each neuron of the layer changes of it, ``changes`` [width]."""
    if data.curve is not None:
        return (data.curve.figure(request.claim.sentence.change.verb, request.outcome),)
    names = unit_names(request.prompts, request.units.rows)
    before, after = plain(data.own.before), plain(data.own.after)
    rows = Row("before", before, names), Row("after", after, names)
    both = Distributions(request.predicted, rows, paired="second - first")
    if changes is None:
        return (both,)
    if request.outcome is PROBABILITY:
        # The sweep knows logits alone, on whose axis the interval of a probability has no place.
        change = replace(change, low=None, high=None)
    said = request.claim.sentence
    neuron, y_axis = data.neuron, Outcome.of("logit", replace(said.outcome, what="token")).effect.name
    return both, layer_figure(neuron, changes, change, site=request.claim.settings.site, y_axis=y_axis)


def null_of_change(
    request: ChangedPredictionRequest, data: ChangedPredictionData, changed: ClaimedPart
) -> tuple[Figure, ...]:
    """Draw what chance makes of the mean change, where that is what is tested by flipping signs."""
    if request.denied is not None or request.claim.sentence.share is not None:
        return ()
    return data.change.null(changed.one.test, request.effect.name)


def written_table(request: ChangedPredictionRequest, answers: Answers) -> tuple[Figure, ...]:
    """Show what the model writes before and under the change, where that is what counts."""
    counted = CountedContinuations.of(request.claim)
    return () if counted is None else (counted.table(request.together, answers, request.prompts),)
