"""The controls of a neuron that are all others of its layer, drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING

from neuronclaims.figures import Point, Points
from neuronclaims.kinds.shared.layer_points import drawn_neurons
from neuronclaims.measurements.views.view import noun_of
from neuronclaims.sentences.subjects.neurons import Neuron
from neuronclaims.sites import printed

if TYPE_CHECKING:
    from neuronclaims.kinds.interventions.changed_neurons import Floats
    from neuronclaims.stats import Estimate


def layer_figure(
    neuron: Neuron, values: Floats, claimed: Estimate, *, site: str, y_axis: str, scale: float = 1.0
) -> Points:
    """Draw a number per neuron of a layer [width], the claim's with its interval; of wide layers only some.

    Those furthest from 0 are kept, and others evenly spaced. ``scale`` turns the values into the claim's unit.
    """
    shown = values * scale
    points = tuple(
        Point(float(index), float(shown[index]), str(Neuron(neuron.layer, index)))
        if index != neuron.index
        else Point(float(index), float(shown[index]), str(neuron), claimed.low, claimed.high, marked=True)
        for index in drawn_neurons(shown, neuron.index)
    )
    return Points(f"{noun_of(site)} index, {printed(site)}, layer {neuron.layer}", y_axis, points)
