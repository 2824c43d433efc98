"""Rows taken from a file as it is read: those that ``where`` asks for, the first ones of them, and no others kept.

So of a corpus that is larger than the memory only what is taken is held.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from neuronclaims.claim_files.errors import Place, Problem
from neuronclaims.claim_files.prompts.account import column_taken
from neuronclaims.claim_files.prompts.rows import PromptRow
from neuronclaims.claim_files.prompts.sameness import content
from neuronclaims.claim_files.yaml.source import SourceText
from neuronclaims.foreign_files import MEGABYTE
from neuronclaims.set_accounts import ColumnTaken

MOST_ROWS = 2_000_000
"""The most rows that are read of one table."""

LARGEST_TAKEN = 1_000 * MEGABYTE
"""The most characters of the rows that one set takes."""

FEWER = "take fewer with 'first: N', or write those you need into a file"


class TooManyRowsError(Exception):
    """A table beyond the bounds."""


class TakenRows:
    """The rows that a mapping takes of a file: ``rows`` so far, of ``seen`` that were looked at.

    ``where`` has the values asked for by column, ``first`` how many rows are taken at most.

    >>> taken = TakenRows({"kind": ["x"]}, first=1)
    >>> for kind in ("y", "x", "x"):
    ...     if not taken.full:
    ...         taken.offer(PromptRow({"kind": kind}, 1))
    >>> taken.seen, len(taken.rows), taken.full
    (2, 1, True)
    """

    def __init__(self, where: Mapping[str, Sequence[str]] | None = None, first: int | None = None) -> None:
        self.where, self.first = where or {}, first
        self.rows: list[PromptRow] = []
        self.seen = self._characters = 0
        self._wanted = {column: {content(each) for each in values} for column, values in self.where.items()}
        self._counts = {column: Counter[str]() for column in self.where}
        self._without = Counter[str]()

    @property
    def full(self) -> bool:
        """Whether no more rows are taken."""
        return self.first is not None and len(self.rows) >= self.first

    def offer(self, row: PromptRow) -> None:
        """Look at the next row, and take it where it fits. Raises TooManyRowsError beyond the bounds."""
        self.seen += 1
        if self.seen > MOST_ROWS:
            raise TooManyRowsError(f"it has more than {MOST_ROWS:,} rows; {FEWER}")
        fits = True
        for column, wanted in self._wanted.items():
            value = row.values.get(column)
            if value is None:
                self._without[column] += 1
            else:
                self._counts[column][value] += 1
            fits = fits and value is not None and content(value) in wanted
        if fits:
            self._characters += sum(map(len, row.values.values()))
            if self._characters > LARGEST_TAKEN:
                most = f"{LARGEST_TAKEN // MEGABYTE:,} million characters"
                raise TooManyRowsError(f"the rows taken hold more than {most}; {FEWER}")
            self.rows.append(row)

    @property
    def columns(self) -> tuple[ColumnTaken, ...]:
        """What each column of ``where`` took of the rows that were looked at, and what it left."""
        return tuple(
            column_taken(column, self._counts[column], self._without[column], wanted)
            for column, wanted in self.where.items()
        )


@dataclass(frozen=True)
class RowsSource(SourceText):
    """A table that is no text: an index is that of a row, from 0; a row is shown as JSON where an error needs it."""

    rows: list[PromptRow] = field(default_factory=list, compare=False)

    def line_start(self, line: int) -> int:
        """Return the index of a row, which is counted from 1."""
        return line - 1

    def line_span(self, line: int) -> tuple[int, int]:
        """Return the index of a row and how much of it is marked: all."""
        return line - 1, 1 << 30

    def place(self, index: int) -> Place:
        """Return the place of a row."""
        return Place(self.path, index + 1, 1)

    def problem(
        self,
        index: int,
        message: str,
        *,
        width: int = 1,
        suggestion: str | None = None,
        allowed: tuple[str, ...] = (),
    ) -> Problem:
        """Return a problem with a row."""
        excerpt = next((row.as_json for row in self.rows if row.line == index + 1), "")
        fitting = max(1, min(width, len(excerpt)))
        return Problem(self.place(index), message, excerpt, fitting, suggestion, allowed)
