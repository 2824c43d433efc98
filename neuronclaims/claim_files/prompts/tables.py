"""What a claim file takes from a file of prompts: which file, which columns, which rows."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from typing import TypeVar

from neuronclaims.claim_files.entries import FilePairs, FileSet
from neuronclaims.claim_files.errors import ClaimFileError, Problem
from neuronclaims.claim_files.prompts.account import likely_values
from neuronclaims.claim_files.prompts.exchanged.json_files import PACKED, read_exchanged
from neuronclaims.claim_files.prompts.origin import COLUMNAR, WITH_COLUMNS, RowsOrigin, naming, origin_of
from neuronclaims.claim_files.prompts.rows import PromptRow, PromptTable, read_table
from neuronclaims.claim_files.prompts.streamed.json_lines import is_large, read_json_lines
from neuronclaims.claim_files.prompts.streamed.taking import TakenRows
from neuronclaims.claim_files.yaml.positions import Entries, Node, Scalar
from neuronclaims.claim_files.yaml.source import SourceText
from neuronclaims.claim_files.yaml.validation import Section, validate
from neuronclaims.sentences.messages import closest, quoted
from neuronclaims.set_accounts import RowsTaken

M = TypeVar("M", FileSet, FilePairs)
T = TypeVar("T")

COLUMNS = ("column", "messages", "clean", "corrupted", "group", "pair", "block", "id", "labels")
"""The keys that name a column, besides ``where`` and those that hold ``{column: NAME}``."""

UNNAMED = ("text", "messages", "clean", "corrupted")
"""The columns that are meant where a mapping names none."""


def from_file(
    what: str,
    node: Entries,
    source: SourceText,
    model: type[M],
    unsaid: Callable[[M, PromptTable], Iterator[tuple[str, str]]],
    make: Callable[[Sequence[PromptRow], M, PromptTable], list[T]],
    wanted: Collection[str] = (),
) -> tuple[list[T], RowsTaken, tuple[str, ...]]:
    """Read what a mapping takes from a file, called ``what`` in messages, which rows that were, and the file's columns.

    ``wanted`` are columns that are read if the file has them. ``unsaid`` yields (what it holds, key) for columns that
    must be named and are not; ``make`` turns the rows that were chosen into what is wanted. Raises ClaimFileError with
    places in the claim file and, for faulty rows, in the file of prompts as well.
    """
    chosen, problems = validate(Section(model, f"in {what}"), node, source)
    file = naming(node)
    if not {"file", "dataset"} & node.entries.keys():
        problems.append(source.problem(node.start, f"the key 'file' is missing in {what}"))
    if chosen is None or file is None or file.missing:
        raise ClaimFileError(problems)
    origin = origin_of(chosen, file, node, source)
    try:
        taken = TakenRows(chosen.where, chosen.first)
        table = _table(origin, node, wanted, taken)
        problems += _columns(list(unsaid(chosen, table)), node, file, table, source)
        if problems:
            raise ClaimFileError(problems)
        if not taken.rows:
            problems.append(_no_rows(what, node, file, table, source, taken))
            raise ClaimFileError(problems)
        rows_taken = RowsTaken(table.name, taken.seen, taken.columns, table.divided_by)
        return make(taken.rows, chosen, table), rows_taken, table.columns or ()
    except ClaimFileError as error:
        raise _with_both_places(error, what, file, source) from None


def _table(origin: RowsOrigin, node: Entries, wanted: Collection[str], taken: TakenRows) -> PromptTable:
    """Read a table as far as its rows are taken. Of a small file of text all rows are looked at, for their faults."""
    named = {scalar.name for _, _, scalars in _naming(node) for scalar in scalars}
    if origin.format in COLUMNAR:
        from neuronclaims.claim_files.prompts.columnar import read_columns

        return read_columns(origin.files, origin.format, origin.name, {*named, *UNNAMED, *wanted}, taken)
    if origin.format == ".jsonl" and is_large(origin.files):
        return read_json_lines(origin.files, origin.name, {*named, *UNNAMED, *wanted}, taken)
    read = read_exchanged if origin.format in (".json", PACKED) else read_table
    table = read(origin.files[0], origin.name)
    for row in table.rows:
        if not taken.full:
            taken.offer(row)
    return table


def _columns(
    unsaid: Sequence[tuple[str, str]], node: Entries, file: Scalar, table: PromptTable, source: SourceText
) -> Iterator[Problem]:
    """Check that the file has the columns that are named, and that all necessary columns are named."""
    columns = table.columns
    if columns is None:
        for key, scalar, _ in _naming(node):
            message = f"{quoted(key)} asks for columns, and a .txt file has none: use {WITH_COLUMNS}"
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
        elif name in ("graded_by", "system", "prefill") and isinstance(value, Entries):
            yield name, key, tuple(_scalars(value.get("column")))


def _scalars(node: Node | None) -> Iterator[Scalar]:
    if isinstance(node, Scalar):
        yield node


def _no_rows(
    what: str,
    node: Entries,
    file: Scalar,
    table: PromptTable,
    source: SourceText,
    taken: TakenRows,
) -> Problem:
    where = node.key("where")
    if where is None or not taken.seen:
        message, at, near = f"{what} has no prompts: {table.name} has no rows", file, None
    else:
        columns = taken.columns
        count = f"none of the {taken.seen} rows of {table.name}"
        message = f"{what} has no prompts: {count} fits 'where'; {'; '.join(each.held for each in columns)}"
        at, near = where, likely_values(columns, taken.where)
    return source.problem(at.start, message, width=at.end - at.start, suggestion=near)


def _with_both_places(error: ClaimFileError, what: str, file: Scalar, source: SourceText) -> ClaimFileError:
    """Add to problems in a file of prompts the place in the claim file that names the file."""
    if all(problem.place.path == source.path for problem in error.problems):
        return error
    message = f"{what} cannot be read: see {error.problems[0].place}"
    named = source.problem(file.start, message, width=file.end - file.start)
    return ClaimFileError([named, *error.problems])
