"""The things of the world: places, flowers, fruits, animals, and plain word lists, read from the data files."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping
from functools import cache, lru_cache
from pathlib import Path
from typing import Final

HERE: Final = Path(__file__).parent
Record = Mapping[str, str]

TABLES: Final = {"country": "places", "flower": "flowers", "fruit": "fruits", "animal": "animals"}


@cache
def table(name: str) -> tuple[Record, ...]:
    """Return the rows of one table: ``places``, ``flowers``, ``fruits`` or ``animals``.

    A column ``plural`` is also readable under the plural name of the first column (``flowers``), and a capital
    also under the name ``city``, because that is what the sentences call them.
    """
    with (HERE / f"{name}.csv").open(encoding="utf-8", newline="") as lines:
        return tuple(_with_aliases(row) for row in csv.DictReader(lines))


@lru_cache(maxsize=1)
def words() -> Mapping[str, tuple[str, ...]]:
    """Return the plain word lists by slot name, such as ``day`` or ``role``."""
    lists = json.loads((HERE / "words.json").read_text(encoding="utf-8"))
    return {name: tuple(entries) for name, entries in lists.items()}


@cache
def row_of(column: str, value: str) -> Record:
    """Return the row whose ``column`` (a key of ``TABLES``) holds ``value``; raise ``KeyError`` if none does."""
    for row in table(TABLES[column]):
        if row[column] == value:
            return row
    raise KeyError(f"no {column} is called {value!r}")


def with_article(noun: str) -> str:
    """Put "a" or "an" before a noun; in this world the first letter decides."""
    return f"{'an' if noun[0].lower() in 'aeiou' else 'a'} {noun}"


def plural_of(noun: str) -> str:
    """Return the plural of a noun of the word lists."""
    return noun + ("es" if noun.endswith(("x", "s", "ch", "sh")) else "s")


def _with_aliases(row: dict[str, str]) -> Record:
    first = next(iter(row))
    if "plural" in row:
        row[f"{first}s"] = row["plural"]
    if "capital" in row:
        row["city"] = row["capital"]
    return row
