"""The values that interventions use while a model runs: of the texts, of clean texts and of reference texts."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import torch

from neuronclaims.measurements.changing.needs import ChangeNeed
from neuronclaims.measurements.errors import MeasurementError
from neuronclaims.models.running.encode import collate, encode, padding_id
from neuronclaims.models.running.hooks import Edit, Place, traced
from neuronclaims.models.running.loading import Ready
from neuronclaims.models.running.passes import forward


@dataclass(frozen=True, slots=True, eq=False)
class ReferenceValues:
    """Values at one place over all positions of the reference texts that hold text.

    ``values`` is [positions, width], ``mean`` [width], summed in float64.
    """

    values: torch.Tensor
    mean: torch.Tensor


References: TypeAlias = Mapping[Place, ReferenceValues]
"""The values of one set of reference texts, by place."""


@dataclass(frozen=True, slots=True, eq=False)
class BatchValues:
    """The values an intervention may use at one place of one batch: a ``measurements.interventions.PlaceValues``.

    ``own`` and ``of_clean`` are [rows, tokens, width]; ``items`` are the texts, of which seeds are made. ``start`` is
    the place of the first token in its text: of text that is being written, only the last token is run.
    """

    own: torch.Tensor
    of_clean: torch.Tensor | None
    reference: ReferenceValues | None
    items: Sequence[str]
    start: int = 0

    @property
    def clean(self) -> torch.Tensor:
        """The values of the clean texts [rows, tokens, width]."""
        if self.of_clean is None:
            raise MeasurementError("The intervention takes values of a clean text, and no pairs are given.")
        return self.of_clean

    @property
    def mean(self) -> torch.Tensor:
        """The mean over the reference texts, the same at every position [rows, tokens, width]."""
        return self._taken.mean.to(self.own).expand_as(self.own)

    @property
    def resampled(self) -> torch.Tensor:
        """Values of whole positions drawn from the reference texts [rows, tokens, width]."""
        values, like = self._taken.values, self.own[0]
        return torch.stack([_resampled(values, like, item, self.start) for item in self.items])

    @property
    def _taken(self) -> ReferenceValues:
        if self.reference is None:
            raise MeasurementError("The intervention takes reference texts, and none are given.")
        return self.reference


@dataclass(frozen=True, slots=True, eq=False)
class Taken:
    """The values that interventions on one batch use in addition to those of the text itself, by place.

    ``mask`` [rows, tokens] says at which tokens they are put, ``start`` where in the texts these tokens begin.
    """

    of_clean: Mapping[Place, torch.Tensor]
    references: References
    items: Sequence[str]
    mask: torch.Tensor
    start: int = 0

    def put(self, need: ChangeNeed, place: Place, own: torch.Tensor) -> torch.Tensor:
        """Return what a need's intervention gives for values ``own`` at a place: [rows, tokens, width]."""
        values = BatchValues(
            own, self.of_clean.get(place), self.references.get(place), self.items, self.start
        )
        return need.intervention.put(values)


def references(ready: Ready, needs: Sequence[ChangeNeed]) -> dict[ChangeNeed, References]:
    """Return the values of reference texts for every need with references; each set of texts is run once."""
    with_texts = [need for need in needs if need.reference]
    found: dict[ChangeNeed, References] = {}
    for texts in dict.fromkeys(need.reference for need in with_texts):
        alike = [need for need in with_texts if need.reference == texts]
        places = sorted({place for need in alike for place in need.places})
        taken = {
            place: ReferenceValues(values, values.double().mean(0).float())
            for place, values in _values(ready, texts, places).items()
        }
        found |= dict.fromkeys(alike, taken)
    return found


def edit_at(place: Place, need: ChangeNeed, taken: Taken) -> Edit:
    """Return the edit that applies a need's intervention to its neurons at one place, at the tokens it is for."""
    columns = need.columns_at(place)

    def edit(values: torch.Tensor) -> torch.Tensor:
        put, values = taken.put(need, place, values), values.clone()
        mask = taken.mask.reshape(*taken.mask.shape, *[1] * (values.ndim - 2)).to(values.device)
        values[:, :, columns] = torch.where(mask, put[:, :, columns], values[:, :, columns])
        return values

    return edit


def _values(ready: Ready, texts: Sequence[str], places: Sequence[Place]) -> dict[Place, torch.Tensor]:
    parts: dict[Place, list[torch.Tensor]] = {place: [] for place in places}
    for row in encode(ready, texts, 0):
        batch = collate([row], padding_id(ready.tokenizer), "right", ready.device)
        with traced(ready, batch.ids.shape, retain=places) as kept:
            forward(ready, batch.ids, batch.mask, batch.positions)
        for place in places:
            values = kept[place][0]
            parts[place].append(values[batch.counts[0].to(values.device)].float())
    return {place: torch.cat(values) for place, values in parts.items()}


def _resampled(pool: torch.Tensor, like: torch.Tensor, item: str, start: int) -> torch.Tensor:
    seed = int.from_bytes(hashlib.sha256(item.encode("utf-8", "surrogatepass")).digest()[:8], "little")
    chosen = np.random.PCG64(seed).random_raw(start + len(like))[start:] % np.uint64(len(pool))
    return pool[torch.from_numpy(chosen.astype(np.int64)).to(pool.device)].to(like)
