"""Needs in, numbers out: models are found, measured once, and what was measured is kept.

Nothing here has heard of a claim. Importing this package, and a run whose values are all cached, needs no
torch.
"""

from __future__ import annotations

from neuronclaims.runs.cache import RunCache
from neuronclaims.runs.errors import (
    CacheError,
    IntegrityError,
    MeasurementError,
    MissingModelError,
    ModelError,
    RunError,
    RunWarning,
)
from neuronclaims.runs.fingerprint import Fingerprint
from neuronclaims.runs.measure import Answers, measure
from neuronclaims.runs.noise import Noise, noise_floor
from neuronclaims.runs.options import Progress, RunOptions
from neuronclaims.runs.sources import LoadedModel, Source, open_model
from neuronclaims.runs.spoken import spoken

__all__ = [
    "Answers",
    "CacheError",
    "Fingerprint",
    "IntegrityError",
    "LoadedModel",
    "MeasurementError",
    "MissingModelError",
    "ModelError",
    "Noise",
    "Progress",
    "RunCache",
    "RunError",
    "RunOptions",
    "RunWarning",
    "Source",
    "measure",
    "noise_floor",
    "open_model",
    "spoken",
]
