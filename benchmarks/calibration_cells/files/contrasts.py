"""Contrasts: "activates more", "by at least" in the values' own unit, and in standard deviations."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from calibration_cells.cell import Cell
from calibration_cells.stand_in import textbook
from calibration_cells.stand_in.lines import Draw, Line, LinesRun, Textbook
from calibration_cells.stand_in.textbook import Found
from calibration_cells.stand_in.values import (
    GELU,
    LOGNORMAL,
    NORMAL,
    ONE_IN_FIVE,
    RELU,
    T3,
    Population,
)
from calibration_cells.stand_in.world import Layout, Values

Sizes = tuple[int, int]
CLAIMS = 10
MORE = "neuron 0:{} activates more for up than down"


def layout(sentence: str, sizes: Sizes, claims: int = CLAIMS, heads: tuple[str, ...] = ()) -> Layout:
    """Return a file with the same sentence about each of ``claims`` neurons."""
    up, down = sizes
    return Layout(
        tuple(sentence.format(n) for n in range(claims)), {"up": up, "down": down}, heads, width=claims
    )


def shown(values: str, sizes: Sizes) -> dict[str, str]:
    """Return how a line names its values and sizes."""
    return {"values": values, "prompts": f"{sizes[0]} + {sizes[1]}"}


def two_sets(
    population: Population, sizes: Sizes, lift: float, spread: float = 1.0, claims: int = CLAIMS
) -> Draw:
    """Return a draw of two sets: the first is lifted, beyond its boundary by more.

    ``spread``: how much farther the values of the first lie from their mean, which stays where it is.
    """
    more = 0.5 if population.step else 1.0  # one in five more is affected, or everything a standard deviation

    def draw(rng: np.random.Generator, beyond: bool) -> Values:
        here = lift + (more if beyond else 0.0)
        if population.step and beyond:
            here = min(here + 0.5, 1 / population.some)
        up = population.draw(rng, (sizes[0], claims), here)
        if spread != 1.0:
            middle = population.mean(here)
            up = (
                middle
                + spread * (up - middle)
                + (spread - 1) * (population.mean(here) - population.mean(lift))
            )
        return {"up": up, "down": population.draw(rng, (sizes[1], claims))}

    return draw


def no_effect() -> Iterator[Line]:
    table = '"activates more", no effect'
    plain: list[tuple[Population, Sizes, float]] = [
        *((NORMAL, (n, n), 1.0) for n in (8, 20, 100)),
        (T3, (20, 20), 1.0),
        *((LOGNORMAL, sizes, 1.0) for sizes in ((8, 8), (20, 20), (10, 40))),
        *((RELU, (n, n), 1.0) for n in (8, 20, 100)),
        (GELU, (20, 20), 1.0),
        *((NORMAL, sizes, 3.0) for sizes in ((20, 20), (10, 40), (8, 60))),
        *((LOGNORMAL, sizes, 3.0) for sizes in ((20, 20), (10, 40))),
    ]
    for population, sizes, spread in plain:
        name = population.name + (", sd 3:1" if spread != 1 else "")
        yield Line(
            table,
            shown(name, sizes),
            layout(MORE, sizes),
            two_sets(population, sizes, 0.0, spread),
            _welch(0),
        )


def _welch(number: float) -> Textbook:
    return lambda values: textbook.welch(values["up"], values["down"], number)


CASES: tuple[tuple[Population, Sizes], ...] = (
    *((NORMAL, sizes) for sizes in ((8, 8), (20, 20), (10, 40))),
    (T3, (20, 20)),
    *((LOGNORMAL, sizes) for sizes in ((8, 8), (20, 20), (100, 100))),
    *((RELU, sizes) for sizes in ((20, 20), (100, 100))),
    (GELU, (20, 20)),
    *((ONE_IN_FIVE, (n, n)) for n in (8, 20, 40, 100)),
)
"""Effects that lie exactly at the number: the lift changes the shape of all values but the first two."""


def own_unit() -> Iterator[Line]:
    table = '"activates more by at least" a number in the values\' own unit, the true difference exactly that'
    for population, sizes in (*CASES, (LOGNORMAL, (10, 40)), (LOGNORMAL, (40, 10))):
        number = round(population.difference(1.0), 6)
        sentence = f"{MORE} by at least {number}"
        draw = two_sets(population, sizes, 1.0)
        yield Line(table, shown(population.name, sizes), layout(sentence, sizes), draw, _welch(number))


def standardised() -> Iterator[Line]:
    table = '"activates more by at least" so many sd, the true difference exactly that'
    for population, sizes in CASES:
        number = round(population.standardised(1.0), 6)
        sentence = f"{MORE} by at least {number} sd"
        draw = two_sets(population, sizes, 1.0)
        yield Line(table, shown(population.name, sizes), layout(sentence, sizes), draw, _noncentral(number))
    for population, sizes in (
        (LOGNORMAL, (20, 20)),
        (LOGNORMAL, (10, 40)),
        (RELU, (20, 20)),
        (RELU, (100, 100)),
    ):
        case = shown(f"{population.name}, moved as a whole", sizes)
        file = layout(f"{MORE} by at least 1 sd", sizes)
        yield Line(table, case, file, moved(population, sizes), _noncentral(1.0))


def moved(population: Population, sizes: Sizes, claims: int = CLAIMS) -> Draw:
    """Return a draw of two sets of one shape, of which the first lies one standard deviation higher."""
    sd = population.sd()

    def draw(rng: np.random.Generator, beyond: bool) -> Values:
        up, down = (population.draw(rng, (n, claims)) for n in sizes)
        return {"up": up + (2 * sd if beyond else sd), "down": down}

    return draw


def _noncentral(number: float) -> Textbook:
    def found(values: Values) -> Found:
        return textbook.noncentral(values["up"], values["down"], number)

    return found


CELLS = (
    Cell("V1", "more", LinesRun(no_effect), 250, 3_000),
    Cell("V2", "own unit", LinesRun(own_unit), 200, 3_000),
    Cell("V3", "sd", LinesRun(standardised), 200, 2_000),
)
