"""Write a baseline: sorted, one line per field so that changes are easy to read, and never half a file."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from neuronclaims.baselines.aligned import aligned, files_in
from neuronclaims.baselines.reading import read_baseline
from neuronclaims.baselines.rows import SCHEMA, Baseline, BaselineError, Environment, SavedClaim, plain


def save(
    path: Path, rows: Mapping[str, SavedClaim], environments: Mapping[str, Environment], *, anew: bool = False
) -> Baseline:
    """Add rows to the baseline at ``path``, create it if it is missing, and return all of it.

    Rows of the same names are replaced, all others are kept; environments that no row names any more go. With
    ``anew`` nothing is read first. Raises BaselineError where the file is not a baseline, or cannot be written.
    """
    there = path.is_file() and not anew
    known = aligned(read_baseline(path), files_in(rows)) if there else Baseline({}, {})
    merged = merge(known, rows, environments)
    write(path, text_of(merged))
    return merged


def merge(
    known: Baseline, rows: Mapping[str, SavedClaim], environments: Mapping[str, Environment]
) -> Baseline:
    """Return a baseline with some rows added or replaced, and only the environments that its rows name."""
    kept = {**known.rows, **rows}
    named = {row.environment for row in kept.values()}
    found = {key: each for key, each in {**known.environments, **environments}.items() if key in named}
    return Baseline(kept, found)


def text_of(baseline: Baseline) -> str:
    """Return a baseline as JSON in an order of its own, with one line per field of a row."""
    head = f'{{\n "schema": {SCHEMA},\n "environments": {{\n'
    environments = ",\n".join(
        f"  {_json(key)}: {{\n{_fields(plain(each), '   ')}\n  }}"
        for key, each in sorted(baseline.environments.items())
    )
    rows = ",\n".join(
        f"  {_json(name)}: {{\n{_fields(plain(row), '   ')}\n  }}"
        for name, row in sorted(baseline.rows.items())
    )
    return f'{head}{environments}\n }},\n "claims": {{\n{rows}\n }}\n}}\n'


def write(path: Path, text: str) -> None:
    """Write a file so that a reader never sees half of it. Raises BaselineError."""
    waiting = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        waiting.write_text(text, encoding="utf-8", errors="surrogatepass")
        waiting.replace(path)
    except OSError as error:
        with suppress(OSError):
            waiting.unlink()
        raise BaselineError(
            f"The baseline {path} could not be written: {error.strerror or error}."
        ) from error


def _fields(data: Mapping[str, Any], indent: str) -> str:
    return ",\n".join(f"{indent}{line}" for line in _lines(data, indent))


def _lines(data: Mapping[str, Any], indent: str) -> Iterator[str]:
    for name, value in sorted(data.items()):
        if name == "values":
            yield f'"values": {{\n{_fields(value, indent + " ")}\n{indent}}}'
        else:
            # The order of units is part of what they say, so only names of fields are sorted.
            yield f"{_json(name)}: {_json(value)}"


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=True, allow_nan=False)
