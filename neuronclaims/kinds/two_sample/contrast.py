"""Contrast: a neuron activates more, or less, for one prompt set than for another; or it does not.

    neuron 11:365 activates more for hanoi than baseline by at least 0.5 sd
    every neuron of 11:365, 11:756 does not activate more for tulip than baseline      (margin: 0.5 sd)

It is tested by exchanging set labels between prompts (or groups; pairs flip signs) on the difference of means,
studentised when the sets differ in size. A bare number is in the activation's own unit; ``sd`` means pooled standard
deviations (Hedges' g), or, for pairs, standard deviations of the differences (dz). "Does not" is tested against the
margin.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from neuronclaims.kinds.shared.hypotheses import TwoSampleHypothesis
from neuronclaims.kinds.shared.margins import MarginOptions, margin_of
from neuronclaims.kinds.shared.refusals import subject_check
from neuronclaims.kinds.shared.subjects.ranks import RankedMarginOptions
from neuronclaims.kinds.shared.subjects.subjects import check_denied
from neuronclaims.kinds.two_sample.kind import TwoSampleKind
from neuronclaims.sentences.numbers import Amount
from neuronclaims.sentences.subjects.subject import Subject
from neuronclaims.sentences.templates import FieldError, Template

if TYPE_CHECKING:
    from neuronclaims.claim_files.claims import Claim

NOT = "does not activate"

_INSTEAD = "an AUROC ('separates ... with AUROC at least 0.8') or an amount in the value's own unit ('by at least 0.5')"
_INSTEAD_OF_NOT = (
    "'does not separate' with the margin of an AUROC ('margin: 0.1'), or a margin in the value's own unit"
)


@dataclass(frozen=True, slots=True)
class Contrast:
    """The sentence, in parts."""

    who: Subject
    verb: Literal["activates", "does not activate"]
    direction: Literal["more", "less"]
    first: str
    second: str
    by: Amount | None = None
    site: str | None = None

    def __post_init__(self) -> None:
        if self.verb != NOT:
            return
        check_denied(self.who)
        if self.by is not None:
            message = "a claim of 'does not' names no number; the difference that would matter is its margin"
            raise FieldError("by", message, f"margin: {self.by}")

    def __str__(self) -> str:
        return TEMPLATE.render(self)


TEMPLATE = Template(
    "[{site:site}] {who:subject} {verb:activates|does not activate} {direction:more|less} "
    "for {first:set} than {second:set} [by at least {by:amount}]",
    Contrast,
    options=RankedMarginOptions,
    check=subject_check(NOT),
    margin="'margin: 0.5 sd', the difference that would matter",
)


def contrast_hypothesis(claim: Claim[Any, MarginOptions]) -> TwoSampleHypothesis:
    """Return what is claimed by a sentence with a ``verb``, a ``direction`` and an amount ``by`` which sides differ."""
    said = claim.sentence
    denied = said.verb.startswith("does not")
    amount = margin_of(claim, "0.5 sd", "the difference that would matter") if denied else said.by
    sign = 1.0 if said.direction == "more" else -1.0
    words = (
        f"not {said.direction} by {amount} or more" if denied else f"{said.direction} by at least {amount}"
    )
    return TwoSampleHypothesis(
        statistic="mean",
        scale="sd" if amount is not None and amount.unit == "sd" else "difference",
        alternative="greater" if said.direction == "more" else "less",
        null=0.0,
        threshold=None if amount is None else sign * amount.value,
        claimed=None if amount is None else words,
        margin=amount.value if denied and amount is not None else None,
        instead=_INSTEAD_OF_NOT if denied else _INSTEAD,
    )


KIND = TwoSampleKind("contrast", TEMPLATE, contrast_hypothesis)
