"""Turn results into the rows of a table, for pandas or polars; docs/python.md lists the columns as a contract."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from importlib.util import find_spec
from typing import TYPE_CHECKING, Literal, TypeAlias, overload

from neuronclaims.errors import NeuronClaimsError
from neuronclaims.results import Evidence, Result

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl

Library: TypeAlias = Literal["pandas", "polars"]
Cell: TypeAlias = "str | float | int | bool | None"

COLUMNS: dict[str, type] = {
    "file": str,
    "model": str,
    "id": str,
    "sentence": str,
    "kind": str,
    "site": str,
    "tokens": str,
    "verdict": str,
    "expect": str,
    "as_expected": bool,
    "reason": str,
    "effect": str,
    "effect_key": str,
    "value": float,
    "low": float,
    "high": float,
    "level": float,
    "null": float,
    "boundary": float,
    "p": float,
    "p_adjusted": float,
    "alpha": float,
    "correction": str,
    "family": int,
    "n": int,
    "n_second": int,
    "unit": str,
    "paired": bool,
    "rank": int,
    "rank_among": int,
    "selection": str,
    "because": str,
    "reported": float,
    "reported_unit": str,
    "reported_place": str,
    "source": str,
    "error": str,
    "fingerprint": str,
}
"""The columns of a table of results, in order, with the type of their cells; every cell may be missing."""


class FrameError(NeuronClaimsError):
    """A table that could not be made; the message says what to install."""


def rows_of(results: Iterable[Result]) -> list[dict[str, Cell]]:
    """Return a row for each result, with the keys of ``COLUMNS`` in their order."""
    return [_row(result) for result in results]


def _row(result: Result) -> dict[str, Cell]:
    row: dict[str, Cell] = dict.fromkeys(COLUMNS)
    row |= {
        "file": result.file,
        "model": result.model,
        "id": result.id,
        "sentence": result.sentence,
        "kind": result.kind,
        "site": result.site,
        "tokens": result.tokens or None,
        "verdict": result.verdict,
        "expect": result.expect,
        "as_expected": result.as_expected,
        "reason": result.reason,
        "because": result.because,
        "reported": result.reported.value if result.reported else None,
        "reported_unit": result.reported.unit if result.reported else None,
        "reported_place": result.reported.place if result.reported else None,
        "source": result.source.in_short if result.source else None,
        "error": result.error,
        "fingerprint": result.fingerprint,
    }
    return row if result.evidence is None else row | _of_evidence(result.evidence)


def _of_evidence(evidence: Evidence) -> dict[str, Cell]:
    effect, test, rank = evidence.effect, evidence.test, evidence.rank
    counts = [count for _, count in evidence.counts]
    row: dict[str, Cell] = {
        "effect": effect.name,
        "effect_key": effect.key or None,
        "value": effect.value,
        "low": effect.low,
        "high": effect.high,
        "level": effect.level,
        "null": evidence.null,
        "boundary": evidence.boundary,
        "n": counts[0] if counts else None,
        "n_second": counts[1] if len(counts) > 1 else None,
        "unit": evidence.unit,
        "paired": evidence.paired,
        "selection": evidence.selection.how if evidence.selection.what else None,
    }
    if test is not None:
        row |= {
            "p": test.p_value,
            "p_adjusted": test.p_adjusted,
            "alpha": test.alpha,
            "correction": test.correction,
            "family": test.family,
        }
    if rank is not None:
        row |= {"rank": rank.place, "rank_among": rank.among}
    return row


@overload
def frame_of(results: Iterable[Result], library: Literal["pandas"]) -> pd.DataFrame: ...
@overload
def frame_of(results: Iterable[Result], library: Literal["polars"]) -> pl.DataFrame: ...
def frame_of(results: Iterable[Result], library: Library) -> pd.DataFrame | pl.DataFrame:
    """Return results as a table of a library, with the columns of ``COLUMNS`` and missing cells where nothing is known.

    Raises FrameError where the library is not installed.
    """
    return table_of_rows(rows_of(results), COLUMNS, library)


def table_of_rows(
    rows: Sequence[Mapping[str, Cell]], columns: Mapping[str, type], library: Library
) -> pd.DataFrame | pl.DataFrame:
    """Return rows as a table of a library, its columns with the types of their cells; raise FrameError as above."""
    if library not in ("pandas", "polars"):
        raise FrameError(f"Tables are made for 'pandas' or 'polars', not for {library!r}.")
    if find_spec(library) is None:
        raise FrameError(f"{library} is not installed: pip install {library}")
    cells = {name: [row[name] for row in rows] for name in columns}
    if library == "polars":
        import polars as pl

        kinds = {str: pl.String, float: pl.Float64, int: pl.Int64, bool: pl.Boolean}
        return pl.DataFrame(cells, schema={name: kinds[kind] for name, kind in columns.items()})
    import pandas as pd

    names = {str: "string", float: "Float64", int: "Int64", bool: "boolean"}
    return pd.DataFrame({name: pd.array(cells[name], dtype=names[kind]) for name, kind in columns.items()})
