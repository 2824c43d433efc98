"""Values such as activations are, by kind, for tests that must hold on all of them."""

from __future__ import annotations

import numpy as np
from hypothesis import settings
from numpy.typing import NDArray

quick = settings(max_examples=40)


def bfloat16(values: NDArray[np.float64]) -> NDArray[np.float64]:
    bits = values.astype(np.float32).view(np.uint32)
    return ((bits + 0x8000) & np.uint32(0xFFFF0000)).view(np.float32).astype(np.float64)


def sample(kind: str, n: int, rng: np.random.Generator) -> NDArray[np.float64]:
    normal = rng.standard_normal(n)
    if kind == "float32":
        return normal.astype(np.float32).astype(np.float64)
    if kind == "float64":
        return normal
    if kind == "bfloat16 around 1000":
        return bfloat16(1000 + 8 * normal)
    if kind == "relu":
        return np.where(rng.random(n) < 0.7, 0.0, bfloat16(np.abs(normal)))
    if kind == "small integers":
        return np.round(normal)
    if kind == "large offset":
        return 1e6 + np.round(normal, 1)
    if kind == "outlier":
        return np.where(np.arange(n) == 0, 1e6, np.round(normal, 1))
    if kind == "subnormal":
        return np.round(3 * normal) * 5e-324
    if kind == "wild exponents":
        return np.round(4 * normal) * 10.0 ** rng.integers(-30, 30, n)
    if kind == "tenths":  # sums of these round, so ties are lost unless care is taken
        return rng.integers(1, 4, n) / 10
    raise ValueError(kind)


KINDS = (
    "float32",
    "float64",
    "bfloat16 around 1000",
    "relu",
    "small integers",
    "large offset",
    "outlier",
    "subnormal",
    "wild exponents",
    "tenths",
)
