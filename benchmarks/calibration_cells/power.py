"""C5: how often a real effect is found: against theory, the t-test and the best of SciPy on the same data."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from scipy import stats as scipy_stats

from calibration_cells.bands import published
from calibration_cells.cell import Cell, Row, blocks, random
from calibration_cells.draws import EFFECT_KINDS, SPREAD, Floats, t3
from calibration_cells.trials import tested

SIZES = ((5, 5), (5, 10), (10, 10), (20, 20), (50, 50))
EFFECTS = (0.5, 0.8, 1.2, 2.0)
KINDS = {**EFFECT_KINDS, "heavy tails (t3)": t3}
SPREADS = {**SPREAD, "heavy tails (t3)": math.sqrt(3)}
AUROC_COST = 0.10
"""How much power ranks may cost on normal values."""


def theory(d: float, n1: int, n2: int, alpha: float = 0.05) -> float:
    """Return the power of the two-sided t-test for normal values of equal spread, from the noncentral t law.

    With Welch's degrees of freedom, as sets of unequal size are compared by Welch's t (docs/adr/0015-planning.md).
    """
    nc = d * math.sqrt(n1 * n2 / (n1 + n2))
    df = (1 / n1 + 1 / n2) ** 2 / (1 / (n1**2 * (n1 - 1)) + 1 / (n2**2 * (n2 - 1)))
    limit, spread = scipy_stats.t.ppf(1 - alpha / 2, df), scipy_stats.chi(df, scale=1 / math.sqrt(df))
    # Integrated over the estimated spread: scipy.stats.nct is NaN for some of these.
    return float(
        spread.expect(lambda s: scipy_stats.norm.sf(limit * s - nc) + scipy_stats.norm.cdf(-limit * s - nc))
    )


def against_theory(repetitions: int, seed: int) -> list[Row]:
    table = "Normal values: share found at 0.05, two-sided, against the noncentral t law"
    rows = []
    for n1, n2 in SIZES:
        for d in EFFECTS:
            expected, slack = theory(d, n1, n2), 0.04 if min(n1, n2) < 10 else 0.03
            case = {"prompts": f"{n1} + {n2}", "effect": f"{d:g} sd", "theory": f"{expected:.3f}"}
            for statistic, measure in (("mean", "means"), ("auroc", "AUROC")):
                low = expected - slack - (AUROC_COST if statistic == "auroc" else 0.0)
                p = _ours("normal", d, (n1, n2), repetitions, seed, statistic)
                rows.append(
                    Row(table, case, measure, float((p <= 0.05).mean()), repetitions, low, expected + slack)
                )
    return rows


def against_peers(repetitions: int, seed: int) -> list[Row]:
    table = "Share found at 0.05, two-sided, on the very same data"
    rows = []
    for kind in KINDS:
        for n1, n2 in ((5, 10), (10, 10), (20, 20)):
            for d in (0.8, 1.2):
                case = {"values": kind, "prompts": f"{n1} + {n2}", "effect": f"{d:g} sd"}
                found = {
                    "means (ours)": _ours(kind, d, (n1, n2), repetitions, seed, "mean"),
                    "AUROC (ours)": _ours(kind, d, (n1, n2), repetitions, seed, "auroc"),
                    **_peers(kind, d, (n1, n2), repetitions, seed),
                }
                rows += [published(table, case, name, p <= 0.05) for name, p in found.items()]
    return rows


def _shifted(
    kind: str, d: float, sizes: tuple[int, int], rng: np.random.Generator, sets: int
) -> list[Floats]:
    first, second = (KINDS[kind](rng, (n, sets)) for n in sizes)
    return [first + d * SPREADS[kind], second]


def _ours(kind: str, d: float, sizes: tuple[int, int], repetitions: int, seed: int, statistic: str) -> Floats:
    def make(rng: np.random.Generator, sets: int) -> tuple[Floats, Floats]:
        first, second = _shifted(kind, d, sizes, rng, sets)
        return first, second

    return tested(make, repetitions, seed, *_parts(kind, d, sizes), statistic=statistic).two_sided


def _peers(kind: str, d: float, sizes: tuple[int, int], repetitions: int, seed: int) -> dict[str, Floats]:
    found: dict[str, list[Floats]] = {}
    for number, sets in blocks(repetitions):
        data = _shifted(kind, d, sizes, random(seed, *_parts(kind, d, sizes), number), sets)
        for name, p in _peer_values(data, number, seed):
            found.setdefault(name, []).append(p)
    return {name: np.concatenate(p) for name, p in found.items()}


def _peer_values(data: list[Floats], number: int, seed: int) -> Iterator[tuple[str, Floats]]:
    yield "Welch's t-test", np.asarray(scipy_stats.ttest_ind(*data, equal_var=False).pvalue)
    yield "Student's t-test", np.asarray(scipy_stats.ttest_ind(*data).pvalue)
    yield "Mann-Whitney (SciPy)", np.asarray(scipy_stats.mannwhitneyu(data[0], data[1]).pvalue)
    if number == 0:  # 250 data sets suffice to show agreement; SciPy redraws for each block as we do
        peer = scipy_stats.permutation_test(
            data,
            lambda a, b, axis: a.mean(axis=axis) - b.mean(axis=axis),
            vectorized=True,
            n_resamples=999,
            batch=100,
            rng=random(seed, "scipy", number),
        )
        yield "permutation_test (SciPy, 250 sets)", peer.pvalue


def _parts(kind: str, d: float, sizes: tuple[int, int]) -> tuple[object, ...]:
    return ("C5", kind, d, *sizes)


CELLS = (
    Cell("C5", "theory", against_theory, 4_000, 40_000),
    Cell("C5", "peers", against_peers, 2_000, 20_000),
)
