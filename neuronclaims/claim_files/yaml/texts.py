"""Kinds of text that a claim file may hold, checked as they are read, with their JSON Schema."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from pydantic import WithJsonSchema
from pydantic_core import PydanticCustomError

from neuronclaims.sentences.layers import Search, SearchError, parse_search


def search(value: object) -> Search:
    """Read what was searched; the error carries what was probably meant."""
    if not isinstance(value, str):
        raise PydanticCustomError("string_type", "")
    try:
        return parse_search(value)
    except SearchError as error:
        raise PydanticCustomError("claims_search", "", {"rule": error.rule, "near": error.near}) from None


FINGERPRINT = re.compile(r"[0-9a-f]{64}")
"""The SHA-256 of a model's weights, as reports show it."""

GRADED_BY: dict[str, Any] = {
    "anyOf": [
        {"type": "string", "pattern": f"^{FINGERPRINT.pattern}$"},
        {
            "type": "object",
            "properties": {"column": {"type": "string"}},
            "required": ["column"],
            "additionalProperties": False,
        },
    ]
}


@dataclass(frozen=True, slots=True)
class GradedBy:
    """Where the fingerprint of the model that gave some answers stands: in the claim file, or in a column."""

    fingerprint: str | None = None
    column: str | None = None


def graded_by(value: object) -> GradedBy:
    """Read ``graded_by``: a fingerprint, or a mapping with the key ``column``."""
    if isinstance(value, str) and FINGERPRINT.fullmatch(value):
        return GradedBy(fingerprint=value)
    if isinstance(value, dict) and list(value) == ["column"] and isinstance(value["column"], str):
        return GradedBy(column=value["column"])
    rule = "give the SHA-256 of a model, 64 digits and letters a to f, or {column: NAME}"
    raise PydanticCustomError("claims_rule", "", {"rule": rule})


def listed(value: object) -> object:
    """Return one text as a list of it."""
    return [value] if isinstance(value, str) else value


def one_or_more(item: dict[str, Any]) -> WithJsonSchema:
    """Return the JSON Schema of an item or a list of items."""
    return WithJsonSchema({"anyOf": [item, {"type": "array", "items": item, "minItems": 1}]})
