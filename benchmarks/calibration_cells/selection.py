"""C8: the best of many neurons of pure noise, tested on the prompts it was picked on, on others, as searched."""

from __future__ import annotations

import numpy as np

from calibration_cells.bands import attained, published, rejected
from calibration_cells.cell import Cell, Row, random
from calibration_cells.draws import Floats
from calibration_cells.trials import tested
from neuronclaims import stats

PROMPTS = 10
NEURONS = (64, 768, 4096)


def noise(rng: np.random.Generator, neurons: int) -> tuple[Floats, Floats]:
    """Return two sets of prompts in which nothing differs."""
    return rng.standard_normal((PROMPTS, neurons)), rng.standard_normal((PROMPTS, neurons))


def best(first: Floats, second: Floats) -> int:
    """Return the neuron whose t is largest, as somebody looking for a difference would pick it."""
    return int(np.argmax(np.abs(stats.welch_t_many(first, second))))


def picked(repetitions: int, seed: int) -> list[Row]:
    """Pick on all prompts and test there; pick on one half and test on the other."""
    rows = []
    half = PROMPTS // 2
    for neurons in NEURONS:
        case = {"neurons searched": f"{neurons:,}"}

        def same(rng: np.random.Generator, sets: int, neurons: int = neurons) -> tuple[Floats, Floats]:
            return _columns([_picked(rng, neurons, PROMPTS) for _ in range(sets)])

        def others(rng: np.random.Generator, sets: int, neurons: int = neurons) -> tuple[Floats, Floats]:
            return _columns([_picked(rng, neurons, half, rest=True) for _ in range(sets)])

        naive = tested(same, repetitions, seed, "C8 naive", neurons)
        split = tested(others, repetitions, seed, "C8 split", neurons)
        for alpha in (0.05, 0.01):
            if alpha == 0.05:
                rows.append(
                    published(TITLE, case, "tested where it was picked (naive)", naive.two_sided <= alpha)
                )
            measure = f"tested on other prompts, at {alpha}"
            level = attained(alpha, split.step)
            rows.append(rejected(TITLE, case, measure, split.two_sided, alpha, level))
    return rows


TITLE = f"Noise only, {PROMPTS} + {PROMPTS} prompts: how often the best neuron is called real, two-sided"


def _picked(
    rng: np.random.Generator, neurons: int, prompts: int, *, rest: bool = False
) -> tuple[Floats, Floats]:
    """Return the values of the best neuron on the first ``prompts`` of each set, there or on the ``rest``."""
    first, second = noise(rng, neurons)
    place = best(first[:prompts], second[:prompts])
    kept = slice(prompts, None) if rest else slice(None, prompts)
    return first[kept, place], second[kept, place]


def _columns(found: list[tuple[Floats, Floats]]) -> tuple[Floats, Floats]:
    return np.stack([one[0] for one in found], axis=1), np.stack([one[1] for one in found], axis=1)


def effects(repetitions: int, seed: int) -> list[Row]:
    """How large noise looks: the standardised difference of the picked neuron, there and on other prompts."""
    table = "Median size of the picked neuron's effect (Hedges' g): noise, so the truth is 0"
    rows = []
    for neurons in NEURONS:
        rng = random(seed, "C8 effects", neurons)
        there, elsewhere = [], []
        for _ in range(repetitions):
            first, second = noise(rng, neurons)
            place = best(first, second)
            fresh = noise(rng, 1)
            there.append(abs(stats.hedges_g_estimate(first[:, place], second[:, place]).value or 0.0))
            elsewhere.append(abs(stats.hedges_g_estimate(fresh[0][:, 0], fresh[1][:, 0]).value or 0.0))
        case = {"neurons searched": f"{neurons:,}"}
        rows.append(Row(table, case, "where it was picked", float(np.median(there)), repetitions))
        rows.append(Row(table, case, "on other prompts", float(np.median(elsewhere)), repetitions))
    return rows


CELLS = (
    Cell("C8", "picked", picked, 1_000, 10_000),
    Cell("C8", "effects", effects, 300, 3_000),
)
