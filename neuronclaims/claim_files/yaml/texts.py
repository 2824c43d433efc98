"""Kinds of text that a claim file may hold, checked as they are read, with their JSON Schema."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from pydantic import GetCoreSchemaHandler, WithJsonSchema
from pydantic_core import PydanticCustomError, core_schema

from neuronclaims.sentences.field_types import MisreadError, Word
from neuronclaims.sentences.fields import FIELD_TYPES
from neuronclaims.sentences.layers import Search, SearchError, parse_search
from neuronclaims.sentences.messages import closest
from neuronclaims.sentences.numbers import Amount


@dataclass(frozen=True, slots=True)
class OneOf:
    """Marks a text that is one of some options; its error carries the nearest one and all of them."""

    what: str
    options: tuple[str, ...]

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> core_schema.CoreSchema:
        return core_schema.no_info_after_validator_function(self._check, handler(source))

    def __get_pydantic_json_schema__(self, *_: object) -> dict[str, Any]:
        return {"enum": list(self.options)}

    def _check(self, text: str) -> str:
        written = " ".join(text.split())
        if written in self.options:
            return written
        near = closest(written, self.options) or closest(f"{written} of prompt", self.options)  # 'last' alone
        raise PydanticCustomError(
            "claims_choice", "", {"what": self.what, "near": near, "options": self.options}
        )


@dataclass(frozen=True, slots=True)
class Form:
    """Marks a text that matches a pattern; ``rule`` says in words what that asks for."""

    pattern: str
    rule: str

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> core_schema.CoreSchema:
        return core_schema.no_info_after_validator_function(self._check, handler(source))

    def __get_pydantic_json_schema__(self, *_: object) -> dict[str, Any]:
        return {"type": ["string", "number"], "pattern": f"^{self.pattern}$"}

    def _check(self, text: str) -> str:
        if re.fullmatch(self.pattern, text):
            return text
        raise PydanticCustomError("claims_form", "", {"rule": self.rule})


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
AMOUNT: dict[str, Any] = {
    "anyOf": [{"type": "number", "exclusiveMinimum": 0}, {"type": "string", "pattern": r"^\S+( +sd)?$"}]
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


def amount(value: object) -> Amount:
    """Read an amount above zero, such as ``0.1`` or ``0.5 sd``; the error carries what was probably meant."""
    if not isinstance(value, str):
        raise PydanticCustomError("string_type", "")
    words = [Word(text, 0) for text in value.split()]
    rule, near = "write an amount above 0, such as 0.1 or '0.5 sd'", None
    try:
        found, used = FIELD_TYPES["amount"].read(words)
        if isinstance(found, Amount) and used == len(words) and found.value > 0:
            return found
    except MisreadError as misread:
        rule, near = misread.reason or rule, misread.suggestion if misread.ahead == 0 else None
    raise PydanticCustomError("claims_form", "", {"rule": rule, "near": near})


def truth(value: object) -> bool:
    """Read ``true`` or ``false``."""
    if value in ("true", "false"):
        return value == "true"
    raise PydanticCustomError("claims_rule", "", {"rule": "write true or false"})


def listed(value: object) -> object:
    """Return one text as a list of it."""
    return [value] if isinstance(value, str) else value


def one_or_more(item: dict[str, Any]) -> WithJsonSchema:
    """Return the JSON Schema of an item or a list of items."""
    return WithJsonSchema({"anyOf": [item, {"type": "array", "items": item, "minItems": 1}]})
