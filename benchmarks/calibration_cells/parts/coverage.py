"""C4: a 95 % interval holds the true effect about 95 times in 100, whatever the values look like."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from calibration_cells.bands import COVERAGE, covered
from calibration_cells.cell import Cell, Row, random
from calibration_cells.parts.draws import EFFECT_KINDS, SPREAD, Floats, true_auroc
from neuronclaims import stats
from neuronclaims.stats import Estimate

SIZES = ((5, 10), (10, 10), (20, 20), (50, 50))
PAIRS = (6, 10, 20, 50)
SHIFTS = (0.0, 1.0)
MANY_ZEROS = (
    0.91,
    "exception: in 20 prompts with many zeros and an effect, the variance is estimated from so few other values "
    "that the AUROC interval can come out too short (docs/adr/0014-auroc-interval.md)",
)
"""What the AUROC interval must cover at least in those cells, and why."""

Estimator = Callable[[Floats, Floats], Estimate]


def holds(estimate: Estimate, truth: float) -> bool:
    """Tell whether there is an interval and it contains ``truth``."""
    return estimate.low is not None and estimate.high is not None and estimate.low <= truth <= estimate.high


def hits(estimator: Estimator, first: Floats, second: Floats, truth: float) -> NDArray[np.bool_]:
    """Return for every column that has an interval whether it contains ``truth``."""
    found = (estimator(a, b) for a, b in zip(first.T, second.T, strict=True))
    return np.array([holds(estimate, truth) for estimate in found if estimate.low is not None])


def without_interval(
    table: str, case: dict[str, str], found: NDArray[np.bool_], repetitions: int
) -> list[Row]:
    """Return the share of data sets that allow no interval, where there are any."""
    if len(found) == repetitions:
        return []
    return [Row(table, case, "no interval (means)", 1 - len(found) / repetitions, repetitions)]


def independent(repetitions: int, seed: int) -> list[Row]:
    rows = []
    for kind, draw in EFFECT_KINDS.items():
        for shift in SHIFTS:
            truth = true_auroc(kind, shift * SPREAD[kind])
            for n1, n2 in SIZES:
                rng = random(seed, "C4", kind, shift, n1, n2)
                first = draw(rng, (n1, repetitions)) + shift * SPREAD[kind]
                second = draw(rng, (n2, repetitions))
                case = {"values": kind, "true effect": f"{shift:g} sd", "prompts": f"{n1} + {n2}"}
                mean = hits(stats.mean_difference_estimate, first, second, shift * SPREAD[kind])
                rows.append(covered(INDEPENDENT, case, "difference of means (Welch)", mean))
                rows += without_interval(INDEPENDENT, case, mean, repetitions)
                least, note = _least(kind, shift, n1)
                found = hits(stats.auroc_estimate, first, second, truth)
                rows.append(covered(INDEPENDENT, case, "AUROC (Newcombe)", found, least, note))
    return rows


INDEPENDENT = "Two sets of prompts"


def pairs(repetitions: int, seed: int) -> list[Row]:
    rows = []
    for kind, draw in EFFECT_KINDS.items():
        for shift in SHIFTS:
            truth = true_auroc(kind, shift * SPREAD[kind])
            for n in PAIRS:
                first, second = _correlated(random(seed, "C4 pairs", kind, shift, n), draw, n, repetitions)
                first = first + shift * SPREAD[kind]
                case = {"values": kind, "true effect": f"{shift:g} sd", "pairs": f"{n}"}
                mean = hits(stats.paired_mean_difference_estimate, first, second, shift * SPREAD[kind])
                rows.append(covered("Pairs", case, "mean difference (t)", mean))
                rows += without_interval("Pairs", case, mean, repetitions)
                least, note = _least(kind, shift, n)
                found = hits(stats.paired_auroc_estimate, first, second, truth)
                rows.append(covered("Pairs", case, "AUROC (Newcombe, for pairs)", found, least, note))
    return rows


def _correlated(
    rng: np.random.Generator, draw: Callable[..., Floats], n: int, sets: int
) -> tuple[Floats, Floats]:
    """Draw pairs of which half hold the same value twice and half two independent ones."""
    first, second = draw(rng, (n, sets)), draw(rng, (n, sets))
    return first, np.where(rng.random((n, sets)) < 0.5, first, second)


def _least(kind: str, shift: float, size: int) -> tuple[float, str]:
    return MANY_ZEROS if kind == "70 % zeros" and shift > 0 and size == 20 else (COVERAGE, "")


def dz(repetitions: int, seed: int) -> list[Row]:
    table = "Paired effects in standard deviations of the differences"
    rows = []
    for shift in SHIFTS:
        for n in PAIRS[:3]:
            rng = random(seed, "C4 dz", shift, n)
            first = rng.standard_normal((n, repetitions)) + shift
            found = hits(stats.dz_estimate, first, np.zeros((n, repetitions)), shift)
            case = {"values": "normal", "true effect": f"{shift:g} sd", "pairs": f"{n}"}
            rows.append(covered(table, case, "dz (noncentral t)", found))
    return rows


CELLS = (
    Cell("C4", "independent", independent, 2_000, 20_000),
    Cell("C4", "pairs", pairs, 2_000, 20_000),
    Cell("C4", "dz", dz, 2_000, 20_000),
)
