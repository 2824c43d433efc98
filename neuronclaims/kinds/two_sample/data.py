"""Hold what was measured for claims about two sets, and what several of them share."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from neuronclaims.sentences.subjects.neurons import Neuron

if TYPE_CHECKING:
    from neuronclaims.kinds.outliers.outlier_dimensions import LargeValues
    from neuronclaims.kinds.shared.two_samples import Effects, Floats, LayerSamples, NeuronSamples
    from neuronclaims.stats import MaxResults, TestResult


@dataclass(frozen=True, slots=True, eq=False)
class TwoSampleData:
    """The values measured for one claim: those of whole layers, in the order of the layers.

    ``searched`` says whether all neurons of these layers were looked at before one was picked. ``measured`` has besides
    these the layers that only a rank among all of them needs.
    """

    layers: Mapping[int, LayerSamples]
    measured: Mapping[int, LayerSamples]
    searched: bool
    noun: str = "neuron"

    @property
    def neurons(self) -> tuple[Neuron, ...]:
        """All neurons of all layers, in the order of their columns in ``all``."""
        return tuple(
            Neuron(number, index)
            for number, layer in self.layers.items()
            for index in range(layer.first.shape[1])
        )

    @property
    def all(self) -> tuple[Floats, Floats]:
        """The values of all neurons: [n1, m] and [n2, m]."""
        layers = list(self.layers.values())
        if len(layers) == 1:
            return layers[0].first, layers[0].second
        return np.hstack([layer.first for layer in layers]), np.hstack([layer.second for layer in layers])

    def column(self, neuron: Neuron) -> int:
        """Return the column of a neuron in ``all``."""
        before = (layer.first.shape[1] for number, layer in self.layers.items() if number < neuron.layer)
        return int(sum(before)) + neuron.index

    def of(self, neuron: Neuron) -> NeuronSamples:
        """Return the values of one neuron."""
        widths = (layer.first.shape[1] for layer in self.layers.values())
        return self.layers[neuron.layer].neuron(
            neuron.index, int(sum(widths)) if self.searched else 1, self.noun
        )


@dataclass(slots=True)
class SharedTwoSamples:
    """Values and tests that claims of one family share on one model.

    ``layers`` are values by what was measured, ``large`` the shares of large values of a layer by the same. By a
    claim's id, ``first_looks`` are tests on their first draws, ``effects`` those on all scales, where claims were
    tested together. ``searches`` are the tests of all neurons searched, by where, what and how many draws.
    """

    layers: dict[Hashable, LayerSamples] = field(default_factory=dict)
    large: dict[Hashable, LargeValues] = field(default_factory=dict)
    first_looks: dict[str, TestResult] = field(default_factory=dict)
    effects: dict[str, Effects] = field(default_factory=dict)
    searches: dict[Hashable, MaxResults] = field(default_factory=dict)
