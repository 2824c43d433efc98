"""Results as a Parquet file with all columns of the documented table, by pyarrow."""

from __future__ import annotations

from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path

from neuronclaims.reports.files import ReportError
from neuronclaims.reports.frames import COLUMNS, rows_of
from neuronclaims.results import Result


def write_parquet(path: Path, results: Iterable[Result]) -> None:
    """Write results with the columns of ``COLUMNS``; raise ReportError where pyarrow is not installed.

    Half of a surrogate pair, as names of files may have, is no text of Parquet, and is written as its escape.
    """
    if find_spec("pyarrow") is None:
        raise ReportError(
            'Parquet is written with pyarrow, which is not installed: pip install "neuronclaims[data]"'
        )
    import pyarrow as pa
    from pyarrow import parquet

    kinds = {str: pa.string(), float: pa.float64(), int: pa.int64(), bool: pa.bool_()}
    schema = pa.schema([(name, kinds[kind]) for name, kind in COLUMNS.items()])
    rows = [{name: _whole(value) for name, value in row.items()} for row in rows_of(results)]
    parquet.write_table(pa.Table.from_pylist(rows, schema=schema), path)


def _whole(value: object) -> object:
    return value.encode("utf-8", "backslashreplace").decode("utf-8") if isinstance(value, str) else value
