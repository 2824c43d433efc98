"""Build a model without its weights, to see what modules it has."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
import transformers
from transformers import AutoConfig
from transformers.models.auto import configuration_auto, modeling_auto

from neuronclaims.foreign_files import check_folder
from neuronclaims.measurements.errors import ModelError, told_as
from neuronclaims.models.facts import LARGEST, MOST_LAYERS
from neuronclaims.models.running.loading import quiet
from neuronclaims.models.structure import words
from neuronclaims.models.structure.architecture import Architecture
from neuronclaims.models.structure.derive import derive, text_config
from neuronclaims.models.structure.sizes import ModelSize, size_of

_KNOWN: Mapping[str, str] = getattr(configuration_auto, "CONFIG_MAPPING_NAMES")  # noqa: B009
"""Every type of model that Transformers knows."""


_OTHERS: Mapping[str, str] = {
    "MODEL_FOR_MULTIMODAL_LM_MAPPING_NAMES": "AutoModelForMultimodalLM",
    "MODEL_FOR_SEQ_TO_SEQ_CAUSAL_LM_MAPPING_NAMES": "AutoModelForSeq2SeqLM",
}
"""Where Transformers lists models that hear as well, and what loads these."""


def of_folder(folder: Path, kind: str, spec: str) -> Architecture:
    """Return the architecture of the model in a folder, of type ``kind``; raise ModelError where there is none."""
    model, loads_as, causal = _built(folder, kind, spec)
    with told_as(ModelError, f"The sites of model {spec!r} ({kind}) cannot be derived from its modules"):
        return derive(model, spec, causal=causal, loads_as=loads_as)


def size_of_folder(folder: Path, kind: str, spec: str) -> ModelSize:
    """Return the size of the model in a folder, by its config.json alone; raise ModelError where it has none."""
    model, _, _ = _built(folder, kind, spec)
    return size_of(model)


def _built(folder: Path, kind: str, spec: str) -> tuple[Any, str, bool]:
    """Return a model without weights, the class that loads it, and whether it predicts a next token."""
    _check_known(kind, spec)
    check_folder(folder)
    with told_as(ModelError, f"The configuration of model {spec!r} does not load from {folder}"), quiet():
        config = AutoConfig.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
    loads_as, causal = sort_of(config, spec)
    _bounded(config, spec)
    loader: Any = getattr(transformers, loads_as)
    with (
        told_as(ModelError, f"Model {spec!r} ({kind}) cannot be built from its config.json"),
        quiet(),
        torch.device("meta"),
    ):
        return loader.from_config(config), loads_as, causal


def of_object(model: Any, spec: str) -> Architecture:
    """Return the architecture of a model handed over; raise ModelError where it cannot be measured."""
    loads_as, causal = sort_of(model.config, spec)
    causal = causal and model.get_output_embeddings() is not None
    if any(type(module).__module__.split(".")[0] == "transformer_lens" for module in model.modules()):
        # A bridge puts modules of its own around each, which answer to the paths of those inside.
        with quiet(), torch.device("meta"):
            model = type(model)(model.config)
    return derive(model, spec, causal=causal, loads_as=loads_as)


def sort_of(config: Any, spec: str) -> tuple[str, bool]:
    """Return the class of Transformers that loads a configuration's model, and whether that predicts a next token."""
    kind = str(config.model_type)
    _check_known(kind, spec)
    if getattr(config, "is_encoder_decoder", False):
        raise ModelError(
            f"Model {spec!r} is of type {kind!r}, an encoder and a decoder, which is not supported: a text runs "
            "through one of them and what is written through the other, and no sentence says which is meant."
        )
    masked = kind in modeling_auto.MODEL_FOR_MASKED_LM_MAPPING_NAMES or kind in words.DECODERS_IF_SAID
    if masked and not getattr(text_config(config), "is_decoder", False):
        return "AutoModel", False
    seeing = modeling_auto.MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING_NAMES.get(kind)
    text_alone = modeling_auto.MODEL_FOR_CAUSAL_LM_MAPPING_NAMES.get(kind)
    if text_alone is not None and seeing in (None, text_alone):
        return "AutoModelForCausalLM", True
    if kind in modeling_auto.MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING_NAMES:
        return "AutoModelForImageTextToText", True
    for mapping, loader in _OTHERS.items():
        if kind in getattr(modeling_auto, mapping, {}):
            return loader, True
    if kind in modeling_auto.MODEL_MAPPING_NAMES:
        return "AutoModel", False
    raise ModelError(f"Model {spec!r} is of type {kind!r}, which is not supported: it is no model of texts.")


def _check_known(kind: str, spec: str) -> None:
    if kind not in _KNOWN:
        raise ModelError(
            f"Model {spec!r} is of type {kind!r}, which is not supported: Transformers {transformers.__version__} does "
            "not know it. A newer version may; a package can bring an architecture "
            "(neuronclaims.models.architectures)."
        )


def _bounded(config: Any, spec: str) -> None:
    """Raise ModelError for a configuration whose numbers no model has, before anything of that size is built."""
    for key, value in config.to_dict().items():
        if isinstance(value, int) and value > LARGEST:
            raise ModelError(
                f"The config.json of model {spec!r} gives {key!r} as {value:,}, and at most {LARGEST:,} are taken for "
                "true."
            )
    layers = getattr(text_config(config), "num_hidden_layers", 0)
    if isinstance(layers, int) and layers > MOST_LAYERS:
        raise ModelError(
            f"The config.json of model {spec!r} gives 'num_hidden_layers' as {layers:,}, and at most {MOST_LAYERS:,} "
            "are taken for true."
        )
