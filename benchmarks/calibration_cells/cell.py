"""What a cell is, and the rows it gives: one number each, with the limits it must keep."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np

from neuronclaims.stats import seed_from

Outcome: TypeAlias = Literal["pass", "fail", "published"]


@dataclass(frozen=True, slots=True)
class Row:
    """One measured number.

    ``table`` is the heading it stands under, ``case`` the settings (column to text), ``measure`` what was
    measured. ``value`` was found in ``n`` data sets (0: computed, not simulated) and must lie within ``low``
    and ``high``; None is no limit, and a row with neither is published only. ``note`` says why limits differ
    from the usual ones. ``counted``: its exact binomial interval is shown, too. ``left_open``: the number is so small
    because the product leaves such claims inconclusive.
    """

    table: str
    case: Mapping[str, str]
    measure: str
    value: float
    n: int
    low: float | None = None
    high: float | None = None
    note: str = ""
    counted: bool = False
    left_open: bool = False

    @property
    def outcome(self) -> Outcome:
        """Whether the number keeps its limits; "published" when it has none."""
        if self.low is None and self.high is None:
            return "published"
        # Limits and shares are both ratios of whole numbers; the slack is for their last digit alone.
        above = self.low is None or self.value >= self.low - 1e-12
        below = self.high is None or self.value <= self.high + 1e-12
        return "pass" if above and below else "fail"


@dataclass(frozen=True, slots=True)
class Cell:
    """One piece of a section of the page: a pure function of (repetitions, seed), saved as a whole."""

    section: str
    name: str
    run: Callable[[int, int], list[Row]]
    short: int
    long: int

    @property
    def of_files(self) -> bool:
        """Whether it judges claim files, and not single tests."""
        return self.section.startswith("V")

    @property
    def module(self) -> str:
        """The module whose code decides its rows."""
        return str(getattr(self.run, "of", self.run.__module__))

    @property
    def key(self) -> str:
        """The name by which the cell is chosen and saved."""
        return f"{self.section}/{self.name}"


def random(seed: int, *parts: object) -> np.random.Generator:
    """Return the random numbers that belong to ``parts`` and the seed of the run, in any order of cells."""
    return np.random.default_rng(stream(seed, *parts))


def stream(seed: int, *parts: object) -> int:
    """Return the seed of those random numbers, for functions that draw their own."""
    return seed_from(*(str(part) for part in parts), purpose="calibration", run_seed=seed)


def blocks(repetitions: int, size: int = 250) -> Iterator[tuple[int, int]]:
    """Yield (number, data sets) of the blocks that share relabellings: few enough to count as independent."""
    for number, start in enumerate(range(0, repetitions, size)):
        yield number, min(size, repetitions - start)
