"""Say what is read of each prompt of two sets, and of which: pooled activations, for contrast and separation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeAlias

from neuronclaims.kinds.shared.requests import activations, in_order
from neuronclaims.kinds.shared.subjects.neurons import check_neuron
from neuronclaims.kinds.shared.subjects.ranks import layers_with_ranked
from neuronclaims.kinds.shared.subjects.selection import layers_needed
from neuronclaims.kinds.shared.unit_names import continuations_needed, names_of_units
from neuronclaims.measurements import Activations
from neuronclaims.measurements.views.view import titled

if TYPE_CHECKING:
    from neuronclaims.claim_files.claims import Claim, Prompt
    from neuronclaims.kinds.kind import Answers
    from neuronclaims.measurements import Measurement, ModelFacts
    from neuronclaims.sentences.subjects.neurons import Neuron

Side: TypeAlias = "tuple[str, tuple[Prompt, ...]]"
"""The name of one side of a comparison, and its prompts in the order of their text."""


class SetsReading(Protocol):
    """What a claim about two sides reads of each prompt."""

    @property
    def sides(self) -> tuple[Side, Side]:
        """The two sides that are compared."""
        ...

    def check(self, neuron: Neuron, facts: ModelFacts) -> None:
        """Raise ClaimError where a model has no such neuron, or whatever else the claim is about."""
        ...

    def layers(self, facts: ModelFacts) -> tuple[int, ...]:
        """Return the layers to measure."""
        ...

    def need(self, layer: int, prompts: Sequence[Prompt], side: int) -> Measurement:
        """Ask for a layer's values for the prompts of a side, 0 or 1."""
        ...

    def layer_of(self, need: Measurement) -> int | None:
        """Return the layer of a measurement of such values, None for any other measurement."""
        ...

    def label(self, neuron: Neuron) -> str:
        """Return what the values of one neuron are, in words for figures."""
        ...

    def key(self, neuron: Neuron) -> str:
        """Return what the values of one neuron are, in words that never change: baselines keep them."""
        ...

    def texts(self, prompts: Sequence[Prompt], rows: Sequence[Sequence[int]]) -> tuple[Measurement, ...]:
        """Ask for what is written after the prompts, where figures show it."""
        ...

    def unit_names(
        self, prompts: Sequence[Prompt], answers: Answers, rows: Sequence[Sequence[int]]
    ) -> tuple[str, ...]:
        """Return the names of units for figures."""
        ...


@dataclass(frozen=True, slots=True)
class ActivationsReading:
    """Pooled activations at the claim's site, of two sets that its sentence names."""

    claim: Claim

    @property
    def sides(self) -> tuple[Side, Side]:
        """The two sets."""
        said, sets = self.claim.sentence, self.claim.sets
        return (said.first, in_order(sets[said.first])), (said.second, in_order(sets[said.second]))

    def check(self, neuron: Neuron, facts: ModelFacts) -> None:
        """Raise ClaimError where a model has no such neuron at the site."""
        check_neuron(neuron, self.claim.settings.site, facts)

    def layers(self, facts: ModelFacts) -> tuple[int, ...]:
        """Return the layers of the neurons, or all that were searched; all there are for a rank among them."""
        needed = layers_needed(self.claim, self.claim.sentence.who, facts)
        return layers_with_ranked(self.claim, needed, facts.layers_at(self.claim.settings.site))

    def need(self, layer: int, prompts: Sequence[Prompt], side: int) -> Measurement:  # noqa: ARG002
        """Ask for the activations of a layer."""
        return activations(self.claim.settings, layer, prompts)

    def layer_of(self, need: Measurement) -> int | None:
        """Return the layer of activations."""
        return need.layer if isinstance(need, Activations) else None

    def label(self, neuron: Neuron) -> str:
        """Return the site, the neuron or whatever the sentence names in its place, and the token rule."""
        who = self.claim.sentence.who
        alone = who.said is not None and who.how == "one"
        site = self.claim.settings.site
        return (
            f"{who.said if alone else titled(site, neuron.layer, neuron.index)}, {self.claim.settings.tokens}"
        )

    def key(self, neuron: Neuron) -> str:
        """Return the site, the neuron and the token rule."""
        return f"{self.claim.settings.site} {neuron}, {self.claim.settings.tokens}"

    def texts(self, prompts: Sequence[Prompt], rows: Sequence[Sequence[int]]) -> tuple[Measurement, ...]:
        """Ask for what the model writes, where values are read while it does."""
        return continuations_needed(self.claim.settings, prompts, rows)

    def unit_names(
        self, prompts: Sequence[Prompt], answers: Answers, rows: Sequence[Sequence[int]]
    ) -> tuple[str, ...]:
        """Return the names of units, with what was written."""
        return names_of_units(self.claim.settings, prompts, answers, rows)
