"""The formats of tables by name and by the endings of files, and the report that pytest writes in one of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal, TypeAlias, get_args

from neuronclaims.reports.account import Account
from neuronclaims.reports.files import ReportError, write_whole
from neuronclaims.results import Result

TableFormat: TypeAlias = Literal["markdown", "latex", "parquet"]
FORMATS: tuple[TableFormat, ...] = get_args(TableFormat)
ENDINGS: Mapping[str, TableFormat] = {".md": "markdown", ".tex": "latex", ".parquet": "parquet"}
"""The formats by how names of files end."""


def format_of(path: Path) -> TableFormat:
    """Return the format that the name of a file asks for; raise ReportError where it asks for none.

    >>> format_of(Path("paper/claims.tex"))
    'latex'
    """
    found = ENDINGS.get(path.suffix.lower())
    if found is None:
        raise ReportError(f"The name of a table ends in {', '.join(ENDINGS)}, and {path.name!r} does not.")
    return found


def table_text(results: Sequence[Result], form: TableFormat) -> str:
    """Return the table of a paper as text; raise ReportError for Parquet, which is none."""
    from neuronclaims.reports.tables.paper import paper_rows

    if form == "parquet":
        raise ReportError("Parquet is no text: name a file to write it to, with --output FILE.parquet.")
    rows = paper_rows(results)
    if form == "latex":
        from neuronclaims.reports.tables.latex import latex_table

        return latex_table(rows)
    from neuronclaims.reports.tables.markdown import markdown_table

    return markdown_table(rows)


def write_table(path: Path, results: Sequence[Result], form: TableFormat) -> Path:
    """Write a table completely or not at all; raise ReportError where that cannot be done."""
    advice = "Name another file."
    if form == "parquet":
        from neuronclaims.reports.tables.parquet import write_parquet

        return write_whole(path, lambda waiting: write_parquet(waiting, results), advice)
    text = table_text(results, form)
    return write_whole(path, lambda waiting: waiting.write_text(text, encoding="utf-8", newline="\n"), advice)


class TableWriter:
    """Write the claims of a session as a table, into the file that ``--claims-export`` names."""

    place: Literal["table"] = "table"

    def write(self, path: Path, account: Account) -> Path:
        """Write the file; raise ReportError where it cannot be written or its name says no format."""
        results = [replace(entry.result, file=entry.name.file) for entry in account.entries]
        return write_table(path, results, format_of(path))
