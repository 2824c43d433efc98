"""Say what a claim about two sets asks for: neurons, prompts, their design and what is claimed of the difference."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from neuronclaims.figures import Distributions, Row
from neuronclaims.kinds.joint import JointShare
from neuronclaims.kinds.kind import Attainable, ClaimError, Sample
from neuronclaims.kinds.shared.designs import design_of, size_of
from neuronclaims.kinds.shared.requests import plain, resamples_of, seed_of
from neuronclaims.kinds.shared.subjects.parts import attainable_part
from neuronclaims.kinds.shared.subjects.ranks import layers_tested
from neuronclaims.kinds.shared.subjects.selection import search_of
from neuronclaims.kinds.shared.two_samples import LayerSamples, exchange_of
from neuronclaims.kinds.shared.units import of_two_sets
from neuronclaims.kinds.two_sample.data import SharedTwoSamples, TwoSampleData

if TYPE_CHECKING:
    from neuronclaims.claim_files.claims import Claim, Prompt
    from neuronclaims.kinds.kind import Answers, Family
    from neuronclaims.kinds.shared.hypotheses import TwoSampleHypothesis
    from neuronclaims.kinds.shared.two_samples import NeuronSamples
    from neuronclaims.kinds.two_sample.reading import SetsReading
    from neuronclaims.measurements import Measurement, ModelFacts
    from neuronclaims.results import UnitValues
    from neuronclaims.sentences.subjects.neuron_sets import NeuronSet
    from neuronclaims.sentences.subjects.neurons import Neuron
    from neuronclaims.sentences.subjects.subject import Subject
    from neuronclaims.stats import Resampling, TwoSampleDesign


@dataclass(frozen=True, slots=True)
class TwoSampleRequest:
    """One or more neurons and two prompt sets, as a claim names them, and what it says of their difference.

    Prompts are taken in the order of their text, so that the order of a file changes no number. ``design`` is what
    these prompts allow to be exchanged.
    """

    claim: Claim
    who: Subject
    names: tuple[str, str]
    prompts: tuple[tuple[Prompt, ...], tuple[Prompt, ...]]
    design: TwoSampleDesign
    hypothesis: TwoSampleHypothesis
    reading: SetsReading

    @classmethod
    def of(
        cls,
        claim: Claim,
        hypothesis: Callable[[Claim], TwoSampleHypothesis],
        reading: Callable[[Claim], SetsReading],
    ) -> TwoSampleRequest:
        """Look up the sides of a claim whose sentence names ``who``.

        Raises what ``hypothesis`` raises where the claim's options do not fit.
        """
        read = reading(claim)
        (first, ones), (second, twos) = read.sides
        design = design_of(ones, twos)
        return cls(claim, claim.sentence.who, (first, second), (ones, twos), design, hypothesis(claim), read)

    @property
    def searched(self) -> bool:
        """Whether the neuron was picked on the same prompts, or is picked now."""
        return search_of(self.claim, self.who) is not None

    @property
    def seed(self) -> int:
        """A seed that comes from the prompts."""
        return seed_of(self.claim.settings, self.prompts, "two sets")

    def resampling(self, family: Family) -> Resampling:
        """Return how relabellings are drawn if they are too many to enumerate."""
        return family.resampling(self.seed, resamples_of(self.claim.settings))

    def attainable(self) -> Attainable:
        """Return the least p-value these prompts allow.

        Raises ClaimError for a search within blocks.
        """
        if self.searched and self.design.blocks is not None:
            picked = "searched for on" if self.who.how == "some" else "picked on"
            raise ClaimError(
                f"A {self.who.noun} that was {picked} these prompts ('searched') cannot be tested within blocks. "
                "Test it on new prompts ('discovered_on'), or leave the blocks out."
            )
        found = self.hypothesis.attainable(self.design, size_of(self.design))
        return attainable_part(found, self.who)

    @property
    def sample(self) -> Sample:
        """Return how many units of each set take part."""
        (first, second), (ones, twos) = self.names, self.design.counts
        return Sample(self.design.unit, ((first, ones), (second, twos)), paired=self.design.paired)

    def needs(self, facts: ModelFacts) -> tuple[Measurement, ...]:
        """Ask for the neurons' whole layers on both sets, and for all layers searched, or ranked among.

        Raises ClaimError when the model does not have one of the neurons, or not all of these layers.
        """
        for neuron in self.who.neurons:
            self.reading.check(neuron, facts)
        values = (need for layer in self.reading.layers(facts) for need in self._values(layer))
        texts = (need for prompts, rows in self._units for need in self.reading.texts(prompts, rows))
        return *values, *texts

    def data(self, answers: Answers, family: Family) -> TwoSampleData:
        """Return the values measured, averaged within units: once for all claims on these sets and layers."""
        known = family.shared(SharedTwoSamples).layers
        found = map(self.reading.layer_of, answers)
        numbers = sorted({layer for layer in found if layer is not None})
        for number in numbers:
            if self.place(number) not in known:
                first, second = self._values(number)
                known[self.place(number)] = LayerSamples(
                    *self.design.units(answers[first], answers[second]), self.design
                )
        measured = {number: known[self.place(number)] for number in numbers}
        tested = layers_tested(self.claim, self.who, measured)
        return TwoSampleData(tested, measured, self.searched, self.who.noun)

    def place(self, layer: int) -> Hashable:
        """Return a key that is equal for claims that read the same values of a layer and exchange the same units."""
        return *self._values(layer), self.design

    @property
    def named_set(self) -> NeuronSet | None:
        """The set of neurons that the sentence names, if it names one."""
        return next(iter(self.claim.neuron_sets.values()), None)

    def joint_test_key(self) -> Hashable | None:
        """Return a key that is equal for claims that can be tested jointly; None for one that is tested alone."""
        if not self._joinable:
            return None
        resamples = resamples_of(self.claim.settings)
        return self.hypothesis.statistic, self.design, self.seed, resamples

    def joint(self, values: NeuronSamples, family: Family) -> JointShare | None:
        """Return the claim's share in a joint test, None for one that is tested alone."""
        if not self._joinable:
            return None
        return JointShare(
            values.first - self.hypothesis.shift,
            values.second,
            self.hypothesis.statistic,
            exchange_of(self.design),
            self.resampling(family),
        )

    def figure(self, neuron: Neuron, values: NeuronSamples, answers: Answers) -> Distributions:
        """Draw one neuron's two distributions, one value per unit."""
        units = [self.reading.unit_names(prompts, answers, rows) for prompts, rows in self._units]
        rows = (
            Row(self.names[0], plain(values.first), units[0]),
            Row(self.names[1], plain(values.second), units[1]),
        )
        return Distributions(self.reading.label(neuron), rows)

    def unit_values(self, neuron: Neuron, values: NeuronSamples) -> UnitValues:
        """Return one neuron's values per unit, with the measurements they come from."""
        needs = self._values(neuron.layer)
        sources = [(need, neuron.index) for need in needs] if self.who.how == "one" else []
        sides = (values.first, values.second)
        return of_two_sets(
            self.reading.key(neuron), self.hypothesis.scale, self.design, self.prompts, sides, sources
        )

    @property
    def _units(self) -> tuple[tuple[tuple[Prompt, ...], Sequence[Sequence[int]]], ...]:
        """The prompts of each set, and which of them are the units that figures name."""
        return (self.prompts[0], self.design.first_rows), (self.prompts[1], self.design.second_rows)

    @property
    def _joinable(self) -> bool:
        alone = not self.hypothesis.exchanged or self.searched or self.design.blocks is not None
        return self.who.how == "one" and not alone

    def _values(self, layer: int) -> tuple[Measurement, Measurement]:
        first, second = (self.reading.need(layer, prompts, side) for side, prompts in enumerate(self.prompts))
        return first, second
