"""Separation: a neuron's values tell two prompt sets apart, whichever of them is higher; or they do not.

    neuron 20:3556 separates true_answers from false_answers with AUROC at least 0.8
    neuron 20:3556 does not separate true_answers from false_answers                   (margin: 0.1)

Two-sided: an AUROC of 0.1 separates as well as one of 0.9. Tested by exchanging set labels between prompts (or groups,
or within pairs) on the sum of mid-ranks, exactly wherever that can be counted. The margin of "does not" is a distance
of the AUROC from 0.5: with 0.1 the claim is that it lies between 0.4 and 0.6.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from neuronclaims.kinds.kind import ClaimError
from neuronclaims.kinds.shared.hypotheses import TwoSampleHypothesis
from neuronclaims.kinds.shared.margins import MarginOptions, margin_of
from neuronclaims.kinds.shared.subjects import check_denied
from neuronclaims.kinds.two_sample.kind import CHANCE, TwoSampleKind
from neuronclaims.sentences.subjects import Subject
from neuronclaims.sentences.templates import FieldError, Template

if TYPE_CHECKING:
    from neuronclaims.claim_files.claims import Claim

NOT = "does not separate"


@dataclass(frozen=True, slots=True)
class Separation:
    """The sentence, in parts."""

    who: Subject
    verb: Literal["separates", "does not separate"]
    first: str
    second: str
    auroc: float | None = None
    site: str | None = None

    def __post_init__(self) -> None:
        if self.verb == NOT:
            check_denied(self.who)
        if self.auroc is None:
            return
        if self.verb == NOT:
            message = (
                "a claim of 'does not' names no number; the distance from 0.5 that would matter is its margin"
            )
            near = f"margin: {abs(self.auroc - CHANCE):.6g}" if CHANCE < self.auroc < 1 else None
            raise FieldError("auroc", message, near)
        if not CHANCE < self.auroc <= 1:
            message = "the AUROC claimed must lie above 0.5, which is chance, and at most at 1"
            turned = 1 - self.auroc
            raise FieldError("auroc", message, f"{turned:g}" if CHANCE < turned <= 1 else None)

    def __str__(self) -> str:
        return TEMPLATE.render(self)


TEMPLATE = Template(
    "[{site:site}] {who:subject} {verb:separates|does not separate} {first:set} from {second:set} "
    "[with AUROC at least {auroc:number}]",
    Separation,
    options=MarginOptions,
    margin="'margin: 0.1', the distance of the AUROC from 0.5 that would matter",
)


def _hypothesis(claim: Claim[Separation, MarginOptions]) -> TwoSampleHypothesis:
    said = claim.sentence
    margin = _margin(claim) if said.verb == NOT else None
    claimed = None if said.auroc is None else f"an AUROC of at least {said.auroc:g}, either way round"
    if margin is not None:
        claimed = f"an AUROC between {CHANCE - margin:.6g} and {CHANCE + margin:.6g}"
    return TwoSampleHypothesis(
        statistic="auroc",
        scale="auroc",
        alternative="two-sided",
        null=CHANCE,
        threshold=said.auroc if margin is None else CHANCE + margin,
        claimed=claimed,
        margin=margin,
    )


def _margin(claim: Claim[Separation, MarginOptions]) -> float:
    margin = margin_of(claim, "0.1", "the distance of the AUROC from 0.5 that would matter")
    if margin.unit is None and margin.value < CHANCE:
        return margin.value
    distance = margin.value - CHANCE
    meant = f"{distance:.6g}" if margin.unit is None and 0 < distance < CHANCE else "0.1"
    raise ClaimError(
        f"The margin of 'does not separate' is a distance of the AUROC from 0.5, below 0.5, not {margin}. "
        f"Write 'margin: {meant}'."
    )


KIND = TwoSampleKind("separation", TEMPLATE, _hypothesis)
