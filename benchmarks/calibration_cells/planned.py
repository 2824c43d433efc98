"""C5, planning: what was foretold of a claim's chances, against how often it then is supported or refuted."""

from __future__ import annotations

from calibration_cells.cell import Cell, Row
from calibration_cells.verdicts import mean_verdicts
from neuronclaims import stats

SLACK = 0.04
"""How far the formula may be off; it knows normal values and not the relabellings."""
CASES = ((0.8, None), (1.2, None), (1.0, 0.5), (1.5, 0.5))
"""True effect and number claimed, in sd."""


def planned_and_simulated(repetitions: int, seed: int) -> list[Row]:
    table = '"activates more [by at least 0.5 sd]", normal values: supported, as planned and as simulated'
    rows = []
    for effect, claimed in CASES:
        for counts in ((10, 10), (20, 20), (50, 50)):
            planned = stats.power_of(
                stats.PlannedClaim(
                    statistic="mean", effect=effect, threshold=claimed, side="greater", paired=False
                ),
                counts,
            )
            found = mean_verdicts("normal", counts, effect, claimed, repetitions, seed)
            number = "none" if claimed is None else f"{claimed:g} sd"
            case = {"true effect": f"{effect:g} sd", "number claimed": number}
            case |= {"prompts": f"{counts[0]} + {counts[1]}", "planned": f"{planned:.3f}"}
            share = float((found == "supported").mean())
            rows.append(Row(table, case, "simulated", share, repetitions, planned - SLACK, planned + SLACK))
    return rows


CELLS = (Cell("C5", "planned", planned_and_simulated, 4_000, 40_000),)
