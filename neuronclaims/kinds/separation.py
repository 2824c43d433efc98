"""Separation: a neuron's values tell two prompt sets apart, whichever of them is higher.

    neuron 20:3556 separates true_answers from false_answers with AUROC at least 0.8

Two-sided: an AUROC of 0.1 separates as well as one of 0.9. Tested by exchanging set labels between prompts (or groups,
or within pairs) on the sum of mid-ranks, exactly wherever that can be counted.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from neuronclaims import stats
from neuronclaims.kinds.effects import auroc_of_layer, effects_of
from neuronclaims.kinds.kind import Finding, Reach
from neuronclaims.kinds.neurons import rank_of
from neuronclaims.kinds.two_sets import TwoSets
from neuronclaims.language import FieldError, Neuron, Phrase

if TYPE_CHECKING:
    from neuronclaims.kinds.kind import Answers, Family
    from neuronclaims.language import Claim
    from neuronclaims.measurements import Measurement, ModelFacts

CHANCE = 0.5


@dataclass(frozen=True, slots=True)
class Separation:
    """The sentence, in parts."""

    neuron: Neuron
    first: str
    second: str
    auroc: float | None = None
    site: str | None = None

    def __post_init__(self) -> None:
        if self.auroc is not None and not CHANCE < self.auroc <= 1:
            message = "the AUROC claimed must lie above 0.5, which is chance, and at most at 1"
            turned = 1 - self.auroc
            raise FieldError("auroc", message, f"{turned:g}" if CHANCE < turned <= 1 else None)

    def __str__(self) -> str:
        return PHRASE.render(self)


PHRASE = Phrase(
    "[{site:site}] neuron {neuron:neuron} separates {first:set} from {second:set} [with AUROC at least {auroc:number}]",
    Separation,
)


class SeparationKind:
    """AUROC between two prompt sets, at one neuron."""

    name = "separation"
    phrase = PHRASE

    def reach(self, claim: Claim) -> Reach:
        """Say how small p could get with these prompts."""
        return _sets(claim).reach("two-sided")

    def exchange(self, claim: Claim) -> Hashable | None:
        """Say which claims this one can be tested jointly with."""
        return _sets(claim).exchange("auroc", "two-sided")

    def needs(self, claim: Claim, facts: ModelFacts) -> tuple[Measurement, ...]:
        """Ask for the neuron's layer on both sets, and for what was searched."""
        return _sets(claim).needs(facts)

    def judge(self, claim: Claim, answers: Answers, family: Family) -> Finding:
        """Take the neuron's AUROC, and rank its distance from chance among those of its layer."""
        said: Separation = claim.sentence
        sets = _sets(claim)
        values = sets.values(answers)
        effects = effects_of(values, sets.design)
        strengths = np.abs(auroc_of_layer(values, sets.design) - CHANCE)
        return Finding(
            estimate=effects.auroc,
            others=(effects.difference, effects.standardised),
            claimed=None if said.auroc is None else f"an AUROC of at least {said.auroc:g}, either way round",
            side="two-sided",
            null=CHANCE,
            threshold=said.auroc,
            test=sets.test(values, statistic="auroc", side="two-sided", family=family),
            unit=sets.design.unit,
            paired=sets.design.paired,
            counts=sets.counts,
            needed=_needed(said, effects.auroc, sets, family),
            rank=rank_of(said.neuron.index, strengths, "distance of the AUROC from 0.5"),
            selection=sets.selection(values),
            notes=sets.notes(values, "auroc"),
            figures=(sets.figure(values),),
            joint=sets.joint(values, statistic="auroc", side="two-sided"),
        )


KIND = SeparationKind()


def _sets(claim: Claim) -> TwoSets:
    said: Separation = claim.sentence
    return TwoSets.of(claim, said.neuron, said.first, said.second)


def _needed(
    said: Separation, estimate: stats.Estimate, sets: TwoSets, family: Family
) -> tuple[int, int] | None:
    """Say how many prompts would do; nothing for a neuron picked on these, whose effect is too flattered to tell."""
    if sets.searched or estimate.value is None:
        return None
    return stats.units_needed(
        statistic="auroc",
        effect=estimate.value,
        threshold=said.auroc,
        side="two-sided",
        counts=sets.design.counts,
        paired=sets.design.paired,
        alpha=family.alpha,
        family=family.size,
    )
