"""What no claim of a change can have, by its sentence and settings alone: searches and controls that do not fit it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from neuronclaims.kinds.interventions.changed_neurons import is_searched
from neuronclaims.kinds.shared.refusals import (
    NEW_PROMPTS,
    check_direction_unsearched,
    check_unsearched,
)
from neuronclaims.measurements.views.directions import beside_random
from neuronclaims.measurements.views.view import noun_of
from neuronclaims.sentences.templates import FieldError

if TYPE_CHECKING:
    from neuronclaims.claim_files.claims import Claim
    from neuronclaims.sentences.changes.change import ModelChange

CONTROLS, SAMPLE = "controls", "sample"
DIRECTIONS = ("direction", "probe")


def check_change(claim: Claim[Any, Any]) -> None:
    """Raise FieldError for a search, or for controls, that a change cannot have."""
    change: ModelChange = claim.sentence.change
    for part in change.parts:
        if part.said is not None and part.said.noun in DIRECTIONS:
            check_direction_unsearched(claim, part.said.noun)
    if not change.single:
        check_unsearched(
            claim,
            "several neurons that are changed together cannot be tested on the prompts they were picked on: the sets "
            "they were picked from cannot all be tried; test them on new prompts ('discovered_on')",
        )
    _check_controls(claim)
    _check_compared(claim)


def check_not_denied(claim: Claim[Any, Any], field: str, *, denies: bool) -> None:
    """Raise FieldError for "some head does not": among so many one always does not, and no test can tell which."""
    noun = noun_of(claim.settings.site)
    if denies and claim.sentence.change.among is not None:
        raise FieldError(field, f"'does not' cannot be claimed of some {noun}: name the {noun}")


def _check_controls(claim: Claim[Any, Any]) -> None:
    if claim.settings.options.controls != "layer":
        return
    change: ModelChange = claim.sentence.change
    if not change.single:
        message = (
            "each neuron of a layer is changed by itself as a control, but this claim changes several together: they "
            "are compared with random lists of as many neurons"
        )
        raise FieldError(CONTROLS, message, "none" if change.mixed else SAMPLE)
    site = claim.settings.site
    if beside_random(site) != site:
        message = f"a {noun_of(site)} is no neuron of a layer, so there are no others in it"
        raise FieldError(CONTROLS, message, SAMPLE)


def _check_compared(claim: Claim[Any, Any]) -> None:
    """Raise FieldError for a comparison with random neurons, claimed where there are none."""
    compared, asked = claim.sentence.compared, claim.settings.options.controls
    if compared is None:
        return
    noun = noun_of(claim.settings.site)
    if claim.sentence.change.mixed:
        message = (
            "whole layers, and neurons of several sites, have no others to be compared with: leave this out, or claim "
            "each part by itself"
        )
        raise FieldError("compared", message)
    if compared != f"more than random {noun}s do":
        raise FieldError("compared", f"here a {noun} is changed", f"more than random {noun}s do")
    drawn = f"each text is compared with random {noun}s drawn for it"
    if is_searched(claim):
        why = (
            f"which a {noun} that is picked on these prompts does not have: leave this out, or {NEW_PROMPTS}"
        )
        raise FieldError("compared", f"{drawn}, {why}")
    if asked != SAMPLE:
        raise FieldError(
            "compared", f"{drawn}, which 'controls: {asked}' does not have: leave one of the two out"
        )
