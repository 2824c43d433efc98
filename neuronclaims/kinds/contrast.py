"""Contrast: a neuron activates more, or less, for one prompt set than for another.

    neuron 11:365 activates more for hanoi than baseline by at least 0.5 sd

Tested by exchanging set labels between prompts (or groups; pairs flip signs) on the difference of means, studentised
when the sets differ in size. A bare number is in the activation's own unit; ``sd`` means pooled standard deviations
(Hedges' g), or, for pairs, standard deviations of the differences (dz).
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from neuronclaims import stats
from neuronclaims.kinds.effects import Effects, effects_of, t_of_layer
from neuronclaims.kinds.kind import Finding, Reach
from neuronclaims.kinds.neurons import rank_of
from neuronclaims.kinds.two_sets import TwoSets
from neuronclaims.language import Amount, Neuron, Phrase

if TYPE_CHECKING:
    from neuronclaims.kinds.kind import Answers, Family
    from neuronclaims.language import Claim
    from neuronclaims.measurements import Measurement, ModelFacts
    from neuronclaims.stats import Alternative


@dataclass(frozen=True, slots=True)
class Contrast:
    """The sentence, in parts."""

    neuron: Neuron
    direction: Literal["more", "less"]
    first: str
    second: str
    by: Amount | None = None
    site: str | None = None

    def __str__(self) -> str:
        return PHRASE.render(self)

    @property
    def side(self) -> Alternative:
        """On which side of zero the difference of means lies by this claim."""
        return "greater" if self.direction == "more" else "less"

    @property
    def threshold(self) -> float | None:
        """The number claimed, signed like the difference."""
        if self.by is None:
            return None
        return self.by.value if self.direction == "more" else -self.by.value


PHRASE = Phrase(
    "[{site:site}] neuron {neuron:neuron} activates {direction:more|less} for {first:set} than {second:set} "
    "[by at least {by:amount}]",
    Contrast,
)


class ContrastKind:
    """Difference of means between two prompt sets, at one neuron."""

    name = "contrast"
    phrase = PHRASE

    def reach(self, claim: Claim) -> Reach:
        """Say how small p could get with these prompts."""
        return _sets(claim).reach(claim.sentence.side)

    def exchange(self, claim: Claim) -> Hashable | None:
        """Say which claims this one can be tested jointly with."""
        return _sets(claim).exchange("mean", claim.sentence.side)

    def needs(self, claim: Claim, facts: ModelFacts) -> tuple[Measurement, ...]:
        """Ask for the neuron's layer on both sets, and for what was searched."""
        return _sets(claim).needs(facts)

    def judge(self, claim: Claim, answers: Answers, family: Family) -> Finding:
        """Compare the means of the neuron, and rank its t statistic among those of its layer."""
        said: Contrast = claim.sentence
        sets = _sets(claim)
        values = sets.values(answers)
        effects = effects_of(values, sets.design)
        in_sd = said.by is not None and said.by.unit == "sd"
        decisive = effects.standardised if in_sd else effects.difference
        every = effects.difference, effects.auroc, effects.standardised
        t = t_of_layer(values, sets.design)
        return Finding(
            estimate=decisive,
            others=tuple(effect for effect in every if effect is not decisive),
            claimed=_claimed(said),
            side=said.side,
            null=0.0,
            threshold=said.threshold,
            test=sets.test(values, statistic="mean", side=said.side, family=family),
            unit=sets.design.unit,
            paired=sets.design.paired,
            counts=sets.counts,
            needed=_needed(said, effects, sets, family),
            rank=rank_of(said.neuron.index, t if said.side == "greater" else -t, "t"),
            selection=sets.selection(values),
            notes=sets.notes(values, "mean"),
            figures=(sets.figure(values),),
            joint=sets.joint(values, statistic="mean", side=said.side),
        )


KIND = ContrastKind()


def _sets(claim: Claim) -> TwoSets:
    said: Contrast = claim.sentence
    return TwoSets.of(claim, said.neuron, said.first, said.second)


def _claimed(said: Contrast) -> str | None:
    return None if said.by is None else f"{said.direction} by at least {said.by}"


def _needed(said: Contrast, effects: Effects, sets: TwoSets, family: Family) -> tuple[int, int] | None:
    """Say how many prompts would do; nothing for a neuron picked on these, whose effect is too flattered to tell."""
    difference, standardised = effects.difference.value, effects.standardised.value
    if sets.searched or not difference or not standardised:
        return None
    threshold = said.threshold
    if threshold is not None and said.by is not None and said.by.unit is None:
        threshold *= standardised / difference  # from the activation's unit to standard deviations
    return stats.units_needed(
        statistic="mean",
        effect=standardised,
        threshold=threshold,
        standardised=said.by is not None and said.by.unit == "sd",
        side=said.side,
        counts=sets.design.counts,
        paired=sets.design.paired,
        alpha=family.alpha,
        family=family.size,
    )
