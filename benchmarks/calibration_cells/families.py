"""C6 (Holm) and C7: many claims in one file, many neurons in one list."""

from __future__ import annotations

import math

import numpy as np

from calibration_cells.bands import band, share
from calibration_cells.cell import Cell, Row, blocks, random, stream
from calibration_cells.draws import Floats
from calibration_cells.trials import DRAWN
from neuronclaims import stats
from neuronclaims.stats import Correction

FAMILIES = (10, 100, 1000)
DEPENDENCE = (0.0, 0.5, 0.9)


def correlated(rng: np.random.Generator, prompts: int, sets: int, neurons: int, rho: float) -> Floats:
    """Return normal values [prompts, sets, neurons] of which any two neurons correlate by ``rho``."""
    shared = math.sqrt(rho) * rng.standard_normal((prompts, sets, 1))
    return shared + math.sqrt(1 - rho) * rng.standard_normal((prompts, sets, neurons))


def families_of_aurocs(repetitions: int, seed: int) -> list[Row]:
    """Claims about AUROC on the same prompts; without ties p depends on the AUROC alone, so each is tested once."""
    table = "No claim is true, AUROC, 20 + 20 prompts, Holm: share of files with any claim found at 0.05"
    rows = []
    for rho in DEPENDENCE:
        smallest = np.concatenate(
            [_adjusted_least(block, n, rho, seed) for block, n in blocks(repetitions, 50)]
        )
        for place, claims in enumerate(FAMILIES):
            case = {"correlation of claims": f"{rho:g}", "claims": f"{claims:,}"}
            rows.append(share(table, case, "any found", smallest[:, place] <= 0.05, 0.05))
    return rows


def _adjusted_least(block: int, sets: int, rho: float, seed: int) -> Floats:
    """Return per data set and size of family the least adjusted p [sets, sizes]."""
    rng, most = random(seed, "C6 holm", rho, block), FAMILIES[-1]
    first, second = (correlated(rng, 20, sets, most, rho).reshape(20, sets * most) for _ in range(2))
    _, place, inverse = np.unique(stats.auroc_many(first, second), return_index=True, return_inverse=True)
    known = [
        stats.two_sample_test(
            first[:, i],
            second[:, i],
            exchange=stats.UNITS,
            statistic="auroc",
            alternative="two-sided",
            resampling=stats.Resampling(seed=0),
        ).p_value
        for i in place
    ]
    p = np.array(known)[inverse.reshape(-1)].reshape(sets, most)
    return np.array(
        [[min(q or 0.0 for q in stats.adjust(one[:size].tolist(), "holm")) for size in FAMILIES] for one in p]
    )


def families_of_means(repetitions: int, seed: int) -> list[Row]:
    table = "No claim is true, means, 8 + 8 prompts (all 12,870 relabellings), Holm: share of files with any found"
    rows = []
    for rho in (0.0, 0.9):
        least: list[list[float]] = []
        for block, sets in blocks(repetitions, 50):
            p = _means(random(seed, "C6 means", rho, block), sets, 100, rho)
            least += [
                [min(q or 0.0 for q in stats.adjust(one[:k].tolist(), "holm")) for k in (10, 100)]
                for one in p
            ]
        for place, claims in enumerate((10, 100)):
            case = {"correlation of claims": f"{rho:g}", "claims": f"{claims}"}
            rows.append(share(table, case, "any found", np.array(least)[:, place] <= 0.05, 0.05))
    return rows


def _means(rng: np.random.Generator, sets: int, neurons: int, rho: float) -> Floats:
    first, second = (correlated(rng, 8, sets, neurons, rho).reshape(8, -1) for _ in range(2))
    found = stats.two_sample_tests(
        first,
        second,
        exchange=stats.UNITS,
        statistic="mean",
        alternative="two-sided",
        resampling=stats.Resampling(seed=0),
    )
    return found.p_value.reshape(sets, neurons)


LISTS: dict[Correction, str] = {
    "benjamini-hochberg": "Benjamini-Hochberg",
    "benjamini-yekutieli": "Benjamini-Yekutieli",
}
NEURONS, TRUE, SHIFT = 200, 10, 2.0


def false_discoveries(repetitions: int, seed: int) -> list[Row]:
    table = (
        f"{TRUE} of {NEURONS} neurons differ by {SHIFT:g} sd, 10 + 10 prompts, one-sided: "
        "mean share of false ones among those found at 0.05"
    )
    rows = []
    for rho in DEPENDENCE:
        p = np.stack([_with_effects(number, rho, seed) for number in range(repetitions)])
        case = {"correlation of neurons": f"{rho:g}"}
        for method, name in LISTS.items():
            false, power = _shares(p, method)
            # A share in [0, 1] varies most when it is 0 or 1, so the binomial band is wide enough for its mean.
            high = band(repetitions, 0.05)[1]
            rows.append(Row(table, case, f"{name}: false", false, repetitions, None, high))
            rows.append(Row(table, case, f"{name}: true ones found", power, repetitions))
    return rows


def _with_effects(number: int, rho: float, seed: int) -> Floats:
    rng = random(seed, "C7", rho, number)
    first, second = (correlated(rng, 10, 1, NEURONS, rho)[:, 0] for _ in range(2))
    first[:, :TRUE] += SHIFT
    found = stats.two_sample_tests(
        first,
        second,
        exchange=stats.UNITS,
        statistic="mean",
        alternative="greater",
        resampling=stats.Resampling(
            seed=stream(seed, "C7", rho, number // 2), draws=4 * (DRAWN + 1) - 1, exact_limit=0
        ),
    )
    return found.p_value


def _shares(p: Floats, method: Correction) -> tuple[float, float]:
    """Return the mean share of false discoveries, and of true effects found."""
    found = np.array([[(q or 0.0) <= 0.05 for q in stats.adjust(one.tolist(), method)] for one in p])
    false = found[:, TRUE:].sum(axis=1) / np.maximum(found.sum(axis=1), 1)
    return float(false.mean()), float(found[:, :TRUE].mean())


CELLS = (
    Cell("C6", "Holm, AUROC", families_of_aurocs, 2_000, 20_000),
    Cell("C6", "Holm, means", families_of_means, 500, 5_000),
    Cell("C7", "false discoveries", false_discoveries, 1_000, 10_000),
)
