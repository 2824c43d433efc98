"""Numbers of prompts: rank correlations and periods exactly at their boundaries."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache

import numpy as np
from scipy.optimize import brentq
from scipy.special import ndtr, ndtri

from calibration_cells.cell import Cell
from calibration_cells.files.attention import MANY, files
from calibration_cells.stand_in import textbook
from calibration_cells.stand_in.lines import Draw, Line, LinesRun
from calibration_cells.stand_in.textbook import Floats, Found
from calibration_cells.stand_in.world import Layout, Values, rows

Follow = Callable[[np.random.Generator, Floats, int], Floats]
"""Draws values [prompts, claims], given the rank of each prompt's number as a share of all prompts there could be."""
PERIOD = 10


def _smooth(rho: float) -> Follow:
    """Return normal values with this rank correlation."""
    r = 2 * np.sin(np.pi * rho / 6)

    def draw(rng: np.random.Generator, x: Floats, claims: int) -> Floats:
        return np.asarray(r * ndtri(x)[:, None] + np.sqrt(1 - r * r) * rng.standard_normal((len(x), claims)))

    return draw


def _some(share: float, others: Follow, zeros: float = 0.0) -> Follow:
    """Return values of which a share follows the number exactly; so many of all, the lowest, are 0."""

    def draw(rng: np.random.Generator, x: Floats, claims: int) -> Floats:
        found = np.where(rng.random((len(x), claims)) < share, ndtri(x)[:, None], others(rng, x, claims))
        return np.where(ndtr(found) < zeros, 0.0, np.exp(found))

    return draw


def _spreading(rng: np.random.Generator, x: Floats, claims: int) -> Floats:
    """Values around 0, the farther from it the farther the number lies from its middle."""
    return np.exp(3 * np.abs(2 * x - 1))[:, None] * rng.standard_normal((len(x), claims))


def _at_ends(rng: np.random.Generator, x: Floats, claims: int) -> Floats:
    """0, but for a few that are large: at both ends of the numbers alike."""
    some = (np.abs(2 * x - 1) > 0.7)[:, None] & (rng.random((len(x), claims)) < 0.5)
    return np.where(some, rng.lognormal(size=(len(x), claims)), 0.0)


NONE: dict[str, Follow] = {
    "lognormal, independent": lambda rng, x, claims: rng.lognormal(size=(len(x), claims)),
    "spread is larger at the ends": _spreading,
    "one in five follows, the others go against": _some(0.2, _smooth(-0.25)),
    "mostly 0, large at both ends": _at_ends,
}
HALF: dict[str, Follow] = {
    "normal": _smooth(0.5),
    "half follow exactly": _some(0.5, _smooth(0.0)),
    "four in five 0": _some(0.5 / np.sqrt(1 - 0.8**3), _smooth(0.0), 0.8),
}
"""Correlations of mixtures are mixtures; values that follow but for zeros have one of sqrt(1 - zeros^3)."""

WHERE: dict[str, tuple[tuple[int, int], ...]] = {
    "lognormal, independent": ((20, 1),),
    "spread is larger at the ends": ((10, 1), (20, 1), (40, 1), (20, MANY)),
    "one in five follows, the others go against": ((20, 1),),
    "mostly 0, large at both ends": ((20, 1), (40, 1)),
    "normal": ((20, 1),),
    "half follow exactly": ((20, 1), (40, 1), (40, MANY)),
    "four in five 0": ((20, 1), (40, 1)),
}
"""Prompts and claims in a file, by the sort of values."""


def correlations() -> Iterator[Line]:
    for rho, shapes, tail in ((0.0, NONE, ""), (0.5, HALF, " with correlation at least 0.5")):
        for name, follow in shapes.items():
            for n, claims in WHERE[name]:
                said = files(f"neuron 0:{{}} rises with number in text{tail}", claims)
                file = Layout(said, {"text": numbered(n)}, width=claims)
                case = {"claim": "rises," + tail if tail else "rises with", "values": name, "prompts": f"{n}"}
                case |= {"claims per file": f"{claims}"}
                table = "Rank correlations of exactly 0, and of exactly the number claimed"
                draw, book = _followed(follow, n, claims), _spearman(rho)
                many = 3.0 if follow is _at_ends else 1.0
                yield Line(table, case, file, draw, book, files=many, beyond=claims == 1)


def numbered(n: int) -> list[dict[str, object]]:
    """Return the rows of a set with a number each, from 0 up."""
    return rows("text", n, numbers=lambda place: {"number": place})


def _followed(follow: Follow, n: int, claims: int) -> Draw:
    def draw(rng: np.random.Generator, beyond: bool) -> Values:
        x = np.sort(rng.random(n))
        found = follow(rng, x, claims)
        if beyond:
            found = np.where(rng.random((n, claims)) < 0.85, np.exp(ndtri(x))[:, None], found)
        return {"text": found}

    return draw


def _spearman(rho: float) -> Callable[[Values], Found]:
    return lambda values: textbook.spearman(values["text"], np.arange(len(values["text"])), rho)


def periods() -> Iterator[Line]:
    table = "Waves that explain exactly nothing, or exactly the share claimed"
    for name in ("lognormal, independent", "spread is larger in waves of half the period", "waves of 30%"):
        for n in (20, 40):
            if n == 40 and "independent" in name:
                continue
            tail = " explaining at least 30%" if name == "waves of 30%" else ""
            said = files(f"neuron 0:{{}} goes with number in text with period {PERIOD}{tail}", 1)
            file = Layout(said, {"text": numbered(n)}, width=1)
            case = {"claim": f"goes with period {PERIOD}{tail}", "values": name, "prompts": f"{n}"}
            case |= {"claims per file": "1"}
            yield Line(table, case, file, _waves(name, n))


def _waves(name: str, n: int) -> Draw:
    angle = 2 * np.pi * np.arange(n)[:, None] / PERIOD

    def draw(rng: np.random.Generator, beyond: bool) -> Values:
        noise, high = rng.standard_normal((n, 1)), 4.0 * beyond
        if name == "waves of 30%":
            high += amplitude(0.3, n)
        elif name == "lognormal, independent":
            noise = np.exp(noise)
        else:
            noise *= np.exp(1.5 * np.cos(2 * angle))
        return {"text": high * np.cos(angle) + noise}

    return draw


@cache
def amplitude(share: float, n: int) -> float:
    """Return the amplitude of waves that explain a share of what a straight line leaves of normal values' ranks."""
    return float(brentq(lambda high: explained(high, n) - share, 0.1, 9.0))


def explained(high: float, n: int) -> float:
    """Return that share: the rank of a value is its place among those of all prompts there could be."""
    x = np.arange(n)
    angle = 2 * np.pi * x / PERIOD
    wave, z = high * np.cos(angle), np.linspace(-6, 6, 1201)
    weights = np.exp(-z * z / 2) / np.exp(-z * z / 2).sum()
    places = ndtr(wave[:, None, None] + z[None, :, None] - wave).mean(axis=2)  # [prompts, grid]
    mean, every = places @ weights - 0.5, ((places - 0.5) ** 2) @ weights
    line = np.column_stack([np.ones(n), x])
    both = np.column_stack([line, np.cos(angle), np.sin(angle)])
    left, more = (float(((base @ np.linalg.lstsq(base, mean)[0]) ** 2).sum()) for base in (line, both))
    return (more - left) / (float(every.sum()) - left)


CELLS = (
    Cell("V16", "correlation", LinesRun(correlations), 100, 1_000),
    Cell("V16", "period", LinesRun(periods), 100, 1_000),
)
