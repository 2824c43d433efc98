"""C6 (maximum statistic) and C8 (searched): one p for having looked at many neurons."""

from __future__ import annotations

import numpy as np

from calibration_cells.bands import rejected
from calibration_cells.cell import Cell, Row, random, stream
from calibration_cells.draws import Draw, Floats, normal, t3, zeros_70
from calibration_cells.families import DEPENDENCE, correlated
from calibration_cells.selection import NEURONS as SEARCHED
from calibration_cells.selection import TITLE as PICKED
from calibration_cells.selection import noise
from calibration_cells.trials import DRAWN
from neuronclaims import stats

NEURONS, TRUE, SHIFT = 768, 16, 2.2
NEARLY = 0.049
"""What a two-sided search attains at least at 0.05: both sides, at 0.025 each, can be reached at once."""


def searched(
    first: Floats, second: Floats, seed: int, statistic: str = "mean", resamples: int = DRAWN
) -> stats.MaxResults:
    """Test all neurons on one data set, with its own random relabellings."""
    return stats.max_statistic_tests(
        first,
        second,
        exchange=stats.UNITS,
        statistic=statistic,
        alternative="two-sided",
        resampling=stats.Resampling(seed=seed, draws=resamples, exact_limit=1_000),
    )


def nothing_true(repetitions: int, seed: int) -> list[Row]:
    table = f"Nothing differs, {NEURONS} neurons, 10 + 10 prompts: how often the search finds any"
    rows = []
    for rho in DEPENDENCE:
        rng = random(seed, "C6 max", rho)
        least = np.empty(repetitions)
        for number in range(repetitions):
            first, second = (correlated(rng, 10, 1, NEURONS, rho)[:, 0] for _ in range(2))
            least[number] = searched(first, second, stream(seed, "C6 max", rho, number)).p_step_down.min()
        case = {"correlation of neurons": f"{rho:g}"}
        rows.append(rejected(table, case, "at 0.05", least, 0.05, NEARLY))
        rows.append(rejected(table, case, "at 0.01", least, 0.01))
    return rows


KINDS: dict[str, Draw] = {"normal": normal, "heavy tails (t3)": t3, "70 % zeros": zeros_70}


def nothing_true_of_kinds(repetitions: int, seed: int) -> list[Row]:
    """Other values, other sizes, other statistics."""
    rows = []
    for statistic, name in (("mean", "t"), ("auroc", "rank sum")):
        table = f"Nothing differs, 200 independent neurons, largest {name}: how often the search finds any"
        for kind, draw in KINDS.items():
            for n1, n2 in ((5, 5), (5, 10), (10, 10)):
                rng = random(seed, "C6 kinds", statistic, kind, n1, n2)
                least = np.empty(repetitions)
                for number in range(repetitions):
                    first, second = draw(rng, (n1, 200)), draw(rng, (n2, 200))
                    own = stream(seed, "C6 kinds", statistic, kind, n1, n2, number)
                    least[number] = searched(first, second, own, statistic).p_step_down.min()
                case = {"values": kind, "prompts": f"{n1} + {n2}"}
                rows.append(rejected(table, case, "at 0.05", least, 0.05))
                rows.append(rejected(table, case, "at 0.01", least, 0.01))
    return rows


def some_true(repetitions: int, seed: int) -> list[Row]:
    """Some neurons differ; the others must still be found no more often than when none does."""
    table = (
        f"{TRUE} of {NEURONS} neurons differ by {SHIFT:g} sd, 10 + 10 prompts: how often any other is found"
    )
    rows = []
    for rho in DEPENDENCE:
        rng = random(seed, "C6 partial", rho)
        least = np.empty(repetitions)
        for number in range(repetitions):
            first, second = _with_effects(rng, rho)
            found = searched(first, second, stream(seed, "C6 partial", rho, number))
            least[number] = found.p_step_down[TRUE:].min()
        rows.append(rejected(table, {"correlation of neurons": f"{rho:g}"}, "at 0.05", least, 0.05))
    return rows


def power(repetitions: int, seed: int) -> list[Row]:
    """The share of true neurons found, against Holm and Benjamini-Hochberg on the very same p-values."""
    table = f"{TRUE} of {NEURONS} neurons differ by {SHIFT:g} sd, 9,999 relabellings: share of the {TRUE} found at 0.05"
    rows = []
    for rho in DEPENDENCE:
        rng = random(seed, "C6 power", rho)
        found: dict[str, list[Floats]] = {}
        for number in range(repetitions):
            first, second = _with_effects(rng, rho)
            one = searched(first, second, stream(seed, "C6 power", rho, number), resamples=9_999)
            found.setdefault("maximum, step-down", []).append(one.p_step_down)
            found.setdefault("Holm", []).append(_adjusted(one.p_value, "holm"))
            name = "Benjamini-Hochberg (false ones allowed)"
            found.setdefault(name, []).append(_adjusted(one.p_value, "benjamini-hochberg"))
        for name, p in found.items():
            share = float((np.stack(p)[:, :TRUE] <= 0.05).mean())
            rows.append(Row(table, {"correlation of neurons": f"{rho:g}"}, name, share, repetitions))
    return rows


def _with_effects(rng: np.random.Generator, rho: float) -> tuple[Floats, Floats]:
    first, second = (correlated(rng, 10, 1, NEURONS, rho)[:, 0] for _ in range(2))
    first[:, :TRUE] += SHIFT
    return first, second


def _adjusted(p: Floats, method: stats.Correction) -> Floats:
    return np.array(stats.adjust(p.tolist(), method), dtype=np.float64)


def best_as_searched(repetitions: int, seed: int) -> list[Row]:
    """The best of the noise neurons, judged among all that were searched."""
    rows = []
    for neurons in SEARCHED:
        rng = random(seed, "C8 searched", neurons)
        least = np.empty(repetitions)
        for number in range(repetitions):
            first, second = noise(rng, neurons)
            own = stream(seed, "C8 searched", neurons, number)
            least[number] = searched(first, second, own).p_single_step.min()
        case = {"neurons searched": f"{neurons:,}"}
        for alpha in (0.05, 0.01):
            level = NEARLY if alpha == 0.05 else None
            rows.append(rejected(PICKED, case, f"declared as searched, at {alpha}", least, alpha, level))
    return rows


CELLS = (
    Cell("C6", "search, nothing true", nothing_true, 2_000, 20_000),
    Cell("C6", "search, kinds of values", nothing_true_of_kinds, 1_000, 10_000),
    Cell("C6", "search, some true", some_true, 1_000, 10_000),
    Cell("C6", "search, power", power, 60, 600),
    Cell("C8", "searched", best_as_searched, 1_000, 10_000),
)
