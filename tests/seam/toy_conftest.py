"""A study whose models are answered by arithmetic, for the kinds of toy_kinds.py."""

from __future__ import annotations

import numpy as np
import pytest

from neuronclaims.measurements import Restoration
from neuronclaims.study import Study


def answer(need):
    if isinstance(need, Restoration):
        # Clean is 4 above corrupted, or hardly differs; neuron 0 restores three quarters of it, neuron 1 none.
        noise = np.linspace(-0.1, 0.1, len(need.pairs))
        gap = np.where(["same" in pair.clean for pair in need.pairs], noise, 4.0 + noise)
        back = gap * (0.75 if need.neurons == ((0, 0),) else 0.0) + noise[::-1] / 10
        return np.column_stack([gap, 0 * gap, back]).astype(np.float32)
    return np.array(
        [
            [(3.0 if "tall" in p else 0.0) * (i == 0) + (len(p) * 7 % 11) / 100 for i in range(6)]
            for p in need.prompts
        ],
        np.float32,
    )


def fake_measure(source, measurements, *, cache, options, progress):
    return {need: answer(need) for need in measurements}


@pytest.fixture(scope="session")
def claims_study():
    return Study(measure=fake_measure)
