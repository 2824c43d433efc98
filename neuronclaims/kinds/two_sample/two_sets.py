"""What the kinds that compare neurons between two prompt sets share: their sets, needs, design, values and figure."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from neuronclaims.figures import Distributions, Row
from neuronclaims.kinds.kind import Attainable, ClaimError
from neuronclaims.kinds.shared.designs import design_of, left_out, size_of
from neuronclaims.kinds.shared.joint import Joint
from neuronclaims.kinds.shared.neurons import check_neuron
from neuronclaims.kinds.shared.requests import activations, in_order, plain, resamples_of, seed_of
from neuronclaims.kinds.shared.selection import layers_needed, search_of
from neuronclaims.kinds.shared.unit_names import named, written
from neuronclaims.kinds.shared.units import of_two_sets
from neuronclaims.kinds.two_sample.two_set_values import Measured
from neuronclaims.measurements import Activations

if TYPE_CHECKING:
    from neuronclaims.claim_files.claims import Claim, Prompt
    from neuronclaims.kinds.kind import Answers, Family
    from neuronclaims.kinds.two_sample.two_set_values import Floats, Values
    from neuronclaims.measurements import Measurement, ModelFacts
    from neuronclaims.results import UnitValues
    from neuronclaims.sentences.neurons import Neuron
    from neuronclaims.sentences.subjects import Subject
    from neuronclaims.stats import Alternative, TwoSampleDesign
    from neuronclaims.stats.effects.margins import Scale
    from neuronclaims.stats.permutation.relabelling import Statistic


@dataclass(frozen=True, slots=True)
class TwoSets:
    """One or more neurons and two prompt sets, as a claim names them, with the design their prompts allow.

    Prompts are taken in the order of their text, so that the order of a file changes no number.
    """

    claim: Claim
    who: Subject
    first: tuple[Prompt, ...]
    second: tuple[Prompt, ...]
    names: tuple[str, str]
    design: TwoSampleDesign

    @classmethod
    def of(cls, claim: Claim, who: Subject, first: str, second: str) -> TwoSets:
        """Look up the sets and settle what is exchanged: prompts, groups or pairs."""
        one, two = in_order(claim.sets[first]), in_order(claim.sets[second])
        return cls(claim, who, one, two, (first, second), design_of(one, two))

    @property
    def searched(self) -> bool:
        """Whether the neuron was picked on these very prompts, or is picked now."""
        return search_of(self.claim, self.who) is not None

    @property
    def seed(self) -> int:
        """A seed that comes from the prompts."""
        return seed_of(self.claim.settings, (self.first, self.second), "two sets")

    @property
    def resamples(self) -> int:
        """How many relabellings are drawn where they cannot all be enumerated."""
        return resamples_of(self.claim.settings)

    @property
    def counts(self) -> tuple[tuple[str, int], tuple[str, int]]:
        """How many units of each set take part."""
        return (self.names[0], self.design.counts[0]), (self.names[1], self.design.counts[1])

    def attainable(self, smallest_p: float) -> Attainable:
        """Say how small p could get with these prompts."""
        return Attainable(smallest_p, size_of(self.design))

    def needs(self, facts: ModelFacts) -> tuple[Measurement, ...]:
        """Ask for the neurons' whole layers on both sets, and for all layers that were searched.

        Raises ClaimError when the model does not have one of the neurons, or not all of these layers, and for a
        search within blocks.
        """
        settings = self.claim.settings
        for neuron in self.who.neurons:
            check_neuron(neuron, settings.site, facts)
        if self.searched and self.design.blocks is not None:
            picked = "searched for on" if self.who.how == "some" else "picked on"
            raise ClaimError(
                f"A neuron that was {picked} these prompts ('searched') cannot be tested within blocks. "
                "Test it on new prompts ('discovered_on'), or leave the blocks out."
            )
        layers = layers_needed(self.claim, self.who, facts)
        asked = tuple(self._asks(prompts, layer) for layer in layers for prompts in (self.first, self.second))
        return *asked, *(need for prompts, rows in self._units for need in written(settings, prompts, rows))

    def measured(self, answers: Answers, family: Family) -> Measured:
        """Return what the claim's answers say, averaged within units: once for all claims on these sets and layers."""
        layers = sorted({need.layer for need in answers if isinstance(need, Activations)})
        found = {
            layer: family.once(("units", *self.where(layer)), partial(self._layer, answers, layer))
            for layer in layers
        }
        return Measured(found, self.searched)

    def where(self, layer: int) -> tuple[Hashable, ...]:
        """Return what claims have in common that read the same values of a layer and exchange the same units."""
        return self._asks(self.first, layer), self._asks(self.second, layer), self.design

    def joint_test_key(self, statistic: Statistic, side: Alternative) -> Hashable | None:
        """Return what claims that can be tested jointly have in common; None for one that is tested alone."""
        if not self._joinable:
            return None
        return statistic, side == "two-sided", self.design, self.seed, self.resamples

    def joint(self, values: Values, *, statistic: Statistic, side: Alternative) -> Joint | None:
        """Return the claim's share in a joint test with others on the same exchange."""
        if not self._joinable:
            return None
        paired, unit = self.design.paired, self.design.unit
        return Joint(values.first, values.second, side, paired, statistic, self.seed, self.resamples, unit)

    def left_out(self) -> tuple[str, ...]:
        """Say how many prompts take no part, where there are such."""
        return left_out(self.design)

    def figure(self, neuron: Neuron, values: Values, answers: Answers) -> Distributions:
        """Draw one neuron's two distributions, one value per unit."""
        settings = self.claim.settings
        names = [named(settings, prompts, answers, rows) for prompts, rows in self._units]
        rows = (
            Row(self.names[0], plain(values.first), names[0]),
            Row(self.names[1], plain(values.second), names[1]),
        )
        return Distributions(self.label(neuron), rows)

    def label(self, neuron: Neuron) -> str:
        """Say in words what the values of a neuron are."""
        return f"{self.claim.settings.site} {neuron}, {self.claim.settings.tokens}"

    def unit_values(self, neuron: Neuron, values: Values, scale: Scale) -> UnitValues:
        """Return one neuron's values per unit, with the measurements they come from."""
        needs = (self._asks(prompts, neuron.layer) for prompts in (self.first, self.second))
        sources = [(need, neuron.index) for need in needs] if self.who.how == "one" else []
        sides, prompts = (values.first, values.second), (self.first, self.second)
        return of_two_sets(self.label(neuron), scale, self.design, prompts, sides, sources)

    @property
    def _units(self) -> tuple[tuple[tuple[Prompt, ...], Sequence[Sequence[int]]], ...]:
        """The prompts of each set, and which of them are the units that figures name."""
        return (self.first, self.design.first_rows), (self.second, self.design.second_rows)

    @property
    def _joinable(self) -> bool:
        return self.who.how == "one" and not self.searched and self.design.blocks is None

    def _layer(self, answers: Answers, layer: int) -> tuple[Floats, Floats]:
        return self.design.units(
            answers[self._asks(self.first, layer)], answers[self._asks(self.second, layer)]
        )

    def _asks(self, prompts: tuple[Prompt, ...], layer: int) -> Activations:
        return activations(self.claim.settings, layer, prompts)
