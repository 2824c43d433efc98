"""What ablated neurons are given instead of their values: means or single values over reference texts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch

from neuronclaims.measurements.changes import ChangeNeed
from neuronclaims.models.running.encode import collate, encode, padding_id
from neuronclaims.models.running.hooks import Place, traced
from neuronclaims.models.running.loading import Ready
from neuronclaims.models.running.passes import forward


@dataclass(frozen=True, slots=True, eq=False)
class Reference:
    """Values at some places over all positions of the reference texts that hold text.

    ``values`` is [positions, width] per place, ``means`` [width] per place, summed in float64.
    """

    values: Mapping[Place, torch.Tensor]
    means: Mapping[Place, torch.Tensor]


def references(ready: Ready, needs: Sequence[ChangeNeed]) -> dict[ChangeNeed, Reference]:
    """Return what every need that replaces by mean or resampling takes, each set of texts run once."""
    asking = [need for need in needs if need.reference]
    found: dict[ChangeNeed, Reference] = {}
    for texts in dict.fromkeys(need.reference for need in asking):
        alike = [need for need in asking if need.reference == texts]
        places = sorted({(need.site, layer) for need in alike for layer in need.layers})
        taken = _values(ready, texts, places)
        means = {place: values.double().mean(0).float() for place, values in taken.items()}
        found |= dict.fromkeys(alike, Reference(taken, means))
    return found


def _values(ready: Ready, texts: Sequence[str], places: Sequence[Place]) -> dict[Place, torch.Tensor]:
    parts: dict[Place, list[torch.Tensor]] = {place: [] for place in places}
    for row in encode(ready, texts, 0):
        batch = collate([row], padding_id(ready.tokenizer), "right", ready.device)
        with traced(ready, batch.ids.shape, retain=places) as kept:
            forward(ready, batch.ids, batch.mask, batch.positions)
        for place in places:
            parts[place].append(kept[place][0, batch.counts[0]].float())
    return {place: torch.cat(values) for place, values in parts.items()}
