"""Whether a model that was derived gives the same for a text in a padded batch as for the text alone."""

from __future__ import annotations

import torch

from neuronclaims.models.running.encode import padding_id
from neuronclaims.models.running.loading import Ready
from neuronclaims.models.running.passes import caches, forward
from neuronclaims.models.running.proofs.looking import token_ids
from neuronclaims.models.running.proofs.stream import near
from neuronclaims.models.running.worker import running

SHORT = 3
"""Tokens of the shorter text: two fewer than the longer one has."""

PADDING = 8
"""Tokens of padding before a text that is continued: more than a small window of attention holds."""


def pads(ready: Ready) -> bool:
    """Return whether texts of different lengths may share a batch; looked at once, on the right and on the left.

    Architectures of the table are known to: where one of these fails, its run says so. State spaces, Fourier transforms
    and landmarks of attention are not masked, or count positions from the padding on: their texts go by length.
    Looked at as well is whether what is kept of earlier positions gives what the whole text gives (``traits`` of
    ``caches``).
    """
    if ready.architecture.derived is None:
        return True
    if "pads" not in ready.traits:
        with running(ready, "while its padding was proven"):
            ids = token_ids(ready)
            if ready.facts.causal and caches(ready):
                ready.traits["caches"] = _steps(ready, ids, 0)
            ready.traits["pads"] = _beside_longer(ready, ids, "right") and (
                not ready.facts.causal or (_beside_longer(ready, ids, "left") and _steps(ready, ids, PADDING))
            )
    return ready.traits["pads"]


def _beside_longer(ready: Ready, ids: torch.Tensor, side: str) -> bool:
    """Say whether a text gives the same beside a longer one as alone."""
    length = ids.shape[1]
    both, mask = ids.repeat(2, 1), torch.ones(2, length, dtype=torch.long, device=ids.device)
    here = slice(0, SHORT) if side == "right" else slice(length - SHORT, length)
    both[1], mask[1] = padding_id(ready.tokenizer), 0
    both[1, here], mask[1, here] = ids[0, :SHORT], 1
    try:
        padded, _ = forward(ready, both, mask, (mask.cumsum(1) - 1).clamp(min=0))
        alone = _whole(ready, ids[:, :SHORT])
    except (RuntimeError, ValueError, IndexError):
        return False
    return padded.shape[1] == length and near(ready, padded[1, here].float(), alone)


def _steps(ready: Ready, ids: torch.Tensor, padding: int) -> bool:
    """Say whether the last token gives the same after the cache of those before, padded on the left, as in one run."""
    known = caches(ready)
    before = ids[:, :SHORT]
    padded = torch.nn.functional.pad(before, (padding, 0), value=padding_id(ready.tokenizer))
    mask = torch.nn.functional.pad(torch.ones_like(before), (padding, 0))
    positions = (mask.cumsum(1) - 1).clamp(min=0)
    last, further = ids[:, SHORT : SHORT + 1], torch.ones_like(ids[:, :1])
    try:
        if known:
            _, cache = forward(ready, padded, mask, positions, caching=True)
            step, _ = forward(
                ready, last, torch.cat([mask, further], 1), positions[:, -1:] + 1, cache, caching=True
            )
        else:
            whole = torch.cat([padded, last], 1), torch.cat([mask, further], 1)
            step, _ = forward(ready, *whole, torch.cat([positions, positions[:, -1:] + 1], 1))
        alone = _whole(ready, ids[:, : SHORT + 1])
    except (RuntimeError, ValueError, IndexError, AttributeError, TypeError):
        return False
    return near(ready, step[0, -1:].float(), alone[-1:])


def _whole(ready: Ready, ids: torch.Tensor) -> torch.Tensor:
    hidden, _ = forward(ready, ids, torch.ones_like(ids), torch.arange(ids.shape[1], device=ids.device)[None])
    return hidden[0].float()
