"""Separation: a neuron's values tell two prompt sets apart, whichever of them is higher; or they do not.

    neuron 20:3556 separates true_answers from false_answers with AUROC at least 0.8
    neuron 20:3556 does not separate true_answers from false_answers                   (margin: 0.1)

Two-sided: an AUROC of 0.1 separates as well as one of 0.9. It is tested by exchanging set labels between prompts (or
groups, or within pairs) on the sum of mid-ranks, exactly wherever that can be counted. The margin of "does not" is a
distance of the AUROC from 0.5: with 0.1 the claim is that it lies between 0.4 and 0.6.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from neuronclaims.kinds.shared.hypotheses import TwoSampleHypothesis
from neuronclaims.kinds.shared.margins import (
    AUROC_MARGIN,
    CHANCE,
    MarginOptions,
    auroc_band,
    auroc_margin,
    check_auroc,
)
from neuronclaims.kinds.shared.refusals import subject_check
from neuronclaims.kinds.shared.subjects.ranks import RankedMarginOptions
from neuronclaims.kinds.shared.subjects.subjects import check_denied
from neuronclaims.kinds.two_sample.kind import TwoSampleKind
from neuronclaims.sentences.subjects.subject import Subject
from neuronclaims.sentences.templates import Template

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
        check_auroc(self.auroc, denied=self.verb == NOT, either_way=True)

    def __str__(self) -> str:
        return TEMPLATE.render(self)


TEMPLATE = Template(
    "[{site:site}] {who:subject} {verb:separates|does not separate} {first:set} from {second:set} "
    "[with AUROC at least {auroc:number}]",
    Separation,
    options=RankedMarginOptions,
    check=subject_check(NOT),
    margin=f"'margin: 0.1', {AUROC_MARGIN}",
)


def separation_hypothesis(claim: Claim[Any, MarginOptions]) -> TwoSampleHypothesis:
    """Return what is claimed by a sentence with a ``verb`` and the ``auroc`` by which sides are told apart."""
    said = claim.sentence
    margin = auroc_margin(claim, NOT) if said.verb == NOT else None
    claimed = None if said.auroc is None else f"an AUROC of at least {said.auroc:g}, either way round"
    if margin is not None:
        claimed = auroc_band(margin)
    return TwoSampleHypothesis(
        statistic="auroc",
        scale="auroc",
        alternative="two-sided",
        null=CHANCE,
        threshold=said.auroc if margin is None else CHANCE + margin,
        claimed=claimed,
        margin=margin,
    )


KIND = TwoSampleKind("separation", TEMPLATE, separation_hypothesis)
