"""Proof of what stands at the end of a module of somebody's own, whose last state is its logits."""

from __future__ import annotations

import torch

from neuronclaims.models.running.hooks import Place, traced
from neuronclaims.models.running.loading import Ready
from neuronclaims.models.running.passes import forward
from neuronclaims.models.running.proofs.looking import Looked
from neuronclaims.models.running.proofs.stream import near

_AT = 1
"""The position that is changed: one comes before it, and others follow."""


def end_fails(ready: Ready, ids: torch.Tensor, seen: Looked, place: Place) -> str | None:
    """Say why a place is not the last state: with it changed at one position, the logits of that one alone change."""

    def change(values: torch.Tensor) -> torch.Tensor:
        moved = values.clone()
        moved[0, _AT] = moved[0, _AT].flip(0) + values[0, 0]
        return moved

    positions = torch.arange(ids.shape[1], device=ids.device).expand_as(ids)
    with traced(ready, ids.shape, {place: change}):
        logits, _ = forward(ready, ids, torch.ones_like(ids), positions)
    same = [near(ready, new, old) for new, old in zip(logits[0].float(), seen.last, strict=True)]
    if same[_AT]:
        return "a change of it changes no prediction"
    if not all(each for position, each in enumerate(same) if position != _AT):
        return "a change of it at one position changes what is predicted at others"
    return None
