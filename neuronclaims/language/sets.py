"""Prompt sets: written in the claim file, or kept in .txt, .jsonl and .csv files beside it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from neuronclaims.language.claims import Prompt, PromptSet
from neuronclaims.language.errors import ClaimFileError, Problem, quoted
from neuronclaims.language.marks import Entries, Items, Node, Scalar
from neuronclaims.language.rows import Row, Table, read_table
from neuronclaims.language.schema import FileSet, PromptEntry
from neuronclaims.language.source import Source
from neuronclaims.language.suggest import closest
from neuronclaims.language.validation import validate


def read_set(name: str, key: Scalar, node: Node, source: Source) -> PromptSet:
    """Read one prompt set of a claim file. Raises ClaimFileError with all that is wrong with it."""
    if isinstance(node, Items):
        prompts, places = _inline(name, key, node, source)
    elif isinstance(node, Entries):
        prompts, places = _from_file(name, node, source)
    else:
        message = (
            f"the set {quoted(name)} is a list of prompts or a mapping with a 'file', not {quoted(node.text)}"
        )
        near = f"{{file: {node.text}}}" if node.text.endswith((".txt", ".csv", ".jsonl")) else None
        raise _error(source, node, message, near)
    problems = _repeated(prompts, places)
    if problems:
        raise ClaimFileError(problems)
    return PromptSet(name, tuple(prompts), source.place(key.start))


Where = list[tuple[Source, int, int]]
"""For each prompt the source, index and width that an error about it should show."""


def _inline(name: str, key: Scalar, node: Items, source: Source) -> tuple[list[Prompt], Where]:
    if not node.items:
        raise _error(source, key, f"the set {quoted(name)} has no prompts")
    prompts: list[Prompt] = []
    places: Where = []
    problems: list[Problem] = []
    for item in node.items:
        entry, found = _entry(item, source)
        problems += found
        if entry is not None:
            place = source.place(item.start)
            prompts.append(
                Prompt(entry.text, f"{source.path}:{place.line}", entry.id, entry.group, entry.pair)
            )
            places.append((source, item.start, item.end - item.start if isinstance(item, Scalar) else 1))
    problems = problems or _partly(prompts, places)
    if problems:
        raise ClaimFileError(problems)
    return prompts, places


def _entry(item: Node, source: Source) -> tuple[PromptEntry | None, list[Problem]]:
    if not isinstance(item, Scalar):
        entry, problems = validate(PromptEntry, item, source, "a prompt")
        text = item.get("text") if isinstance(item, Entries) else None
        item = text if isinstance(text, Scalar) else Scalar("x", item.start, item.start + 1, plain=True)
    else:
        entry, problems = PromptEntry.model_construct(text=item.text), []
    if not problems and not item.text.strip() and not item.missing:
        problems = [source.problem(item.start, "this prompt is empty", width=item.end - item.start)]
    return (None if problems or item.missing else entry), problems


def _partly(prompts: Sequence[Prompt], places: Where) -> list[Problem]:
    """Refuse groups and pairs given for some prompts only."""
    problems = []
    for field in ("group", "pair"):
        without = [number for number, prompt in enumerate(prompts) if getattr(prompt, field) is None]
        if 0 < len(without) < len(prompts):
            source, index, width = places[without[0]]
            message = (
                f"this prompt has no {field}, others of its set have one: give all prompts a {field}, or none"
            )
            problems.append(source.problem(index, message, width=width))
    return problems


def _repeated(prompts: Sequence[Prompt], places: Where) -> list[Problem]:
    """Refuse a prompt that stands twice in one set: identical prompts are not independent."""
    first: dict[str, Prompt] = {}
    problems = []
    for prompt, (source, index, width) in zip(prompts, places, strict=True):
        if prompt.text in first:
            message = (
                f"the prompt {quoted(prompt.text)} stands in this set twice, first at {first[prompt.text].source}: "
                "identical prompts are not independent"
            )
            problems.append(source.problem(index, message, width=width))
        first.setdefault(prompt.text, prompt)
    return problems


def _from_file(name: str, node: Entries, source: Source) -> tuple[list[Prompt], Where]:
    chosen, problems = validate(FileSet, node, source, f"the set {quoted(name)}")
    file = node.get("file")
    if chosen is None or not isinstance(file, Scalar):
        raise ClaimFileError(problems)
    table = _table(chosen.file, file, source)
    _check_columns(chosen, node, table, source)
    rows = [row for row in table.rows if _taken(row, chosen)]
    if not rows:
        where = node.key("where") or file
        reason = (
            f"none of its {len(table.rows)} rows fits 'where'"
            if table.rows
            else f"{quoted(chosen.file)} has no rows"
        )
        raise _error(source, where, f"the set {quoted(name)} has no prompts: {reason}")
    return _prompts(rows, chosen, table)


def _table(written: str, file: Scalar, source: Source) -> Table:
    """Read the file a set names; a file that is not there is an error at the words that name it."""
    target = Path(source.path).parent / written
    try:
        there = target.is_file()
        neighbours = [] if there else sorted(p.name for p in target.parent.iterdir() if p.is_file())
    except (OSError, ValueError):
        there, neighbours = False, []
    if there:
        if target.suffix not in (".txt", ".jsonl", ".csv"):
            kinds = (".txt", ".jsonl", ".csv")
            raise ClaimFileError(
                [
                    source.problem(
                        file.start,
                        f"{quoted(written)} is no file of prompts",
                        width=file.end - file.start,
                        allowed=kinds,
                    )
                ]
            )
        return read_table(target, str(target))
    near = closest(target.name, neighbours)
    message = f"there is no file {quoted(written)} beside the claim file (looked for {target})"
    raise _error(source, file, message, str(Path(written).with_name(near)) if near else None)


def _text_column(chosen: FileSet) -> str:
    return chosen.column or "text"


def _check_columns(chosen: FileSet, node: Entries, table: Table, source: Source) -> None:
    """Check that the file has every column the set names."""
    problems = []
    if table.columns is None:
        for key in ("column", "where", "group", "pair", "id"):
            if (scalar := node.key(key)) is not None:
                message = f"{quoted(key)} needs columns, and a .txt file has none: use .csv or .jsonl"
                problems.append(source.problem(scalar.start, message, width=scalar.end - scalar.start))
    else:
        if (
            chosen.column is None
            and "text" not in table.columns
            or (chosen.column is None and table.name.endswith(".csv"))
        ):
            file = node.key("file") or Scalar("", node.start, node.end, plain=True)
            message = f"say which column of {table.name} holds the prompts, as 'column: NAME'"
            problems.append(
                source.problem(file.start, message, width=file.end - file.start, allowed=table.columns)
            )
        problems += [
            source.problem(
                scalar.start,
                f"{table.name} has no column {quoted(scalar.text)}",
                width=scalar.end - scalar.start,
                suggestion=closest(scalar.text, table.columns),
                allowed=table.columns,
            )
            for scalar in _column_names(node)
            if scalar.text not in table.columns
        ]
    if problems:
        raise ClaimFileError(problems)


def _column_names(node: Entries) -> list[Scalar]:
    named = [value for key in ("column", "group", "pair", "id") if isinstance(value := node.get(key), Scalar)]
    where = node.get("where")
    return named + ([key for key, _ in where.entries.values()] if isinstance(where, Entries) else [])


def _taken(row: Row, chosen: FileSet) -> bool:
    return all(row.values.get(column) in values for column, values in (chosen.where or {}).items())


def _prompts(rows: Sequence[Row], chosen: FileSet, table: Table) -> tuple[list[Prompt], Where]:
    prompts: list[Prompt] = []
    places: Where = []
    problems: list[Problem] = []
    for row in rows:
        index, width = table.span(row)
        text = row.values.get(_text_column(chosen), "")
        extra = {
            field: row.values.get(column)
            for field in ("id", "group", "pair")
            if (column := getattr(chosen, field))
        }
        lacking = [
            f"{field} (column {quoted(getattr(chosen, field))})"
            for field, value in extra.items()
            if not value
        ]
        if not text.strip():
            lacking.insert(0, "prompt")
        problems += [table.source.problem(index, f"this row has no {what}", width=width) for what in lacking]
        prompts.append(Prompt(text, f"{table.name}:{row.line}", **extra))
        places.append((table.source, index, width))
    if problems:
        raise ClaimFileError(problems[:20])
    return prompts, places


def _error(source: Source, at: Scalar, message: str, suggestion: str | None = None) -> ClaimFileError:
    return ClaimFileError([source.problem(at.start, message, width=at.end - at.start, suggestion=suggestion)])
