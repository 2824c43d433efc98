"""What is shown and said beside the change that ablated neurons make."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from neuronclaims import stats
from neuronclaims.figures import Distributions, Row
from neuronclaims.kinds.interventions.ablation_sentences import SIDES
from neuronclaims.kinds.interventions.predictions import layer_figure, mean_change, untouched
from neuronclaims.kinds.interventions.random_lists import Lists
from neuronclaims.kinds.shared.requests import plain
from neuronclaims.kinds.shared.unit_names import unit_names
from neuronclaims.sentences.numbers import number_text

if TYPE_CHECKING:
    from neuronclaims.figures import Figure
    from neuronclaims.kinds.interventions.ablation_values import Asked, Harmed, Measured
    from neuronclaims.kinds.interventions.predictions import Floats
    from neuronclaims.kinds.kind import Answers
    from neuronclaims.stats import Estimate

OF_PROBABILITY = stats.EffectSize("change_of_probability", "mean change of the probability")
OF_LOGIT = stats.EffectSize("change_of_logit", "mean change of the logit")
OF_LOGIT_DIFFERENCE = stats.EffectSize(
    "change_of_logit_difference", "mean change of the difference of logits"
)


HELD = {
    "zero": "Ablated neurons hold 0 at all tokens",
    "mean": "Ablated neurons hold their mean over the tokens of {0!r} at all tokens",
    "resample": "Ablated neurons hold values drawn from the tokens of {0!r} at all tokens",
}


def change_of_outcome(asked: Asked, outcome: str | None = None) -> stats.EffectSize:
    """Name the change of what the claim is about, or of another outcome."""
    if (outcome or asked.options.outcome) == "probability":
        return OF_PROBABILITY
    if asked.claim.sentence.against is None:
        return OF_LOGIT
    return OF_LOGIT_DIFFERENCE


def predicted(asked: Asked) -> str:
    """Say in words what is read before and after."""
    if asked.options.outcome == "probability":
        return f"probability of {asked.prediction}"
    logit = "logit" if asked.claim.sentence.against is None else "difference of logits"
    return f"{logit} of {asked.prediction}"


def divergence_of(values: Floats, name: str) -> Estimate:
    """Return the mean of divergences [units] in nats with Student's t interval, which ends at 0."""
    made = mean_change(
        values, np.zeros_like(values), stats.EffectSize("divergence", f"mean KL divergence on {name} (nats)")
    )
    return made if made.low is None else replace(made, low=max(0.0, made.low))


def others_of(asked: Asked, measured: Measured) -> tuple[Estimate, ...]:
    """Return the change in standard deviations, that of the other outcome, and the harm done on the same prompts."""
    outcome = "probability" if asked.options.outcome == "logit" else "logit"
    before, after = measured.other
    return (
        stats.dz_estimate(measured.after, measured.before),
        mean_change(after, before, change_of_outcome(asked, outcome)),
        divergence_of(measured.divergences, asked.claim.sentence.first),
    )


def harmless_share(harmed: Harmed | None, answers: Answers) -> tuple[Estimate, ...]:
    """Return in how many single units the harm is within the limit, with the exact interval, where there is a limit."""
    if harmed is None or harmed.at_most is None:
        return ()
    values = harmed.divergences(answers)
    made = stats.share_estimate(int((values <= harmed.at_most).sum()), len(values))
    name = f"share of {harmed.units.unit}s of {harmed.name} with at most {number_text(harmed.at_most)} nats"
    return (replace(made, effect=stats.EffectSize("share_harmless", name, scale="share")),)


def strength(asked: Asked, changes: Floats) -> tuple[Floats, str]:
    """Return what neurons of a layer are ranked by, the largest the strongest, and its name."""
    side = SIDES[asked.claim.sentence.direction]
    if side == "two-sided":
        return np.abs(changes), "size of the change of the prediction"
    return changes if side == "greater" else -changes, "change of the prediction"


def controls_of(asked: Asked, measured: Measured) -> Lists:
    """Return what lists of other neurons change, beside what the claim's neurons do."""
    strong, strongly = {"greater": (1, "raise it"), "less": (-1, "lower it"), "two-sided": (0, "change it")}[
        SIDES[asked.claim.sentence.direction]
    ]
    own = float((measured.after - measured.before).mean())
    return Lists(own, measured.lists, strong, change_of_outcome(asked).name, "ablated", strongly)


def notes_of(asked: Asked, measured: Measured, harmed: Harmed | None) -> tuple[str, ...]:
    """Say what neurons held instead, where harm was looked for, and what makes the test doubtful."""
    held = HELD[asked.options.replacement].format(asked.options.reference)
    doubts = stats.doubts(measured.after, measured.before, paired=True, statistic="mean")
    return (
        *_which(asked),
        f"{held}; predicted is the token after the text.",
        *untouched(measured.after, measured.before),
        _harm(harmed),
        *doubts,
    )


def _which(asked: Asked) -> tuple[str, ...]:
    name = asked.claim.sentence.first
    if name not in asked.claim.pairs:
        return ()
    return (
        f"Neurons are ablated in the clean texts of the pairs {name!r}; the corrupted ones play no part.",
    )


def _harm(harmed: Harmed | None) -> str:
    if harmed is None:
        return (
            "Whether ablating does harm elsewhere was not looked at: name prompts for it ('damage'). The KL divergence "
            "given is that on the claim's own prompts."
        )
    if harmed.at_most is None:
        return f"The KL divergence on {harmed.name!r} is reported, not tested: 'damage' sets no limit ('at_most')."
    return (
        f"Claimed are both the change and a mean KL divergence of at most {harmed.at_most:g} nats on {harmed.name!r}: "
        "p is the larger of the two tests, and the effect that of the part which fits the claim least. Harm that "
        "strikes only few prompts can escape a set this size: take many, and various ones."
    )


def figures_of(
    asked: Asked, measured: Measured, change: Estimate, changes: Floats | None
) -> tuple[Figure, ...]:
    """Draw the prediction before and after, and what each neuron of the layer changes of it, ``changes`` [width]."""
    settings, axis = asked.claim.settings, predicted(asked)
    names = unit_names(asked.prompts, asked.units.rows)
    rows = Row("before", plain(measured.before), names), Row("after", plain(measured.after), names)
    both = Distributions(axis, rows)
    if changes is None:
        return (both,)
    neuron = asked.claim.sentence.neurons[0]
    if asked.options.outcome == "probability":
        # The sweep knows logits alone, on whose axis the interval of a probability has no place.
        change = replace(change, low=None, high=None)
    y_axis = change_of_outcome(asked, "logit").name
    return both, layer_figure(neuron, changes, change, site=settings.site, y_axis=y_axis)
