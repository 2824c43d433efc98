"""Files of 1, 20 and 100 claims, files in which some claims are true and some false, and what frames do to them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import numpy as np

from calibration_cells.bands import published, share
from calibration_cells.cell import Cell, Row, random
from calibration_cells.files.contrasts import MORE, two_sets
from calibration_cells.stand_in import textbook
from calibration_cells.stand_in.lines import ALPHA, BOTH, WRONG, Line, LinesRun, verdict
from calibration_cells.stand_in.textbook import Floats, Found
from calibration_cells.stand_in.values import NORMAL, RELU
from calibration_cells.stand_in.world import Layout, Values, World
from calibration_cells.stand_in.world import Row as SetRow

SIZE = 30


def sizes() -> Iterator[Line]:
    table = "Files of 1, 20 and 100 claims, 30 + 30 prompts, all at their boundaries"
    for claims, files in ((1, 4.0), (20, 2.0), (100, 0.8)):
        for said in ("", " by at least 1", " by at least 1 sd"):
            lift = 1.0 if said else 0.0
            case = {"claim": f"activates more{said}", "claims per file": f"{claims}"}
            sentences = tuple(MORE.format(place) + said for place in range(claims))
            file = Layout(sentences, {"up": SIZE, "down": SIZE}, width=claims)
            draw = two_sets(NORMAL, (SIZE, SIZE), lift, claims=claims)
            yield Line(table, case, file, draw, partial(_old, lift, "sd" in said), files=files, beyond=False)
        sentences = tuple(
            f"neuron 0:{place} separates up from down with AUROC at least 0.8" for place in range(claims)
        )
        file = Layout(sentences, {"up": SIZE, "down": SIZE}, width=claims)
        draw = two_sets(NORMAL, (SIZE, SIZE), NORMAL.lift_to(0.8), claims=claims)
        case = {"claim": "separates with AUROC at least 0.8", "claims per file": f"{claims}"}
        yield Line(table, case, file, draw, files=files, beyond=False)


def _old(number: float, sd: bool, values: Values) -> Found:
    test = textbook.noncentral if sd else textbook.welch
    return test(values["up"], values["down"], number)


LIFTS = np.repeat([1.0, 2.5, -0.5], [8, 6, 6])
"""True differences from a claim's "at least 1": eight at it, six beyond, six far below."""
MIXED = (BOTH,) * 8 + (frozenset({"refuted"}),) * 6 + (frozenset({"supported"}),) * 6


def mixed() -> Iterator[Line]:
    table = "20 claims in a file: 8 exactly at their numbers, 6 true, 6 false"
    for said in ("at least 1", "at least 1 sd"):
        for n in (20, 100):
            sentences = tuple(f"{MORE.format(place)} by {said}" for place in range(20))
            file = Layout(sentences, {"up": n, "down": n}, width=20)
            draw = partial(_mixed, n)
            case = {"claims": said, "values": "normal", "prompts": f"{n} + {n}"}
            yield Line(
                table, case, file, draw, partial(_old, 1.0, "sd" in said), MIXED, files=2.0, beyond=False
            )


def _mixed(n: int, rng: np.random.Generator, far: bool) -> Values:
    del far
    up, down = rng.standard_normal((2, n, 20))
    return {"up": up + LIFTS, "down": down}


FRAMES = ("the capital of {} is old", "we walked through {} at night", "nobody in {} had heard it",
          "{} was full of rain again", "they painted {} in the spring", "her letter from {} came late",
          "a train to {} leaves now", "i have often dreamt of {}")  # fmt: skip
FILLERS = ("hanoi", "lima", "oslo", "cairo", "kyiv", "quito", "delhi", "accra", "lagos", "turin")


def _framed(first: int, declared: bool, per: int) -> list[SetRow]:
    rows: list[SetRow] = []
    for number, frame in enumerate(FRAMES[first : first + 4]):
        for filler in FILLERS[:per]:
            row = {"text": frame.format(filler)}
            rows.append(row | ({"group": f"{first}-{number}"} if declared else {}))
    return rows


WARNED = "files with a wrong verdict and no warning of frames"


def frames(repetitions: int, seed: int) -> list[Row]:
    """No effect, 4 frames of 5 prompts in each set, of which half of the variance is the frame's."""
    rows = []
    table = "No effect; 4 frames of 5 prompts in each set, half of the variance between frames"
    shapes: tuple[tuple[str, Callable[[np.random.Generator, tuple[int, ...]], Floats]], ...] = (
        ("normal", lambda rng, shape: rng.standard_normal(shape)),
        ("ReLU, 90 % zeros", lambda rng, shape: RELU.draw(rng, shape)),
    )
    for name, noise in shapes:
        for declared in (False, True):
            sets = {"up": _framed(0, declared, 5), "down": _framed(4, declared, 5)}
            world = _FramedWorld(Layout((MORE.format(0),), sets, width=1))
            rng = random(seed, "frames", name, declared)
            wrong, silent = [], []
            for [result] in world.results(_frame_values(rng, noise) for _ in range(repetitions)):
                wrong.append(verdict(result) != "inconclusive")
                told = any("frame" in text for text in result.data.warnings) or any(
                    account.frames for account in result.data.sets
                )
                silent.append(wrong[-1] and not told)
            case = {"values": name, "group": "declared" if declared else "not declared"}
            if declared:
                rows.append(share(table, case, WRONG, np.array(wrong), ALPHA, counted=True))
            else:
                rows.append(published(table, case, WRONG, np.array(wrong)))
                rows.append(share(table, case, WARNED, np.array(silent), ALPHA, counted=True))
    return rows


def _frame_values(
    rng: np.random.Generator, noise: Callable[[np.random.Generator, tuple[int, ...]], Floats]
) -> Values:
    """Return the values of both sets in the order of frames and fillers, [20, 1] each."""
    frame, own = noise(rng, (8, 1)), noise(rng, (8, 5))
    values = np.sqrt(0.5) * (frame + own)
    return {"up": values[:4].reshape(20, 1), "down": values[4:].reshape(20, 1)}


class _FramedWorld(World):
    """Prompts whose row is known by their text."""

    def __init__(self, layout: Layout) -> None:
        super().__init__(layout)
        self._rows = {
            row["text"]: (name, place)
            for name, rows in layout.sets.items()
            if not isinstance(rows, int)
            for place, row in enumerate(rows)
        }

    def _found(self, texts: tuple[str, ...]) -> tuple[str, np.ndarray]:
        found = [self._rows[text] for text in texts]
        return found[0][0], np.array([place for _, place in found])


CELLS = (
    Cell("V10", "sizes", LinesRun(sizes), 100, 1_500),
    Cell("V10", "mixed", LinesRun(mixed), 150, 1_500),
    Cell("V11", "frames", frames, 400, 4_000),
)
