"""Token rules as values of a claim file: how pydantic reads them, and how editors check them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, TypeAlias, TypeVar

from pydantic import PlainValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

from neuronclaims.tokens.grammar import AT_EXAMPLES, read_at
from neuronclaims.tokens.rule_words import EXAMPLES, POOLS, TokensError
from neuronclaims.tokens.spans import SPECIAL, WORDS, ChangedTokens

T = TypeVar("T")

_QUOTED = r'"([^"\\]|\\.)+"'
_SPAN = rf"({'|'.join(WORDS)}|(every |column )?{_QUOTED}|(column )?[^\s\"']+)( {SPECIAL})?"
_NUMBER = r"token -?[1-9][0-9]*"

TOKENS_SCHEMA: dict[str, Any] = {
    "type": "string",
    "pattern": rf"^(({'|'.join(POOLS)}|{_NUMBER}) (of|of after|after) {_SPAN}|value at bos)$",
    "examples": list(EXAMPLES),
}
"""The JSON Schema of ``tokens``."""


def read_form(read: Callable[[str], T], given: object) -> T:
    """Read a value of a claim file; raise what pydantic reports, with the place in the value."""
    if not isinstance(given, str):
        raise PydanticCustomError("string_type", "")
    try:
        return read(given)
    except TokensError as error:
        context = {
            "rule": error.message,
            "offset": error.offset,
            "width": error.width,
            "near": error.suggestion,
            "options": error.allowed,
        }
        raise PydanticCustomError("claims_form", "", context) from None


AT = (
    "The tokens at which neurons are changed: all (default), last, or named ones, such as 'last of subject' or "
    "'all of \"Hanoi\"'."
)
"""What editors and docs say of the option ``at``."""


def _at(given: object) -> ChangedTokens:
    return read_form(read_at, given)


At: TypeAlias = Annotated[
    ChangedTokens,
    PlainValidator(_at),
    WithJsonSchema(
        {
            "type": "string",
            "pattern": rf"^(all|last|((all|first|last|{_NUMBER}) (of|after) |after )?{_SPAN})$",
            "examples": list(AT_EXAMPLES),
        }
    ),
]
"""The tokens at which values are changed, as an option of a kind: ``at: last of subject``."""
