"""C3: equal means but unequal spreads or shapes, where exchanging prompts is not quite fair."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.stats import ttest_ind

from calibration_cells.cell import Cell, Row, random
from calibration_cells.draws import Floats
from calibration_cells.trials import Make, tested
from neuronclaims import stats

SIZES = ((10, 10), (5, 10), (10, 40))
LIMIT = 0.075
"""What the test of means may reject at 0.05 when spreads are 3 to 1."""
WARNED = 0.9
"""How often the result must say so when the smaller set is the one that varies more."""


def spread(ratio: float, n1: int, n2: int) -> Make:
    """Return the drawing of normal values whose spread is ``ratio`` times as large in the first set."""
    return lambda rng, sets: (ratio * rng.standard_normal((n1, sets)), rng.standard_normal((n2, sets)))


def shape(n1: int, n2: int) -> Make:
    """Return the drawing of exponential against narrow normal values of the same mean."""

    def make(rng: np.random.Generator, sets: int) -> tuple[Floats, Floats]:
        return rng.exponential(1.0, (n1, sets)), 1.0 + 0.3 * rng.standard_normal((n2, sets))

    return make


CASES = (
    ("normal, first 3 times as wide", lambda n1, n2: spread(3.0, n1, n2)),
    ("normal, second 3 times as wide", lambda n1, n2: spread(1 / 3, n1, n2)),
    ("exponential against narrow normal", shape),
)


def unequal(repetitions: int, seed: int) -> list[Row]:
    rows = []
    for name, build in CASES:
        for n1, n2 in SIZES:
            make, parts = build(n1, n2), ("C3", name, n1, n2)
            case = {"values": name, "prompts": f"{n1} + {n2}"}
            found = tested(make, repetitions, seed, *parts)
            high = LIMIT if name.startswith("normal") else None
            rows.append(_row(case, "means (ours)", found.two_sided <= 0.05, None, high))
            rows.append(_row(case, "relabelling alone", found.relabelled <= 0.05))
            ranks = tested(make, repetitions, seed, *parts, statistic="auroc").two_sided
            rows.append(_row(case, "AUROC (asks something else)", ranks <= 0.05))
            t = np.asarray(
                ttest_ind(*make(random(seed, *parts, "t-test"), repetitions), equal_var=False).pvalue
            )
            rows.append(_row(case, "Welch's t-test", t <= 0.05))
            low = WARNED if n1 < n2 and name == CASES[0][0] else None
            rows.append(_row(case, "Welch's t-test asked as well", found.advised, low))
            rows.append(
                _row(case, "the result warns", _warned(make, min(repetitions, 2_000), seed, parts), low)
            )
    return rows


def _warned(make: Make, repetitions: int, seed: int, parts: tuple[object, ...]) -> NDArray[np.bool_]:
    """Tell for each data set whether the result says that the smaller set varies more."""
    first, second = make(random(seed, *parts, "warnings"), repetitions)
    found = (
        stats.assumption_warnings(a, b, paired=False, statistic="mean")
        for a, b in zip(first.T, second.T, strict=True)
    )
    return np.array([any("smaller set" in sentence for sentence in one) for one in found])


TABLE = "Equal means: how often a two-sided test rejects at 0.05"


def _row(
    case: dict[str, str],
    measure: str,
    hits: NDArray[np.bool_],
    low: float | None = None,
    high: float | None = None,
) -> Row:
    return Row(TABLE, case, measure, float(hits.mean()), len(hits), low, high)


CELLS = (Cell("C3", "spreads", unequal, 5_000, 50_000),)
