"""Files of prompts as rows of text: .txt, .jsonl, .csv and .tsv, each row with its line."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

from neuronclaims.claim_files.errors import ClaimFileError, Problem
from neuronclaims.claim_files.yaml.source import ODD, SourceText, odd, read_source
from neuronclaims.foreign_files import bounded_json
from neuronclaims.sentences.field_types import composed
from neuronclaims.sentences.messages import quoted

MOST_PROBLEMS = 20
"""How many faulty rows of one file are reported."""

SHOWN = 200
"""How many characters of a row of a table are shown in errors."""

_NONE: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class PromptRow:
    """One row: its values by column, and the line (from 1) it begins in.

    ``unquoted`` are the columns whose value is a number or a truth value of JSON, each as it is written there;
    ``nested`` those that hold a list or an object, each as JSON.
    """

    values: Mapping[str, str]
    line: int
    unquoted: Mapping[str, str] = field(default_factory=lambda: _NONE)
    nested: Mapping[str, str] = field(default_factory=lambda: _NONE)

    @property
    def as_json(self) -> str:
        """The row as errors show it, cut to ``SHOWN`` characters."""
        cells = {key: json.dumps(value, ensure_ascii=False) for key, value in self.values.items()}
        cells |= {**self.unquoted, **self.nested}
        written = (f"{json.dumps(key, ensure_ascii=False)}: {value}" for key, value in cells.items())
        return f"{{{', '.join(written)}}}"[:SHOWN]


@dataclass(frozen=True, slots=True)
class PromptTable:
    """All rows of a file; ``columns`` is None for a .txt file, whose rows have the one value ``text``.

    ``divided_by`` names what divides cells where that is not what the file's name promises, such as ``semicolons``.
    """

    name: str
    source: SourceText
    columns: tuple[str, ...] | None
    rows: tuple[PromptRow, ...]
    divided_by: str | None = None

    def span(self, row: PromptRow) -> tuple[int, int]:
        """Return the index and width of the row's first line in the source."""
        return self.source.line_span(row.line)


def read_table(file: Path, name: str) -> PromptTable:
    """Read a file of prompts, known as ``name`` in messages. Raises ClaimFileError with its faulty rows."""
    source = read_source(file, name)
    problems: list[Problem] = []
    columns, rows, divided_by = _READERS[file.suffix](source, problems)
    if problems:
        raise ClaimFileError(problems[:MOST_PROBLEMS])
    return PromptTable(name, source, columns, tuple(rows), divided_by)


_Read = tuple[tuple[str, ...] | None, list[PromptRow], str | None]


def _read_txt(source: SourceText, _problems: list[Problem]) -> _Read:
    lines = enumerate(source.lines, start=1)
    return None, [PromptRow({"text": line}, number) for number, line in lines if line.strip()], None


def _read_jsonl(source: SourceText, problems: list[Problem]) -> _Read:
    rows = []
    columns: dict[str, None] = {}
    for number, line in enumerate(source.lines, start=1):
        if not line.strip():
            continue
        try:
            row = json_object(line)
            rows.append(json_row(row, number))
            columns.update(dict.fromkeys(row))
        except json.JSONDecodeError as error:
            problems.append(source.problem(source.line_start(number) + error.pos, no_json(error)))
        except ValueError as error:
            problems.append(source.problem(source.line_start(number), str(error), width=len(line)))
    return tuple(columns), rows, None


def json_object(line: str) -> dict[str, Any]:
    """Return the JSON object of a line; raise ValueError for what is none."""
    row = bounded_json(line, infinite=True, once=True)
    if not isinstance(row, dict):
        raise ValueError('a line is one JSON object, such as {"text": "..."}')
    return {composed(key): value for key, value in row.items()}


def no_json(error: json.JSONDecodeError) -> str:
    """Say why a line is no JSON."""
    reason = f"{error.msg[:1].lower()}{error.msg[1:]}".removesuffix(" starting at")
    return f"not valid JSON: {reason}"


