"""A part of a set of neurons: two of five are so, three lie at the boundary, and "at least 60%" is claimed."""

from __future__ import annotations

import json
from collections.abc import Iterator

import numpy as np

from calibration_cells.cell import Cell
from calibration_cells.files.contrasts import Sizes
from calibration_cells.stand_in.lines import Draw, Line, LinesRun
from calibration_cells.stand_in.values import LOGNORMAL, NORMAL, RELU, Population
from calibration_cells.stand_in.world import Layout, Values

SET, SO = 5, 2


def part_of_set() -> Iterator[Line]:
    cases: tuple[tuple[Population, Sizes, float], ...] = (
        (NORMAL, (20, 20), 3.0),
        (LOGNORMAL, (10, 10), 3.0),
        (LOGNORMAL, (20, 20), 3.0),
        (LOGNORMAL, (40, 40), 3.0),
        (RELU, (40, 40), 1.0),
    )
    for population, sizes, spread in cases:
        for claims in (1, 20) if (population, sizes) == (LOGNORMAL, (20, 20)) else (1,):
            name = population.name + (", sd 3:1" if spread != 1 else "")
            sets = {
                f"s{place}": [f"0:{SET * place + each}" for each in range(SET)] for place in range(claims)
            }
            said = tuple(f"at least 60% of {one} activate more for up than down" for one in sets)
            heads = (f"neurons: {json.dumps(sets)}",)
            file = Layout(said, {"up": sizes[0], "down": sizes[1]}, heads, width=SET * claims)
            case = {"values": name, "prompts": f"{sizes[0]} + {sizes[1]}", "claims per file": f"{claims}"}
            table = "Of five neurons two are far more active, three not at all"
            yield Line(table, case, file, _drawn(population, sizes, spread, claims), beyond=claims == 1)


def _drawn(population: Population, sizes: Sizes, spread: float, claims: int) -> Draw:
    far = np.tile(np.arange(SET) < SO, claims)
    mean, sd = population.mean(), population.sd()

    def draw(rng: np.random.Generator, beyond: bool) -> Values:
        up, down = (population.draw(rng, (n, SET * claims)) for n in sizes)
        return {"up": mean + spread * (up - mean) + 4 * spread * sd * (far | beyond), "down": down}

    return draw


CELLS = (Cell("V17", "part of a set", LinesRun(part_of_set), 100, 1_000),)
