"""What the sections of a claim file hold, entry by entry: keys, types and bounds of sets, pairs and directions."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainValidator, WithJsonSchema

from neuronclaims.claim_files.yaml.texts import (
    GRADED_BY,
    GradedBy,
    graded_by,
    listed,
    one_or_more,
)
from neuronclaims.sentences.options import SCALAR, OneOf

METHODS = ("mean difference", "pca of paired differences", "logistic regression")

Text = Annotated[str, Field(min_length=1), WithJsonSchema(SCALAR)]
Texts = Annotated[list[Text], Field(min_length=1), BeforeValidator(listed), one_or_more(SCALAR)]
Column = Annotated[str, Field(min_length=1)]
Method = Annotated[str, OneOf("method", METHODS)]
Where = dict[Column, Texts]
Grader = Annotated[GradedBy, PlainValidator(graded_by), WithJsonSchema(GRADED_BY)]
From = Annotated[
    list[Text],
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
_TABLE = "A .jsonl or .csv file, relative to the claim file."
_GRADED = "The SHA-256 of the model whose answers these are, or {column: NAME} where the rows hold it."


class Part(BaseModel):
    """A mapping in a claim file: keys that it does not know are errors."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False, frozen=True)


class FileSet(Part):
    """A prompt set kept in a file of its own."""

    file: Column = Field(
        description="A .txt (one prompt per line), .jsonl or .csv file, relative to the claim file."
    )
    column: Column | None = Field(
        None, description="The column that holds the prompts; required for .csv, 'text' for .jsonl."
    )
    where: Where | None = Field(None, description=_WHERE)
    group: Column | None = Field(None, description="The column that holds each prompt's group.")
    pair: Column | None = Field(None, description="The column that holds each prompt's pair.")
    block: Column | None = Field(
        None,
        description="The column that holds each prompt's block: labels are exchanged within blocks only.",
    )
    id: Column | None = Field(None, description="The column that holds each prompt's name.")
    graded_by: Grader | None = Field(None, description=_GRADED)


class PromptEntry(Part):
    """One prompt written in the claim file, with what belongs to it."""

    text: Text = Field(description="The prompt.")
    id: Text | None = Field(None, description="The prompt's name.")
    group: Text | None = Field(
        None, description="What the prompt shares with others: template, document, entity."
    )
    pair: Text | None = Field(None, description="The pair of prompts this one belongs to.")
    block: Text | None = Field(
        None, description="The block this prompt stands in: labels are exchanged within blocks only."
    )


class FilePairs(Part):
    """Pairs of prompts kept in a file of their own."""

    file: Column = Field(description=_TABLE)
    clean: Column = Field("clean", description="The column that holds the clean texts.")
    corrupted: Column = Field("corrupted", description="The column that holds the corrupted texts.")
    where: Where | None = Field(None, description=_WHERE)
    group: Column | None = Field(None, description="The column that holds each pair's group.")
    id: Column | None = Field(None, description="The column that holds each pair's name.")
    graded_by: Grader | None = Field(None, description=_GRADED)


class PairEntry(Part):
    """One pair of prompts written in the claim file."""

    clean: Text = Field(description="The text with the prediction in question.")
    corrupted: Text = Field(description="A text of as many tokens that lacks it.")
    id: Text | None = Field(None, description="The pair's name.")
    group: Text | None = Field(
        None, description="What the pair shares with others: template, document, entity."
    )


class DirectionEntry(Part):
    """A direction in activation space, and what it is fitted on."""

    from_: From = Field(
        alias="from", description="Two prompt sets, the direction pointing to the first; or pairs, by name."
    )
    method: Method = Field(description="How the direction is fitted.")
    neutral: Text | None = Field(
        None, description="The prompt set by whose mean and spread scores are standardised."
    )
