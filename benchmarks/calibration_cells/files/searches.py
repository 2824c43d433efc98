"""Searches: "some neuron", a neuron picked on the same prompts, and one picked on others."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np

from calibration_cells.cell import Cell
from calibration_cells.files.contrasts import Sizes, shown
from calibration_cells.stand_in.lines import Line, LinesRun
from calibration_cells.stand_in.textbook import Found, welch
from calibration_cells.stand_in.values import LOGNORMAL, NORMAL, RELU, Population
from calibration_cells.stand_in.world import Layout, Values

SUPPORTED = frozenset({"supported"})


def searches() -> Iterator[Line]:
    cases: tuple[tuple[str, Population, float, int, Sizes], ...] = (
        ("activates more for up than down", NORMAL, 1.0, 48, (12, 12)),
        ("activates more for up than down", NORMAL, 3.0, 48, (12, 12)),
        ("activates more for up than down", NORMAL, 3.0, 96, (6, 30)),
        ("activates more for up than down", NORMAL, 3.0, 1024, (12, 12)),
        ("activates more for up than down", NORMAL, 3.0, 1024, (6, 30)),
        ("activates more for up than down", NORMAL, 3.0, 4096, (12, 12)),
        ("activates more for up than down", LOGNORMAL, 1.0, 1024, (20, 20)),
        ("activates more for up than down", LOGNORMAL, 3.0, 1024, (20, 20)),
        ("activates more for up than down", RELU, 1.0, 1024, (20, 20)),
        ("separates up from down", NORMAL, 3.0, 48, (12, 12)),
        ("separates up from down", NORMAL, 3.0, 1024, (12, 12)),
        ("separates up from down", NORMAL, 3.0, 1024, (6, 30)),
        ("activates more for up than down by at least 1 sd", NORMAL, 1.0, 48, (12, 12)),
        ("activates more for up than down by at least 1 sd", LOGNORMAL, 1.0, 48, (20, 20)),
    )
    for said, population, spread, width, sizes in cases:
        number = population.sd() if "by at least" in said else 0.0
        table = '"some neuron of layer 0", none of them has the effect, or all have exactly the number'
        case = {"claim": said, "neurons": f"{width:,}"}
        case |= shown(population.name + (", sd 3:1" if spread != 1 else ""), sizes)
        file = Layout((f"some neuron of layer 0 {said}",), {"up": sizes[0], "down": sizes[1]}, width=width)
        draw = partial(_noise, population, spread, number, width, sizes)
        book = _bonferroni if not number and "separates" not in said else None
        files = 2.0 if width < 1000 else 1.0 if width < 4000 else 0.6
        yield Line(table, case, file, draw, book, SUPPORTED, files=files)


def _noise(
    population: Population,
    spread: float,
    number: float,
    width: int,
    sizes: Sizes,
    rng: np.random.Generator,
    far: bool,
) -> Values:
    """Return noise; beyond it, the first neuron is truly higher for ``up`` by three standard deviations."""
    up, down = (population.draw(rng, (n, width)) for n in sizes)
    up = population.mean() + spread * (up - population.mean()) + number
    up[:, 0] += 3 * population.sd() * spread if far else 0.0
    return {"up": up, "down": down}


def _bonferroni(values: Values) -> Found:
    p, side = welch(values["up"], values["down"])
    p = np.where(side > 0, p, 1.0)
    return Found(np.minimum(p.min(keepdims=True) * len(p), 1.0), np.array([1]))


def picked() -> Iterator[Line]:
    """The best of many noise neurons, and how it is told that it was picked."""
    table = "The best of 768 noise neurons, 12 + 12 prompts: called real"
    sentence = "neuron 0:0 activates more for up than down"
    for how, heads in (
        ("picked on other prompts (discovered_on)", ("discovered_on: [found_up, found_down]",)),
        ("picked on these, said so (searched)", ("searched: layer 0",)),
    ):
        sets = {"up": 12, "down": 12, "found_up": 12, "found_down": 12}
        file = Layout((sentence,), sets, heads, width=768)
        draw = partial(_best, "found" if "other" in how else "here")
        yield Line(table, {"neuron": how}, file, draw, wrong=SUPPORTED, beyond=False)


def _best(where: str, rng: np.random.Generator, far: bool) -> Values:
    del far
    found = {name: rng.standard_normal((12, 768)) for name in ("up", "down", "found_up", "found_down")}
    names = ("found_up", "found_down") if where == "found" else ("up", "down")
    t = found[names[0]].mean(axis=0) - found[names[1]].mean(axis=0)
    order = np.arange(768)
    best = int(np.argmax(t))
    order[0], order[best] = best, 0
    return {name: values[:, order] for name, values in found.items()}


CELLS = (
    Cell("V9", "searches", LinesRun(searches), 100, 4_000),
    Cell("V9", "picked", LinesRun(picked), 200, 4_000),
)
