"""The table of claims in a wide terminal: its columns, and a row of it."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import wrap
from typing import Literal, NamedTuple

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from neuronclaims.foreign_text import visible
from neuronclaims.reports.entry import Entry
from neuronclaims.reports.terminal.sketches import WIDTH

COLOURS = {"supported": "green", "refuted": "red", "inconclusive": "yellow", None: "red"}

EFFECTS = 34
"""Columns of the table for effects."""


class Column(NamedTuple):
    """A column of the table: its title, its width in characters, None for what is left, and the side it is set to."""

    title: str
    width: int | None
    justify: Literal["left", "right"] = "left"


COLUMNS = (
    Column("verdict", 14),
    Column("claim", None),
    Column("effect with interval", EFFECTS),
    Column("p adj.", 11, "right"),
    Column("n", 8),
    Column("rank in layer", 13),
    Column("figure", WIDTH),
)
"""The columns of the table; the sentence takes what is left."""


def row(cells: Sequence[RenderableType]) -> Table:
    """Return one claim as a grid of its own, all of the same widths: remarks can run under it at full width."""
    grid = Table.grid(padding=(0, 2, 0, 0), expand=True)
    for column in COLUMNS:
        grid.add_column(
            width=column.width, ratio=None if column.width else 1, justify=column.justify, overflow="fold"
        )
    grid.add_row(*cells)
    return grid


def id_lines(name: str, width: int) -> str:
    """Return a claim's id in lines as wide as its sentence is in a terminal of ``width`` columns, broken at hyphens."""
    room = width - sum(column.width or 0 for column in COLUMNS) - 2 * (len(COLUMNS) - 1)
    return "\n".join(wrap(name, room))


def colour_of(entry: Entry) -> str:
    """Return the colour of a claim's verdict, which shows whether the session fails by it."""
    if entry.failed and entry.result.verdict != "inconclusive":
        return "red"
    return "green" if entry.outcome == "passed" else COLOURS[entry.result.verdict]


def user_text(text: str, style: str = "") -> Text:
    """Return text of users, made safe to show, in a style."""
    return Text(visible(text), style=style)
