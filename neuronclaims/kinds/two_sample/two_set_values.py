"""What was measured of two sets: whole layers per unit, and single neurons among them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from neuronclaims.sentences.neurons import Neuron

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats: TypeAlias = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Values:
    """What was measured of one neuron, per exchanged unit.

    ``first`` [n1] and ``second`` [n2] are its own, ``first_layer`` [n1, width] and ``second_layer`` those of its layer.
    ``neurons`` is how many it was picked from, itself included: intervals are widened for so many.
    """

    first: Floats
    second: Floats
    first_layer: Floats
    second_layer: Floats
    neurons: int


@dataclass(frozen=True, slots=True, eq=False)
class Measured:
    """What was measured for one claim: of every layer asked for the values per unit, [n1, width] and [n2, width].

    ``searched`` says whether all neurons of these layers were looked at before one was picked.
    """

    layers: Mapping[int, tuple[Floats, Floats]]
    searched: bool

    @property
    def neurons(self) -> tuple[Neuron, ...]:
        """All neurons of all layers, in the order of their columns."""
        return tuple(
            Neuron(layer, index)
            for layer, (first, _) in self.layers.items()
            for index in range(first.shape[1])
        )

    @property
    def picked_from(self) -> int:
        """How many neurons the claimed one was picked from, itself included."""
        return sum(first.shape[1] for first, _ in self.layers.values()) if self.searched else 1

    @property
    def all(self) -> tuple[Floats, Floats]:
        """The values of all neurons, [n1, m] and [n2, m]."""
        pairs = list(self.layers.values())
        if len(pairs) == 1:
            return pairs[0]
        return np.hstack([first for first, _ in pairs]), np.hstack([second for _, second in pairs])

    def column(self, neuron: Neuron) -> int:
        """Return the column of a neuron among all."""
        before = (int(first.shape[1]) for layer, (first, _) in self.layers.items() if layer < neuron.layer)
        return sum(before) + neuron.index

    def of(self, neuron: Neuron) -> Values:
        """Return the values of one neuron and of its layer."""
        first, second = self.layers[neuron.layer]
        own_first, own_second = first[:, neuron.index], second[:, neuron.index]
        return Values(own_first, own_second, first, second, self.picked_from)
