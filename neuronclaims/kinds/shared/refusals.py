"""What a claim cannot have, by its sentence and settings alone: refused where it is read, at its line.

Templates name such a check (``Template.check``). It raises FieldError for a field of the sentence or for a setting, so
that `neuronclaims check`, a dry run and a run say the same, under the words that are meant. What prompts do not allow
is said by ``attainable`` instead, and what a model lacks by ``needs``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from neuronclaims.kinds.shared.subjects.ranks import RankOptions
from neuronclaims.measurements.views.view import ViewedSite
from neuronclaims.sentences.subjects.directions import DirectionReference
from neuronclaims.sentences.subjects.subject import Subject
from neuronclaims.sentences.templates import FieldError

if TYPE_CHECKING:
    from neuronclaims.claim_files.claims import Claim

SEARCHED = "searched"
NEW_PROMPTS = "test it on new prompts ('discovered_on')"


def check_subject(claim: Claim[Any, Any]) -> None:
    """Raise FieldError for a search or a rank among neurons that the subject of a claim cannot have."""
    who = getattr(claim.sentence, "who", None)
    if isinstance(who, Subject) and isinstance(who.said, DirectionReference):
        check_direction_unsearched(claim, who.said.noun)
    _check_rank(claim)


def subject_check(denial: str) -> Callable[[Claim[Any, Any]], None]:
    """Return the check of a template whose ``verb`` is ``denial`` where a claim denies."""

    def check(claim: Claim[Any, Any]) -> None:
        (check_denying if claim.sentence.verb == denial else check_subject)(claim)

    return check


def check_denying(claim: Claim[Any, Any]) -> None:
    """Raise FieldError for what no subject can have, and for "does not" of one that was picked on the same prompts."""
    check_subject(claim)
    check_denied_unsearched(claim, claim.sentence.who.noun)


def check_denied_unsearched(claim: Claim[Any, Any], noun: str) -> None:
    """Raise FieldError for "does not" of a neuron, or another ``noun``, that was picked on the same prompts."""
    message = (
        f"that a {noun} does not do something cannot be tested on the prompts it was picked on: {NEW_PROMPTS}"
    )
    check_unsearched(claim, message)


def check_direction_unsearched(claim: Claim[Any, Any], noun: str) -> None:
    """Raise FieldError for a direction or a probe that is said to have been picked from neurons."""
    message = (
        f"a {noun} is not picked from the neurons of {claim.settings.searched}: leave {SEARCHED!r} out, and test the "
        f"{noun} on prompts that it was not made or chosen on"
    )
    check_unsearched(claim, message)


def check_unsearched(claim: Claim[Any, Any], message: str) -> None:
    """Raise FieldError, with a message, where a claim or its file says that the neuron was picked on its prompts."""
    if claim.settings.searched is not None:
        raise FieldError(SEARCHED, message)


def _check_rank(claim: Claim[Any, Any]) -> None:
    """Raise FieldError for a rank among all layers of a part of several neurons, and of what one layer alone has."""
    options, site = claim.settings.options, claim.settings.site
    if not isinstance(options, RankOptions) or options.rank_among == "layer":
        return
    if claim.sentence.who.how == "part":
        message = (
            "one neuron is ranked among all layers, and this claim says how many of several do something: leave "
            "'rank_among' out"
        )
        raise FieldError("rank_among", message, "layer")
    if isinstance(site, ViewedSite):
        message = (
            f"neurons and heads are ranked among those of all layers; a {site.view.noun} has nothing like it in other "
            "layers: leave 'rank_among' out"
        )
        raise FieldError("rank_among", message, "layer")
