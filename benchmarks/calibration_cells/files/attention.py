"""Attention of heads: a mean share of it, more of it in one set, more of it to some tokens than to others."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from calibration_cells.cell import Cell
from calibration_cells.stand_in import textbook
from calibration_cells.stand_in.lines import Draw, Line, LinesRun
from calibration_cells.stand_in.textbook import Floats, Found
from calibration_cells.stand_in.world import Layout, Values

Shares = Callable[[np.random.Generator, tuple[int, int]], Floats]
"""Draws attention, [prompts, claims] between 0 and 1."""
TO = "to the previous token from last"
MANY = 20


def rare(mean: float, high: float) -> Shares:
    """Return attention that is high in one prompt of five and low in the others."""
    low = (mean - 0.2 * high) / 0.8

    def draw(rng: np.random.Generator, shape: tuple[int, int]) -> Floats:
        middle = np.where(rng.random(shape) < 0.2, high, low)
        return np.asarray(middle + rng.uniform(-0.02, 0.02, shape))

    return draw


def beta(mean: float, both: float) -> Shares:
    """Return attention of a beta law; ``both`` is the sum of its parameters."""
    return lambda rng, shape: rng.beta(mean * both, (1 - mean) * both, shape)


def _mostly_none(rng: np.random.Generator, shape: tuple[int, int]) -> Floats:
    return np.where(rng.random(shape) < 0.4, 0.97, 0.02)


SHARES: dict[str, Shares] = {
    "all or nothing, softly": beta(0.4, 1.0),
    "one in five at 0.98, the others at 0.255": rare(0.4, 0.98),
    "three in five at 0.02, the others at 0.97": _mostly_none,
}


def files(sentence: str, claims: int) -> tuple[str, ...]:
    """Return the sentence about so many heads, or neurons."""
    return tuple(sentence.format(place) for place in range(claims))


def shares() -> Iterator[Line]:
    said = f"head 0:{{}} attends {TO} in text with at least 40%"
    for name, law in SHARES.items():
        for n, claims in ((10, 1), (20, 1), (40, 1), (20, MANY)):
            if (n != 20 and "one in five" not in name) or (claims == MANY and "three" not in name):
                continue
            file = Layout(files(said, claims), {"text": n}, width=claims, model_heads=claims)
            case = {"attention": name, "prompts": f"{n}", "claims per file": f"{claims}"}
            table = '"attends with at least 40%", the mean exactly that'
            yield Line(table, case, file, _share(law, (n, claims)), _mean(0.4), beyond=claims == 1)


def _share(law: Shares, shape: tuple[int, int]) -> Draw:
    def draw(rng: np.random.Generator, beyond: bool) -> Values:
        found = law(rng, shape)
        return {"text": found + beyond * (1 - found) / 2}

    return draw


def _mean(number: float) -> Callable[[Values], Found]:
    return lambda values: textbook.student(values["text"], number)


def contrasts() -> Iterator[Line]:
    for by in (0.0, 0.1):
        for sizes in ((10, 10), (20, 20), (40, 40), (10, 40)):
            for claims in (1, MANY):
                if claims == MANY and sizes not in ((20, 20), (40, 40)):
                    continue
                tail = f" by at least {by:g}" if by else ""
                said = files(f"head 0:{{}} attends more {TO} for up than down{tail}", claims)
                sets = {"up": sizes[0], "down": sizes[1]}
                file = Layout(said, sets, width=claims, model_heads=claims)
                case = {"claim": f"attends more{tail}", "prompts": f"{sizes[0]} + {sizes[1]}"}
                case |= {"claims per file": f"{claims}"}
                table = "Means of two sets that differ by exactly the number, high in one prompt of five of the first"
                draw = _two(rare(0.22 + by, 0.9), beta(0.22, 10.0), sizes, claims)
                yield Line(table, case, file, draw, _welch(by), beyond=claims == 1)


def _two(first: Shares, second: Shares, sizes: tuple[int, int], claims: int) -> Draw:
    def draw(rng: np.random.Generator, beyond: bool) -> Values:
        up = first(rng, (sizes[0], claims))
        return {"up": up + beyond * (1 - up) / 2, "down": second(rng, (sizes[1], claims))}

    return draw


def _welch(number: float) -> Callable[[Values], Found]:
    return lambda values: textbook.welch(values["up"], values["down"], number)


def preferences() -> Iterator[Line]:
    for n, claims in ((10, 1), (20, 1), (40, 1), (20, MANY), (40, MANY)):
        said = files("head 0:{} attends more to the previous token than to itself from last in text", claims)
        file = Layout(said, {"text": n}, width=claims, model_heads=claims)
        case = {"attention": "high in one prompt of five", "prompts": f"{n}", "claims per file": f"{claims}"}
        table = "More to some tokens than to others, the mean difference 0"
        yield Line(table, case, file, _sorts((n, claims)), _paired, beyond=claims == 1)


def _sorts(shape: tuple[int, int]) -> Draw:
    first, second = rare(0.22, 0.9), beta(0.22, 100.0)

    def draw(rng: np.random.Generator, beyond: bool) -> Values:
        own = first(rng, shape)
        return {"text": own + beyond * (1 - own) / 2, "text itself": second(rng, shape)}

    return draw


def _paired(values: Values) -> Found:
    return textbook.student(values["text"] - values["text itself"])


CELLS = (
    Cell("V15", "share", LinesRun(shares), 100, 1_000),
    Cell("V15", "contrast", LinesRun(contrasts), 100, 1_000),
    Cell("V15", "preference", LinesRun(preferences), 100, 1_000),
)
