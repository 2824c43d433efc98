"""How often a true effect is found: the product's rule beside the old one and the tests of SciPy and statsmodels."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import numpy as np
from scipy import stats

from calibration_cells.bands import published
from calibration_cells.cell import Cell, Row, random
from calibration_cells.files.contrasts import MORE, two_sets
from calibration_cells.files.one_set import affected, of
from calibration_cells.stand_in import textbook
from calibration_cells.stand_in.lines import ALPHA, Draw, verdict
from calibration_cells.stand_in.textbook import Floats, Found
from calibration_cells.stand_in.values import GELU, LOGNORMAL, NORMAL, ONE_IN_FIVE, RELU, Population
from calibration_cells.stand_in.world import Layout, Values, World

CLAIMS = 20
Peer = Callable[[Values], "Floats | np.ndarray"]
"""Tells of each claim whether a test finds it, on the side claimed."""
ALONE = ("correction: none",)
"""Every claim counts as alone in its file."""


def compared(
    table: str,
    case: Mapping[str, str],
    file: Layout,
    draw: Draw,
    peers: Mapping[str, Peer],
    files: int,
    seed: int,
) -> Iterator[Row]:
    """Yield how often the product, and each peer, finds the effects of the same values."""
    rng, hits = random(seed, "power", table, *case.values()), {name: [] for name in peers}

    def drawn() -> Iterator[Values]:
        for _ in range(files):
            values = draw(rng, False)
            for name, peer in peers.items():
                hits[name].append(peer(values))
            yield values

    found = [[verdict(one) == "supported" for one in results] for results in World(file).results(drawn())]
    yield published(table, case, "neuronclaims", np.array(found).ravel())
    for name, each in hits.items():
        yield published(table, case, name, np.concatenate(each))


def _sided(test: Callable[[Values], Found]) -> Peer:
    def found(values: Values) -> np.ndarray:
        p, side = test(values)
        return (p <= ALPHA) & (side > 0)

    return found


def _one_sided(test: Callable[[Values], Found]) -> Peer:
    """Take the rule of docs/adr/0012: p one-sided against no effect, a number against the interval at 95 %."""

    def found(values: Values) -> np.ndarray:
        p, side = test(values)
        return (p / 2 <= ALPHA) & (side > 0)

    return found


def _both(values: Values) -> tuple[Floats, Floats]:
    return values["up"], values["down"]


def _brunner_munzel(values: Values) -> np.ndarray:
    up, down = _both(values)
    with np.errstate(all="ignore"):
        found = [stats.brunnermunzel(b, a) for a, b in zip(up.T, down.T, strict=True)]
    return np.array([p <= ALPHA and t > 0 for t, p in found])


MEAN_PEERS: Mapping[str, Peer] = {
    "the old rule": _one_sided(lambda values: textbook.welch(*_both(values))),
    "SciPy ttest_ind (Welch)": _sided(lambda values: textbook.welch(*_both(values))),
    "SciPy mannwhitneyu": _sided(lambda values: textbook.mann_whitney(*_both(values))),
    "SciPy brunnermunzel": _brunner_munzel,
}


def two(repetitions: int, seed: int) -> list[Row]:
    """Find a difference of means, and an AUROC, of values that are lifted."""
    rows: list[Row] = []
    cases: tuple[tuple[Population, float, tuple[int, int]], ...] = (
        *((NORMAL, d, (n, n)) for d, n in ((0.8, 10), (0.5, 20), (0.8, 20), (0.5, 40), (0.8, 40))),
        *((LOGNORMAL, 1.0, (n, n)) for n in (10, 20, 40)),
        *((RELU, 1.0, (n, n)) for n in (20, 40)),
        (GELU, 0.8, (20, 20)),
        *((ONE_IN_FIVE, 1.0, (n, n)) for n in (20, 40)),
        (NORMAL, 0.8, (10, 40)),
    )
    for population, lift, sizes in cases:
        effect = "one in five by 5" if population is ONE_IN_FIVE else f"lifted by {lift:g}"
        case = {"values": population.name, "effect": effect, "prompts": f"{sizes[0]} + {sizes[1]}"}
        draw = two_sets(population, sizes, lift, claims=CLAIMS)
        for table, sentence, peers in (
            ('"activates more"', MORE, MEAN_PEERS),
            ('"separates"', "neuron 0:{} separates up from down", RANK_PEERS),
        ):
            sentences = tuple(sentence.format(place) for place in range(CLAIMS))
            file = Layout(sentences, {"up": sizes[0], "down": sizes[1]}, ALONE, width=CLAIMS)
            rows += compared(f"{table}: found", case, file, draw, peers, repetitions, seed)
    return rows


RANK_PEERS: Mapping[str, Peer] = {
    "SciPy mannwhitneyu": _sided(lambda values: textbook.mann_whitney(*_both(values))),
    "SciPy brunnermunzel": _brunner_munzel,
    "statsmodels rank_compare_2indep": _sided(lambda values: textbook.brunner_munzel(*_both(values))),
}


def numbers(repetitions: int, seed: int) -> list[Row]:
    """Find an effect that lies beyond a number."""
    rows: list[Row] = []
    for population, sizes in (
        (NORMAL, (20, 20)),
        (NORMAL, (40, 40)),
        (LOGNORMAL, (40, 40)),
        (RELU, (40, 40)),
    ):
        for by, lift in (("0.3 sd", 1.2), ("0.5 sd", 2.0)):
            number = float(by.split()[0])
            case = {"claim": f"at least {by}", "values": population.name, "effect": f"lifted by {lift:g}",
                    "prompts": f"{sizes[0]} + {sizes[1]}"}  # fmt: skip
            sentences = tuple(f"{MORE.format(place)} by at least {by}" for place in range(CLAIMS))
            file = Layout(sentences, {"up": sizes[0], "down": sizes[1]}, ALONE, width=CLAIMS)
            peers = {"noncentral t": _sided(lambda v, number=number: textbook.noncentral(*_both(v), number))}
            draw = two_sets(population, sizes, lift, claims=CLAIMS)
            rows += compared('"by at least" so many sd: found', case, file, draw, peers, repetitions, seed)
    for population, sizes in ((NORMAL, (20, 20)), (NORMAL, (40, 40)), (RELU, (40, 40)), (NORMAL, (10, 40))):
        case = {"claim": "AUROC at least 0.7", "values": population.name, "effect": "AUROC 0.9",
                "prompts": f"{sizes[0]} + {sizes[1]}"}  # fmt: skip
        sentences = tuple(
            f"neuron 0:{place} separates up from down with AUROC at least 0.7" for place in range(CLAIMS)
        )
        file = Layout(sentences, {"up": sizes[0], "down": sizes[1]}, ALONE, width=CLAIMS)
        peers = {
            "statsmodels rank_compare_2indep": _sided(lambda v: textbook.brunner_munzel(*_both(v), 0.7)),
        }
        draw = two_sets(population, sizes, population.lift_to(0.9), claims=CLAIMS)
        rows += compared('"with AUROC at least 0.7": found', case, file, draw, peers, repetitions, seed)
    return rows


def one(repetitions: int, seed: int) -> list[Row]:
    """Find a mean change, and a share."""
    rows: list[Row] = []
    said = """'ablating neuron 0:{} lowers " an" over " a" in text'"""
    sentences = tuple(said.format(place) for place in range(10))
    for name, changes in (
        ("normal", of(NORMAL)),
        ("lognormal", of(LOGNORMAL)),
        ("one in five", affected(0.2)),
    ):
        for n in (10, 20, 40):
            case = {
                "changes": name,
                "effect": "0.8 sd" if name != "one in five" else "1.8",
                "prompts": f"{n}",
            }
            draw = _lowered(changes, n, 0.8 if name != "one in five" else 1.8)
            file = Layout(sentences, {"text": n}, ALONE, width=10)
            peers: Mapping[str, Peer] = {
                "the old rule": _one_sided(lambda v: textbook.student(-v["text"])),
                "SciPy ttest_1samp": _sided(lambda v: textbook.student(-v["text"])),
                "SciPy wilcoxon": _wilcoxon,
            }
            rows += compared('"ablating ... lowers": found', case, file, draw, peers, repetitions, seed)
    sentence = "neuron 0:{} is massive in at least 60% of prompts in prose"
    for n in (10, 20, 40):
        file = Layout(tuple(sentence.format(place) for place in range(10)), {"prose": n}, ALONE, width=10)
        case = {"claim": "at least 60% of prompts", "effect": "true share 90 %", "prompts": f"{n}"}
        peers = {"SciPy binomtest": _binomtest}
        rows += compared('"is massive in at least 60% of prompts": found', case, file,
                         _shares(n), peers, repetitions, seed)  # fmt: skip
    return rows


def _lowered(changes: Callable[[np.random.Generator, int], Floats], n: int, by: float) -> Draw:
    return lambda rng, far: {"text": -(changes(rng, n) + by) if not far else np.zeros(0)}


def _shares(n: int) -> Draw:
    return lambda rng, far: {"prose": 0.1 * (rng.random((n, 10)) < (0.9 if not far else 1.0))}


def _wilcoxon(values: Values) -> np.ndarray:
    text = -values["text"]
    return (stats.wilcoxon(text, axis=0).pvalue <= ALPHA) & (text.mean(axis=0) > 0)


def _binomtest(values: Values) -> np.ndarray:
    prose = values["prose"] > 0
    found = [stats.binomtest(int(k), len(prose), 0.6).pvalue for k in prose.sum(axis=0)]
    return (np.array(found) <= ALPHA) & (prose.mean(axis=0) > 0.6)


CELLS = (
    Cell("V14", "two sets", two, 25, 250),
    Cell("V14", "numbers", numbers, 20, 200),
    Cell("V14", "one set", one, 40, 400),
)
