"""A study whose models are answered by arithmetic. Inner test sessions have this file as their conftest.py.

Neuron 0 of every layer is high for prompts with the word "tall", neuron 1 is low for them, all others are noise.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest

from neuronclaims.measurements.errors import MeasurementError, ModelError
from neuronclaims.models.options import Progress
from neuronclaims.study import Study

WIDTH = 6


def value(prompt: str, layer: int, index: int) -> float:
    """What the fake model's neuron says to a prompt."""
    digest = hashlib.sha256(f"{layer} {index} {prompt}".encode()).digest()
    noise = int.from_bytes(digest[:4], "big") / 2**32
    lift = {0: 3.0, 1: -3.0}.get(index, 0.0) if "tall" in prompt else 0.0
    return float(np.float32(noise + lift))


def fake_measure(source, measurements, *, cache, options, progress):
    log = Path(__file__).with_name("measured.log")
    with log.open("a", encoding="utf-8") as file:
        file.write(f"{source.name}\n")
    prompts = {prompt for measurement in measurements for prompt in measurement.prompts}
    if source.name == "unloadable":
        raise ModelError("Model 'unloadable' does not load.")
    if progress is not None:
        progress(Progress("loading", 0, 1, source.name))
        progress(Progress("loading", 1, 1, source.name))
        progress(Progress("measuring", 0, len(prompts), source.name))
    for prompt in prompts:
        if "unmeasurable" in prompt:
            raise MeasurementError(f"The prompt {prompt!r} has no tokens.")
        if "defect" in prompt:
            raise RuntimeError("a defect of the engine")
        if "interrupt" in prompt:
            raise KeyboardInterrupt
    if progress is not None:
        progress(Progress("measuring", len(prompts), len(prompts), source.name))
    return {
        m: np.array([[value(p, m.layer, i) for i in range(WIDTH)] for p in m.prompts], dtype=np.float32)
        for m in measurements
    }


@pytest.fixture(scope="session")
def claims_study(request):
    from neuronclaims.pytest_session.progress import progress_of
    from neuronclaims.pytest_session.settings import model_folders

    config = request.config
    return Study(measure=fake_measure, progress=progress_of(config), models=model_folders(config))
