"""Kinds of text that a claim file may hold, checked as they are read, with their JSON Schema."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from pydantic import GetCoreSchemaHandler, WithJsonSchema
from pydantic_core import PydanticCustomError, core_schema

from neuronclaims.language.search import Search, SearchError, parse_search
from neuronclaims.language.suggest import closest


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


def listed(value: object) -> object:
    """Return one text as a list of it."""
    return [value] if isinstance(value, str) else value


def one_or_more(item: dict[str, Any]) -> WithJsonSchema:
    """Return the JSON Schema of an item or a list of items."""
    return WithJsonSchema({"anyOf": [item, {"type": "array", "items": item, "minItems": 1}]})
