"""How the positions of a text become one number per neuron, step by step as they pass by."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from neuronclaims.measurements.pools import Beyond, Each, Last, LegacyGrowing, Massive, Max, Pool

MASSIVE, OVER_MEDIAN = 100.0, 1000.0
"""Sun et al. 2024: a massive activation is above 100 and about 1,000 times the median size of its hidden state."""


@dataclass(frozen=True, slots=True, eq=False)
class Positions:
    """Which positions of one step count for one span, as the pools want it; ``mask`` is [rows, tokens].

    ``before`` is how many positions of each row counted in earlier steps, ``place`` each position's number among all
    that count, from 0.
    """

    mask: torch.Tensor
    weights: torch.Tensor
    some: torch.Tensor
    last: torch.Tensor
    before: torch.Tensor
    place: torch.Tensor

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
    if isinstance(pool, Max):
        highest = values.float().masked_fill(~positions.mask.unsqueeze(2), -torch.inf).amax(1)
        return highest if so_far is None else torch.maximum(so_far, highest)
    if isinstance(pool, Last):
        last = values[torch.arange(len(values), device=values.device), positions.last].float()
        return last if so_far is None else torch.where(positions.some, last, so_far)
    if isinstance(pool, Each):
        return _listed(pool.positions, so_far, values, positions)
    if isinstance(pool, LegacyGrowing):
        return _growing(so_far, values.float(), positions)
    if isinstance(pool, Beyond):
        values = (values.abs() >= pool.bound).float()
    elif isinstance(pool, Massive):
        size = values.float().abs()
        values = ((size > MASSIVE) & (size >= OVER_MEDIAN * size.median(2, keepdim=True).values)).float()
    total = torch.bmm(positions.weights, values.float()).squeeze(1)
    return total if so_far is None else so_far.add_(total)


def made(pool: Pool, folded: torch.Tensor, counts: torch.Tensor) -> torch.Tensor:
    """Return what was folded over ``counts`` [rows] positions as the row of a need, float32 on the CPU."""
    if isinstance(pool, Each):
        kept = counts.clamp(max=folded.shape[1]).to(folded).unsqueeze(1)
        folded = torch.cat([kept, folded.flatten(1)], 1)
    elif isinstance(pool, LegacyGrowing):
        folded = folded[:, 1] / (counts * (counts - 1) / 2).to(folded).unsqueeze(1)
    elif not isinstance(pool, (Max, Last)):
        folded = folded / counts.to(folded).unsqueeze(1)
    return folded.to("cpu", torch.float32)


def _growing(so_far: torch.Tensor | None, values: torch.Tensor, positions: Positions) -> torch.Tensor:
    """Return the sum of values, and that in which each weighs as many as there are after it: [rows, 2, width].

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
