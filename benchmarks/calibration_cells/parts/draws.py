"""Values such as neurons have: heavy tails, skew, spikes at zero, few digits; and tokens within prompts."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]
Draw: TypeAlias = Callable[[np.random.Generator, tuple[int, ...]], Floats]


def normal(rng: np.random.Generator, shape: tuple[int, ...]) -> Floats:
    return rng.standard_normal(shape)


def t3(rng: np.random.Generator, shape: tuple[int, ...]) -> Floats:
    return rng.standard_t(3, shape)


def skewed(rng: np.random.Generator, shape: tuple[int, ...]) -> Floats:
    return rng.lognormal(0.0, 1.5, shape)


def lognormal(rng: np.random.Generator, shape: tuple[int, ...]) -> Floats:
    return rng.lognormal(0.0, 1.0, shape)


def zeros_85(rng: np.random.Generator, shape: tuple[int, ...]) -> Floats:
    return np.where(rng.random(shape) < 0.85, 0.0, rng.exponential(1.0, shape))


def zeros_70(rng: np.random.Generator, shape: tuple[int, ...]) -> Floats:
    return np.where(rng.random(shape) < 0.7, 0.0, rng.exponential(1.0, shape))


def bf16(rng: np.random.Generator, shape: tuple[int, ...]) -> Floats:
    return bfloat16(1.0 + rng.standard_normal(shape))


def bfloat16(values: Floats) -> Floats:
    """Round to the 8 significant bits of bfloat16, as activations of most models are stored."""
    bits = values.astype(np.float32).view(np.uint32)
    return np.asarray(((bits + 0x8000) & np.uint32(0xFFFF0000)).view(np.float32), dtype=np.float64)


NULL_KINDS: dict[str, Draw] = {
    "normal": normal,
    "heavy tails (t3)": t3,
    "lognormal(1.5)": skewed,
    "85 % zeros": zeros_85,
    "bfloat16": bf16,
}
"""Kinds of values for tests of no effect."""
CONTINUOUS = ("normal", "heavy tails (t3)", "lognormal(1.5)")
"""Those without ties, whose level is known exactly."""

EFFECT_KINDS: dict[str, Draw] = {"normal": normal, "lognormal(1)": lognormal, "70 % zeros": zeros_70}
"""Kinds of values for intervals and verdicts."""
SPREAD = {
    "normal": 1.0,
    "lognormal(1)": math.sqrt((math.e - 1) * math.e),
    "70 % zeros": math.sqrt(0.51),
}
"""The standard deviation of each of them."""


def true_auroc(kind: str, shift: float) -> float:
    """Return P(X + shift > Y) + P(tie) / 2 for independent X and Y of one of EFFECT_KINDS, shift >= 0."""
    from scipy.integrate import quad
    from scipy.special import ndtr

    if shift == 0:
        return 0.5
    if kind == "normal":
        return float(ndtr(shift / math.sqrt(2)))
    if kind == "70 % zeros":
        low = 0.7 + 0.3 * -math.expm1(-shift)
        high = 0.7 + 0.3 * (1 - math.exp(-shift) / 2)
        return 0.7 * low + 0.3 * high
    peak = 1 / math.sqrt(2 * math.pi)
    return float(quad(lambda z: peak * math.exp(-z * z / 2) * ndtr(math.log(math.exp(z) + shift)), -9, 9)[0])


def shift_for(kind: str, auroc: float) -> float:
    """Return the shift that makes the true AUROC of one of EFFECT_KINDS equal ``auroc``."""
    from scipy.optimize import brentq

    start = 1e-9 if kind != "normal" else 0.0
    return float(brentq(lambda shift: true_auroc(kind, shift) - auroc, start, 20.0, xtol=1e-12))


def tokens(rng: np.random.Generator, prompts: int, length: int, sets: int, icc: float) -> Floats:
    """Return token values [prompts, length, sets] of variance 1, of which prompts share the part ``icc``."""
    prompt = math.sqrt(icc) * rng.standard_normal((prompts, 1, sets))
    noise = rng.standard_t(5, (prompts, length, sets)) / math.sqrt(5 / 3)
    return prompt + math.sqrt(1 - icc) * noise
