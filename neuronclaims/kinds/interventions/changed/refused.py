"""What claims of changed neurons cannot have, by their sentence and settings alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from neuronclaims.kinds.interventions.changed_neurons import is_searched
from neuronclaims.kinds.interventions.outcomes.outcome import LOGIT, LOGIT_DIFFERENCE, PROBABILITY, Outcome
from neuronclaims.kinds.interventions.refused import CONTROLS, SAMPLE, check_change, check_not_denied
from neuronclaims.kinds.shared.refusals import NEW_PROMPTS, check_denied_unsearched
from neuronclaims.measurements.views.view import noun_of
from neuronclaims.sentences.templates import FieldError

if TYPE_CHECKING:
    from neuronclaims.claim_files.claims import Claim


def check_changed(claim: Claim[Any, Any]) -> None:
    """Raise FieldError for settings that the sentence cannot have, or lacks."""
    said, options = claim.sentence, claim.settings.options
    denies = said.direction.startswith("does not")
    check_not_denied(claim, "direction", denies=denies)
    check_change(claim)
    if denies:
        check_denied_unsearched(claim, noun_of(claim.settings.site))
    _check_reference(claim)
    outcome = Outcome.of(options.outcome, said.outcome)
    if outcome is PROBABILITY and said.against is not None:
        message = (
            "a probability is that of one token ('outcome: probability'), but this sentence names two: leave out 'over "
            f"\"{said.against}\"', or claim the difference of their logits ('outcome: logit')"
        )
        raise FieldError("outcome", message)
    if is_searched(claim):
        _check_searched(claim, outcome)
    if options.controls == "layer" and not said.outcome.of_tokens and not said.trend:
        message = f"of each neuron of a layer alone logits are known, not the {said.outcome.named}"
        raise FieldError(CONTROLS, message, SAMPLE)


def _check_reference(claim: Claim[Any, Any]) -> None:
    """Raise FieldError where nothing says from which prompts the values are taken that ablated neurons hold."""
    options = claim.settings.options
    replacement = getattr(options, "replacement", "zero")
    if replacement != "zero" and options.reference is None:
        message = (
            f"values are replaced by '{replacement}', and nothing says from which prompts these are taken: name a "
            "prompt set, such as 'reference: baseline'"
        )
        raise FieldError("replacement", message)


def _check_searched(claim: Claim[Any, Any], outcome: Outcome) -> None:
    """Raise FieldError for what is not measured of all the neurons from which the claim's was picked, or is now."""
    said, noun = claim.sentence, noun_of(claim.settings.site)
    alone = f"of a {noun} that is picked on these prompts, and of all others it is picked from, only logits in one set"
    if outcome not in (LOGIT, LOGIT_DIFFERENCE):
        other = "probabilities" if outcome is PROBABILITY else said.outcome.named
        leave = (
            "leave out 'outcome: probability', or "
            if outcome is PROBABILITY and said.outcome.what == "token"
            else ""
        )
        raise FieldError("outcome", f"{alone} are known, not {other}: {leave}{NEW_PROMPTS}")
    if said.trend:
        message = f"{alone} and at one amount are known, no trends: claim one amount, or {NEW_PROMPTS}"
        raise FieldError("change", message)
    if said.second is not None:
        raise FieldError("second", f"{alone} are known: name one set, or {NEW_PROMPTS}")
    if said.change.among is not None and claim.settings.options.damage is not None:
        message = f"{alone} are known, no harm elsewhere: name the {noun}, and {NEW_PROMPTS}"
        raise FieldError("damage", message)
