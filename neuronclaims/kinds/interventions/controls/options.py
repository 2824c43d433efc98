"""What a claim of changed neurons is compared with: the option ``controls``, and what it means for a claim."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal, TypeAlias

from pydantic import Field

from neuronclaims.kinds.interventions.changed_neurons import is_searched
from neuronclaims.kinds.interventions.controls.random_neurons import Compared
from neuronclaims.kinds.kind import ClaimError
from neuronclaims.kinds.shared.margins import MarginOptions
from neuronclaims.measurements.views.view import noun_of
from neuronclaims.sentences.options import OneOf

if TYPE_CHECKING:
    from neuronclaims.claim_files.claims import Claim

How: TypeAlias = Literal["sample", "layer", "none"]


class ControlOptions(MarginOptions):
    """The options of every kind that changes neurons: what they are compared with, and the margin."""

    controls: Annotated[How, OneOf("controls")] = Field(
        "sample",
        description="What changed neurons are compared with: a random sample of their layer, drawn for each text "
        "(sample, if unsaid), each neuron of the layer (layer), or nothing (none).",
    )


def controls_of(claim: Claim) -> How:
    """Return what a claim's neurons are compared with; a searched neuron always with all that were searched.

    Raises ClaimError for controls that the claim cannot have, or lacks where its sentence speaks of them.
    """
    asked: How = claim.settings.options.controls
    compared: Compared | None = claim.sentence.compared
    several = not claim.sentence.change.single
    searched = is_searched(claim)
    if asked == "layer" and several:
        raise ClaimError(
            "'controls: layer' changes each neuron of a layer by itself, but this claim changes several together. "
            "Leave it out: they are compared with random lists of as many neurons."
        )
    noun = noun_of(claim.settings.site)
    if compared is not None and compared != f"more than random {noun}s do":
        raise ClaimError(f"Here a {noun} is changed: say 'more than random {noun}s do', not '{compared}'.")
    if claim.sentence.change.mixed:
        if claim.sentence.beyond:
            raise ClaimError(
                f"'{compared}' compares neurons of one site with others of their layer; whole layers, and neurons of "
                f"several sites, have no such others. Leave '{compared}' out, or claim each part by itself."
            )
        return "none"
    if claim.sentence.beyond and (searched or asked != "sample"):
        why = "a neuron that was picked on these prompts ('searched')" if searched else f"'controls: {asked}'"
        fix = "Test it on new prompts ('discovered_on')" if searched else "Leave the option out"
        raise ClaimError(
            f"'{compared}' compares each text with random {noun}s drawn for it, which {why} does not have. {fix}, or "
            f"leave '{compared}' out."
        )
    return "layer" if searched and not several else asked
