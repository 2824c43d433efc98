"""What the sections of a claim file hold, entry by entry: keys, types and bounds of sets, pairs and directions."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainValidator,
    SkipValidation,
    WithJsonSchema,
    model_validator,
)
from pydantic_core import PydanticCustomError
from typing_extensions import Self

from neuronclaims.claim_files.chats.keys import MESSAGES_SCHEMA, ChatKeys, Side
from neuronclaims.claim_files.labels.reading import LABELS_SCHEMA
from neuronclaims.claim_files.yaml.mapping import FileMapping
from neuronclaims.sentences.field_types import composed
from neuronclaims.sentences.options import SCALAR
from neuronclaims.sentences.subjects.layers import Layers, LayersError, parse_layers


def search(value: object) -> Layers:
    """Read what was searched; the error suggests what was probably meant."""
    if not isinstance(value, str):
        raise PydanticCustomError("string_type", "")
    try:
        return parse_layers(value)
    except LayersError as error:
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
        return GradedBy(column=composed(value["column"]))
    rule = "give the SHA-256 of a model, 64 digits and letters a to f, or {column: NAME}"
    raise PydanticCustomError("claims_rule", "", {"rule": rule})


def listed(value: object) -> object:
    """Return a list with one text, or the list that was given."""
    return [value] if isinstance(value, str) else value


def one_or_more(item: dict[str, Any]) -> WithJsonSchema:
    """Return the JSON Schema of an item or a list of items."""
    return WithJsonSchema({"anyOf": [item, {"type": "array", "items": item, "minItems": 1}]})


Text = Annotated[str, Field(min_length=1), WithJsonSchema(SCALAR)]
Texts = Annotated[list[Text], Field(min_length=1), BeforeValidator(listed), one_or_more(SCALAR)]
Name = Annotated[str, Field(min_length=1), AfterValidator(composed), WithJsonSchema(SCALAR)]
Column = Annotated[str, Field(min_length=1), AfterValidator(composed)]
Path = Annotated[str, Field(min_length=1)]
Where = dict[Column, Texts]
Grader = Annotated[GradedBy, PlainValidator(graded_by), WithJsonSchema(GRADED_BY)]
From = Annotated[
    list[Name],
    Field(min_length=1),
    BeforeValidator(listed),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string"},
                {"type": "array", "items": {"type": "string"}, "minItems": 2, "maxItems": 2},
            ]
        }
    ),
]

_WHERE = "Which rows to take: for each column a value or a list of values."
_FORMATS = (
    ".jsonl, .csv, .tsv or .parquet file, a log of Inspect AI (.eval, .json), a .json of a dashboard, or a folder that "
    "datasets saved, relative to the claim file."
)
_TABLE = f"A {_FORMATS}"
_GRADED = "The SHA-256 of the model whose answers these are, or {column: NAME} where the rows hold it."


class RowsFrom(FileMapping):
    """The keys that say where rows come from: a file, or a data set that the library datasets has on this machine."""

    model_config = ConfigDict(
        json_schema_extra={"anyOf": [{"required": ["file"]}, {"required": ["dataset"]}]}
    )

    file: Path | None = Field(None, description=f"A .txt (one prompt per line), {_FORMATS}")
    dataset: Column | None = Field(
        None, description="A data set in the cache of the library datasets, by its name; it is never fetched."
    )
    split: Column | None = Field(None, description="The split of a data set; required where it has several.")
    config: Column | None = Field(
        None, description="The configuration of a data set; required where several are in the cache."
    )
    revision: Column | None = Field(
        None, description="The version of a data set in the cache; required where there are several."
    )
    first: int | None = Field(
        None,
        ge=1,
        le=1_000_000_000,
        description="How many rows to take at most: the first ones that 'where' takes.",
    )


class _Columns(RowsFrom):
    column: Column | None = Field(
        None, description="The column that holds the prompts; required for .csv and .tsv, 'text' for .jsonl."
    )
    messages: Column | None = Field(
        None,
        description="The column that holds chats: a list of messages in .jsonl ('messages' by default), JSON in .csv.",
    )
    where: Where | None = Field(None, description=_WHERE)
    group: Column | None = Field(None, description="The column that holds each prompt's group.")
    pair: Column | None = Field(None, description="The column that holds each prompt's pair.")
    block: Column | None = Field(
        None,
        description="The column that holds each prompt's block: labels are exchanged within blocks only.",
    )
    id: Column | None = Field(None, description="The column that holds each prompt's name.")
    labels: Column | None = Field(
        None, description="The column that holds labelled stretches of each prompt: [[4, 7, noun]]."
    )
    graded_by: Grader | None = Field(None, description=_GRADED)


class FileSet(ChatKeys, _Columns):
    """A prompt set kept in a file of its own, or in a data set."""

    @model_validator(mode="after")
    def _texts_or_chats(self) -> Self:
        if self.messages is not None and (self.column is not None or self.as_ is not None):
            other = "column" if self.column is not None else "as"
            rule = f"'messages' names a column of chats and '{other}' is for texts: give one of the two"
            raise PydanticCustomError("claims_rule", "", {"rule": rule})
        return self


_SPANS = "Texts in the prompt by name, so that claims can read their tokens: {subject: Hanoi}."


class _Labels(FileMapping):
    """What may belong to a prompt that is written in the claim file."""

    id: Text | None = Field(None, description="The prompt's name.")
    group: Text | None = Field(
        None, description="What the prompt shares with others: template, document, entity."
    )
    pair: Text | None = Field(None, description="The pair of prompts this one belongs to.")
    block: Text | None = Field(
        None, description="The block this prompt stands in: labels are exchanged within blocks only."
    )
    spans: dict[str, Text] | None = Field(None, description=_SPANS)
    numbers: dict[str, Text] | None = Field(
        None,
        description="Numbers of the prompt by name, which claims can say that neurons go with: {magnitude: 12}.",
    )
    labels: Annotated[list[Any], SkipValidation, WithJsonSchema(LABELS_SCHEMA)] | None = Field(
        None,
        description="Labelled stretches of the prompt: [first character, one after the last, label], from 0.",
    )


class _Text(FileMapping):
    text: Text = Field(description="The prompt.")


class PromptEntry(_Labels, _Text):
    """One prompt written in the claim file, with what belongs to it."""


class _Messages(FileMapping):
    messages: Annotated[list[Any], SkipValidation, WithJsonSchema(MESSAGES_SCHEMA)] = Field(
        description="The messages, each with role and content; a last one of the assistant is gone on with."
    )


class ChatEntry(_Labels, _Messages):
    """One chat written in the claim file, with what belongs to it."""


Listed = list[Text | PromptEntry | ChatEntry]
"""Prompts that are written in the claim file."""


class _Prompts(FileMapping):
    prompts: Annotated[Listed, Field(min_length=1), SkipValidation] = Field(
        description="The prompts: texts, or mappings with 'text' or 'messages'."
    )


class ListedSet(ChatKeys, _Prompts):
    """A prompt set written in the claim file, with what its prompts have in common."""


class _PairColumns(RowsFrom):
    file: Path | None = Field(None, description=_TABLE)
    clean: Column = Field("clean", description="The column that holds the clean texts or messages.")
    corrupted: Column = Field(
        "corrupted", description="The column that holds the corrupted texts or messages."
    )
    where: Where | None = Field(None, description=_WHERE)
    group: Column | None = Field(None, description="The column that holds each pair's group.")
    id: Column | None = Field(None, description="The column that holds each pair's name.")
    graded_by: Grader | None = Field(None, description=_GRADED)


class FilePairs(ChatKeys, _PairColumns):
    """Pairs of prompts kept in a file of their own, or in a data set."""


class PairEntry(FileMapping):
    """One pair of prompts written in the claim file."""

    clean: Side = Field(description="The text, or the messages, with the prediction in question.")
    corrupted: Side = Field(
        description="A text, or messages, without it, of as many tokens unless only some are changed."
    )
    id: Text | None = Field(None, description="The pair's name.")
    group: Text | None = Field(
        None, description="What the pair shares with others: template, document, entity."
    )
    spans: dict[str, Text] | None = Field(None, description=_SPANS)


class _Pairs(FileMapping):
    pairs: Annotated[list[PairEntry], Field(min_length=1), SkipValidation] = Field(
        description="The pairs, each with 'clean' and 'corrupted'."
    )


class ListedPairs(ChatKeys, _Pairs):
    """Pairs written in the claim file, with what their prompts have in common."""
