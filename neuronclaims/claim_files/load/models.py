"""The ``models:`` of a claim file: a name, a list of names, or names with the folders that they stand for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any

from pydantic import PlainValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

_SHAPE: dict[str, Any] = {
    "anyOf": [
        {"type": "string"},
        {"type": "array", "items": {"type": "string"}, "minItems": 1},
        {"type": "object", "additionalProperties": {"type": "string"}, "minProperties": 1},
    ]
}
_RULE = (
    "write a name, a list of names, or names with folders or hub ids, such as {ours: models/ours, demo: demo}"
)


@dataclass(frozen=True, slots=True)
class NamedModels:
    """The names of a file's models in their order, and where those are whose name does not say it."""

    names: tuple[str, ...]
    places: Mapping[str, str] = field(default_factory=dict)


def _read(given: object) -> NamedModels:
    """Return what stands after ``models:``.

    >>> _read({"ours": "models/ours"})
    NamedModels(names=('ours',), places={'ours': 'models/ours'})
    >>> _read("demo").names, _read(["demo", "org/x"]).names
    (('demo',), ('demo', 'org/x'))
    """
    if isinstance(given, str) and given:
        return NamedModels((given,))
    if isinstance(given, list) and given and all(isinstance(name, str) and name for name in given):
        return NamedModels(tuple(given))
    if isinstance(given, Mapping) and given and all(isinstance(at, str) and at for at in given.values()):
        return NamedModels(tuple(given), {name: at for name, at in given.items() if at != name})
    raise PydanticCustomError("claims_rule", "", {"rule": _RULE})


Models = Annotated[NamedModels, PlainValidator(_read), WithJsonSchema(_SHAPE)]
