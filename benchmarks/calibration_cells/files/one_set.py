"""One value per prompt or pair: paired contrasts, ablations, restorations, predictions."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from calibration_cells.cell import Cell
from calibration_cells.files.contrasts import CLAIMS, MORE
from calibration_cells.stand_in import textbook
from calibration_cells.stand_in.lines import Draw, Line, LinesRun, Textbook
from calibration_cells.stand_in.textbook import Floats, Found
from calibration_cells.stand_in.values import GELU, LOGNORMAL, NORMAL, T3, Population
from calibration_cells.stand_in.world import Layout, Values, rows

Changes = Callable[[np.random.Generator, int], Floats]
"""Draws [units, claims] changes whose true mean is 0."""


def of(population: Population, scale: float = 1.0) -> Changes:
    """Return changes of one shape, their mean taken away."""
    mean, sd = population.mean(), population.sd()
    return lambda rng, n: scale * (population.draw(rng, (n, CLAIMS)) - mean) / sd


def affected(share: float, size: float = 5.0, noise: float = 1.0) -> Changes:
    """Return changes of which a share is large, all moved so that their mean is 0."""

    def draw(rng: np.random.Generator, n: int) -> Floats:
        hit = rng.random((n, CLAIMS)) < share
        return noise * rng.standard_normal((n, CLAIMS)) + size * (hit - share)

    return draw


def zeros(rng: np.random.Generator, n: int) -> Floats:
    """Nothing changes in four prompts of five; where it does, seldom by much: -0.5 or, once in five times, 2."""
    some = np.where(rng.random((n, CLAIMS)) < 0.2, 2.0, -0.5)
    return np.where(rng.random((n, CLAIMS)) < 0.2, some, 0.0)


SHAPES: dict[str, Changes] = {
    "normal": of(NORMAL),
    "heavy tails (t3)": of(T3),
    "lognormal": of(LOGNORMAL),
    "GELU": of(GELU),
    "one in five affected": affected(0.2),
    "four in five unchanged": zeros,
}
SIZES = (8, 20, 50, 100)
WHERE: dict[str, tuple[int, ...]] = {
    "normal": (8, 20),
    "heavy tails (t3)": (20,),
    "lognormal": (8, 20, 100),
    "GELU": (20,),
    "one in five affected": SIZES,
    "four in five unchanged": (8, 20, 100),
}


def _few(units: int) -> int:
    """Return how many claims a file holds: of 8 units, more than 5 could never be decided (2 / 2^8 each)."""
    return 5 if units <= 8 else CLAIMS


def _first(claims: int, book: Textbook) -> Textbook:
    """Return a test of the first claims alone."""

    def found(values: Values) -> Found:
        p, side = book(values)
        return Found(p[:claims], side[:claims])

    return found


def ablations() -> Iterator[Line]:
    for name, changes in SHAPES.items():
        for n in WHERE[name]:
            case = {"changes": name, "prompts": f"{n}"}
            for number, table in (
                (0.0, '"ablating ... lowers", mean change 0'),
                (1.0, '"ablating ... lowers ... by at least 1", mean change exactly that'),
            ):
                by = f" by at least {number:g}" if number else ""
                said = f"""'ablating neuron 0:{{}} lowers " an" over " a" in text{by}'"""
                claims = tuple(said.format(place) for place in range(_few(n)))
                if number and (n == 100 or name in ("GELU", "heavy tails (t3)")):
                    continue
                file = Layout(claims, {"text": n}, width=CLAIMS)
                yield Line(table, case, file, _lowered(changes, n, number), _first(_few(n), _lower(number)))


def _lowered(changes: Changes, n: int, number: float) -> Draw:
    def draw(rng: np.random.Generator, beyond: bool) -> Values:
        found = changes(rng, n)
        return {"text": -(found + number + beyond * (found.std() + 0.1))}

    return draw


def _lower(number: float) -> Textbook:
    return lambda values: textbook.student(-values["text"], number)


def pairs() -> Iterator[Line]:
    paired = {name: lambda place: f"{place:03d}" for name in ("pair",)}
    for name in ("normal", "lognormal", "one in five affected", "four in five unchanged"):
        for n in (8, 20):
            sets = {side: rows(side, n, **paired) for side in ("up", "down")}
            few = _few(n)
            case = {"differences": name, "pairs": f"{n}"}
            file = Layout(tuple(MORE.format(place) for place in range(few)), sets, width=CLAIMS)
            table = '"activates more" in pairs, mean difference 0'
            yield Line(table, case, file, _pairs(SHAPES[name], n, 0.0), _first(few, _pair_test(0.0)))
    for name in ("normal", "lognormal", "one in five affected"):
        sets = {side: rows(side, 20, **paired) for side in ("up", "down")}
        for by in ("1", "1 sd"):
            sd = np.sqrt(5.0) if name == "one in five affected" else 1.0
            number = sd if "sd" in by else 1.0
            claims = tuple(f"{MORE.format(place)} by at least {by}" for place in range(CLAIMS))
            file = Layout(claims, sets, width=CLAIMS)
            table = '"activates more by at least" in 20 pairs, the mean difference exactly that'
            case = {"claim": f"at least {by}", "differences": name}
            draw = _pairs(SHAPES[name], 20, float(number))
            book = _pair_test(1.0) if by == "1" else _pair_sd(1.0)
            yield Line(table, case, file, draw, book)


def _pairs(changes: Changes, n: int, number: float) -> Draw:
    def draw(rng: np.random.Generator, beyond: bool) -> Values:
        # Eighths, so that a difference of 0 is one for 32 bits, too.
        found, both = changes(rng, n), np.round(8 * rng.standard_normal((n, CLAIMS))) / 8
        farther = np.ceil(8 * found.std()) / 8 + 0.125
        return {"up": both + found + number + beyond * farther, "down": both}

    return draw


def _pair_test(number: float) -> Textbook:
    return lambda values: textbook.student(values["up"] - values["down"], number)


def _pair_sd(number: float) -> Textbook:
    return lambda values: textbook.noncentral_one(values["up"] - values["down"], number)


def restorations() -> Iterator[Line]:
    table = '"restoring ... recovers at least 30%", the true share exactly that'
    claims = tuple(
        f"""'restoring neuron 0:{place} recovers at least 30% of " an" over " a" in fruit'"""
        for place in range(CLAIMS)
    )
    for name in ("normal", "lognormal", "one in five affected", "four in five unchanged"):
        for n in (8, 20, 50):
            file = Layout(claims[: _few(n)], {}, pairs={"fruit": n}, width=CLAIMS)
            case = {"what is recovered": name, "pairs": f"{n}"}
            yield Line(table, case, file, _recovered(SHAPES[name], n), _first(_few(n), _recovers(0.3)))


def _recovered(changes: Changes, n: int) -> Draw:
    def draw(rng: np.random.Generator, beyond: bool) -> Values:
        lost = 2.0 + np.abs(rng.standard_normal(n))
        back = (0.3 + 0.3 * beyond) * lost[:, None] + 0.5 * changes(rng, n)
        return {"fruit": back, "fruit lost": lost}

    return draw


def _recovers(share: float) -> Textbook:
    return lambda values: textbook.student(values["fruit"] - share * values["fruit lost"][:, None])


def predictions() -> Iterator[Line]:
    for name, areas in AREAS.items():
        for n in (8, 20, 50):
            table = '"predicts", mean AUROC exactly 0.5'
            said = """'neuron 0:{} predicts " an" in corpus'"""
            claims = tuple(said.format(place) for place in range(_few(n)))
            file = Layout(claims, {"corpus": n}, width=CLAIMS)
            case = {"AUROC of documents": name, "documents": f"{n}"}
            yield Line(table, case, file, _areas(areas, n), _first(_few(n), _predicts(0.5)))
    for n in (8, 20, 50):
        table = '"predicts with AUROC at least 0.8", the mean AUROC exactly that'
        said = """'neuron 0:{} predicts " an" in corpus with AUROC at least 0.8'"""
        claims = tuple(said.format(place) for place in range(_few(n)))
        file = Layout(claims, {"corpus": n}, width=CLAIMS)
        case = {"AUROC of documents": "one in five at 0.4, the others at 0.9", "documents": f"{n}"}
        yield Line(table, case, file, _areas(_two_sorts, n), _first(_few(n), _predicts(0.8)))


def _silent(rng: np.random.Generator, n: int) -> Floats:
    """The AUROC of a neuron that is 0 at 98 of 100 positions, for a token on top at 3 of 30."""
    hits = rng.binomial(3, 0.02, (n, CLAIMS))
    others = rng.binomial(27, 0.02, (n, CLAIMS))
    return np.asarray(0.5 + hits / 6 - others / 54)


def _spread(rng: np.random.Generator, n: int) -> Floats:
    return rng.beta(3, 3, (n, CLAIMS))


def _skewed(rng: np.random.Generator, n: int) -> Floats:
    return np.where(rng.random((n, CLAIMS)) < 0.1, 0.95, 0.45) + 0.01 * rng.standard_normal((n, CLAIMS))


def _two_sorts(rng: np.random.Generator, n: int) -> Floats:
    return np.where(rng.random((n, CLAIMS)) < 0.2, 0.4, 0.9) + 0.02 * rng.standard_normal((n, CLAIMS))


AREAS: dict[str, Changes] = {
    "spread evenly": _spread,
    "a neuron that is mostly silent": _silent,
    "one in ten at 0.95, the others at 0.45": _skewed,
}


def _areas(areas: Changes, n: int) -> Draw:
    def draw(rng: np.random.Generator, beyond: bool) -> Values:
        return {"corpus": np.clip(areas(rng, n) + 0.12 * beyond, 0.0, 1.0)}

    return draw


def _predicts(number: float) -> Textbook:
    def found(values: Values) -> Found:
        return textbook.student(values["corpus"], number)

    return found


CELLS = (
    Cell("V6", "ablation", LinesRun(ablations), 120, 3_000),
    Cell("V6", "pairs", LinesRun(pairs), 120, 3_000),
    Cell("V6", "restoration", LinesRun(restorations), 100, 3_000),
    Cell("V6", "prediction", LinesRun(predictions), 150, 3_000),
)
