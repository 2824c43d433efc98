"""C11: claims about a share recovered, the true share being exactly the number claimed."""

from __future__ import annotations

import numpy as np

from calibration_cells.bands import covered, share
from calibration_cells.cell import Cell, Row, random
from calibration_cells.coverage import holds as interval_holds
from calibration_cells.draws import Floats
from neuronclaims import stats

CLAIMED = 0.3
SIZES = (10, 20)
BOTTOMS = ((4.0, 1.5), (2.0, 1.5), (1.0, 1.5))
NOISE = 0.5


def at_the_number(repetitions: int, seed: int) -> list[Row]:
    """Simulate ``repetitions`` data sets per line and judge "recovers at least 30 %" on each."""
    rows = []
    for mean, spread in BOTTOMS:
        for n in SIZES:
            rng = random(seed, "C11", mean, n)
            bottoms = mean + spread * rng.standard_normal((repetitions, n))
            tops = CLAIMED * bottoms + NOISE * rng.standard_normal((repetitions, n))
            case = {"denominator": f"normal, mean {mean:g}, sd {spread:g}", "pairs": f"{n}"}
            rows += _judged(case, tops, bottoms)
    return rows


def _judged(case: dict[str, str], tops: Floats, bottoms: Floats) -> list[Row]:
    table = f'"recovers at least {CLAIMED:.0%}", true ratio exactly {CLAIMED:g}'
    estimates = [stats.ratio_of_means_estimate(t, b) for t, b in zip(tops, bottoms, strict=True)]
    bounded = np.array([one.low is not None for one in estimates])
    holds = np.array([interval_holds(one, CLAIMED) for one in estimates])
    verdict = np.array([_verdict(t, b, e) for t, b, e in zip(tops, bottoms, estimates, strict=True)])
    flips = np.array([_p(t, b) for t, b in zip(tops, bottoms, strict=True)])
    return [
        share(table, case, "sign flips reject at 0.05", flips <= 0.05, 0.05),
        covered(table, case, "Fieller's interval, where bounded", holds[bounded]),
        Row(table, case, "no bounded interval", 1 - float(bounded.mean()), len(bounded)),
        share(table, case, "supported (false)", verdict == "supported", 0.05),
        share(table, case, "refuted (false)", verdict == "refuted", 0.05),
        share(table, case, "verdict without an interval", ~bounded & (verdict != "inconclusive"), 0.0),
    ]


def _p(tops: Floats, bottoms: Floats) -> float:
    return stats.ratio_test(
        tops,
        bottoms,
        threshold=CLAIMED,
        alternative="greater",
        resampling=stats.Resampling(seed=0, draws=999, exact_limit=2_000, max_draws=999),
    ).test.p_value


def _verdict(tops: Floats, bottoms: Floats, estimate: stats.Estimate) -> str:
    found = stats.ratio_test(
        tops,
        bottoms,
        threshold=0.0,
        alternative="greater",
        resampling=stats.Resampling(seed=0, draws=999, exact_limit=2_000, max_draws=999),
    )
    return stats.decide(
        stats.Tested(
            side="greater",
            null=0.0,
            threshold=CLAIMED,
            estimate=estimate,
            p_adjusted=found.test.p_value,
            smallest_p_adjusted=found.test.smallest_p,
            degenerate=found.test.degenerate,
            denominator_positive=found.denominator_positive,
        )
    ).verdict


CELLS = (Cell("C11", "ratios", at_the_number, 1_500, 15_000),)
