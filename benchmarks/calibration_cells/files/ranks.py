"""Separations, and claims that something does not differ."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from calibration_cells.cell import Cell
from calibration_cells.files.contrasts import Sizes, layout, shown, two_sets
from calibration_cells.stand_in import textbook
from calibration_cells.stand_in.lines import Line, LinesRun, Textbook
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
from calibration_cells.stand_in.world import Values

SEPARATES = "neuron 0:{} separates up from down"


def no_difference() -> Iterator[Line]:
    table = '"separates", AUROC 0.5'
    cases: tuple[tuple[Population, Sizes, float], ...] = (
        (NORMAL, (8, 8), 1.0),
        (NORMAL, (20, 20), 3.0),
        (NORMAL, (10, 40), 3.0),
        (NORMAL, (8, 60), 3.0),
        (NORMAL, (40, 10), 3.0),
        (T3, (8, 60), 3.0),
        (RELU, (20, 20), 1.0),
        (RELU, (10, 40), 1.0),
        (GELU, (20, 20), 1.0),
    )
    for population, sizes, spread in cases:
        name = population.name + (", sd 3:1" if spread != 1 else "")
        draw = two_sets(population, sizes, 0.0, spread)
        yield Line(table, shown(name, sizes), layout(SEPARATES, sizes), draw, _either(0.5))


def _either(auroc: float) -> Textbook:
    def found(values: Values) -> Found:
        p, side = textbook.mann_whitney(values["up"], values["down"], auroc)
        return Found(p, np.abs(side))

    return found


def at_number() -> Iterator[Line]:
    table = '"separates with AUROC at least 0.8", the true AUROC exactly that'
    cases: tuple[tuple[Population, Sizes], ...] = (
        *((NORMAL, sizes) for sizes in ((8, 8), (20, 20), (10, 40))),
        (LOGNORMAL, (20, 20)),
        *((RELU, sizes) for sizes in ((20, 20), (100, 100), (10, 40), (40, 10))),
        (GELU, (20, 20)),
    )
    for population, sizes in cases:
        lift = population.lift_to(0.8)
        file = layout(f"{SEPARATES} with AUROC at least 0.8", sizes)
        yield Line(table, shown(population.name, sizes), file, two_sets(population, sizes, lift), _above(0.8))
    # 15 in 25 prompts affected leave the AUROC at 0.8 with two heaps of values.
    draw = two_sets(ONE_IN_FIVE, (20, 20), ONE_IN_FIVE.lift_to(0.75))
    file = layout(f"{SEPARATES} with AUROC at least 0.75", (20, 20))
    yield Line('"separates with AUROC at least 0.75", some prompts affected', shown("some affected", (20, 20)),
               file, draw, _above(0.75))  # fmt: skip


def _above(auroc: float) -> Textbook:
    return lambda values: textbook.brunner_munzel(values["up"], values["down"], auroc)


def denials() -> Iterator[Line]:
    table = '"does not", the true effect exactly at the margin'
    does_not = "neuron 0:{} does not activate more for up than down"
    for population, sizes in (
        (NORMAL, (20, 20)),
        (NORMAL, (100, 100)),
        (LOGNORMAL, (20, 20)),
        (LOGNORMAL, (100, 100)),
        (RELU, (100, 100)),
        (ONE_IN_FIVE, (40, 40)),
        (ONE_IN_FIVE, (100, 100)),
    ):
        number = round(population.difference(1.0), 6)
        case = {"claim": "not more, margin in own unit", **shown(population.name, sizes)}
        file = layout(does_not, sizes, heads=(f"margin: {number}",))
        yield Line(table, case, file, two_sets(population, sizes, 1.0), beyond=False)
    for population, sizes in ((NORMAL, (40, 40)), (LOGNORMAL, (40, 40)), (ONE_IN_FIVE, (100, 100))):
        number = round(population.standardised(1.0), 6)
        case = {"claim": "not more, margin in sd", **shown(population.name, sizes)}
        file = layout(does_not, sizes, heads=(f"margin: {number} sd",))
        yield Line(table, case, file, two_sets(population, sizes, 1.0), files=0.5, beyond=False)
    for population, sizes in ((NORMAL, (40, 40)), (RELU, (100, 100)), (NORMAL, (20, 80))):
        case = {"claim": "does not separate, margin 0.2", **shown(population.name, sizes)}
        file = layout("neuron 0:{} does not separate up from down", sizes, heads=("margin: 0.2",))
        draw = two_sets(population, sizes, population.lift_to(0.7))
        yield Line(table, case, file, draw, files=0.5, beyond=False)


CELLS = (
    Cell("V4", "no difference", LinesRun(no_difference), 300, 4_000),
    Cell("V4", "at a number", LinesRun(at_number), 300, 3_000),
    Cell("V5", "does not", LinesRun(denials), 300, 3_000),
)
