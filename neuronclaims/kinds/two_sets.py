"""What the kinds that compare one neuron between two prompt sets share: needs, design, rank, figure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from neuronclaims.kinds.kind import ClaimError, Reach
from neuronclaims.measurements import Activations, Generation, TokenRule
from neuronclaims.results import Figure, Rank, Row
from neuronclaims.stats import seed_from, two_sample_design, two_sample_test

if TYPE_CHECKING:
    from typing import TypeAlias

    import numpy as np
    from numpy.typing import NDArray

    from neuronclaims.kinds.kind import Answers, Family, Side
    from neuronclaims.language import Claim, Neuron, Prompt, PromptSet
    from neuronclaims.measurements import Measurement, ModelFacts
    from neuronclaims.stats import TestResult, TwoSampleDesign

    Floats: TypeAlias = NDArray[np.float64]

RESAMPLES = 9_999
"""Random relabellings drawn where there are too many to enumerate and the claim file does not say how many."""


@dataclass(frozen=True, slots=True)
class TwoSets:
    """One neuron and two prompt sets, as a claim names them, with the design their prompts allow.

    Prompts are taken in the order of their text, so that the order of a file changes no number.
    """

    claim: Claim
    neuron: Neuron
    first: tuple[Prompt, ...]
    second: tuple[Prompt, ...]
    names: tuple[str, str]
    design: TwoSampleDesign

    @classmethod
    def of(cls, claim: Claim, neuron: Neuron, first: str, second: str) -> TwoSets:
        """Look up the sets and settle what is exchanged: prompts, groups or pairs."""
        one, two = in_order(claim.sets[first]), in_order(claim.sets[second])
        design = two_sample_design(
            [prompt.group for prompt in one],
            [prompt.group for prompt in two],
            first_pairs=[prompt.pair for prompt in one],
            second_pairs=[prompt.pair for prompt in two],
        )
        return cls(claim, neuron, one, two, (first, second), design)

    def reach(self, side: Side) -> Reach:
        """Say how small p could get with these prompts."""
        design = self.design
        sizes = [plural(count, design.unit) for count in design.counts]
        return Reach(design.smallest_p(side), sizes[0] if design.paired else " and ".join(sizes))

    def needs(self, facts: ModelFacts) -> tuple[Measurement, ...]:
        """Ask for the neuron's whole layer on both sets, after checking that the model has that neuron."""
        check_neuron(self.neuron, self.claim.settings.site, facts)
        return self._asks(self.first), self._asks(self.second)

    def test(
        self,
        first: Floats,
        second: Floats,
        *,
        statistic: Literal["mean", "auroc"],
        side: Side,
        family: Family,
    ) -> TestResult:
        """Test the claimed neuron's values, [n1] and [n2], by exchanging what the design exchanges.

        The seed comes from the prompts, so that claims on the same sets draw the same relabellings.
        """
        texts = (prompt.text for prompts in (self.first, self.second) for prompt in prompts)
        settings = self.claim.settings
        return two_sample_test(
            first,
            second,
            paired=self.design.paired,
            statistic=statistic,
            alternative=side,
            seed=seed_from(str(len(self.first)), *texts, purpose="two sets", run_seed=settings.seed),
            resamples=settings.resamples or RESAMPLES,
            alpha=family.alpha,
            family=family.size,
            unit=self.design.unit,
        )

    def layer(self, answers: Answers) -> tuple[Floats, Floats]:
        """Return the values of the neuron's whole layer per exchanged unit, [n1, width] and [n2, width]."""
        return self.design.units(answers[self._asks(self.first)], answers[self._asks(self.second)])

    @property
    def counts(self) -> tuple[tuple[str, int], tuple[str, int]]:
        """How many units of each set take part."""
        return (self.names[0], self.design.counts[0]), (self.names[1], self.design.counts[1])

    def notes(self) -> tuple[str, ...]:
        """Say what a reader of the numbers should know about the design."""
        left_out = sum(self.design.left_out)
        if not left_out:
            return ()
        return (
            f"{plural(left_out, 'prompt')} left out: no partner with the same {self.design.unit} in the other set.",
        )

    def figure(self, first: Floats, second: Floats) -> Figure:
        """Draw the claimed neuron's two distributions, one value per unit."""
        settings = self.claim.settings
        axis = f"{settings.site} {self.neuron}, {settings.tokens}"
        return Figure(axis, (Row(self.names[0], plain(first)), Row(self.names[1], plain(second))))

    def _asks(self, prompts: tuple[Prompt, ...]) -> Activations:
        settings = self.claim.settings
        rule = TokenRule(settings.tokens.pool, settings.tokens.span)
        generate = None if rule.span == "prompt" else Generation(settings.generate or 0)
        texts = tuple(prompt.text for prompt in prompts)
        return Activations(settings.site, self.neuron.layer, rule, texts, generate)


def in_order(prompts: PromptSet) -> tuple[Prompt, ...]:
    """Return a set's prompts in the order of their text."""
    return tuple(sorted(prompts.prompts, key=lambda prompt: prompt.text))


def check_neuron(neuron: Neuron, site: str, facts: ModelFacts) -> None:
    """Raise ClaimError when the model has no such neuron, saying which it has."""
    if neuron.layer >= facts.layers:
        raise ClaimError(
            f"{facts.name} has no layer {neuron.layer}: it has {facts.layers} layers, 0 to {facts.layers - 1}."
        )
    width = facts.widths.get(site)
    if width is None:
        raise ClaimError(f"{facts.name} has no site {site}; it has {', '.join(facts.widths)}.")
    if neuron.index >= width:
        others = [name for name, count in facts.widths.items() if count > neuron.index]
        hint = f" Sites wide enough: {', '.join(others)}." if others else ""
        raise ClaimError(
            f"{facts.name} has no neuron {neuron} at {site}: a layer has {width} there, 0 to {width - 1}.{hint}"
        )


def rank_of(index: int, strengths: Floats, by: str) -> Rank | None:
    """Return the place of one neuron among its layer, 1 for the largest strength; ties share the better place.

    None where the whole layer ties, as when both sets hold the same tokens: no neuron is then ahead of another.
    """
    if (strengths == strengths[index]).all():
        return None
    return Rank(1 + int((strengths > strengths[index]).sum()), len(strengths), by)


def plain(values: Floats) -> tuple[float, ...]:
    """Return an array as plain floats."""
    return tuple(float(value) for value in values)


def plural(count: int, noun: str) -> str:
    """Return "1 prompt", "2 prompts"."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
