"""Rows of tables that are kept in columns: Parquet files, and the Arrow files that ``datasets`` writes.

Read with pyarrow (the extra ``data``), within bounds, and only the columns that are asked for. A line of such a table
is a row, counted from 1; errors show it as JSON. A label that ``datasets`` keeps as a number has its name.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from neuronclaims.claim_files.errors import ClaimFileError, Place, Problem
from neuronclaims.claim_files.prompts.rows import MOST_PROBLEMS, SHOWN, PromptTable, json_row
from neuronclaims.claim_files.prompts.streamed import taking
from neuronclaims.claim_files.prompts.streamed.taking import FEWER, RowsSource, TakenRows, TooManyRowsError
from neuronclaims.foreign_files import MEGABYTE, ForeignFileError, bounded_json, check_file
from neuronclaims.sentences.field_types import composed
from neuronclaims.sentences.messages import quoted

if TYPE_CHECKING:
    import pyarrow

LARGEST_FILE = 2_000 * MEGABYTE
"""The most bytes of one file."""

LARGEST_COLUMNS = 200 * MEGABYTE
"""The most bytes that the columns asked for may fill in one group of rows when they are unpacked."""

_AT_ONCE = 1_000
"""So many rows are unpacked at once, where the format allows it."""


def read_columns(
    files: Sequence[Path], form: str, name: str, wanted: Collection[str], taken: TakenRows
) -> PromptTable:
    """Take rows of a table in some files of the format ``form`` (``.parquet`` or ``.arrow``), with ``wanted`` columns.

    Groups of rows are read one after the other, as far as they are needed. Raises ClaimFileError with its faulty rows,
    or with the reason why it is not read.
    """
    batches = _parquet if form == ".parquet" else _arrow
    columns: dict[str, None] = {}
    problems: list[Problem] = []
    try:
        for row in _read(files, batches, wanted, columns, taken):
            number = taken.seen + len(problems) + 1
            try:
                taken.offer(json_row(row, number))
            except ValueError as error:
                shown = json.dumps(row, ensure_ascii=False, default=str)[:SHOWN]
                problems.append(Problem(Place(name, number, 1), str(error), shown, len(shown)))
                if len(problems) >= MOST_PROBLEMS:
                    break
    except (ForeignFileError, TooManyRowsError) as error:
        raise _refused(name, str(error)) from None
    except (OSError, ValueError, KeyError, NotImplementedError, MemoryError, RecursionError) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise _refused(name, f"it cannot be read as a {form} file: {reason[:SHOWN]}") from None
    finally:
        _let_go()
    if problems:
        raise ClaimFileError(problems)
    return PromptTable(name, RowsSource(name, "", rows=taken.rows), tuple(columns), tuple(taken.rows))


def _read(
    files: Sequence[Path], batches: Any, wanted: Collection[str], columns: dict[str, None], taken: TakenRows
) -> Iterator[dict[str, Any]]:
    """Yield rows until no more are taken; the names of all columns are put into ``columns``."""
    for file in files:
        check_file(file, LARGEST_FILE)
        for schema, batch in batches(file, wanted, taken.first is None):
            columns.update(dict.fromkeys(map(composed, schema.names)))
            if taken.full:
                return
            if batch is None:
                continue
            if batch.nbytes > LARGEST_COLUMNS:
                most = f"{LARGEST_COLUMNS // MEGABYTE} MB in one group of rows; write it with smaller groups"
                raise TooManyRowsError(f"the columns asked for hold more than {most}")
            labels = _labels(schema)
            for start in range(0, batch.num_rows, _AT_ONCE):
                for row in _rows(batch.slice(start, _AT_ONCE), labels):
                    yield row
                    if taken.full:
                        return


def _parquet(file: Path, wanted: Collection[str], everything: bool) -> Iterator[tuple[pyarrow.Schema, Any]]:
    """Yield the schema of a Parquet file, then its batches; sizes are looked at before anything is unpacked."""
    from pyarrow import parquet

    with parquet.ParquetFile(file) as table:
        schema, kept = table.schema_arrow, table.metadata
        names = _named(schema, wanted)
        if everything and kept.num_rows > taking.MOST_ROWS:
            few = f"at most {taking.MOST_ROWS:,} are read; {FEWER}"
            raise TooManyRowsError(f"it has {kept.num_rows:,} rows, and {few}")
        sizes = [_size(kept.row_group(place), names) for place in range(kept.num_row_groups)]
        if (size := max(sizes, default=0)) > LARGEST_COLUMNS:
            raise TooManyRowsError(
                f"the columns asked for hold {size / MEGABYTE:,.0f} MB in one group of rows, and at most "
                f"{LARGEST_COLUMNS // MEGABYTE} MB are read; write it with smaller groups"
            )
        yield schema, None
        for batch in table.iter_batches(batch_size=_AT_ONCE, columns=names, use_threads=False):
            yield schema, batch


def _let_go() -> None:
    """Let pyarrow give back the memory that it keeps for more of the same."""
    with suppress(AttributeError, ImportError):
        import pyarrow

        pyarrow.default_memory_pool().release_unused()


def _size(group: Any, names: Collection[str]) -> int:
    """Return the bytes of some columns of a group of rows, unpacked."""
    parts = [group.column(place) for place in range(group.num_columns)]
    return sum(part.total_uncompressed_size for part in parts if part.path_in_schema.split(".")[0] in names)


def _arrow(file: Path, wanted: Collection[str], everything: bool) -> Iterator[tuple[pyarrow.Schema, Any]]:
    """Yield the schema of an Arrow file, then its batches, each checked: bytes of others are not trusted."""
    from pyarrow import OSFile, ipc

    del everything  # how many rows there are is not known before
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
