"""C6: searches of a grid by cluster mass, and label exchange for what the top neurons of sets have in common."""

from __future__ import annotations

import numpy as np

from calibration_cells.bands import rejected
from calibration_cells.cell import Cell, Row, random, stream
from calibration_cells.draws import Floats
from calibration_cells.trials import DRAWN
from neuronclaims import stats

GRID = (12, 20)


def smooth(rng: np.random.Generator, prompts: int, heavy: bool) -> Floats:
    """Return maps [prompts, rows, columns] in which neighbours are alike, as layers and positions are."""
    shape = (prompts, GRID[0] + 2, GRID[1] + 2)
    raw = rng.standard_t(3, shape) if heavy else rng.standard_normal(shape)
    near = [raw[:, i : i + GRID[0], j : j + GRID[1]] for i in range(3) for j in range(3)]
    return np.asarray(np.sum(near, axis=0) / 3.0)


def clusters(repetitions: int, seed: int) -> list[Row]:
    table = f"Nothing differs, smooth maps of {GRID[0]} x {GRID[1]} cells: how often a search finds anything"
    rows = []
    for heavy in (False, True):
        for n, paired in ((5, False), (10, False), (12, True)):
            kind = "heavy tails (t3)" if heavy else "normal"
            rng = random(seed, "C6 maps", kind, n, paired)
            heaviest, cells = np.empty(repetitions), np.empty(repetitions)
            for number in range(repetitions):
                first, second = smooth(rng, n, heavy), smooth(rng, n, heavy)
                own = stream(seed, "C6 maps", kind, n, paired, number)
                heaviest[number], cells[number] = _searched(first, second, paired, own)
            case = {"values": kind, "prompts": f"{n} pairs" if paired else f"{n} + {n}"}
            rows.append(rejected(table, case, "clusters, at 0.05", heaviest, 0.05))
            rows.append(rejected(table, case, "single cells, at 0.05", cells, 0.05))
    return rows


def _searched(first: Floats, second: Floats, paired: bool, seed: int) -> tuple[float, float]:
    found = stats.cluster_test(
        first,
        second,
        exchange=stats.Exchange(paired=paired),
        alternative="two-sided",
        resampling=stats.Resampling(seed=seed, draws=DRAWN, exact_limit=1_000, max_draws=DRAWN),
    )
    return found.p_value, float(found.cell_p_values.min())


NEURONS, TOP, PROMPTS = 60, 10, 6


CELLS = (Cell("C6", "grids", clusters, 1_000, 10_000),)
