"""The protocol of workers, and what they return."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray

from neuronclaims.measurements.errors import MeasurementError, told_as
from neuronclaims.measurements.measurement import Need
from neuronclaims.measurements.plan import Job
from neuronclaims.models.options import RunOptions
from neuronclaims.models.running.loading import Ready


@dataclass(frozen=True, slots=True, eq=False)
class Finished:
    """The values of one batch: float32 [items, width] per need, rows in the order of ``items``."""

    items: tuple[str, ...]
    values: Mapping[Need, NDArray[np.float32]]


class Worker(Protocol):
    """A function for one sort of job: it refuses what it cannot do when called, and works when iterated."""

    def __call__(self, ready: Ready, job: Job, options: RunOptions) -> Iterator[Finished]:
        """Return the batches of a job as they are finished."""
        ...


@contextmanager
def running(ready: Ready, doing: str) -> Iterator[None]:
    """Run a model without gradients; turn its errors into a MeasurementError that says what was being done."""
    with (
        told_as(MeasurementError, f"{ready.facts.name} failed {doing}"),
        torch.inference_mode(),
        _evaluating(ready.model),
    ):
        yield


@contextmanager
def _evaluating(model: Any) -> Iterator[None]:
    # A model handed over may be in training mode, where dropout would make its activations random.
    training = [module for module in model.modules() if module.training]
    for module in training:
        module.training = False
    try:
        yield
    finally:
        for module in training:
            module.training = True
