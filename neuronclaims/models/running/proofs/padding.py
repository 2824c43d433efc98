"""Whether a model that was derived gives the same for a text in a padded batch as for the text alone."""

from __future__ import annotations

import torch

from neuronclaims.models.running.encode import padding_id
from neuronclaims.models.running.loading import Ready
from neuronclaims.models.running.passes import forward
from neuronclaims.models.running.proofs.looking import token_ids
from neuronclaims.models.running.proofs.stream import near
from neuronclaims.models.running.worker import running

SHORT = 3
"""Tokens of the shorter text: two fewer than the longer one has."""


def pads(ready: Ready) -> bool:
    """Return whether texts of different lengths may share a batch; looked at once, on the right and on the left.

    Architectures of the table are known to: where one of these fails, its run says so. State spaces, Fourier transforms
    and landmarks of attention are not masked, or count positions from the padding on: their texts go by length.
    """
    if ready.architecture.derived is None:
        return True
    if "pads" not in ready.traits:
        with running(ready, "while its padding was proven"):
            sides = ("right", "left") if ready.facts.causal else ("right",)
            ready.traits["pads"] = all(_same(ready, side) for side in sides)
    return ready.traits["pads"]


def _same(ready: Ready, side: str) -> bool:
    ids = token_ids(ready)
    length = ids.shape[1]
    both, mask = ids.repeat(2, 1), torch.ones(2, length, dtype=torch.long, device=ids.device)
    here = slice(0, SHORT) if side == "right" else slice(length - SHORT, length)
    both[1], mask[1] = padding_id(ready.tokenizer), 0
    both[1, here], mask[1, here] = ids[0, :SHORT], 1
    try:
        padded, _ = forward(ready, both, mask, (mask.cumsum(1) - 1).clamp(min=0))
        alone, _ = forward(
            ready,
            ids[:, :SHORT],
            torch.ones_like(ids[:, :SHORT]),
            torch.arange(SHORT, device=ids.device)[None],
        )
    except (RuntimeError, ValueError, IndexError):
        return False
    return padded.shape[1] == length and near(ready, padded[1, here].float(), alone[0].float())