def json_row(row: Mapping[str, Any], number: int) -> PromptRow:
    """Return a JSON object as the row ``number``; raise ValueError for a text that cannot be one."""
    return PromptRow(_json_texts(row), number, _unquoted(row) or _NONE, _nested(row) or _NONE)


def _json_texts(row: Mapping[str, Any]) -> dict[str, str]:
    """Return the texts of a JSON object, with numbers and truth values as texts, and nothing else; NaN is nothing."""
    texts = {key: value for key, value in row.items() if isinstance(value, str)}
    for value in texts.values():
        if strange := ODD.search(value):
            raise ValueError(odd(strange[0]))
    try:
        "".join(texts.values()).encode("utf-8")
    except UnicodeEncodeError:
        raise ValueError("a text here holds half of a surrogate pair, which is no character") from None
    return {
        key: texts[key] if key in texts else json.dumps(value)
        for key, value in row.items()
        if isinstance(value, (str, bool, int, float)) and value == value
    }


def _unquoted(row: Mapping[str, Any]) -> dict[str, str]:
    return {key: json.dumps(value) for key, value in row.items() if isinstance(value, (bool, int, float))}


def _nested(row: Mapping[str, Any]) -> dict[str, str]:
    return {key: json.dumps(value) for key, value in row.items() if isinstance(value, (list, dict))}


def _read_csv(source: SourceText, problems: list[Problem]) -> _Read:
    """Read cells that commas divide, or what divides the header where no comma does."""
    first = next((line for line in source.lines if line), "")
    for sign, name in ((",", None), (";", "semicolons"), ("\t", "tabs")):
        if len(next(csv.reader([first], delimiter=sign), ())) > 1:
            return _read_cells(source, problems, sign, name)
    return _read_cells(source, problems, ",", None)


def _read_tsv(source: SourceText, problems: list[Problem]) -> _Read:
    return _read_cells(source, problems, "\t", None)


def _read_cells(source: SourceText, problems: list[Problem], sign: str, name: str | None) -> _Read:
    reader = csv.reader(_physical_lines(source), strict=True, delimiter=sign)
    divided = {",": "commas", ";": "semicolons", "\t": "tabs"}[sign]
    header: tuple[str, ...] = ()
    rows: list[PromptRow] = []
    before = 0
    try:
        for cells in reader:
            line, before = before + 1, reader.line_num
            if not cells:
                continue
            if not header:
                header = tuple(map(composed, cells))
                _check_header(header, line, source, problems)
            elif len(cells) == len(header):
                rows.append(PromptRow(dict(zip(header, cells, strict=True)), line))
            else:
                message = (
                    f"this row has {len(cells)} cells, the header {len(header)}; quote texts with {divided}"
                )
                problems.append(
                    source.problem(source.line_start(line), message, width=len(source.lines[line - 1]))
                )
    except csv.Error as error:
        problems.append(source.problem(source.line_start(before + 1), f"not valid CSV: {error}"))
    return header, rows, name


def _physical_lines(source: SourceText) -> Iterator[str]:
    """Yield the lines with their line ends, so that a quoted cell keeps its own."""
    for number in range(1, len(source.lines) + 1):
        yield source.text[source.line_start(number) : source.line_start(number + 1)]


def _check_header(header: tuple[str, ...], line: int, source: SourceText, problems: list[Problem]) -> None:
    doubled = next((name for name in header if header.count(name) > 1), None)
    if doubled is not None:
        message = f"the column {quoted(doubled)} stands twice in the header"
        problems.append(source.problem(source.line_start(line), message, width=len(source.lines[line - 1])))


_READERS: Mapping[str, Callable[[SourceText, list[Problem]], _Read]] = {
    ".txt": _read_txt,
    ".jsonl": _read_jsonl,
    ".csv": _read_csv,
    ".tsv": _read_tsv,
}
