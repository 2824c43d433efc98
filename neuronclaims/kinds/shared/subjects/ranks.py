"""Rank a neuron among those of its layer, or among those of all layers of the model: the option ``rank_among``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar

import numpy as np
from pydantic import Field

from neuronclaims.kinds.shared.margins import MarginOptions
from neuronclaims.kinds.shared.subjects.neurons import rank_of
from neuronclaims.kinds.shared.subjects.selection import search_of
from neuronclaims.results import Rank
from neuronclaims.sentences.options import OneOf, Options

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from neuronclaims.claim_files.claims import Claim
    from neuronclaims.sentences.subjects.neurons import Neuron
    from neuronclaims.sentences.subjects.subject import Subject

LayerT = TypeVar("LayerT")

ROUNDING = 1e-10
"""Strengths that differ by so small a part tie: layers are computed apart, so that equal ones may be rounded apart."""


class RankOptions(Options):
    """The option of kinds that rank the claim's neuron among others that are measured like it."""

    rank_among: Annotated[Literal["layer", "model"], OneOf("scope of a rank")] = Field(
        "layer",
        description="Which neurons, or heads, the claim's is ranked among: those of its layer (layer, the default), or "
        "those of all layers (model), which are measured then.",
    )


class RankedMarginOptions(MarginOptions, RankOptions):
    """The options of kinds that rank neurons, and whose sentences can say "does not"."""


def ranks_in_model(claim: Claim[Any, Any]) -> bool:
    """Say whether the claim's neuron is ranked among those of all layers."""
    options = claim.settings.options
    return isinstance(options, RankOptions) and options.rank_among == "model"


def layers_with_ranked(
    claim: Claim[Any, Any], needed: Sequence[int], there: Sequence[int]
) -> tuple[int, ...]:
    """Return the layers to measure: those ``needed``, and all that are ``there`` where a rank needs them."""
    return tuple(sorted({*needed, *there})) if ranks_in_model(claim) else tuple(needed)


def layers_tested(
    claim: Claim[Any, Any], who: Subject, measured: Mapping[int, LayerT]
) -> Mapping[int, LayerT]:
    """Return, of the layers measured, those that the test is about, not those that only a rank needs."""
    search = search_of(claim, who)
    if not ranks_in_model(claim) or (search is not None and search.layers is None):
        return measured
    own = {neuron.layer for neuron in who.neurons} if search is None else set(search.layers or ())
    return {layer: values for layer, values in measured.items() if layer in own}


def rank_among(
    claim: Claim[Any, Any],
    neuron: Neuron,
    measured: Mapping[int, LayerT],
    strengths: Callable[[LayerT], NDArray[np.float64]],
    by: str,
) -> Rank | None:
    """Return the neuron's place in its layer or, where the claim asks for it, among the neurons of all layers.

    ``strengths`` gives what the neurons of a layer are ranked by, the largest first. None where all tie.
    """
    if not ranks_in_model(claim):
        return rank_of(neuron.index, strengths(measured[neuron.layer]), by)
    layers = {layer: strengths(values) for layer, values in sorted(measured.items())}
    own, every = layers[neuron.layer][neuron.index], np.concatenate(list(layers.values()))
    if (every == own).all():
        return None
    ahead = (every > own) & ~np.isclose(every, own, rtol=ROUNDING, atol=ROUNDING)
    return Rank(1 + int(ahead.sum()), len(every), by, "model")
