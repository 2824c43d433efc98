"""C1, blocks: prompts from few sources, exchanged within their source only."""

from __future__ import annotations

import numpy as np

from calibration_cells.bands import attained, published, rejected
from calibration_cells.cell import Cell, Row
from calibration_cells.parts.draws import Floats
from calibration_cells.parts.trials import tested

SOURCES = (
    ("2 + 2 in each of 5 sources", (2,) * 5, (2,) * 5),
    ("3 + 1, 1 + 3, 3 + 1, 1 + 3", (3, 1, 3, 1), (1, 3, 1, 3)),
    ("6 + 2 and 2 + 6", (6, 2), (2, 6)),
)
"""How many prompts of each set come from each source."""


def within(repetitions: int, seed: int) -> list[Row]:
    """Sources differ, the sets do not: relabelling within sources keeps its level, tests without them need not."""
    table = "Sources differ by 1 sd, the sets do not: prompts exchanged within their source"
    rows = []
    for name, first, second in SOURCES:
        labels = [np.repeat(np.arange(len(side)), side) for side in (first, second)]

        def make(
            rng: np.random.Generator, sets: int, labels: list[np.ndarray] = labels
        ) -> tuple[Floats, Floats]:
            level = rng.standard_normal((int(labels[0].max()) + 1, sets))
            a, b = (level[side] + rng.standard_normal((len(side), sets)) for side in labels)
            return a, b

        case = {"prompts": name}
        blocks = (labels[0].tolist(), labels[1].tolist())
        for statistic, called in (("mean", "means"), ("auroc", "AUROC")):
            found = tested(make, repetitions, seed, "C1 blocks", name, statistic=statistic, blocks=blocks)
            for alpha in (0.05, 0.01):
                exact = statistic == "mean" and len(labels[0]) == len(labels[1])
                level = attained(alpha, found.step) if exact else None
                rows.append(rejected(table, case, f"{called}, at {alpha}", found.two_sided, alpha, level))
        ignored = tested(make, repetitions, seed, "C1 blocks", name).two_sided
        rows.append(published(table, case, "sources not declared, at 0.05", ignored <= 0.05))
    return rows


CELLS = (Cell("C1", "blocks", within, 5_000, 100_000),)
