"""What measurements need of each text, one file per sort: torch-free, so that a warm run plans without a model."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from neuronclaims.measurements import (
    Ablation,
    AblationSweep,
    Activations,
    Continuations,
    Measurement,
    Readout,
    Restoration,
    RestorationSweep,
)
from neuronclaims.measurements.changed import ablation, ablation_sweep, restoration, restoration_sweep
from neuronclaims.measurements.need import Asked, Need
from neuronclaims.measurements.pooled import Pooled, pooled
from neuronclaims.measurements.readout import readout
from neuronclaims.measurements.written import Written, written

__all__ = ["Asked", "Need", "Pooled", "Written", "asked"]

_READERS: dict[type[Any], Callable[[Any], Asked]] = {
    Activations: pooled,
    Continuations: written,
    Restoration: restoration,
    RestorationSweep: restoration_sweep,
    Ablation: ablation,
    AblationSweep: ablation_sweep,
    Readout: readout,
}


def asked(measurement: Measurement) -> Asked | None:
    """Return what a measurement needs of which texts; None for one that needs the weights alone."""
    read = _READERS.get(type(measurement))
    return read(measurement) if read is not None else None
