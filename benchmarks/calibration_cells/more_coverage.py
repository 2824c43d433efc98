"""C4, further intervals: within blocks, of differences of shares, of shared top neurons."""

from __future__ import annotations

import numpy as np
from scipy.stats import binom

from calibration_cells.bands import covered
from calibration_cells.cell import Cell, Row, random, stream
from calibration_cells.coverage import holds
from calibration_cells.draws import EFFECT_KINDS, SPREAD, Floats, true_auroc
from neuronclaims import stats

SOURCES, PER_SOURCE = 4, (3, 5)


def within_blocks(repetitions: int, seed: int) -> list[Row]:
    """Sources differ by 1 sd; the effect within them is what the intervals are about."""
    table = f"Sets compared within {SOURCES} sources of {PER_SOURCE[0]} + {PER_SOURCE[1]} prompts"
    labels = [np.repeat(np.arange(SOURCES), count) for count in PER_SOURCE]
    blocks = (labels[0].tolist(), labels[1].tolist())
    rows = []
    for kind, draw in EFFECT_KINDS.items():
        for shift in (0.0, 1.0):
            rng, move = random(seed, "C4 blocks", kind, shift), shift * SPREAD[kind]
            truth = true_auroc(kind, move)
            found = []
            for _ in range(repetitions):
                level = rng.normal(0.0, SPREAD[kind], (SOURCES,))
                a, b = (level[side] + draw(rng, (len(side),)) for side in labels)
                mean = stats.blocked_mean_difference_estimate(a + move, b, blocks)
                auroc = stats.blocked_auroc_estimate(a + move, b, blocks)
                found.append((holds(mean, move), holds(auroc, truth)))
            hits = np.array(found)
            case = {"values": kind, "true effect": f"{shift:g} sd"}
            rows.append(covered(table, case, "difference of means", hits[:, 0]))
            rows.append(covered(table, case, "AUROC", hits[:, 1]))
    return rows


def share_differences(repetitions: int, seed: int) -> list[Row]:
    """Computed: mean and least coverage over a grid of pairs of true shares."""
    del repetitions, seed
    table = "Difference of two shares (score interval): coverage over true shares from 0.05 to 0.95"
    grid = np.linspace(0.05, 0.95, 19)
    rows = []
    for n1, n2 in ((10, 10), (10, 20), (20, 20)):
        ends = np.array([[_limits(k1, n1, k2, n2) for k2 in range(n2 + 1)] for k1 in range(n1 + 1)])
        chance1, chance2 = (np.asarray(binom.pmf(np.arange(n + 1)[:, None], n, grid)) for n in (n1, n2))
        cover = np.array(
            [
                _coverage(ends, chance1[:, i], chance2[:, j], first - second)
                for i, first in enumerate(grid)
                for j, second in enumerate(grid)
            ]
        )
        case = {"prompts": f"{n1} + {n2}"}
        rows.append(Row(table, case, "on average", float(cover.mean()), 0, 0.93))
        rows.append(Row(table, case, "at worst", float(cover.min()), 0))
    return rows


def _limits(k1: int, n1: int, k2: int, n2: int) -> tuple[float, float]:
    one, other = np.arange(n1) < k1, np.arange(n2) < k2
    found = stats.share_difference_estimate(one.astype(float), other.astype(float), paired=False)
    assert found.low is not None
    assert found.high is not None
    return found.low, found.high


def _coverage(ends: Floats, first: Floats, second: Floats, truth: float) -> float:
    inside = (ends[..., 0] <= truth + 1e-12) & (truth - 1e-12 <= ends[..., 1])
    return float(first @ inside @ second)


TOP, NEURONS, PROMPTS = 5, 40, 12


def shared_tops(repetitions: int, seed: int) -> list[Row]:
    """Two sets whose true mean profiles share some of their top neurons."""
    table = f"Neurons shared among the top {TOP} of {NEURONS}, {PROMPTS} + {PROMPTS} prompts"
    rows = []
    for shared in (0, 2, 4):
        rng = random(seed, "C4 tops", shared)
        first, second = np.zeros(NEURONS), np.zeros(NEURONS)
        first[:TOP] = second[TOP - shared : 2 * TOP - shared] = np.linspace(1.0, 2.0, TOP)
        hits = []
        for number in range(repetitions):
            a, b = (profile + rng.standard_normal((PROMPTS, NEURONS)) for profile in (first, second))
            own = stream(seed, "C4 tops", shared, number)
            hits.append(holds(stats.overlap_estimate(a, b, TOP, seed=own, resamples=499), shared))
        rows.append(covered(table, {"truly shared": f"{shared}"}, "interval", np.array(hits)))
    return rows


CELLS = (
    Cell("C4", "within blocks", within_blocks, 3_000, 20_000),
    Cell("C4", "differences of shares", share_differences, 1, 1),
    Cell("C4", "shared top neurons", shared_tops, 500, 5_000),
)
