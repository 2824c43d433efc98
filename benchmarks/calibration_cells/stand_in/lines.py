"""One line of a table: a claim file on values of which all is known, and how often its verdicts are wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from calibration_cells.bands import published, share
from calibration_cells.cell import Row, random
from calibration_cells.stand_in.textbook import Found, holm
from calibration_cells.stand_in.world import Layout, Values, World
from neuronclaims.results import Result

Draw: TypeAlias = Callable[[np.random.Generator, bool], Values]
"""Draws values; whether the effects lie beyond their boundaries, on the side claimed, or exactly at them."""
Textbook: TypeAlias = Callable[[Values], Found]
"""What a textbook's test of each claim says; its side is 1 where the estimate lies on the side claimed."""

ALPHA = 0.05
BOTH = frozenset({"supported", "refuted"})
WRONG = "files with a wrong verdict"
BY_TEXTBOOK = "the same by textbook tests"
RIGHT = "claims found true, effects beyond"
RIGHT_BY_TEXTBOOK = "the same, by textbook tests"
FEW = 0.2
"""A line is left open where no more than this part of what textbook tests find is found."""


@dataclass(frozen=True, slots=True)
class Line:
    """A file, how its values are drawn, and which verdicts on each claim are wrong at the boundary.

    ``wrong`` and ``right`` are those of every claim, or one for each. ``files``: how many, in parts of the cell's
    repetitions; ``beyond``: whether the file is also judged on effects beyond their boundaries.
    """

    table: str
    case: Mapping[str, str]
    layout: Layout
    draw: Draw
    textbook: Textbook | None = None
    wrong: frozenset[str] | tuple[frozenset[str], ...] = BOTH
    right: str | tuple[str, ...] = "supported"
    files: float = 1.0
    beyond: bool = True

    def rows(self, repetitions: int, seed: int) -> Iterator[Row]:
        """Judge the files and yield the numbers of the line."""
        parts = ("files", self.table, *self.case.values())
        world, many = World(self.layout), max(1, round(repetitions * self.files))
        wrong = self.wrong if isinstance(self.wrong, tuple) else (self.wrong,) * len(self.layout.claims)
        found, textbook = self._judged(world, random(seed, *parts), many, beyond=False)
        yield share(self.table, self.case, WRONG, _any(found, wrong), ALPHA, counted=True)
        if self.textbook is not None:
            yield published(self.table, self.case, BY_TEXTBOOK, _any(textbook, wrong))
        if self.beyond:
            few = max(1, many // 10)
            found, textbook = self._judged(world, random(seed, *parts, "beyond"), few, beyond=True)
            yield from self._found(found, textbook)

    def _judged(
        self, world: World, rng: np.random.Generator, files: int, *, beyond: bool
    ) -> tuple[list[list[str]], list[list[str]]]:
        """Return the verdicts of the files, and those that textbook tests reach on the same values."""
        textbook: list[list[str]] = []

        def drawn() -> Iterator[Values]:
            for _ in range(files):
                values = self.draw(rng, beyond)
                if self.textbook is not None:
                    textbook.append(ruled(self.textbook(values)))
                yield values

        return [list(map(verdict, results)) for results in world.results(drawn())], textbook

    def _found(self, found: list[list[str]], textbook: list[list[str]]) -> Iterator[Row]:
        right = self.right if isinstance(self.right, tuple) else (self.right,) * len(self.layout.claims)
        measured = np.array([one == it for each in found for one, it in zip(each, right, strict=True)])
        other = np.array([one == it for each in textbook for one, it in zip(each, right, strict=True)])
        left = bool(len(other) and other.mean() > FEW and measured.mean() < FEW * other.mean())
        yield published(self.table, self.case, RIGHT, measured, left_open=left)
        if len(other):
            yield published(self.table, self.case, RIGHT_BY_TEXTBOOK, other)


def verdict(result: Result) -> str:
    """Return the verdict on a claim; raise ValueError where it could not be judged at all."""
    if result.verdict is None:
        raise ValueError(f"{result.sentence}: {result.error}")
    return result.verdict


def ruled(found: Found, alpha: float = ALPHA) -> list[str]:
    """Return the verdicts that p-values give by the rule: corrected together, the side decides."""
    sides = {1: "supported", -1: "refuted", 0: "inconclusive"}
    return [
        sides[int(side)] if p <= alpha else "inconclusive"
        for p, side in zip(holm(found.p), found.side, strict=True)
    ]


def _any(files: list[list[str]], wrong: tuple[frozenset[str], ...]) -> np.ndarray:
    return np.array([any(one in bad for one, bad in zip(each, wrong, strict=True)) for each in files])


@dataclass(frozen=True, slots=True)
class LinesRun:
    """A cell's function: all lines, one after the other."""

    lines: Callable[[], Iterator[Line]]

    @property
    def of(self) -> str:
        """The module that the lines are written in."""
        return self.lines.__module__

    def __call__(self, repetitions: int, seed: int) -> list[Row]:
        """Judge the files of every line."""
        return [row for line in self.lines() for row in line.rows(repetitions, seed)]
