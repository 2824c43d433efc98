"""Rows of tables that are kept in columns: Parquet files, and the Arrow files that ``datasets`` writes.

Read with pyarrow (the extra ``data``), within bounds, and only the columns that are asked for. A line of such a table
is a row, counted from 1; errors show it as JSON. A label that ``datasets`` keeps as a number has its name.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from neuronclaims.claim_files.errors import ClaimFileError, Place, Problem
from neuronclaims.claim_files.prompts.rows import MOST_PROBLEMS, PromptRow, PromptTable, json_row
from neuronclaims.claim_files.yaml.source import SourceText
from neuronclaims.foreign_files import MEGABYTE, ForeignFileError, bounded_json, check_file
from neuronclaims.sentences.field_types import composed
from neuronclaims.sentences.messages import quoted

if TYPE_CHECKING:
    import pyarrow

LARGEST_FILE = 2_000 * MEGABYTE
"""The most bytes of one file."""

LARGEST_COLUMNS = 200 * MEGABYTE
"""The most bytes that the columns asked for may fill when they are unpacked."""

MOST_ROWS = 200_000
"""The most rows of one table."""

SHOWN = 200
"""How many characters of a row are shown in errors."""


def read_columns(files: Sequence[Path], form: str, name: str, wanted: Collection[str]) -> PromptTable:
    """Read the ``wanted`` columns of a table in some files of the format ``form`` (``.parquet`` or ``.arrow``).

    Raises ClaimFileError with its faulty rows, or with the reason why it is not read.
    """
    batches = _parquet if form == ".parquet" else _arrow
    try:
        columns, found = _read(files, batches, wanted)
    except (ForeignFileError, _TooLargeError) as error:
        raise _refused(name, str(error)) from None
    except (OSError, ValueError, KeyError, NotImplementedError, MemoryError, RecursionError) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise _refused(name, f"it cannot be read as a {form} file: {reason[:SHOWN]}") from None
    lines = [json.dumps(row, ensure_ascii=False, default=str)[:SHOWN] for row in found]
    source = SourceText(name, "\n".join(lines))
    rows: list[PromptRow] = []
    problems: list[Problem] = []
    for number, row in enumerate(found, start=1):
        try:
            rows.append(json_row(row, number))
        except ValueError as error:
            width = len(lines[number - 1])
            problems.append(source.problem(source.line_start(number), str(error), width=width))
    if problems:
        raise ClaimFileError(problems[:MOST_PROBLEMS])
    return PromptTable(name, source, columns, tuple(rows))


class _TooLargeError(Exception):
    """A table beyond the bounds."""


def _read(
    files: Sequence[Path], batches: Any, wanted: Collection[str]
) -> tuple[tuple[str, ...], list[dict[str, Any]]]:
    columns: dict[str, None] = {}
    found: list[dict[str, Any]] = []
    size = 0
    for file in files:
        check_file(file, LARGEST_FILE)
        for schema, batch in batches(file, wanted):
            columns.update(dict.fromkeys(map(composed, schema.names)))
            if batch is None:
                continue
            size += batch.nbytes
            if len(found) + batch.num_rows > MOST_ROWS:
                raise _TooLargeError(f"it has more than {MOST_ROWS:,} rows; write those you need into a file")
            if size > LARGEST_COLUMNS:
                most = f"{LARGEST_COLUMNS // MEGABYTE} MB; write the rows you need into a file"
                raise _TooLargeError(f"the columns asked for hold more than {most}")
            found += _rows(batch, _labels(schema))
    return tuple(columns), found


def _parquet(file: Path, wanted: Collection[str]) -> Iterator[tuple[pyarrow.Schema, Any]]:
    """Yield the schema of a Parquet file, then its batches; sizes are looked at before anything is unpacked."""
    from pyarrow import parquet

    with parquet.ParquetFile(file) as table:
        schema, kept = table.schema_arrow, table.metadata
        names = _named(schema, wanted)
        groups = [kept.row_group(place) for place in range(kept.num_row_groups)]
        parts = [group.column(place) for group in groups for place in range(group.num_columns)]
        size = sum(
            part.total_uncompressed_size for part in parts if part.path_in_schema.split(".")[0] in names
        )
        if kept.num_rows > MOST_ROWS:
            few = f"at most {MOST_ROWS:,} are read; write those you need into a file"
            raise _TooLargeError(f"it has {kept.num_rows:,} rows, and {few}")
        if size > LARGEST_COLUMNS:
            raise _TooLargeError(
                f"the columns asked for hold {size / MEGABYTE:,.0f} MB, and at most {LARGEST_COLUMNS // MEGABYTE} MB "
                "are read; write the rows you need into a file"
            )
        yield schema, None
        for batch in table.iter_batches(batch_size=1_000, columns=names, use_threads=False):
            yield schema, batch


def _arrow(file: Path, wanted: Collection[str]) -> Iterator[tuple[pyarrow.Schema, Any]]:
    """Yield the schema of an Arrow file, then its batches, each checked: bytes of others are not trusted."""
    from pyarrow import OSFile, ipc

    with OSFile(str(file), "rb") as opened:
        schema = ipc.open_stream(opened).schema
    names = _named(schema, wanted)
    places = [schema.get_field_index(name) for name in names]
    yield schema, None
    if not places:
        return
    with OSFile(str(file), "rb") as opened:
        reader = ipc.open_stream(
            opened, options=ipc.IpcReadOptions(included_fields=places, use_threads=False)
        )
        for batch in reader:
            batch.validate(full=True)
            yield schema, batch


def _named(schema: pyarrow.Schema, wanted: Collection[str]) -> list[str]:
    names = [composed(name) for name in schema.names]
    doubled = next((name for name in names if names.count(name) > 1), None)
    if doubled is not None:
        raise ValueError(f"it has two columns {quoted(doubled)}")
    return [own for own, name in zip(schema.names, names, strict=True) if name in wanted]


def _labels(schema: pyarrow.Schema) -> dict[str, list[str]]:
    """Return the names that ``datasets`` gives the numbers of a column, by column."""
    try:
        told: Any = bounded_json((schema.metadata or {}).get(b"huggingface", b"{}"))
        features = told["info"]["features"]
        return {
            name: [str(label) for label in feature["names"]]
            for name, feature in features.items()
            if isinstance(feature, dict) and feature.get("_type") == "ClassLabel"
        }
    except (ValueError, KeyError, TypeError, AttributeError):
        return {}


def _rows(batch: Any, labels: Mapping[str, Sequence[str]]) -> Iterator[dict[str, Any]]:
    """Yield the rows of a batch as JSON has them, by the composed names of their columns."""
    columns = {}
    for name, column in zip(batch.schema.names, batch.columns, strict=True):
        values = [_value(value) for value in column.to_pylist()]
        if str(column.type) in ("float", "halffloat"):  # 0.1 in 32 bits is not 0.10000000149011612
            values = [_short(value, str(column.type)) for value in values]
        if name in labels:
            values = [_label(value, labels[name]) for value in values]
        columns[composed(name)] = values
    for place in range(batch.num_rows):
        yield {name: values[place] for name, values in columns.items()}


def _value(value: object) -> Any:
    """Return a value as JSON has it: dates as ISO 8601 writes them, bytes as nothing."""
    if value is None or isinstance(value, (str, bool, int, float)):
        return value
    if isinstance(value, (datetime, date, time)):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, (list, tuple)):
        return [_value(each) for each in value]
    if isinstance(value, dict):
        return {str(key): _value(each) for key, each in value.items()}
    return None


def _short(value: object, kind: str) -> object:
    import numpy as np

    if not isinstance(value, float):
        return value
    return float(str(np.float32(value) if kind == "float" else np.float16(value)))


def _label(value: object, names: Sequence[str]) -> object:
    return names[value] if isinstance(value, int) and 0 <= value < len(names) else value


def _refused(name: str, reason: str) -> ClaimFileError:
    return ClaimFileError([Problem(Place(name, 1, 1), reason)])
