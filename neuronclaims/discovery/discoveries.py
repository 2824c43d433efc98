"""What a search came to: neurons with what to expect of them, that show themselves and become a claim file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from html import escape
from os import PathLike
from pathlib import Path
from textwrap import wrap
from typing import TYPE_CHECKING, Literal, overload

from neuronclaims.discovery.candidates import STANDS_OUT, Candidate, sizes
from neuronclaims.discovery.errors import NothingFoundError
from neuronclaims.discovery.question import Question
from neuronclaims.discovery.split import SplitSets
from neuronclaims.discovery.writing import file_text, inline_text, written
from neuronclaims.foreign_text import harmless_line, one_line
from neuronclaims.reports.frames import table_of_rows
from neuronclaims.sentences.subjects.neurons import Neuron
from neuronclaims.stats.unit_counts import sizes_in_words

WIDTH = 80
"""Columns of a terminal that the summary is wrapped at."""
COLUMNS = ("place", "neuron", "p", "seen", "to expect", "claimed", "power", "units needed")

FRAME: dict[str, type] = {
    "place": int,
    "neuron": str,
    "sentence": str,
    "seen": float,
    "expected": float,
    "p": float,
    "number": float,
    "power": float,
    "needed": int,
    "needed_second": int,
    "claimed": bool,
}
"""The columns of the table that pandas or polars makes of a search, in order."""

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Discoveries:
    """The neurons in the first places of a search, and the claims about them that the other half will test.

    ``candidates`` are in order; ``neurons`` is how many were searched. ``model`` is the name of the model, ``question``
    what was looked for, ``split`` the two halves, ``share`` the part of the units searched that tell something.

    ``beside`` is what else was found of some neurons.

    ``claims`` is the text of a claim file, which ``neuronclaims.judge`` takes; ``write`` writes it.
    """

    candidates: tuple[Candidate, ...]
    neurons: int
    model: str
    question: Question
    split: SplitSets
    share: float = 1.0
    beside: Mapping[Neuron, str] = field(default_factory=dict)

    def __iter__(self) -> Iterator[Candidate]:
        return iter(self.candidates)

    def __len__(self) -> int:
        return len(self.candidates)

    @property
    def found(self) -> bool:
        """Whether any claim was made."""
        return any(each.claimed for each in self.candidates)

    @property
    def claims(self) -> str:
        """The text of a claim file for the other half, with its prompts in it; raise NothingFoundError for none."""
        self._check()
        return inline_text(self)

    def write(self, path: str | PathLike[str], *, force: bool = False) -> Path:
        """Write the claim file and, where the prompts are many, both halves into a folder beside it; return its path.

        Raises NothingFoundError where no neuron stands out, DiscoveryError for a file that is there already, unless
        ``force``, and for a name that pytest would not collect.
        """
        self._check()
        return written(self, Path(path), force=force)

    def text(self, path: Path) -> str:
        """Return the claim file as it is written to a path, the halves in files beside it."""
        return file_text(self, path)

    @property
    def summary(self) -> str:
        """What was searched and what stands out, in two sentences."""
        asked, settings = self.question, self.question.claim.settings
        searched, tested = (sizes(asked.sort, each) for each in self.split.designs)
        count = sum(each.claimed for each in self.candidates)
        stands = {0: "None is claimed", 1: "One is claimed"}.get(count, f"{count} are claimed")
        tokens = f", {settings.tokens}" if asked.sort.pooled else ""
        units = round(self.share * self.split.designs[0].counts[0])
        searched += "" if self.share == 1 else f" ({units:,} tell something)"
        said = (
            f"{self.neurons:,} neurons of {self.model} at {settings.site}{tokens}: ranked for "
            f"{asked.sort.looked_for(asked.names)} on {searched}, to be tested on the other half, {tested}. {stands}."
        )
        return harmless_line(said)

    @property
    def table(self) -> list[tuple[str, ...]]:
        """A row per candidate, for the columns place, neuron, p, seen, to expect, claimed, power, units needed."""
        return [self._row(each) for each in self.candidates]

    @overload
    def to_frame(self, library: Literal["pandas"] = "pandas") -> pd.DataFrame: ...
    @overload
    def to_frame(self, library: Literal["polars"]) -> pl.DataFrame: ...
    def to_frame(self, library: Literal["pandas", "polars"] = "pandas") -> pd.DataFrame | pl.DataFrame:
        """Return a table with a row per candidate; docs/discover.md lists its columns.

        Raises FrameError where the library is not installed.
        """
        names = self.question.names
        rows: list[dict[str, str | float | bool | None]] = [
            {
                "place": each.place,
                "neuron": str(each.neuron),
                "sentence": str(self.question.sort.sentence(each.neuron, names, each.number)),
                "seen": each.seen,
                "expected": each.expected,
                "p": each.p,
                "number": each.number,
                "power": each.power,
                "needed": each.needed[0] if each.needed else None,
                "needed_second": each.needed[1] if each.needed and len(names) == 2 else None,
                "claimed": each.claimed,
            }
            for each in self
        ]
        return table_of_rows(rows, FRAME, library)

    def _row(self, each: Candidate) -> tuple[str, ...]:
        sort = self.question.sort
        claimed = "-" if not each.claimed else "any" if each.number is None else sort.words(each.number)
        needed = "-" if each.needed is None else " and ".join(f"{n:,}" for n in dict.fromkeys(each.needed))
        return (
            str(each.place),
            str(each.neuron),
            f"{each.p:.3g}",
            sort.words(each.seen),
            sort.words(each.expected),
            claimed,
            f"{each.power:.0%}" if each.claimed else "-",
            needed,
        )

    def _check(self) -> None:
        if not self.found:
            raise NothingFoundError(f"{self._nothing} Nothing is claimed, unless 'anyway'.")

    @property
    def _nothing(self) -> str:
        first = self.candidates[0]
        if first.p > STANDS_OUT:
            return (
                f"No neuron stands out among {self.neurons:,}: the first, {first.neuron}, has p = {first.p:.2g} "
                f"corrected for all of them, and at most {STANDS_OUT} is asked for."
            )
        few = sizes(self.question.sort, self.split.designs[1])
        more = (
            ""
            if first.needed is None
            else f"; that takes {sizes_in_words(first.needed[: self.question.sort.sets], self.split.designs[1].unit)}"
        )
        return (
            f"The first neuron, {first.neuron}, stands out (p = {first.p:.2g}), but {few} to test it on are too few "
            f"to show what is to expect of it, {self.question.sort.words(first.expected)}{more}."
        )

    def __repr__(self) -> str:
        rows = [COLUMNS, *self.table]
        widths = [max(len(row[place]) for row in rows) for place in range(len(COLUMNS))]
        lines = [
            "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows
        ]
        said = wrap(self.summary, WIDTH, break_long_words=False, break_on_hyphens=False)
        return "\n".join([*said, *(line.rstrip() for line in lines)])

    def _repr_html_(self) -> str:
        head = "".join(f"<th>{escape(name)}</th>" for name in COLUMNS)
        rows = "".join(
            "<tr>" + "".join(f"<td>{escape(one_line(cell))}</td>" for cell in row) + "</tr>"
            for row in self.table
        )
        return (
            f'<div class="neuronclaims"><p>{escape(self.summary)}</p><table><thead><tr>{head}</tr></thead>'
            f"<tbody>{rows}</tbody></table></div>"
        )
