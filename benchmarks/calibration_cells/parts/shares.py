"""C13: intervals of shares, by adding up probabilities; no simulation, no chance."""

from __future__ import annotations

import numpy as np
from scipy.stats import binom

from calibration_cells.cell import Cell, Row
from neuronclaims import stats

SIZES = (5, 6, 8, 10, 15, 20, 30, 50)
GRID = np.linspace(0.0005, 0.9995, 1999)


def exact(repetitions: int, seed: int) -> list[Row]:
    """Return the lowest coverage over true shares, and the verdicts' error rates right at the number claimed."""
    del repetitions, seed  # everything is computed
    rows = []
    for n in SIZES:
        estimates = [stats.share_estimate(k, n) for k in range(n + 1)]
        low, high = (np.array([getattr(e, end) for e in estimates]) for end in ("low", "high"))
        wilson = np.array([stats.wilson_limits(k, n) for k in range(n + 1)]).T
        # Coverage is lowest just beside a limit, so those shares are looked at along with the grid.
        beside = np.concatenate([ends + step for ends in (low, high) for step in (-1e-9, 1e-9)])
        truths = np.concatenate([GRID, beside[(beside > 0) & (beside < 1)]])
        case = {"prompts": f"{n}"}
        table = "95 % intervals of a share: coverage at the least favourable true share"
        rows.append(Row(table, case, "Clopper-Pearson (verdicts)", _least(n, truths, low, high), 0, 0.95))
        rows.append(Row(table, case, "Wilson (display)", _least(n, truths, *wilson), 0))
        rows += _verdicts(n, case)
    return rows


def _least(n: int, truths: np.ndarray, low: np.ndarray, high: np.ndarray) -> float:
    chance = binom.pmf(np.arange(n + 1)[:, None], n, truths)
    return float((chance * ((low[:, None] <= truths) & (truths <= high[:, None]))).sum(axis=0).min())


def _verdicts(n: int, case: dict[str, str]) -> list[Row]:
    table = '"in at least 60 % of prompts", true share exactly 0.6'
    chance = binom.pmf(np.arange(n + 1), n, 0.6)
    found = np.array([_verdict(k, n) for k in range(n + 1)])
    return [
        Row(table, case, f"{verdict} (false)", float(chance[found == verdict].sum()), 0, None, 0.05)
        for verdict in ("supported", "refuted")
    ]


def _verdict(k: int, n: int) -> str:
    test = stats.share_test(k, n, null=0.6, alternative="greater")
    return stats.decide(
        stats.Tested(
            side="greater",
            null=0.6,
            threshold=0.6,
            estimate=stats.share_estimate(k, n),
            p_adjusted=test.p_value,
            smallest_p_adjusted=test.smallest_p,
        )
    ).verdict


CELLS = (Cell("C13", "shares", exact, 1, 1),)
