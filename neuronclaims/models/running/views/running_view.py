"""The protocol of what reads a viewed site while a model runs, and writes it."""

from __future__ import annotations

from typing import Protocol

import torch


class RunningView(Protocol):
    """Reads the numbers of a viewed site from the values at its base, and writes changed ones back."""

    def read(self, values: torch.Tensor) -> torch.Tensor:
        """Return the numbers [rows, tokens, width of the view] of values [rows, tokens, width of the base].

        They may have more dimensions behind these, such as the numbers of a head.
        """
        ...

    def write(self, values: torch.Tensor, before: torch.Tensor, after: torch.Tensor) -> torch.Tensor:
        """Return values in which the numbers ``before``, which ``read`` gave, are ``after``, and all else is kept.

        Where the two are equal the values stay as they are. Raises MeasurementError for a view that is read only.
        """
        ...
