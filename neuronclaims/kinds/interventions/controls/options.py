"""What a claim of changed neurons is compared with: the option ``controls``, and what it means for a claim."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal, TypeAlias

from pydantic import Field

from neuronclaims.kinds.interventions.changed_neurons import is_searched
from neuronclaims.kinds.shared.margins import MarginOptions
from neuronclaims.sentences.options import OneOf

if TYPE_CHECKING:
    from neuronclaims.claim_files.claims import Claim

How: TypeAlias = Literal["sample", "layer", "none"]


class ControlOptions(MarginOptions):
    """The options of every kind that changes neurons: what they are compared with, and the margin."""

    controls: Annotated[How, OneOf("controls")] = Field(
        "sample",
        description="What changed neurons are compared with: a random sample of their layer, drawn for each text "
        "(sample, the default), each neuron of the layer (layer), or nothing (none).",
    )


def controls_of(claim: Claim) -> How:
    """Return what a claim's neurons are compared with; a searched neuron always with all that were searched."""
    if claim.sentence.change.mixed:
        return "none"
    asked: How = claim.settings.options.controls
    return "layer" if is_searched(claim) and claim.sentence.change.single else asked
