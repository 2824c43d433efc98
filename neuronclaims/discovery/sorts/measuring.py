"""Measure on the half that is searched: the whole site on both sets, averaged within units."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from neuronclaims.discovery.values import UnitTable
from neuronclaims.kinds.shared.requests import activations, in_order
from neuronclaims.kinds.top_k.top_k_scores import SiteColumns
from neuronclaims.measurements import Measurement

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from neuronclaims.claim_files.claims import Claim
    from neuronclaims.discovery.values import Floats
    from neuronclaims.measurements import ModelFacts
    from neuronclaims.sentences.subjects.neurons import Neuron
    from neuronclaims.stats import TwoSampleDesign

Ask: TypeAlias = "Callable[[Sequence[Measurement]], Mapping[Measurement, NDArray[np.float32]]]"
"""Measures, or reads from the cache; raises MeasurementError for what cannot be measured or is not finite."""


@dataclass(frozen=True, slots=True)
class SearchedHalf:
    """The half of the prompts that is searched, and the model that it is measured on.

    ``claim`` stands for one about any neuron, and has the prompts of this half alone; ``names`` are its sets.
    ``design`` are their units. ``layers`` are those whose neurons are searched, at the claim's site. ``ask`` measures;
    it may be called several times.
    """

    claim: Claim
    names: tuple[str, ...]
    design: TwoSampleDesign
    facts: ModelFacts
    layers: tuple[int, ...]
    ask: Ask

    @property
    def site_layers(self) -> tuple[int, ...]:
        """All layers that have the site."""
        return tuple(self.facts.layers_at(self.claim.settings.site))

    @property
    def columns(self) -> SiteColumns:
        """The neurons of all these layers, side by side."""
        return SiteColumns(self.site_layers, self.facts.width_of(self.claim.settings.site))


@dataclass(frozen=True, slots=True, eq=False)
class MeasuredNeurons:
    """What was measured: the units of neurons [m] that can be claimed, and how many were searched in all.

    ``share`` is the part of the half's units that tell something; on the other half, so much is expected. ``beside``
    says what else was found of some neurons, in words.
    """

    table: UnitTable
    neurons: Sequence[Neuron]
    searched: int
    share: float = 1.0
    beside: Mapping[Neuron, str] = field(default_factory=dict)


def site_values(half: SearchedHalf) -> tuple[Floats, Floats]:
    """Return the activations of the whole site, layers side by side, of prompts in the order of their text."""
    settings, layers = half.claim.settings, half.site_layers
    needs = {
        name: [activations(settings, layer, in_order(half.claim.sets[name])) for layer in layers]
        for name in half.names
    }
    answers = half.ask([need for each in needs.values() for need in each])
    first, second = (
        np.concatenate([answers[need] for need in each], axis=1, dtype=np.float64) for each in needs.values()
    )
    return first, second


def in_units(half: SearchedHalf, first: Floats, second: Floats) -> MeasuredNeurons:
    """Average values [prompts, neurons of the whole site] of two sets within units, for the layers searched."""
    columns = half.columns
    some = columns.of_layers(half.layers)
    table = UnitTable(*half.design.units(first[:, some], second[:, some]), half.design.paired)
    return MeasuredNeurons(table, [columns.neuron(int(column)) for column in some], len(some))
