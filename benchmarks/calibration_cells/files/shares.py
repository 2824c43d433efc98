"""Shares: consistency, outliers, massive neurons; and the activity of a direction, and shared top neurons."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import numpy as np

from calibration_cells.cell import Cell
from calibration_cells.files.contrasts import Sizes, shown
from calibration_cells.stand_in import textbook
from calibration_cells.stand_in.lines import Draw, Line, LinesRun
from calibration_cells.stand_in.textbook import Floats, Found
from calibration_cells.stand_in.values import LOGNORMAL, NORMAL, RELU, Population
from calibration_cells.stand_in.world import Layout, Row, Values, rows

CLAIMS = 10
Units = Callable[[np.random.Generator, int, bool], Floats]
"""Draws [prompts, claims] shares or scores; whether beyond the boundary."""


def consistency() -> Iterator[Line]:
    table = '"is among the top 10 ... in at least 60% of prompts", the true share exactly that'
    said = "neuron 0:{} is among the top 10 neurons for up over base in at least 60% of prompts"
    denied = "neuron 0:{} is not among the top 10 neurons for up over base in more than 60% of prompts"
    for claim, sentence in (("is among", said), ("is not among", denied)):
        for n in (8, 20, 50):
            file = Layout(
                tuple(sentence.format(place) for place in range(CLAIMS)), {"up": n, "base": 20}, width=200
            )
            draw = partial(_ranked, n, 0.95 if claim == "is among" else 0.25)
            yield Line(
                table, {"claim": claim, "prompts": f"{n}"}, file, draw, partial(_counted, claim == "is among")
            )


def _ranked(n: int, beyond: float, rng: np.random.Generator, far: bool) -> Values:
    """Return values of which the first ten neurons are on top in 60 % of prompts, and in none of the baseline."""
    up, base = rng.standard_normal((n, 200)), rng.standard_normal((20, 200))
    up[:, :CLAIMS] = np.where(rng.random((n, CLAIMS)) < (beyond if far else 0.6), 50.0, -50.0)
    base[:, :CLAIMS] -= 50.0
    return {"up": up + 0.01 * rng.standard_normal(up.shape), "base": base}


def _counted(more: bool, values: Values) -> Found:
    up = values["up"][:, :CLAIMS]
    p, side = textbook.binomial((up > 10).sum(axis=0), len(up), 0.6)
    return Found(p, side if more else -side)


def outliers() -> Iterator[Line]:
    sentence = "neuron 0:{} is an outlier beyond 6 in at least 6% of tokens in prose"
    massive = "neuron 0:{} is massive in prose"
    for name, units in OUTLIERS.items():
        for n in (12, 24, 50):
            table = '"is an outlier beyond 6 in at least 6% of tokens", the mean share exactly that'
            file = Layout(
                tuple(sentence.format(place) for place in range(CLAIMS)), {"prose": n}, width=CLAIMS
            )
            case = {"shares of tokens": name, "prompts": f"{n}"}
            yield Line(table, case, file, _prose(units, n), _mean_share)
    for n in (12, 50):
        file = Layout(tuple(massive.format(place) for place in range(CLAIMS)), {"prose": n}, width=CLAIMS)
        yield Line('"is massive", in exactly half of the prompts', {"prompts": f"{n}"}, file,
                   _prose(_half, n), _massive)  # fmt: skip


def _even(rng: np.random.Generator, n: int, far: bool) -> Floats:
    return rng.binomial(50, 0.2 if far else 0.06, (n, CLAIMS)) / 50


def _one_in_twenty(rng: np.random.Generator, n: int, far: bool) -> Floats:
    hit = rng.random((n, CLAIMS)) < (0.3 if far else 0.05)
    return np.where(hit, 0.82, 0.02)


def _one_in_four(rng: np.random.Generator, n: int, far: bool) -> Floats:
    return np.where(rng.random((n, CLAIMS)) < 0.25, 0.8 if far else 0.24, 0.0)


def _half(rng: np.random.Generator, n: int, far: bool) -> Floats:
    return (rng.random((n, CLAIMS)) < (0.9 if far else 0.5)) * 0.1


OUTLIERS: dict[str, Units] = {
    "much the same everywhere": _even,
    "one prompt in 20 at 0.82, the others at 0.02": _one_in_twenty,
    "one prompt in four at 0.24, the others at 0": _one_in_four,
}


def _prose(units: Units, n: int) -> Draw:
    return lambda rng, far: {"prose": units(rng, n, far)}


def _mean_share(values: Values) -> Found:
    return textbook.student(values["prose"], 0.06)


def _massive(values: Values) -> Found:
    prose = values["prose"]
    return textbook.binomial((prose > 0).sum(axis=0), len(prose), 0.5)


LAYERS = 10
DIRECTION = (
    "score: raw",
    "directions: {honesty: {method: mean difference, from: [one, other]}}",
)


def activities() -> Iterator[Line]:
    table = '"activity is higher", no effect; one claim on each of 10 layers'
    claims = tuple(f"honesty activity is higher for up than down in layer {layer}" for layer in range(LAYERS))
    for population, sizes in ((NORMAL, (8, 8)), (LOGNORMAL, (20, 20)), (RELU, (20, 20)), (NORMAL, (10, 40))):
        spread = 3.0 if sizes == (10, 40) else 1.0
        name = population.name + (", sd 3:1" if spread != 1 else "")
        draw = partial(_states, population, sizes, spread)
        yield Line(table, shown(name, sizes), _directed(claims, sizes), draw, _along)
    for population, sizes in ((NORMAL, (8, 8)), (LOGNORMAL, (20, 20))):
        file = _directed(("honesty activity differs between up and down somewhere",), sizes)
        draw = partial(_states, population, sizes, 1.0)
        yield Line('"activity differs somewhere", no effect', shown(population.name, sizes), file, draw,
                   wrong=frozenset({"supported"}), files=0.7)  # fmt: skip


def _directed(claims: tuple[str, ...], sizes: Sizes) -> Layout:
    fits: dict[str, int | list[Row]] = {
        side: list(rows(side, 4, pair=lambda place: f"{place}")) for side in ("one", "other")
    }
    sets = {"up": sizes[0], "down": sizes[1], **fits}
    return Layout(claims, sets, DIRECTION, width=2, layers=LAYERS)


def _states(
    population: Population, sizes: Sizes, spread: float, rng: np.random.Generator, far: bool
) -> Values:
    """Return states [layers, prompts, 2]: the direction is the first axis, the other one is still."""
    up = spread * (population.draw(rng, (LAYERS, sizes[0]), 0.0) - population.mean())
    up = up + (1.5 * spread * population.sd() if far else 0.0)
    down = population.draw(rng, (LAYERS, sizes[1])) - population.mean()
    fit = np.ones((LAYERS, 4))
    found = {"up": up, "down": down, "one": 2 * fit, "other": -2 * fit}
    return {name: np.stack([each, np.zeros_like(each)], axis=2) for name, each in found.items()}


def _along(values: Values) -> Found:
    return textbook.welch(values["up"][..., 0].T, values["down"][..., 0].T)


SHARE = "up and down share {} of their top 10 neurons over base"
OVERLAPS = {
    "at least 5": frozenset({"refuted"}),
    "at least 6": frozenset({"supported"}),
    "at least 8": frozenset({"supported"}),
    "at least 4": frozenset({"refuted"}),
    "at most 4": frozenset({"supported"}),
    "at most 6": frozenset({"refuted"}),
}
"""What is said of two sets that truly share 5 of 10, and which verdicts on it are wrong."""


def overlaps() -> Iterator[Line]:
    table = (
        '"share ... of their top 10 neurons", truly 5; six claims to a file, at their numbers and beside them'
    )
    for n in (12, 40):
        for gap, lift in (("clear", 3.0), ("hardly", 0.8)):
            file = Layout(tuple(map(SHARE.format, OVERLAPS)), {"up": n, "down": n, "base": 2 * n}, width=60)
            case = {"top neurons stand out": gap, "prompts": f"{n} + {n}"}
            yield Line(table, case, file, partial(_tops, n, lift), wrong=tuple(OVERLAPS.values()),
                       files=0.3, beyond=False)  # fmt: skip
    for n in (12, 40):
        said = "up overlaps more with down than with other in their top 10 neurons over base"
        file = Layout((said,), {"up": n, "down": n, "other": n, "base": n}, width=60)
        yield Line('"overlaps more with", as much with either', {"prompts": f"{n} + {n} + {n}"}, file,
                   partial(_alike, n), files=0.3, beyond=False)  # fmt: skip


def _tops(n: int, lift: float, rng: np.random.Generator, far: bool) -> Values:
    del far
    up, down, base = (rng.standard_normal((size, 60)) for size in (n, n, 2 * n))
    heights = lift * np.linspace(1.0, 2.0, 10)
    up[:, :10] += heights
    down[:, 5:15] += heights[::-1]
    return {"up": up, "down": down, "base": base}


def _alike(n: int, rng: np.random.Generator, far: bool) -> Values:
    del far
    found = {name: rng.standard_normal((n, 60)) for name in ("up", "down", "other", "base")}
    for name, start in (("up", 0), ("down", 5), ("other", 5)):
        found[name][:, start : start + 10] += np.linspace(1.0, 2.0, 10)
    return found


CELLS = (
    Cell("V7", "consistency", LinesRun(consistency), 200, 4_000),
    Cell("V7", "outliers", LinesRun(outliers), 300, 4_000),
    Cell("V7", "overlap", LinesRun(overlaps), 100, 3_000),
    Cell("V8", "activity", LinesRun(activities), 200, 3_000),
)
