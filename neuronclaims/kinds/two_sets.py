"""What the kinds that compare one neuron between two prompt sets share: needs, design, rank, figure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from neuronclaims.kinds.kind import ClaimError, Plan
from neuronclaims.measurements import Activations, Generation, TokenRule
from neuronclaims.results import Effect, Figure, Rank, Row
from neuronclaims.stats import seed_from, two_sample_design

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from neuronclaims.kinds.kind import Answers, Side
    from neuronclaims.language import Claim, Neuron, Prompt, PromptSet
    from neuronclaims.measurements import ModelFacts
    from neuronclaims.stats import Estimate, TwoSampleDesign


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

    def plan(self, facts: ModelFacts, side: Side) -> Plan:
        """Ask for the neuron's whole layer on both sets, after checking that the model has that neuron."""
        check_neuron(self.neuron, self.claim.settings.site, facts)
        counts = " and ".join(plural(count, self.design.unit) for count in self.design.counts)
        size = plural(self.design.counts[0], self.design.unit) if self.design.paired else counts
        return Plan((self._asks(self.first), self._asks(self.second)), self.design.smallest_p(side), size)

    def layer(self, answers: Answers) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the values of the neuron's whole layer per exchanged unit, [n1, width] and [n2, width]."""
        return self.design.units(answers[self._asks(self.first)], answers[self._asks(self.second)])

    def seed(self) -> int:
        """Derive the seed from the prompts compared, so that claims on the same sets draw the same relabellings."""
        texts = [prompt.text for prompt in self.first], [prompt.text for prompt in self.second]
        return seed_from(*texts[0], "\0", *texts[1], purpose="two sets", run_seed=self.claim.settings.seed)

    def counts(self) -> tuple[tuple[str, int], ...]:
        """Return how many units of each set took part."""
        return tuple(zip(self.names, self.design.counts, strict=True))

    def notes(self) -> tuple[str, ...]:
        """Say what a reader of the numbers should know about the design."""
        left_out = self.design.left_out
        if not left_out:
            return ()
        return (f"{plural(left_out, self.design.unit)} with prompts in only one of the sets left out.",)

    def figure(self, first: NDArray[np.float64], second: NDArray[np.float64]) -> Figure:
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


def rank_of(index: int, strengths: NDArray[np.float64], by: str) -> Rank:
    """Return the place of one neuron among its layer, 1 for the largest strength; ties share the better place."""
    return Rank(1 + int((strengths > strengths[index]).sum()), len(strengths), by)


def effect_of(estimate: Estimate) -> Effect:
    """Turn an estimate of the statistics room into the effect a report shows."""
    return Effect(estimate.name, estimate.value, estimate.low, estimate.high, estimate.level, estimate.method)


def degenerate(first: NDArray[np.float64], second: NDArray[np.float64]) -> str | None:
    """Say why two sets of values can show nothing, if they cannot."""
    low, high = min(first.min(), second.min()), max(first.max(), second.max())
    return f"the neuron has the same value, {low:g}, for every prompt" if low == high else None


def plain(values: NDArray[np.float64]) -> tuple[float, ...]:
    """Return an array as plain floats."""
    return tuple(float(value) for value in values)


def plural(count: int, noun: str) -> str:
    """Return "1 prompt", "2 prompts"."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


