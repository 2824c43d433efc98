"""The keys of the ``load:`` block, with their types."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field, PlainValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

from neuronclaims.claim_files.entries import Column
from neuronclaims.claim_files.yaml.mapping import FileMapping
from neuronclaims.loading.device_maps import WAYS
from neuronclaims.loading.settings import allowed, fault, meant, plain, what, words
from neuronclaims.loading.words import DEVICE


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


def _spread_setting(name: str, shape: dict[str, Any]) -> Any:
    """Return the type of a setting of models larger than a device, which is read to plain data."""

    def read(value: object) -> Any:
        if (wrong := fault(name, value)) is None:
            return plain(name, value)
        rule = wrong.removeprefix(f"{name} ").partition(". Did you mean")[0].removesuffix(".")
        context = {"rule": f"it {rule}", "near": meant(name, value)}
        raise PydanticCustomError("claims_rule", "", context)

    return Annotated[Any, PlainValidator(read), WithJsonSchema(shape)]


_DEVICES: dict[str, Any] = {"anyOf": [{"type": "string"}, {"type": "integer", "minimum": 0}]}
DeviceMap: Any = _spread_setting(
    "device_map",
    {
        "anyOf": [
            {"enum": list(WAYS)},
            {"type": "object", "additionalProperties": _DEVICES, "minProperties": 1},
        ]
    },
)
MaxMemory: Any = _spread_setting(
    "max_memory", {"type": "object", "additionalProperties": _DEVICES, "minProperties": 1}
)
OffloadFolder: Any = _spread_setting("offload_folder", {"type": "string", "minLength": 1})


class LoadOne(FileMapping):
    """How one model is loaded."""

    dtype: Dtype | None = Field(None, description="What it computes in; auto is what its config.json names.")
    device: Device | None = Field(None, description="Where it runs: cpu, cuda, cuda:N, mps or auto.")
    attention: Attention | None = Field(
        None, description="The implementation of attention, by Transformers' name."
    )
    device_map: DeviceMap | None = Field(
        None,
        description="For a model larger than a device, in place of 'device': auto, balanced, sequential, or modules "
        "with their devices (a number for a GPU, cuda:N, mps, cpu, disk).",
    )
    max_memory: MaxMemory | None = Field(
        None, description="What a device map may take of each device, such as {0: 20GiB, cpu: 60GiB}."
    )
    offload_folder: OffloadFolder | None = Field(
        None,
        description="Where weights are written, for the time of a run, that 'disk' cannot read from the model's files.",
    )


class Load(LoadOne):
    """How the models of a file are loaded; the command line counts before it."""

    models: dict[Column, LoadOne] | None = Field(
        None, description="What holds for single models, by the name that 'models' has them under."
    )
