"""Pool activations as they are computed, so that nothing of the size of a text is kept.

A pass goes in steps: a forward is one step, a generation one step per new token. Each step says which positions count
for every span; the hooks fold those positions into running pools.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields
from functools import partial
from typing import TypeAlias

import torch

from neuronclaims.measurements.activations import Pooled
from neuronclaims.measurements.pools import (
    BeyondPool,
    EachPool,
    LastPool,
    LegacyGrowingPool,
    MassivePool,
    MaxPool,
    Pool,
    TokenPool,
)
from neuronclaims.models.running.hooks import Hooks, Place
from neuronclaims.models.running.loading import Ready
from neuronclaims.tokens.spans import Span

MASSIVE, OVER_MEDIAN = 100.0, 1000.0
"""Sun et al. 2024: a massive activation is above 100 and about 1,000 times the median size of its hidden state."""


@dataclass(frozen=True, slots=True, eq=False)
class Positions:
    """The positions of one step that count for one span, in the form pools need; ``mask`` is [rows, tokens].

    ``before`` is how many positions of each row counted in earlier steps, ``place`` each position's number among all
    that count, from 0.
    """

    mask: torch.Tensor
    weights: torch.Tensor
    some: torch.Tensor
    last: torch.Tensor
    before: torch.Tensor
    place: torch.Tensor

    def on(self, device: torch.device) -> Positions:
        """Return them on a device, that of some values: these lie where their layer does."""
        if self.mask.device == device:
            return self
        return Positions(*(getattr(self, each.name).to(device) for each in fields(self)))

    @classmethod
    def of(cls, mask: torch.Tensor, before: torch.Tensor | None = None) -> Positions:
        """Prepare a mask of positions that count."""
        order = torch.arange(1, mask.shape[1] + 1, device=mask.device)
        earlier = before if before is not None else torch.zeros_like(mask[:, 0], dtype=torch.long)
        return cls(
            mask,
            mask.float().unsqueeze(1),
            mask.any(1, keepdim=True),
            (mask * order).argmax(1),
            earlier,
            mask.cumsum(1) - 1 + earlier.unsqueeze(1),
        )


def fold(pool: Pool, so_far: torch.Tensor | None, values: torch.Tensor, positions: Positions) -> torch.Tensor:
    """Fold the positions of one step that count into a running sum, maximum, last value or list of values."""
    if isinstance(pool, MaxPool):
        highest = values.float().masked_fill(~positions.mask.unsqueeze(2), -torch.inf).amax(1)
        return highest if so_far is None else torch.maximum(so_far, highest)
    if isinstance(pool, LastPool):
        last = values[torch.arange(len(values), device=values.device), positions.last].float()
        return last if so_far is None else torch.where(positions.some, last, so_far)
    if isinstance(pool, TokenPool):
        return _at_place(pool.number, so_far, values, positions)
    if isinstance(pool, EachPool):
        return _listed(pool.positions, so_far, values, positions)
    if isinstance(pool, LegacyGrowingPool):
        return _growing(so_far, values.float(), positions)
    if isinstance(pool, BeyondPool):
        values = (values.abs() >= pool.bound).float()
    elif isinstance(pool, MassivePool):
        size = values.float().abs()
        values = ((size > MASSIVE) & (size >= OVER_MEDIAN * size.median(2, keepdim=True).values)).float()
    total = torch.bmm(positions.weights, values.float()).squeeze(1)
    return total if so_far is None else so_far.add_(total)


def made(pool: Pool, folded: torch.Tensor, counts: torch.Tensor) -> torch.Tensor:
    """Return what was folded over ``counts`` [rows] positions as the row of a need, float32 on the CPU."""
    if isinstance(pool, EachPool):
        kept = counts.clamp(max=folded.shape[1]).to(folded).unsqueeze(1)
        folded = torch.cat([kept, folded.flatten(1)], 1)
    elif isinstance(pool, LegacyGrowingPool):
        folded = folded[:, 1] / (counts * (counts - 1) / 2).to(folded).unsqueeze(1)
    elif isinstance(pool, TokenPool):
        folded = folded[:, -1]
    elif not isinstance(pool, (MaxPool, LastPool)):
        folded = folded / counts.to(folded).unsqueeze(1)
    return folded.to("cpu", torch.float32)


def _at_place(
    number: int, so_far: torch.Tensor | None, values: torch.Tensor, positions: Positions
) -> torch.Tensor:
    """Keep the value at one place among those that count: [rows, 1, width].

    Counted backwards, all values from that place on are kept, the newest first: [rows, -number, width].
    """
    if so_far is None:
        so_far = torch.zeros(len(values), max(1, -number), values.shape[2], device=values.device)
    if number > 0:
        row, token = torch.nonzero(positions.mask & (positions.place == number - 1), as_tuple=True)
        so_far[row, 0] = values[row, token].float()
        return so_far
    total = positions.before + positions.mask.sum(1)
    newest = positions.mask & (positions.place >= total.unsqueeze(1) + number)
    for token in torch.nonzero(newest.any(0)).flatten().tolist():
        row = torch.nonzero(newest[:, token]).flatten()
        so_far[row, 1:] = so_far[row, :-1].clone()
        so_far[row, 0] = values[row, token].float()
    return so_far


def _growing(so_far: torch.Tensor | None, values: torch.Tensor, positions: Positions) -> torch.Tensor:
    """Return the sum of values, and the sum weighted by how many positions follow each: [rows, 2, width].

    Of each position that counts, all before it gain one in weight.
    """
    if so_far is None:
        so_far = torch.zeros(len(values), 2, values.shape[2], device=values.device)
    many = positions.mask.sum(1, keepdim=True)
    after = (many - positions.mask.cumsum(1)) * positions.mask
    so_far[:, 1] += many * so_far[:, 0] + torch.bmm(after.float().unsqueeze(1), values).squeeze(1)
    so_far[:, 0] += torch.bmm(positions.weights, values).squeeze(1)
    return so_far


def _listed(
    most: int, so_far: torch.Tensor | None, values: torch.Tensor, positions: Positions
) -> torch.Tensor:
    """Put every position that counts in its place among the first ``most``: [rows, most, width]."""
    if so_far is None:
        so_far = torch.zeros(len(values), most, values.shape[2], device=values.device)
    row, token = torch.nonzero(positions.mask & (positions.place < most), as_tuple=True)
    so_far[row, positions.place[row, token]] = values[row, token].float()
    return so_far


SpanKey: TypeAlias = tuple[Span, int]
"""A span and the most tokens generated: which positions count depends on nothing else."""


class Recorder:
    """The running pools of one batch, filled by hooks on the sites its needs name."""

    def __init__(self, ready: Ready, needs: Sequence[Pooled], rows: int) -> None:
        self._ready, self._rows = ready, rows
        self.needs = tuple(needs)
        self._pools: dict[Pooled, torch.Tensor] = {}
        self._by_place: dict[Place, list[Pooled]] = {}
        for need in needs:
            self._by_place.setdefault((need.site, need.layer), []).append(need)
        keys = {(need.span, need.limit) for need in needs}
        self.spans: tuple[SpanKey, ...] = tuple(sorted(keys, key=lambda key: (str(key[0]), key[1])))
        self._counts: dict[SpanKey, torch.Tensor] = {}
        self._step: Mapping[SpanKey, Positions] = {}
        self._elsewhere: dict[tuple[int, torch.device], Positions] = {}

    @contextmanager
    def hooked(self) -> Iterator[None]:
        """Attach the hooks to the model, and always remove them afterwards."""
        edits = {place: partial(self._fold, needs) for place, needs in self._by_place.items()}
        with Hooks(self._ready, edits) as self._hooks:
            yield

    @contextmanager
    def step(self, counting: Mapping[SpanKey, torch.Tensor], tokens: int, stop_early: bool) -> Iterator[None]:
        """Take part in one forward of ``tokens`` positions; raise IntegrityError if a hook does not fire.

        With ``stop_early`` the forward ends as soon as all that is asked for has been seen.
        """
        self._step = {
            key: Positions.of(mask, self._counts.get(key))
            for key, mask in counting.items()
            if bool(mask.any())
        }
        self._elsewhere.clear()
        for key, positions in self._step.items():
            self._counts[key] = positions.before + positions.mask.sum(1)
        with self._hooks.forward((self._rows, tokens), stop_early):
            yield

    def counts(self, key: SpanKey) -> torch.Tensor:
        """Return how many positions of every row counted for a span: int64 [rows]."""
        return self._counts.get(key, torch.zeros(self._rows, dtype=torch.long)).cpu()

    def values(self, needs: Sequence[Pooled] | None = None) -> dict[Pooled, torch.Tensor]:
        """Return the pooled values, float32 [rows, width] on the CPU; something must have counted in each.

        Of all needs, unless some are given.
        """
        found = {}
        for need in self.needs if needs is None else needs:
            pool = self._pools[need]
            found[need] = made(need.pool, pool, self.counts((need.span, need.limit)))
        return found

    def _fold(self, needs: Sequence[Pooled], values: torch.Tensor) -> None:
        for need in needs:
            positions = self._step.get((need.span, need.limit))
            if positions is not None:
                here = self._elsewhere.get((id(positions), values.device)) or positions.on(values.device)
                self._elsewhere[id(positions), values.device] = here
                self._pools[need] = fold(need.pool, self._pools.get(need), values, here)
