"""The neuron, head or latent that a sentence about "some" of them is about: the one that does most of what is said.

Each of them is changed by itself. Their changes are tested together (the maximum statistic), and the interval is so
wide that it holds for all of them, so any rule may pick; this one takes that whose test would be the clearest.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from neuronclaims.figures import Table
from neuronclaims.kinds.shared.subjects.subjects import SHOWN, number_text
from neuronclaims.sentences.subjects.neurons import Neuron

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from neuronclaims.kinds.interventions.changed_neurons import Floats
    from neuronclaims.kinds.interventions.controls.sweeps import LayerSweeps


@dataclass(frozen=True, slots=True, eq=False)
class Picked:
    """What each neuron of some layers does by itself beyond what is claimed, in the direction claimed.

    ``sweeps`` hold what is read after each, [units, neurons] in all; ``beyond`` [units, neurons] is how much farther
    each goes than is claimed; ``often`` says that what counts is in how many units that is not below 0.

    >>> from neuronclaims.kinds.interventions.controls.sweeps import LayerSweeps
    >>> values = np.array([[0.0, 2.0, 9.0], [0.0, 2.2, -1.0], [0.0, 1.8, 1.0]])
    >>> picked = Picked(LayerSweeps({3: values}), values)
    >>> str(picked.neuron), [str(one) for one in picked.order]
    ('3:1', ['3:1', '3:2', '3:0'])
    """

    sweeps: LayerSweeps
    beyond: Floats
    often: NDArray[np.bool_] | None = None

    @property
    def neuron(self) -> Neuron:
        """The neuron that is picked."""
        return self.order[0]

    @property
    def order(self) -> tuple[Neuron, ...]:
        """The neurons, the clearest first: by t or, where it counts how often, by that and then by t."""
        t = _t(self.beyond)
        first = np.lexsort((-t,) if self.often is None else (-t, -self.often.sum(axis=0)))
        neurons = self.sweeps.neurons
        return tuple(neurons[int(column)] for column in first[:SHOWN])

    def table(self, changes: Floats, effect: str) -> Table:
        """List the clearest, with the mean change by each; ``changes`` [units, neurons] has them."""
        noun, means = self.sweeps.noun, changes.mean(axis=0)
        rows = tuple(
            (str(neuron), number_text(float(means[self.sweeps.column(neuron)]))) for neuron in self.order
        )
        return Table(f"clearest of {self.sweeps.count:,} {noun}s", (noun, effect), rows)


def _t(values: Floats) -> Floats:
    """Return the t of each column against 0; infinite where one differs from 0 alike in all units.

    >>> _t(np.array([[1.0, 2.0, 0.0], [1.0, 4.0, 0.0]])).tolist()
    [inf, 3.0, 0.0]
    """
    means, errors = values.mean(axis=0), values.std(axis=0, ddof=1) / np.sqrt(len(values))
    with np.errstate(divide="ignore", invalid="ignore"):
        found: Floats = np.where(means == 0, 0.0, means / errors)
    return found
