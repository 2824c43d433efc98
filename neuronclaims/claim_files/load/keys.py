"""The keys of the ``load:`` block, with their types."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field, PlainValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

from neuronclaims.claim_files.entries import Column
from neuronclaims.claim_files.yaml.mapping import FileMapping
from neuronclaims.loading.settings import DEVICE, allowed, meant, what, words


def _load_setting(name: str, shape: dict[str, Any]) -> Any:
    """Return the type of one setting by which a model is loaded."""

    def read(value: object) -> str:
        if allowed(name, value):
            return str(value)
        context = {"what": what(name), "near": meant(name, value), "options": words(name)}
        raise PydanticCustomError("claims_choice", "", context)

    return Annotated[str, PlainValidator(read), WithJsonSchema(shape)]


Dtype: Any = _load_setting("dtype", {"enum": list(words("dtype"))})
Device: Any = _load_setting("device", {"type": "string", "pattern": f"^({DEVICE})$"})
Attention: Any = _load_setting("attention", {"enum": list(words("attention"))})


class LoadOne(FileMapping):
    """How one model is loaded."""

    dtype: Dtype | None = Field(None, description="What it computes in; auto is what its config.json names.")
    device: Device | None = Field(None, description="Where it runs: cpu, cuda, cuda:N, mps or auto.")
    attention: Attention | None = Field(
        None, description="The implementation of attention, by Transformers' name."
    )


class Load(LoadOne):
    """How the models of a file are loaded; the command line counts before it."""

    models: dict[Column, LoadOne] | None = Field(
        None, description="What holds for single models, by the name that 'models' has them under."
    )
