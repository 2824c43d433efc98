"""Claims by models in GitHub's job summary: a table of Markdown for each file that was put to several models."""

from __future__ import annotations

from collections.abc import Sequence

from neuronclaims.reports.entry import Entry
from neuronclaims.reports.markdown.markdown import escaped
from neuronclaims.reports.matrix import MARKS, NO_RESULT, ClaimsByModels, Line, ModelCell, matrices

ROWS = 500
"""Claims in a table: as many as anyone scrolls through."""


def by_models(entries: Sequence[Entry], room: int) -> str:
    """Return the tables of some entries in at most ``room`` bytes, and say what is left out."""
    found = matrices(entries)
    tables: list[str] = []
    room -= 200  # for the note on what was left out
    for matrix in found:
        table = _table(matrix, room)
        room -= len(table.encode())
        if not table or room < 0:
            break
        tables.append(table)
    left = len(found) - len(tables)
    files = "1 more file was" if left == 1 else f"{left:,} more files were"
    note = f"\n{files} put to several models, left out here, as there is no room; index.html has all.\n"
    return "".join(tables) + (note if left else "")


def _table(matrix: ClaimsByModels, room: int) -> str:
    """Return a heading and a table of as many lines of a matrix as fit; empty if none fits."""
    models = " | ".join(map(_code, matrix.models))
    head = (
        f"\n### {_code(matrix.file)} by model\n\n| claim | {models} |\n|{'---|' * (1 + len(matrix.models))}\n"
    )
    room -= len(head.encode()) + 200  # for the note on rows left out
    rows: list[str] = []
    for line in matrix.lines[:ROWS]:
        row = _row(line)
        room -= len(row.encode())
        if room < 0:
            break
        rows.append(row)
    left = len(matrix.lines) - len(rows)
    note = f"\n{left:,} more of its claims by model are in index.html.\n" if left else ""
    return head + "".join(rows) + note if rows else ""


def _row(line: Line) -> str:
    effect = f"<br>{escaped(line.short_effect)}" if line.effect else ""
    return f"| {escaped(line.name)}{effect} | {' | '.join(map(_cell, line.cells))} |\n"


def _cell(cell: ModelCell | None) -> str:
    if cell is None:
        return f"{NO_RESULT} no result"
    verdict = escaped(", ".join(filter(None, (cell.verdict, cell.remark))))
    return "<br>".join(filter(None, (f"{MARKS[cell.verdict]} {verdict}", escaped(cell.numbers))))


def _code(text: str) -> str:
    return f"<code>{escaped(text)}</code>"
