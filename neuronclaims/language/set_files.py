"""Prompt sets that a claim file takes from a file: which file, which column, which rows."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from neuronclaims.language.claims import Prompt
from neuronclaims.language.errors import ClaimFileError, Problem, quoted
from neuronclaims.language.marks import Entries, Scalar
from neuronclaims.language.placed import Placed
from neuronclaims.language.rows import SUFFIXES, Row, Table, read_table
from neuronclaims.language.schema import FileSet
from neuronclaims.language.source import Source
from neuronclaims.language.suggest import closest, either
from neuronclaims.language.validation import Section, validate


def prompts_from_file(what: str, node: Entries, source: Source) -> list[Placed]:
    """Read the prompts of one set, called ``what`` in messages, from the file its mapping names.

    Raises ClaimFileError with places in the claim file and, for faulty rows, in the file of prompts as well.
    """
    chosen, problems = validate(Section(FileSet, f"in {what}"), node, source)
    file = node.get("file")
    if chosen is None or not isinstance(file, Scalar) or file.missing:
        raise ClaimFileError(problems)
    target = _target(chosen.file, file, source)
    try:
        table = read_table(target, str(target))
        problems += _columns(chosen, node, file, table, source)
        if problems:
            raise ClaimFileError(problems)
        rows = [row for row in table.rows if _taken(row, chosen)]
        if not rows:
            problems.append(_no_rows(what, node, file, table, source))
            raise ClaimFileError(problems)
        return _prompts(rows, chosen, table)
    except ClaimFileError as error:
        raise _with_both_places(error, what, file, source) from None


def _target(written: str, file: Scalar, source: Source) -> Path:
    """Return the path of the file a set names, which must be there and of a kind that is read."""
    target = Path(os.path.normpath(Path(source.path).parent / written))
    if target.suffix not in SUFFIXES:
        rule = f"its name must end in {either(SUFFIXES)}"
        raise _error(source, file, f"{quoted(written)} is no file of prompts: {rule}")
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


def _columns(chosen: FileSet, node: Entries, file: Scalar, table: Table, source: Source) -> Iterator[Problem]:
    """Check that the file has the columns the set names, and that one holds the prompts."""
    columns = table.columns
    if columns is None:
        for key in ("column", "where", "group", "pair", "block", "id"):
            if (scalar := node.key(key)) is not None:
                message = f"{quoted(key)} asks for columns, and a .txt file has none: use .csv or .jsonl"
                yield source.problem(scalar.start, message, width=scalar.end - scalar.start)
        return
    if not table.rows and not columns:
        return  # an empty file names no columns; that it is empty is said elsewhere
    if chosen.column is None and (table.name.endswith(".csv") or "text" not in columns):
        message = f"which column of {table.name} holds the prompts? Add 'column: NAME'"
        yield source.problem(file.start, message, width=file.end - file.start, allowed=columns)
    for scalar in _named_columns(node):
        if scalar.text not in columns:
            yield source.problem(
                scalar.start,
                f"{table.name} has no column {quoted(scalar.text)}",
                width=scalar.end - scalar.start,
                suggestion=closest(scalar.text, columns),
                allowed=columns,
            )


def _named_columns(node: Entries) -> Iterator[Scalar]:
    for key in ("column", "group", "pair", "block", "id"):
        if isinstance(value := node.get(key), Scalar):
            yield value
    where = node.get("where")
    if isinstance(where, Entries):
        yield from (key for key, _ in where.entries.values())


def _taken(row: Row, chosen: FileSet) -> bool:
    return all(row.values.get(column) in values for column, values in (chosen.where or {}).items())


def _no_rows(what: str, node: Entries, file: Scalar, table: Table, source: Source) -> Problem:
    where = node.key("where")
    if where is None or not table.rows:
        message, at = f"{what} has no prompts: {table.name} has no rows", file
    else:
        count = f"none of the {len(table.rows)} rows of {table.name}"
        message, at = f"{what} has no prompts: {count} fits 'where'", where
    return source.problem(at.start, message, width=at.end - at.start)


def _prompts(rows: Sequence[Row], chosen: FileSet, table: Table) -> list[Placed]:
    prompts = [_prompt(row, chosen, table) for row in rows]
    wanted = {"id": chosen.id, "group": chosen.group, "pair": chosen.pair, "block": chosen.block}
    problems = [
        placed.problem(f"this row has no prompt (column {quoted(chosen.column or 'text')})")
        for placed in prompts
        if not placed.prompt.text.strip()
    ] + [
        placed.problem(f"this row has no {field} (column {quoted(column)})")
        for field, column in wanted.items()
        for placed in prompts
        if column and not getattr(placed.prompt, field)
    ]
    if problems:
        raise ClaimFileError(problems)
    return prompts


def _prompt(row: Row, chosen: FileSet, table: Table) -> Placed:
    prompt = Prompt(
        text=row.values.get(chosen.column or "text", ""),
        source=f"{table.name}:{row.line}",
        id=row.values.get(chosen.id) if chosen.id else None,
        group=row.values.get(chosen.group) if chosen.group else None,
        pair=row.values.get(chosen.pair) if chosen.pair else None,
        block=row.values.get(chosen.block) if chosen.block else None,
    )
    return Placed(prompt, table.source, *table.span(row))


def _with_both_places(error: ClaimFileError, what: str, file: Scalar, source: Source) -> ClaimFileError:
    """Add, to problems in a file of prompts, the place in the claim file that named it."""
    if all(problem.place.path == source.path for problem in error.problems):
        return error
    message = f"{what} cannot be read: see {error.problems[0].place}"
    named = source.problem(file.start, message, width=file.end - file.start)
    return ClaimFileError([named, *error.problems])


def _error(source: Source, at: Scalar, message: str, suggestion: str | None = None) -> ClaimFileError:
    problem = source.problem(at.start, message, width=at.end - at.start, suggestion=suggestion)
    return ClaimFileError([problem])
