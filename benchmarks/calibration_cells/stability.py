"""C10: the same data under many seeds."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from calibration_cells.bands import band
from calibration_cells.cell import Cell, Row, random, stream
from calibration_cells.draws import Floats
from neuronclaims import stats

TARGETS = (0.03, 0.045, 0.0495, 0.0505, 0.055, 0.08)
RISK = 1e-3
"""How often a resolved result may be on the wrong side: what the library promises."""
SIZE = 10
MOST = 99_999
"""Draws after which a test may leave p open, fewer than by default so that many seeds can be tried."""


def seeds(repetitions: int, seed: int) -> list[Row]:
    table = f"One data set per line, {SIZE} + {SIZE} prompts, at most {MOST:,} draws, many seeds"
    rows = []
    for target in TARGETS:
        first, second, exact = data_with_p(target, seed)
        found = [_drawn(first, second, stream(seed, "C10", target, i)) for i in range(repetitions)]
        settled = np.array([one.resolved for one in found])
        wrong = np.array([(one.p_value <= 0.05) != (exact <= 0.05) for one in found])
        draws = np.array([one.arrangements for one in found])
        case = {"exact p": f"{exact:.4f}"}
        flips = float((settled & wrong).mean())
        rows.append(
            Row(
                table,
                case,
                "resolved, on the wrong side",
                flips,
                repetitions,
                None,
                band(repetitions, RISK)[1],
            )
        )
        rows.append(Row(table, case, "left open", 1 - float(settled.mean()), repetitions))
        rows.append(Row(table, case, "on the wrong side, resolved or not", float(wrong.mean()), repetitions))
        rows.append(Row(table, case, "mean number of draws", float(draws.mean()), repetitions))
    return rows


def _drawn(first: Floats, second: Floats, seed: int) -> stats.TestResult:
    return stats.two_sample_test(
        first,
        second,
        exchange=stats.UNITS,
        statistic="mean",
        alternative="two-sided",
        resampling=stats.Resampling(seed=seed, exact_limit=0, max_draws=MOST),
    )


@lru_cache(maxsize=16)
def data_with_p(target: float, seed: int) -> tuple[Floats, Floats, float]:
    """Return normal data whose exact two-sided p, all relabellings counted, is nearly ``target``."""
    first, second = (random(seed, "C10 data", side).standard_normal((SIZE, 1)) for side in "ab")
    low, high = 0.0, 4.0
    for _ in range(40):
        middle = (low + high) / 2
        p = _exact(first + middle, second)
        low, high = (middle, high) if p > target else (low, middle)
        if abs(p - target) < 1e-4:
            break
    moved = first + middle
    return moved[:, 0], second[:, 0], _exact(moved, second)


def _exact(first: Floats, second: Floats) -> float:
    found = stats.two_sample_tests(
        first,
        second,
        exchange=stats.UNITS,
        statistic="mean",
        alternative="greater",
        resampling=stats.Resampling(seed=0, exact_limit=10**6),
    )
    return min(1.0, 2 * float(min(found.p_greater[0], found.p_less[0])))


CELLS = (Cell("C10", "seeds", seeds, 200, 2_000),)
