"""Changes compared: of a loss between two sets, over amounts, with those by random neurons."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from calibration_cells.cell import Cell
from calibration_cells.files.attention import MANY
from calibration_cells.stand_in import textbook
from calibration_cells.stand_in.lines import Draw, Line, LinesRun
from calibration_cells.stand_in.textbook import Floats, Found
from calibration_cells.stand_in.values import LOGNORMAL, NORMAL, Population
from calibration_cells.stand_in.world import Layout, Values

Changes = Callable[[np.random.Generator, tuple[int, int]], Floats]
"""Draws [prompts, claims] changes whose true mean is 0."""
TOGETHER = (0.0, "one in five affected", (40, 40))
"""What is put into files of 20, too; of 20 prompts no claim of 20 can be decided."""


def _of(population: Population, scale: float = 1.0) -> Changes:
    mean, sd = population.mean(), population.sd()
    return lambda rng, shape: scale * (population.draw(rng, shape) - mean) / sd


def _affected(rng: np.random.Generator, shape: tuple[int, int]) -> Floats:
    return 0.3 * rng.standard_normal(shape) + 5.0 * ((rng.random(shape) < 0.2) - 0.2)


def _zeros(rng: np.random.Generator, shape: tuple[int, int]) -> Floats:
    """Nothing changes in four prompts of five; where it does, seldom by much: -0.5 or, once in five times, 2."""
    some = np.where(rng.random(shape) < 0.2, 2.0, -0.5)
    return np.where(rng.random(shape) < 0.2, some, 0.0)


SHAPES: dict[str, Changes] = {
    "one in five affected": _affected,
    "lognormal": _of(LOGNORMAL),
    "four in five unchanged": _zeros,
}
ALIKE = _of(NORMAL, 0.3)


def between_sets() -> Iterator[Line]:
    table = "Loss rises in both sets, in the first by exactly as much more as is claimed"
    for name in ("one in five affected", "lognormal"):
        for by in (0.0, 0.5):
            for sizes in ((10, 10), (20, 20), (40, 40), (10, 40)):
                for claims in (1, MANY):
                    if (by and name == "lognormal") or (claims == MANY and (by, name, sizes) != TOGETHER):
                        continue
                    tail = f" by at least {by:g}" if by else ""
                    said = f"ablating neuron 0:{{}} raises loss of up more than of down{tail}"
                    sets = {"up": sizes[0], "down": sizes[1]}
                    file = Layout(_spaced(said, claims), sets, width=2 * claims)
                    case = {"claim": f"raises loss more{tail}", "changes in the first": name}
                    case |= {"prompts": f"{sizes[0]} + {sizes[1]}", "claims per file": f"{claims}"}
                    draw = _two(SHAPES[name], by, sizes, claims)
                    yield Line(table, case, file, draw, _welch(by), beyond=claims == 1)


def _spaced(said: str, claims: int) -> tuple[str, ...]:
    """Return a sentence about every second neuron; the one after each is what it is compared with."""
    return tuple(said.format(2 * place) for place in range(claims))


def _two(changes: Changes, by: float, sizes: tuple[int, int], claims: int) -> Draw:
    def draw(rng: np.random.Generator, beyond: bool) -> Values:
        shapes = [(n, 2 * claims) for n in sizes]
        up = 1.0 + by + 3.0 * beyond + changes(rng, shapes[0])
        return {"up": up, "down": 1.0 + ALIKE(rng, shapes[1])}

    return draw


def _welch(number: float) -> Callable[[Values], Found]:
    return lambda values: textbook.welch(values["up"][:, ::2], values["down"][:, ::2], number)


def slopes() -> Iterator[Line]:
    for name, changes in SHAPES.items():
        for n, claims in ((10, 1), (20, 1), (40, 1), (40, MANY)):
            if claims == MANY and name != "lognormal":
                continue
            said = _spaced("""'adding 1, 2, 4 to neuron 0:{} raises " an" over " a" in text'""", claims)
            file = Layout(said, {"text": n}, width=2 * claims)
            case = {"slopes": name, "prompts": f"{n}", "claims per file": f"{claims}"}
            table = "Slopes over three amounts whose mean is 0"
            yield Line(table, case, file, _raised(changes, n, claims), _student, beyond=claims == 1)


def _raised(changes: Changes, n: int, claims: int) -> Draw:
    def draw(rng: np.random.Generator, beyond: bool) -> Values:
        return {"text": changes(rng, (n, 2 * claims)) + 3.0 * beyond}

    return draw


def _student(values: Values) -> Found:
    return textbook.student(values["text"][:, ::2])


def beyond_random() -> Iterator[Line]:
    for name, changes in SHAPES.items():
        for n, claims in ((10, 1), (20, 1), (40, 1), (40, MANY)):
            if claims == MANY and name != "lognormal":
                continue
            said = """'ablating neuron 0:{} raises " an" over " a" in text more than random neurons do'"""
            file = Layout(_spaced(said, claims), {"text": n}, width=2 * claims)
            case = {"changes": name, "prompts": f"{n}", "claims per file": f"{claims}"}
            table = '"more than random neurons do", changes that have the mean of theirs'
            yield Line(table, case, file, _beside(changes, n, claims), _beyond, beyond=claims == 1)


def _beside(changes: Changes, n: int, claims: int) -> Draw:
    def draw(rng: np.random.Generator, beyond: bool) -> Values:
        shape = (n, claims)
        own, other = changes(rng, shape) + 3.0 * beyond, ALIKE(rng, shape)
        return {"text": 1.0 + np.stack([own, other], axis=2).reshape(n, 2 * claims)}

    return draw


def _beyond(values: Values) -> Found:
    return textbook.student(values["text"][:, ::2] - values["text"][:, 1::2])


CELLS = (
    Cell("V18", "between sets", LinesRun(between_sets), 100, 1_000),
    Cell("V18", "slopes", LinesRun(slopes), 100, 1_000),
    Cell("V18", "random neurons", LinesRun(beyond_random), 100, 1_000),
)
