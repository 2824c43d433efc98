"""The types of the values of single keys: what they take, and what is said of anything else."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, PlainValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

from neuronclaims.claim_files.entries import listed, one_or_more, search
from neuronclaims.sentences.names import IDENTIFIER, NAME_SIGNS
from neuronclaims.sentences.options import Form, OneOf
from neuronclaims.sentences.subjects.layers import PATTERN, Layers
from neuronclaims.sites import site_names
from neuronclaims.tokens.forms import TOKENS_SCHEMA, read_form
from neuronclaims.tokens.grammar import ReadRule, read_tokens

CORRECTIONS = ("holm", "bonferroni", "benjamini-hochberg", "benjamini-yekutieli", "max-statistic", "none")
SERIES_CORRECTIONS = ("holm", "bonferroni", "none")
"""The corrections that claims of a series have."""

_IDENTITY = rf"{NAME_SIGNS}+(?::{NAME_SIGNS}+)*"
_SHARE = r"(?!0+(?:\.0+)?[ %])[0-9]{1,2}(?:\.[0-9]{1,3})? ?%"
_TAG = r"[A-Za-z_][A-Za-z0-9_-]*"


def _version(number: int) -> int:
    if number == 1:
        return number
    raise PydanticCustomError("claims_form", "", {"rule": "this release reads version 1 of claim files"})


def _tokens(given: object) -> ReadRule:
    return read_form(read_tokens, given)


Version = Annotated[int, AfterValidator(_version), WithJsonSchema({"const": 1})]
Site = Annotated[str, OneOf("site", site_names())]
TokenRule = Annotated[ReadRule, PlainValidator(_tokens), WithJsonSchema(TOKENS_SCHEMA)]
Correction = Annotated[str, OneOf("correction", CORRECTIONS)]
Searched = Annotated[
    Layers, PlainValidator(search), WithJsonSchema({"type": "string", "pattern": f"^({PATTERN})$"})
]
Identity = Annotated[str, Form(_IDENTITY, "an id has letters, digits, '_', '-' and single ':' between them")]
Tag = Annotated[str, Form(_TAG, "a tag has letters, digits, '_' and '-', and does not begin with a digit")]
Share = Annotated[str, Form(_SHARE, "a share is above 0 and below 100 %, such as 20%")]
Tags = Annotated[
    list[Tag],
    Field(min_length=1),
    BeforeValidator(listed),
    one_or_more({"type": "string", "pattern": f"^{_TAG}$"}),
]
Name = Annotated[str, WithJsonSchema({"type": "string", "pattern": f"^{IDENTIFIER.pattern}$"})]
