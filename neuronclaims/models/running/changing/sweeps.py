"""Change every neuron of a layer, each alone, without a forward of the model for each.

A change at one layer leaves everything below it as it was, and a change from some position on leaves everything before
that position as it was. So the blocks below are passed over, what the blocks above know of earlier positions is taken
from one ordinary run, and many changed copies of the rest go through together.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

import torch

from neuronclaims.measurements.errors import IntegrityError
from neuronclaims.models.options import RunOptions
from neuronclaims.models.running.hooks import Edit, Place, starting_at, traced
from neuronclaims.models.running.loading import Ready
from neuronclaims.models.running.passes import forward
from neuronclaims.models.running.predictions import PredictionReader, logits_of
from neuronclaims.sites import printed

TOLERANCE = {torch.float32: 1e-3, torch.float16: 3e-2, torch.bfloat16: 1e-1}
"""How far the prediction for a copy may lie from that of an ordinary run, as a share of the largest prediction."""


def sweep(
    ready: Ready,
    place: Place,
    ids: torch.Tensor,
    own: Mapping[Place, torch.Tensor],
    puts: torch.Tensor,
    mask: torch.Tensor,
    reader: PredictionReader,
    options: RunOptions,
) -> torch.Tensor:
    """Return the prediction for every text and neuron, float32 [rows, width], neuron i given ``puts[..., i]``.

    ``ids`` [rows, tokens] are texts without padding, ``own`` the values at ``place`` and at the entry of its block;
    ``mask`` [rows, tokens] says at which tokens neurons are changed.
    """
    rows = []
    for row in range(len(ids)):
        text = _SweptText(
            ready, place, ids[row : row + 1], own["resid_pre", place[1]][row], puts[row], mask[row]
        )
        after = text.sweep(own[place][row], reader, options)
        if row == 0:
            text.check(after, reader)
        rows.append(after)
    return torch.stack(rows)


class _SweptText:
    """One text whose neurons at one place are changed one by one."""

    def __init__(
        self,
        ready: Ready,
        place: Place,
        ids: torch.Tensor,
        entry: torch.Tensor,
        puts: torch.Tensor,
        mask: torch.Tensor,
    ) -> None:
        self._ready, self._place, self._ids, self._entry, self._puts = ready, place, ids, entry, puts
        self._mask = mask

    def sweep(self, own: torch.Tensor, reader: PredictionReader, options: RunOptions) -> torch.Tensor:
        """Return the prediction with each neuron changed: [width]."""
        differs = (own != self._puts).flatten(1).any(1) & self._mask.to(own.device)
        length, width = own.shape[:2]
        start = int(differs.nonzero()[0]) if bool(differs.any()) else length - 1
        earlier = self._earlier(start)
        if earlier is None:
            start = 0
        size = max(1, options.batch_tokens // (length - start))
        parts = [
            self._copies(range(first, min(first + size, width)), start, earlier, reader)
            for first in range(0, width, size)
        ]
        return torch.cat(parts)

    def check(self, after: torch.Tensor, reader: PredictionReader) -> None:
        """Raise IntegrityError unless an ordinary run gives the same for the neuron that matters most."""
        neuron = int((after - after.median()).abs().argmax())
        with traced(self._ready, self._ids.shape, {self._place: self._edit([neuron], 0)}):
            hidden = self._forward(self._ids, 0, None)
        alone = float(reader.of(logits_of(self._ready, hidden[:, -1]))[0])
        allowed = TOLERANCE.get(self._ready.rounds_as, 1e-2) * max(float(after.abs().max()), 1.0)
        if abs(alone - float(after[neuron])) > allowed:
            site, layer = self._place
            raise IntegrityError(
                f"Changing {printed(site)} neuron {layer}:{neuron} of {self._ready.facts.name} gives {alone:.5g} in an "
                f"ordinary run, but {float(after[neuron]):.5g} in the sweep. The model cannot be run from its middle "
                "like this; nothing of this run is kept."
            )

    def _earlier(self, start: int) -> Any:
        """Return the cache of an ordinary run for the positions before ``start``; None if it cannot be cut there."""
        if start == 0:
            return None
        cache = self._forward(self._ids[:, :start], 0, None, caching=True)
        if cache is None:
            return None
        known = cache.get_seq_length()
        plain = all(type(layer).__name__ == "DynamicLayer" for layer in getattr(cache, "layers", [None]))
        return cache if known == start and plain else None

    def _copies(self, neurons: range, start: int, earlier: Any, reader: PredictionReader) -> torch.Tensor:
        count = len(neurons)
        ids = self._ids[:, start:].expand(count, -1)
        entry = self._entry[start:].expand(count, -1, -1)
        cache = None
        if earlier is not None:
            cache = copy.deepcopy(earlier)
            cache.batch_repeat_interleave(count)
        with (
            starting_at(self._ready, self._place[1], entry),
            traced(self._ready, ids.shape, {self._place: self._edit(neurons, start)}),
        ):
            hidden = self._forward(ids, start, cache)
        return reader.of(logits_of(self._ready, hidden[:, -1]))

    def _edit(self, neurons: range | list[int], start: int) -> Edit:
        columns = torch.tensor(list(neurons), device=self._puts.device)
        copies = torch.arange(len(columns), device=self._puts.device)
        puts = self._puts[start:, columns].transpose(0, 1)  # [copies, tokens, ...]
        mask = self._mask[start:].reshape(1, -1, *[1] * (puts.ndim - 2)).to(puts.device)

        def edit(values: torch.Tensor) -> torch.Tensor:
            values = values.clone()
            values[copies, :, columns] = torch.where(mask, puts, values[copies, :, columns])
            return values

        return edit

    def _forward(self, ids: torch.Tensor, start: int, cache: Any, caching: bool = False) -> Any:
        length = start + ids.shape[1]
        mask = torch.ones(len(ids), length, dtype=torch.long, device=ids.device)
        positions = torch.arange(start, length, device=ids.device).expand_as(ids)
        hidden, made = forward(self._ready, ids, mask, positions, cache, caching=caching or cache is not None)
        return made if caching else hidden
