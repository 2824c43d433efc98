"""C9: how often the verdict itself is wrong, from values to `supported`, `refuted` or `inconclusive`."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from calibration_cells.bands import published, share
from calibration_cells.cell import Cell, Row, blocks, random, stream
from calibration_cells.draws import EFFECT_KINDS, SPREAD, Floats, shift_for
from calibration_cells.trials import DRAWN
from neuronclaims import stats
from neuronclaims.stats import Estimate, TestResults

SIZES = ((10, 10), (20, 20), (50, 50))
Texts = NDArray[np.str_]


def _p_values(first: Floats, second: Floats, statistic: str, side: str, seed: int) -> TestResults:
    return stats.two_sample_tests(
        first,
        second,
        exchange=stats.UNITS,
        statistic=statistic,
        alternative=side,
        resampling=stats.Resampling(seed=seed, draws=DRAWN, exact_limit=20_000),
    )


def verdicts(
    found: TestResults, estimates: list[Estimate], *, side: str, null: float, threshold: float | None
) -> Texts:
    """Return the verdict on every data set."""
    return np.array(
        [
            stats.decide(
                stats.Tested(
                    side=side,
                    null=null,
                    threshold=threshold,
                    estimate=estimate,
                    p_adjusted=float(p),
                    smallest_p_adjusted=found.smallest_p,
                    degenerate=bool(degenerate),
                )
            ).verdict
            for p, degenerate, estimate in zip(found.p_value, found.degenerate, estimates, strict=True)
        ]
    )


def mean_verdicts(
    kind: str, sizes: tuple[int, int], d: float, threshold: float | None, repetitions: int, seed: int
) -> Texts:
    """Return verdicts on "activates more [by at least ``threshold``]" where the true difference is ``d`` sd."""
    parts = ("C9 mean", kind, *sizes, d)
    scale, out = SPREAD[kind], []
    for number, sets in blocks(repetitions):
        first, second = _two(kind, sizes, d * scale, random(seed, *parts, number), sets)
        found = _p_values(first, second, "mean", "greater", stream(seed, *parts, number))
        estimates = [stats.mean_difference_estimate(a, b) for a, b in zip(first.T, second.T, strict=True)]
        claimed = None if threshold is None else threshold * scale
        out.append(verdicts(found, estimates, side="greater", null=0.0, threshold=claimed))
    return np.concatenate(out)


def _two(
    kind: str, sizes: tuple[int, int], shift: float, rng: np.random.Generator, sets: int
) -> list[Floats]:
    first, second = (EFFECT_KINDS[kind](rng, (n, sets)) for n in sizes)
    return [first + shift, second]


def means(repetitions: int, seed: int) -> list[Row]:
    rows = []
    for kind in EFFECT_KINDS:
        for sizes in SIZES:
            case = {"values": kind, "prompts": f"{sizes[0]} + {sizes[1]}"}
            none = mean_verdicts(kind, sizes, 0.0, None, repetitions, seed)
            table = '"activates more", no effect'
            rows.append(share(table, case, "supported (false)", none == "supported", 0.05))
            rows.append(published(table, case, "refuted", none == "refuted"))
            rows.append(published(table, case, "inconclusive", none == "inconclusive"))
            rows += _at_number(kind, sizes, case, repetitions, seed)
    return rows


def _at_number(
    kind: str, sizes: tuple[int, int], case: dict[str, str], repetitions: int, seed: int
) -> list[Row]:
    rows = []
    for d, place in ((0.5, "exactly 0.5 sd"), (0.0, "none"), (1.0, "1 sd")):
        table = f'"activates more by at least 0.5 sd", true effect {place}'
        found = mean_verdicts(kind, sizes, d, 0.5, repetitions, seed)
        supported, refuted = found == "supported", found == "refuted"
        if d <= 0.5:
            rows.append(share(table, case, "supported (false)", supported, 0.05))
        else:
            rows.append(published(table, case, "supported", supported))
        if d >= 0.5:
            rows.append(share(table, case, "refuted (false)", refuted, 0.05))
        else:
            rows.append(published(table, case, "refuted", refuted))
        rows.append(published(table, case, "inconclusive", found == "inconclusive"))
    return rows


def aurocs(repetitions: int, seed: int) -> list[Row]:
    rows = []
    for kind in EFFECT_KINDS:
        for sizes in SIZES:
            case = {"values": kind, "prompts": f"{sizes[0]} + {sizes[1]}"}
            none = _auroc_verdicts(kind, sizes, 0.0, None, repetitions, seed)
            table = '"separates", no effect'
            rows.append(share(table, case, "supported (false)", none == "supported", 0.05))
            rows.append(share(table, case, "refuted (cannot be)", none == "refuted", 0.0))
            found = _auroc_verdicts(kind, sizes, shift_for(kind, 0.8), 0.8, repetitions, seed)
            table = '"separates with AUROC at least 0.8", true AUROC exactly 0.8'
            rows.append(share(table, case, "supported (false)", found == "supported", 0.05))
            rows.append(share(table, case, "refuted (false)", found == "refuted", 0.05))
            rows.append(published(table, case, "inconclusive", found == "inconclusive"))
    return rows


def _auroc_verdicts(
    kind: str, sizes: tuple[int, int], shift: float, threshold: float | None, repetitions: int, seed: int
) -> Texts:
    parts = ("C9 auroc", kind, *sizes, shift > 0)
    out = []
    for number, sets in blocks(repetitions):
        first, second = _two(kind, sizes, shift, random(seed, *parts, number), sets)
        found = _p_values(first, second, "auroc", "two-sided", stream(seed, *parts, number))
        estimates = [stats.auroc_estimate(a, b) for a, b in zip(first.T, second.T, strict=True)]
        out.append(verdicts(found, estimates, side="two-sided", null=0.5, threshold=threshold))
    return np.concatenate(out)


CELLS = (
    Cell("C9", "means", means, 5_000, 50_000),
    Cell("C9", "AUROC", aurocs, 5_000, 50_000),
)
