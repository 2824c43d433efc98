"""Results as dictionaries, lists, strings and numbers, and back again.

The one door through which results leave the process: to xdist's controller, to JSON.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

from neuronclaims.results import Result
from neuronclaims.set_accounts import DataAccount

if TYPE_CHECKING:
    from pydantic import TypeAdapter


def to_plain(result: Result) -> dict[str, Any]:
    """Return a result as plain data that survives JSON: infinite or undefined numbers become None."""
    plain: dict[str, Any] = _plain(result)
    return plain


def from_plain(plain: Mapping[str, Any]) -> Result:
    """Return the result that ``to_plain`` made plain; raises pydantic's ValidationError on anything else."""
    return adapter().validate_python(plain)


@cache
def adapter() -> TypeAdapter[Result]:
    """Return what checks and describes plain results; the JSON schema of the report is made from it."""
    from pydantic import TypeAdapter

    return TypeAdapter(Result)


def _plain(value: Any) -> Any:
    # dataclasses.asdict copies every number with care; results hold nothing that needs it.
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None  # NumPy's floats cross no process border
    if isinstance(value, (list, tuple)):
        # Most of a result are long rows of numbers or names: these are looked at as a whole.
        of = set(map(type, value))
        if (of == {float} and math.isfinite(sum(value))) or of == {str}:
            return list(value)
        return [_plain(entry) for entry in value]
    if isinstance(value, dict):
        return {key: _plain(entry) for key, entry in value.items()}
    kind = type(value)
    if kind is DataAccount:
        return _account(value)
    if kind not in _FIELDS:
        _FIELDS[kind] = _reported(kind) if is_dataclass(kind) else None
    names = _FIELDS[kind]
    return value if names is None else {name: _plain(getattr(value, name)) for name in names}


@lru_cache(maxsize=256)
def _account(account: DataAccount) -> dict[str, Any]:
    """Return the account of some prompts, which many claims share."""
    return {name: _plain(getattr(account, name)) for name in _reported(DataAccount)}


def _reported(kind: type[Any]) -> tuple[str, ...]:
    return tuple(field.name for field in fields(kind) if field.metadata.get("reported", True))


_FIELDS: dict[type[Any], tuple[str, ...] | None] = {}
