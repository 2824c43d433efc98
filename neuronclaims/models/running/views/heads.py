"""What heads give, read from the values at ``attn_z`` of a running model and written back."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from neuronclaims.measurements.views.heads import Heads
from neuronclaims.models.running.loading import Ready


@dataclass(frozen=True, slots=True)
class RunningHeads:
    """The numbers of each of some heads: [rows, tokens, heads, numbers of a head]."""

    heads: int

    def read(self, values: torch.Tensor) -> torch.Tensor:
        """Return the numbers by head."""
        return values.reshape(*values.shape[:-1], self.heads, -1)

    def write(self, values: torch.Tensor, before: torch.Tensor, after: torch.Tensor) -> torch.Tensor:
        """Return the numbers ``after``, one head behind the other."""
        del before
        return after.reshape(values.shape).to(values.dtype)


def running(ready: Ready, view: Heads, layer: int) -> RunningHeads:
    """Return what reads the heads of a layer."""
    del layer
    return RunningHeads(view.width(ready.facts))
