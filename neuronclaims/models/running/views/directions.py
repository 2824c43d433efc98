"""Read directions and probes from the values at a site while a model runs, and write them; fit those of prompts."""

from __future__ import annotations

import numpy as np
import torch

from neuronclaims.measurements.activations import Activations
from neuronclaims.measurements.plan import jobs
from neuronclaims.measurements.views.directions import (
    RANDOM,
    Axis,
    BesideRandom,
    FittedDirection,
    Floats,
    GivenDirection,
)
from neuronclaims.measurements.views.fits import step
from neuronclaims.measurements.views.view import ViewedSite
from neuronclaims.models.named import loaded
from neuronclaims.models.options import RunOptions
from neuronclaims.models.running.loading import Ready


class RunningDirections:
    """Reads numbers of each token, each along a vector, and moves the values along one for each."""

    def __init__(self, *axes: Axis) -> None:
        self.axes = axes
        self._along = torch.tensor(np.stack([axis.along for axis in axes], axis=1))
        self._steps = torch.tensor(np.stack([axis.step for axis in axes]))
        self._offsets = torch.tensor([axis.offset for axis in axes], dtype=torch.float64)

    def read(self, values: torch.Tensor) -> torch.Tensor:
        """Return the numbers [rows, tokens, directions], in single precision where the model has less.

        They are summed in double precision where the device has it: then equal values read alike in every batch.
        """
        kind = torch.promote_types(values.dtype, torch.float32)
        summed = kind if values.device.type == "mps" else torch.float64
        along, offsets = (each.to(summed).to(values.device) for each in (self._along, self._offsets))
        return (values.to(summed) @ along + offsets).to(kind)

    def write(self, values: torch.Tensor, before: torch.Tensor, after: torch.Tensor) -> torch.Tensor:
        """Return the values moved by each step as often as its number has risen."""
        moved = (after - before) @ self._steps.to(before.dtype).to(before.device)
        return values + moved.to(values.dtype)


def given(ready: Ready, view: GivenDirection, layer: int) -> RunningDirections:
    """Return what reads and writes a direction or a probe whose vectors stand in a file."""
    return RunningDirections(view.vectors.axis(layer, ready.facts.width_of(view.base)))


def fitted(ready: Ready, view: FittedDirection, layer: int) -> RunningDirections:
    """Fit a direction on the states of its prompts at one layer; return what reads and writes it.

    Raises MeasurementError where the two sides do not differ, or a prompt cannot be measured.
    """
    sides = [
        Activations(view.base, layer, view.tokens, side, view.generate) for side in (view.first, view.second)
    ]
    first, second = _states(ready, sides)
    vector = step(view.name, view.method, first, second, layer)
    return RunningDirections(Axis(vector / float(vector @ vector), vector))


def beside_random(ready: Ready, view: BesideRandom, layer: int) -> RunningDirections:
    """Return what reads and writes a direction and, behind it, random ones as long as it."""
    own = ready.view(ViewedSite(view.own.base, view.own), layer)
    assert isinstance(own, RunningDirections)
    length = float(np.linalg.norm(own.axes[0].step))
    drawn = np.random.default_rng(view.seed(layer)).normal(size=(RANDOM, len(own.axes[0].step)))
    steps = length * drawn / np.linalg.norm(drawn, axis=1, keepdims=True)
    return RunningDirections(own.axes[0], *(Axis(step / length**2, step) for step in steps))


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
