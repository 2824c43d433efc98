"""C15: one sample, skewed about zero, where flipping signs is not quite fair."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from calibration_cells.bands import attained, published, rejected
from calibration_cells.cell import Cell, Row, random
from calibration_cells.draws import Floats
from neuronclaims import stats

SIZES = (8, 12)
SKEWED: dict[str, Callable[[np.random.Generator, tuple[int, ...]], Floats]] = {
    "exponential less its mean": lambda rng, shape: rng.exponential(1.0, shape) - 1.0,
    "lognormal(1) less its mean": lambda rng, shape: rng.lognormal(0.0, 1.0, shape) - np.exp(0.5),
}
SYMMETRIC: dict[str, Callable[[np.random.Generator, tuple[int, ...]], Floats]] = {
    "normal": lambda rng, shape: rng.standard_normal(shape),
    "heavy tails (t3)": lambda rng, shape: rng.standard_t(3, shape),
    "70 % zeros, either sign": lambda rng, shape: np.where(
        rng.random(shape) < 0.7, 0.0, rng.laplace(0.0, 1.0, shape)
    ),
}


def symmetric(repetitions: int, seed: int) -> list[Row]:
    table = "Values symmetric about zero: how often the sign-flip test rejects"
    rows = []
    for kind, draw in SYMMETRIC.items():
        for n in SIZES:
            p, step = _p_values(draw(random(seed, "C15", kind, n), (repetitions, n)), "two-sided")
            for alpha in (0.05, 0.01):
                level = None if "zeros" in kind else attained(alpha, step)
                case = {"values": kind, "prompts": f"{n}"}
                rows.append(rejected(table, case, f"two-sided at {alpha}", p, alpha, level))
    return rows


def skewed(repetitions: int, seed: int) -> list[Row]:
    table = (
        "Values with mean zero but skewed: how often the sign-flip test rejects at 0.05, and the result warns"
    )
    rows = []
    for kind, draw in {**SKEWED, **SYMMETRIC}.items():
        for n in SIZES:
            values = draw(random(seed, "C15 skewed", kind, n), (repetitions, n))
            case = {"values": kind, "prompts": f"{n}"}
            for alternative in ("greater", "less") if kind in SKEWED else ():
                p, _ = _p_values(values, alternative)
                rows.append(published(table, case, alternative, p <= 0.05))
                if alternative == "less":
                    warned = np.array([_warned(row) for row in values[p <= 0.05]], dtype=np.bool_)
                    if len(warned):
                        rows.append(published(table, case, "warned when rejected as less", warned))
            warned = np.array([_warned(row) for row in values])
            rows.append(published(table, case, "warned in all", warned))
    return rows


def _warned(values: Floats) -> bool:
    """Tell whether the result says that the values are lopsided."""
    found = stats.assumption_warnings(values, np.zeros_like(values), paired=True, statistic="mean")
    return any("longer tail" in sentence for sentence in found)


def _p_values(values: Floats, alternative: str) -> tuple[Floats, float]:
    found = [
        stats.one_sample_test(row, alternative=alternative, resampling=stats.Resampling(seed=0))
        for row in values
    ]  # type: ignore[arg-type]
    return np.array([one.p_value for one in found]), found[0].smallest_p


CELLS = (
    Cell("C15", "symmetric", symmetric, 4_000, 40_000),
    Cell("C15", "skewed", skewed, 2_000, 20_000),
)
