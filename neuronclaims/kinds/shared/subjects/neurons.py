"""Check that a model has a neuron, and rank it among those of its layer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from neuronclaims.kinds.kind import ClaimError
from neuronclaims.measurements.errors import MeasurementError
from neuronclaims.measurements.views.view import ViewedSite
from neuronclaims.results import Rank

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from neuronclaims.measurements import ModelFacts
    from neuronclaims.sentences.subjects.neurons import Neuron


def check_neuron(neuron: Neuron, site: str, facts: ModelFacts) -> None:
    """Raise ClaimError when the model has no such neuron, or no such number of a view, saying which it has."""
    if isinstance(site, ViewedSite):
        try:
            facts.check_place(site, neuron.layer, neuron.index)
        except MeasurementError as error:
            raise ClaimError(str(error)) from None
        return
    if neuron.layer >= facts.layers:
        raise ClaimError(
            f"{facts.name} has no layer {neuron.layer}: it has {facts.layers} layers, 0 to {facts.layers - 1}."
        )
    width = facts.widths.get(site)
    if width is None:
        raise ClaimError(facts.without(site))
    if why := facts.lacking.get(site, {}).get(neuron.layer):
        raise ClaimError(f"Layer {neuron.layer} of {facts.name} has no {site}: {why}")
    if neuron.layer not in facts.layers_at(site):
        raise ClaimError(
            f"{facts.name} has no neuron {neuron} at {site}, which stands behind the last block: write "
            f"{facts.layers - 1}:{neuron.index}."
        )
    if neuron.index >= width:
        others = [name for name, count in facts.widths.items() if count > neuron.index]
        hint = f" Sites wide enough: {', '.join(others)}." if others else ""
        raise ClaimError(
            f"{facts.name} has no neuron {neuron} at {site}: a layer has {width} there, 0 to {width - 1}.{hint}"
        )


def rank_of(index: int, strengths: NDArray[np.float64], by: str) -> Rank | None:
    """Return the place of one neuron among its layer, 1 for the largest strength; ties share the better place.

    None where the whole layer ties, as when both sets hold the same tokens: no neuron is then ahead of another.

    >>> import numpy as np
    >>> rank_of(2, np.array([0.1, 0.9, 0.4]), "t").place
    2
    """
    if (strengths == strengths[index]).all():
        return None
    return Rank(1 + int((strengths > strengths[index]).sum()), len(strengths), by)
