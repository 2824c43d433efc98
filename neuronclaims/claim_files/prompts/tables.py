"""What a claim file takes from a file of prompts: which file, which columns, which rows."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

from neuronclaims.claim_files.entries import FilePairs, FileSet
from neuronclaims.claim_files.errors import ClaimFileError, Problem
from neuronclaims.claim_files.prompt_folders import PromptFolders
from neuronclaims.claim_files.prompts.account import columns_taken, likely_values
from neuronclaims.claim_files.prompts.rows import SUFFIXES, PromptRow, PromptTable, read_table
from neuronclaims.claim_files.prompts.sameness import content
from neuronclaims.claim_files.yaml.positions import Entries, Node, Scalar
from neuronclaims.claim_files.yaml.source import SourceText
from neuronclaims.claim_files.yaml.validation import Section, validate
from neuronclaims.sentences.messages import closest, either, quoted
from neuronclaims.set_accounts import RowsTaken

M = TypeVar("M", FileSet, FilePairs)
T = TypeVar("T")

COLUMNS = ("column", "clean", "corrupted", "group", "pair", "block", "id")
"""The keys that name a column, besides ``where`` and ``graded_by``."""


def from_file(
    what: str,
    node: Entries,
    source: SourceText,
    model: type[M],
    unsaid: Callable[[M, PromptTable], Iterator[tuple[str, str]]],
    make: Callable[[Sequence[PromptRow], M, PromptTable], list[T]],
) -> tuple[list[T], RowsTaken]:
    """Read what a mapping takes from a file, called ``what`` in messages, and which rows that were.

    ``unsaid`` yields (what it holds, key) for columns that must be named and are not; ``make`` turns the rows that
    were chosen into what is wanted. Raises ClaimFileError with places in the claim file and, for faulty rows, in the
    file of prompts as well.
    """
    chosen, problems = validate(Section(model, f"in {what}"), node, source)
    file = node.get("file")
    if chosen is None or not isinstance(file, Scalar) or file.missing:
        raise ClaimFileError(problems)
    target = _target(chosen.file, file, source)
    try:
        table = read_table(target, str(target))
        problems += _columns(list(unsaid(chosen, table)), node, file, table, source)
        if problems:
            raise ClaimFileError(problems)
        rows = _taken(table.rows, chosen)
        if not rows:
            problems.append(_no_rows(what, node, file, table, source, chosen.where or {}))
            raise ClaimFileError(problems)
        taken = columns_taken(table.rows, chosen.where or {})
        return make(rows, chosen, table), RowsTaken(table.name, len(table.rows), taken)
    except ClaimFileError as error:
        raise _with_both_places(error, what, file, source) from None


def _target(written: str, file: Scalar, source: SourceText) -> Path:
    """Return the path of the file that a set names; it must exist and have a known ending."""
    base = Path(source.path).parent
    target = Path(os.path.normpath(base / written))
    folders = source.folders or PromptFolders.around(Path(source.path))
    if target.suffix not in SUFFIXES:
        rule = f"its name must end in {either(SUFFIXES)}"
        raise _error(source, file, f"{quoted(written)} is no file of prompts: {rule}")
    if not folders.holds(base / written):
        raise _error(
            source,
            file,
            f"{quoted(written)} is not read: it leads out of the project ({folders.root}). Move the file there, or "
            f"allow its folder with the setting 'claims_prompt_folders' of pytest, --prompt-folder of neuronclaims, or "
            f"prompt_folders of judge",
        )
    try:
        if target.is_file():
            return target
        if target.exists():
            raise _error(source, file, f"{quoted(written)} is not a regular file")
        neighbours = [path.name for path in sorted(target.parent.iterdir()) if path.suffix in SUFFIXES]
    except (OSError, ValueError):
        neighbours = []
    near = closest(target.name, neighbours)
    suggestion = str(Path(written).with_name(near)) if near else None
    raise _error(source, file, f"there is no file {quoted(str(target))}", suggestion)


def _columns(
    unsaid: Sequence[tuple[str, str]], node: Entries, file: Scalar, table: PromptTable, source: SourceText
) -> Iterator[Problem]:
    """Check that the file has the columns that are named, and that all necessary columns are named."""
    columns = table.columns
    if columns is None:
        for key, scalar, _ in _naming(node):
            message = f"{quoted(key)} asks for columns, and a .txt file has none: use .csv or .jsonl"
            yield source.problem(scalar.start, message, width=scalar.end - scalar.start)
        return
    if not table.rows and not columns:
        return  # an empty file names no columns; that it is empty is said elsewhere
    for holds, key in unsaid:
        message = f"which column of {table.name} holds {holds}? Add '{key}: NAME'"
        yield source.problem(file.start, message, width=file.end - file.start, allowed=columns)
    for _, _, named in _naming(node):
        for scalar in named:
            if scalar.name not in columns:
                yield source.problem(
                    scalar.start,
                    f"{table.name} has no column {quoted(scalar.text)}",
                    width=scalar.end - scalar.start,
                    suggestion=closest(scalar.text, columns),
                    allowed=columns,
                )


def _naming(node: Entries) -> Iterator[tuple[str, Scalar, tuple[Scalar, ...]]]:
    """Yield the keys that ask for columns: name, place, and the columns named."""
    for name, (key, value) in node.entries.items():
        if name in COLUMNS and isinstance(value, Scalar):
            yield name, key, (value,)
        elif name == "where" and isinstance(value, Entries):
            yield name, key, tuple(column for column, _ in value.entries.values())
        elif name == "graded_by" and isinstance(value, Entries):
            yield name, key, tuple(_scalars(value.get("column")))


def _scalars(node: Node | None) -> Iterator[Scalar]:
    if isinstance(node, Scalar):
        yield node


def _taken(rows: Sequence[PromptRow], chosen: FileSet | FilePairs) -> list[PromptRow]:
    wanted = {column: {content(each) for each in values} for column, values in (chosen.where or {}).items()}
    return [
        row
        for row in rows
        if all(column in row.values and content(row.values[column]) in own for column, own in wanted.items())
    ]


def _no_rows(
    what: str,
    node: Entries,
    file: Scalar,
    table: PromptTable,
    source: SourceText,
    wanted: Mapping[str, Sequence[str]],
) -> Problem:
    where = node.key("where")
    if where is None or not table.rows:
        message, at, near = f"{what} has no prompts: {table.name} has no rows", file, None
    else:
        columns = columns_taken(table.rows, wanted)
        count = f"none of the {len(table.rows)} rows of {table.name}"
        message = f"{what} has no prompts: {count} fits 'where'; {'; '.join(each.held for each in columns)}"
        at, near = where, likely_values(columns, wanted)
    return source.problem(at.start, message, width=at.end - at.start, suggestion=near)


def _with_both_places(error: ClaimFileError, what: str, file: Scalar, source: SourceText) -> ClaimFileError:
    """Add to problems in a file of prompts the place in the claim file that names the file."""
    if all(problem.place.path == source.path for problem in error.problems):
        return error
    message = f"{what} cannot be read: see {error.problems[0].place}"
    named = source.problem(file.start, message, width=file.end - file.start)
    return ClaimFileError([named, *error.problems])


def _error(source: SourceText, at: Scalar, message: str, suggestion: str | None = None) -> ClaimFileError:
    problem = source.problem(at.start, message, width=at.end - at.start, suggestion=suggestion)
    return ClaimFileError([problem])
