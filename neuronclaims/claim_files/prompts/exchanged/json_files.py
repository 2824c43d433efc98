"""Read a ``.json`` or ``.eval`` file that another tool wrote: tell which format it is, and make rows of it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path

from neuronclaims.claim_files.errors import ClaimFileError, Place, Problem
from neuronclaims.claim_files.prompts.exchanged.dashboards import dashboard_rows, is_dashboard
from neuronclaims.claim_files.prompts.exchanged.inspect_logs import inspect_rows, is_inspect_log
from neuronclaims.claim_files.prompts.exchanged.packed_logs import packed_rows
from neuronclaims.claim_files.prompts.rows import MOST_PROBLEMS, SHOWN, PromptRow, PromptTable, json_row
from neuronclaims.claim_files.prompts.streamed.taking import RowsSource
from neuronclaims.foreign_files import MEGABYTE, ForeignFileError, Json, parse_json, read_text
from neuronclaims.sentences.field_types import composed

PACKED = ".eval"
"""How the packed logs of Inspect AI end."""

LARGEST = 200 * MEGABYTE
"""The most bytes of a ``.json`` file. Logs hold all that happened, not the answers alone."""

KNOWN = "a log of Inspect AI, or what Neuronpedia says of a neuron or a latent, with its activations"


def read_exchanged(file: Path, name: str) -> PromptTable:
    """Return the rows of a file known as ``name``; a line of such a table is a row, counted from 1.

    Raises ClaimFileError where the file is not read, is of no known format, or has faulty rows.
    """
    try:
        found = _rows(file)
        if found is None:
            raise _refused(name, f"this JSON is none of the formats that are read: it must be {KNOWN}")
    except ForeignFileError as error:
        raise _refused(
            name, f"the file {str(error).removeprefix(f'{file} ').removeprefix('the file ')}"
        ) from None
    except OSError as error:
        raise _refused(name, f"the file cannot be read: {error.strerror or error}") from None
    columns: dict[str, None] = {}
    rows: list[PromptRow] = []
    problems: list[Problem] = []
    for number, row in enumerate(found, start=1):
        try:
            if isinstance(row, str):
                raise ValueError(row)
            row = {composed(key): value for key, value in row.items() if value is not None}
            columns.update(dict.fromkeys(row))
            rows.append(json_row(row, number))
        except ValueError as error:
            shown = "" if isinstance(row, str) else json.dumps(row, ensure_ascii=False)[:SHOWN]
            problems.append(Problem(Place(name, number, 1), str(error), shown, max(1, len(shown))))
            if len(problems) >= MOST_PROBLEMS:
                break
    if problems:
        raise ClaimFileError(problems)
    return PromptTable(name, RowsSource(name, "", rows=rows), tuple(columns), tuple(rows))


def _rows(file: Path) -> Iterable[Mapping[str, Json] | str] | None:
    """Return the rows of a file, or what is wrong with them; None for what is of no known format."""
    if file.suffix == PACKED:
        return packed_rows(file)
    content = parse_json(read_text(file, LARGEST), "the file", infinite=True)
    if is_inspect_log(content):
        return inspect_rows(content)
    return dashboard_rows(content) if is_dashboard(content) else None


def _refused(name: str, reason: str) -> ClaimFileError:
    return ClaimFileError([Problem(Place(name, 1, 1), reason)])
