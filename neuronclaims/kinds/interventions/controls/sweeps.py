"""What each neuron of some layers does when it is changed alone, and which of them a claim is about."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeVar

import numpy as np

from neuronclaims.kinds.kind import KindError
from neuronclaims.measurements import Measurement
from neuronclaims.sentences.subjects.neurons import Neuron

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from neuronclaims.kinds.interventions.changed_neurons import Floats
    from neuronclaims.kinds.kind import Answers


class LayerSweep(Measurement, Protocol):
    """A measurement of each neuron of one layer alone, such as ``AblationSweep``."""

    @property
    def layer(self) -> int:
        """The layer."""
        ...


SweepT = TypeVar("SweepT", bound=LayerSweep)


@dataclass(frozen=True, slots=True, eq=False)
class LayerSweeps:
    """What each neuron of some layers does when it is changed alone: per layer [units, width].

    ``noun`` is what one of them is called.
    """

    layers: Mapping[int, Floats]
    noun: str = "neuron"

    @classmethod
    def of(
        cls,
        answers: Answers,
        sweep: type[SweepT],
        read: Callable[[SweepT, NDArray[np.float32]], Floats],
        noun: str = "neuron",
    ) -> LayerSweeps:
        """Collect the answers to sweeps of one sort, from the lowest layer up; ``read`` gives [units, width]."""
        found = {
            need.layer: read(need, values) for need, values in answers.items() if isinstance(need, sweep)
        }
        return cls(dict(sorted(found.items())), noun)

    @property
    def count(self) -> int:
        """How many neurons were changed alone."""
        return sum(values.shape[1] for values in self.layers.values())

    @property
    def all(self) -> Floats:
        """The values of each neuron of all layers [units, neurons]."""
        return np.concatenate(list(self.layers.values()), axis=1)

    @property
    def neurons(self) -> tuple[Neuron, ...]:
        """The neurons of all layers, in the order of the columns of ``all``."""
        return tuple(
            Neuron(layer, index) for layer, values in self.layers.items() for index in range(values.shape[1])
        )

    def column(self, neuron: Neuron | None) -> int:
        """Return the place of a neuron among those of all layers; raise KindError for none and for one not searched."""
        if neuron is None:
            raise KindError(
                "it gives BeforeAfter what was searched ('searched'), but not the claim's own neuron. "
                "Give 'neuron' too: the one whose mean change is tested against the largest of all that were searched."
            )
        own = self.layers.get(neuron.layer)
        if own is None or neuron.index >= own.shape[1]:
            layers = ", ".join(map(str, self.layers)) or "none"
            raise KindError(
                f"it gives BeforeAfter neuron {neuron}, which is not among those searched (layers: {layers}). "
                "Sweep the neuron's own layer too: 'swept_layers' names all layers that a claim needs."
            )
        below = (int(values.shape[1]) for layer, values in self.layers.items() if layer < neuron.layer)
        return sum(below) + neuron.index
