"""Read directions and probes from the values at a site while a model runs, and write them; fit those of prompts."""

from __future__ import annotations

import numpy as np
import torch

from neuronclaims.measurements.activations import Activations
from neuronclaims.measurements.plan import jobs
from neuronclaims.measurements.views.directions import Axis, FittedDirection, Floats, GivenDirection
from neuronclaims.measurements.views.fits import step
from neuronclaims.models.named import loaded
from neuronclaims.models.options import RunOptions
from neuronclaims.models.running.loading import Ready


class RunningDirection:
    """Reads one number of each token along a vector, and moves the values along one."""

    def __init__(self, axis: Axis) -> None:
        self._along, self._step = (torch.tensor(each, dtype=torch.float32) for each in axis[:2])
        self._offset = axis.offset

    def read(self, values: torch.Tensor) -> torch.Tensor:
        """Return the numbers [rows, tokens, 1], in single precision where the model has less."""
        kind = torch.promote_types(values.dtype, torch.float32)
        return (values.to(kind) @ self._along.to(values.device, kind)).unsqueeze(-1) + self._offset

    def write(self, values: torch.Tensor, before: torch.Tensor, after: torch.Tensor) -> torch.Tensor:
        """Return the values moved by the step as often as the number has risen."""
        moved = (after - before) * self._step.to(before.device, before.dtype)
        return values + moved.to(values.dtype)


def given(ready: Ready, view: GivenDirection, layer: int) -> RunningDirection:
    """Return what reads and writes a direction or a probe whose vectors stand in a file."""
    return RunningDirection(view.vectors.axis(layer, ready.facts.width_of(view.base)))


def fitted(ready: Ready, view: FittedDirection, layer: int) -> RunningDirection:
    """Fit a direction on the states of its prompts at one layer; return what reads and writes it.

    Raises MeasurementError where the two sides do not differ, or a prompt cannot be measured.
    """
    sides = [
        Activations(view.base, layer, view.tokens, side, view.generate) for side in (view.first, view.second)
    ]
    first, second = _states(ready, sides)
    vector = step(view.name, view.method, first, second, layer)
    return RunningDirection(Axis(vector / float(vector @ vector), vector))


def _states(ready: Ready, sides: list[Activations]) -> list[Floats]:
    """Return the states [prompts, width] of each side; all are measured together, each text once."""
    need = sides[0].request.need
    items = dict.fromkeys(item for side in sides for item in side.request.items)
    rows = {
        item: values
        for job in jobs({need: items})
        for finished in loaded(job.worker)(ready, job, RunOptions())
        for item, values in zip(finished.items, finished.values[need], strict=True)
    }
    return [np.stack([rows[item] for item in side.request.items]).astype(np.float64) for side in sides]
