"""Read an outcome by its way through the final norm."""

from __future__ import annotations

from dataclasses import replace

import torch

from neuronclaims.measurements.changing.outcomes.by_norm import ByNorm
from neuronclaims.measurements.errors import MeasurementError
from neuronclaims.models.running.changing.final_norm import FinalNorm
from neuronclaims.models.running.changing.outcomes import TextRuns, reader_of
from neuronclaims.models.running.loading import Ready


class NormReader:
    """What an outcome is with the final norm's scale as it was before the change, or by how much more it is without."""

    def __init__(self, ready: Ready, asked: ByNorm) -> None:
        self.norm: FinalNorm | None = FinalNorm(ready)
        self._whole, self._through = reader_of(ready, asked.of), asked.way == "through"
        self._checked = False

    def read(self, runs: TextRuns) -> torch.Tensor:
        """Return the outcome and the share beside it."""
        if self.norm is None or runs.into_norm is None:
            raise MeasurementError(
                "The final norm was not seen while the model ran, so nothing can be said of it."
            )
        now, before = runs.into_norm
        if not self._checked:
            self.norm.check(runs.before, before)
            self._checked = True
        held = self._whole.read(replace(runs, hidden=self.norm.held(runs.hidden, now, before)))
        return self._whole.read(runs) - held if self._through else held
