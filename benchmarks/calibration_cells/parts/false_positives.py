"""C1: with no effect, a test rejects as often as it says, whatever the values look like."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from calibration_cells.bands import attained, rejected
from calibration_cells.cell import Cell, Row
from calibration_cells.parts.draws import CONTINUOUS, NULL_KINDS, Draw, Floats
from calibration_cells.parts.trials import Make, Trials, tested, tested_singly

SIZES = ((5, 5), (5, 10), (10, 10), (20, 20))
PAIRS = (6, 10, 20)


def independent(draw: Draw, n1: int, n2: int) -> Make:
    """Return the drawing of two samples from one distribution."""
    return lambda rng, sets: (draw(rng, (n1, sets)), draw(rng, (n2, sets)))


def pairs(draw: Draw, n: int) -> Make:
    """Return the drawing of pairs: exchangeable members that share a part of their value."""

    def make(rng: np.random.Generator, sets: int) -> tuple[Floats, Floats]:
        shared = draw(rng, (n, sets))
        return shared + draw(rng, (n, sets)), shared + draw(rng, (n, sets))

    return make


def rows_of(table: str, case: dict[str, str], found: Trials, exact_level: bool) -> list[Row]:
    """Return the three shares every test of the section is judged by."""
    two = [attained(alpha, found.step) if exact_level else None for alpha in (0.05, 0.01)]
    one = attained(0.05, found.one_sided_step) if exact_level else None
    return [
        rejected(table, case, "two-sided at 0.05", found.two_sided, 0.05, two[0]),
        rejected(table, case, "two-sided at 0.01", found.two_sided, 0.01, two[1]),
        rejected(table, case, "one-sided at 0.05", found.greater, 0.05, one),
    ]


def means(repetitions: int, seed: int) -> list[Row]:
    rows = []
    table = "Difference of means (Welch's t where sizes differ), prompts exchanged"
    for kind, draw in NULL_KINDS.items():
        for n1, n2 in SIZES:
            found = tested(independent(draw, n1, n2), repetitions, seed, "C1 mean", kind, n1, n2)
            case = {"values": kind, "prompts": f"{n1} + {n2}"}
            continuous = kind in CONTINUOUS
            rows += rows_of(table, case, found, continuous and n1 == n2)
            if n1 != n2:  # p is the larger of two here, so only relabelling alone reaches its level
                level = attained(0.05, found.step) if continuous else None
                measure = "relabelling alone, at 0.05"
                rows.append(rejected(table, case, measure, found.relabelled, 0.05, level))
    return rows


def aurocs(repetitions: int, seed: int) -> list[Row]:
    rows = []
    table = "AUROC, prompts exchanged, many neurons at once"
    for kind, draw in NULL_KINDS.items():
        for n1, n2 in SIZES:
            make = independent(draw, n1, n2)
            found = tested(make, repetitions, seed, "C1 auroc", kind, n1, n2, statistic="auroc")
            rows += rows_of(table, {"values": kind, "prompts": f"{n1} + {n2}"}, found, False)
    return rows


def paired(repetitions: int, seed: int) -> list[Row]:
    rows = []
    for statistic, name in (("mean", "mean difference"), ("auroc", "AUROC")):
        for kind, draw in NULL_KINDS.items():
            for n in PAIRS:
                parts = (f"C1 paired {statistic}", kind, n)
                found = tested(pairs(draw, n), repetitions, seed, *parts, paired=True, statistic=statistic)
                exact_level = statistic == "mean" and kind in CONTINUOUS
                case = {"values": kind, "pairs": f"{n}"}
                rows += rows_of(
                    f"Pairs: {name}, members exchanged within each pair", case, found, exact_level
                )
    return rows


def rank_law(repetitions: int, seed: int) -> list[Row]:
    rows = []
    table = "AUROC, one neuron as a claim is tested: the exact law of ranks, ties included"
    for kind, draw in NULL_KINDS.items():
        for n1, n2 in SIZES:
            make, parts = independent(draw, n1, n2), ("C1 rank law", kind, n1, n2)
            p = tested_singly(make, repetitions, seed, *parts, statistic="auroc")
            case = {"values": kind, "prompts": f"{n1} + {n2}"}
            for alpha in (0.05, 0.01):
                level = rank_sum_level(n1, n2, alpha) if kind in CONTINUOUS else None
                rows.append(rejected(table, case, f"two-sided at {alpha}", p, alpha, level))
    return rows


def one_by_one(repetitions: int, seed: int) -> list[Row]:
    rows = []
    table = "Difference of means, one neuron as a claim is tested: more draws where p is in doubt"
    for kind in ("normal", "85 % zeros"):
        for n1, n2 in ((12, 12), (10, 20)):
            make, parts = independent(NULL_KINDS[kind], n1, n2), ("C1 single", kind, n1, n2)
            p = tested_singly(make, repetitions, seed, *parts, max_resamples=99_999)
            case = {"values": kind, "prompts": f"{n1} + {n2}"}
            for alpha in (0.05, 0.01):
                level = alpha if kind in CONTINUOUS else None
                rows.append(rejected(table, case, f"two-sided at {alpha}", p, alpha, level))
    return rows


@lru_cache(maxsize=32)
def rank_sum_level(n1: int, n2: int, alpha: float) -> float:
    """Return the true level of the exact two-sided rank-sum test without ties, by counting."""
    ways = np.zeros((n1 + 1, n1 * n2 + 1))
    ways[0, 0] = 1.0
    for rank in range(n1 + n2):
        for taken in range(min(rank, n1 - 1), -1, -1):
            # The unit of this rank beats the (rank - taken) units of the second set below it.
            beaten = rank - taken
            if beaten <= n2:
                ways[taken + 1, beaten:] += ways[taken, : n1 * n2 + 1 - beaten]
    law = ways[n1] / ways[n1].sum()
    tails = np.minimum(law.cumsum(), law[::-1].cumsum()[::-1])
    return float(law[np.minimum(1.0, 2 * tails) <= alpha * (1 + 1e-12)].sum())


CELLS = (
    Cell("C1", "means", means, 5_000, 100_000),
    Cell("C1", "AUROC", aurocs, 5_000, 100_000),
    Cell("C1", "pairs", paired, 5_000, 100_000),
    Cell("C1", "rank law", rank_law, 4_000, 40_000),
    Cell("C1", "one by one", one_by_one, 1_000, 10_000),
)
