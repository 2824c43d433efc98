"""C14: the true effect stands exactly at the margin, and a claim says there is none."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from calibration_cells.bands import published, share
from calibration_cells.cell import Cell, Row, random
from calibration_cells.draws import EFFECT_KINDS, SPREAD, Floats, shift_for
from neuronclaims import stats

SIZES = ((10, 10), (20, 20), (50, 50), (100, 100))
MARGIN = 0.5


def differences(repetitions: int, seed: int) -> list[Row]:
    table = f'"does not differ", means, margin {MARGIN:g} sd: verdicts'
    rows = []
    for kind in EFFECT_KINDS:
        for n1, n2 in SIZES:
            case = {"values": kind, "prompts": f"{n1} + {n2}"}
            margin = MARGIN * SPREAD[kind]
            there = _verdicts(_data(kind, n1, n2, margin, repetitions, seed), margin)
            rows.append(share(table, case, "at the margin: supported (false)", there == "supported", 0.05))
            rows.append(share(table, case, "at the margin: refuted", there == "refuted", 0.05))
            none = _verdicts(_data(kind, n1, n2, 0.0, repetitions, seed), margin)
            rows.append(published(table, case, "no effect: supported", none == "supported"))
            rows.append(share(table, case, "no effect: refuted (false)", none == "refuted", 0.05))
    return rows


def _verdicts(data: list[tuple[Floats, Floats]], margin: float) -> NDArray[np.str_]:
    found = (stats.equivalence_test(a, b, margin=margin, scale="difference", paired=False) for a, b in data)
    return np.array(
        [
            stats.decide(
                stats.Tested(
                    side="within",
                    null=one.null,
                    threshold=one.threshold,
                    estimate=one.estimate,
                    p_adjusted=one.p_value,
                    smallest_p_adjusted=one.smallest_p,
                    degenerate=one.degenerate,
                )
            ).verdict
            for one in found
        ]
    )


def _data(
    kind: str, n1: int, n2: int, shift: float, repetitions: int, seed: int
) -> list[tuple[Floats, Floats]]:
    rng = random(seed, "C14", kind, n1, n2, shift)
    first = EFFECT_KINDS[kind](rng, (repetitions, n1)) + shift
    return list(zip(first, EFFECT_KINDS[kind](rng, (repetitions, n2)), strict=True))


def aurocs(repetitions: int, seed: int) -> list[Row]:
    """On the AUROC the margin is 0.2: the truth stands at 0.7."""
    table = "AUROC within 0.2 of 0.5, true AUROC 0.7"
    rows = []
    for kind in ("normal", "lognormal(1)"):
        for n1, n2 in SIZES[:3]:
            data = _data(kind, n1, n2, shift_for(kind, 0.7), repetitions, seed)
            p = np.array(
                [
                    stats.equivalence_test(a, b, margin=0.2, scale="auroc", paired=False).p_value
                    for a, b in data
                ]
            )
            case = {"values": kind, "prompts": f"{n1} + {n2}"}
            rows.append(share(table, case, "called absent at the margin (false)", p <= 0.05, 0.05))
    return rows


def standardised(repetitions: int, seed: int) -> list[Row]:
    table = "Hedges' g within 0.5 of 0, true effect 0.5 sd, normal values; paired: dz"
    rows = []
    for paired in (False, True):
        for n1, n2 in SIZES[1:]:
            rng = random(seed, "C14 sd", paired, n1)
            first = rng.standard_normal((repetitions, n1)) + MARGIN
            second = np.zeros((repetitions, n2)) if paired else rng.standard_normal((repetitions, n2))
            p = np.array(
                [
                    stats.equivalence_test(a, b, margin=MARGIN, scale="sd", paired=paired).p_value
                    for a, b in zip(first, second, strict=True)
                ]
            )
            case = {
                "design": "pairs" if paired else "two sets",
                "size": f"{n1}" if paired else f"{n1} + {n2}",
            }
            rows.append(share(table, case, "called absent at the margin (false)", p <= 0.05, 0.05))
    return rows


CELLS = (
    Cell("C14", "difference", differences, 4_000, 40_000),
    Cell("C14", "AUROC", aurocs, 2_000, 20_000),
    Cell("C14", "sd", standardised, 2_000, 20_000),
)
