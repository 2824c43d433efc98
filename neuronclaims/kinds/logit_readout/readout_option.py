"""The option of both kinds about what a model predicts: what turns its last state into predictions."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from pydantic import Field

from neuronclaims.sentences.options import OneOf

ReadoutWith: TypeAlias = Annotated[
    Literal["model", "legacy_embed"],
    OneOf("readout"),
    Field(description="What makes predictions: model (default) or legacy_embed."),
]
