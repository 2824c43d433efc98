"""Rankings without a baseline, neurons among the top of one set and of none of others, classes of tokens."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from calibration_cells.cell import Cell
from calibration_cells.files.attention import MANY, files
from calibration_cells.stand_in import textbook
from calibration_cells.stand_in.lines import Draw, Line, LinesRun, Textbook
from calibration_cells.stand_in.textbook import Floats, Found
from calibration_cells.stand_in.world import Layout, Values

NEURONS, TOP = 20, 12
"""Of 20 neurons 12 are among the top, any 12 alike: a share of prompts of exactly 60 %."""
SIZES = ((10, 1), (20, 1), (40, 1), (40, MANY))
AMONG = f"neuron 0:{{}} is among the top {TOP} neurons for"


def rankings() -> Iterator[Line]:
    for n, claims in SIZES:
        for where, table in (
            ("text", '"is among the top", the share of prompts exactly the one claimed'),
            (
                "own and for none of text",
                '"for none of": always among the top of one set, of the other exactly that',
            ),
        ):
            said = files(f"{AMONG} {where} in at least 60% of prompts", claims)
            sets = {"text": n} | ({"own": n} if "own" in where else {})
            file = Layout(said, sets, width=NEURONS + TOP)
            case = {"prompts": f"{n}", "claims per file": f"{claims}"}
            less = "own" in where
            draw = _ranked(n, claims, less=less)
            yield Line(table, case, file, draw, _counted(claims, less=less), beyond=claims == 1)


def _ranked(n: int, claims: int, *, less: bool) -> Draw:
    def draw(rng: np.random.Generator, beyond: bool) -> Values:
        text = np.concatenate([rng.lognormal(size=(n, NEURONS)), np.full((n, TOP), -1.0)], axis=1)
        own = np.full((n, NEURONS + TOP), -1.0)
        own[:, :claims] = 1.0 + rng.random((n, claims))
        if beyond:
            text[:, :claims] += -60.0 if less else 60.0
        return {"text": text, **({"own": own} if less else {})}

    return draw


def _counted(claims: int, *, less: bool) -> Textbook:
    def found(values: Values) -> Found:
        text = values["text"]
        hits = (np.argsort(np.argsort(-text, axis=1), axis=1) < TOP)[:, :claims].sum(axis=0)
        p, side = textbook.binomial(hits, len(text), TOP / NEURONS)
        return Found(p, -side if less else side)

    return found


Shares = Callable[[np.random.Generator, tuple[int, int]], Floats]
SHARES: dict[str, Shares] = {
    "one in five at 1, the others at 0.25": lambda rng, shape: np.where(rng.random(shape) < 0.2, 1.0, 0.25),
    "three in five at 0.05, the others at 0.925": lambda rng, shape: np.where(
        rng.random(shape) < 0.6, 0.05, 0.925
    ),
}


def classes() -> Iterator[Line]:
    said = (
        """'neuron 0:{} above 1 predicts tokens matching "[0-9]+" in at least 40% of positions in corpus'"""
    )
    for name, law in SHARES.items():
        for n, claims in SIZES[:3] if "five at 1" in name else SIZES[1:2]:
            file = Layout(files(said, claims), {"corpus": n}, width=claims)
            case = {"share of positions": name, "documents": f"{n}", "claims per file": f"{claims}"}
            table = '"above 1 predicts tokens matching", the mean share of positions exactly the one claimed'
            yield Line(table, case, file, _positions(law, (n, claims)), _mean, beyond=claims == 1)


def _positions(law: Shares, shape: tuple[int, int]) -> Draw:
    """Documents have 1 to 40 positions above the value; the shares of single documents are draws of those of theirs."""

    def draw(rng: np.random.Generator, beyond: bool) -> Values:
        found, above = law(rng, shape), rng.integers(1, 41, shape)
        found = found + beyond * (1 - found) / 2
        return {"corpus above": above, "corpus hits": rng.binomial(above, found)}

    return draw


def _mean(values: Values) -> Found:
    return textbook.student(values["corpus hits"] / values["corpus above"], 0.4)


CELLS = (
    Cell("V19", "rankings", LinesRun(rankings), 100, 1_000),
    Cell("V19", "classes of tokens", LinesRun(classes), 100, 1_000),
)
