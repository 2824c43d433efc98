"""Refuse weights that are not all of the model that a configuration speaks of, or are of another."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from transformers import AutoConfig

from neuronclaims.measurements import ModelFacts
from neuronclaims.measurements.errors import ModelError
from neuronclaims.models.identity.folder_files import weight_files
from neuronclaims.models.identity.safetensors_header import read_header
from neuronclaims.models.sources import Source

MOST_BEYOND = 20_000_000
"""By how many numbers a model may be larger than twice its files: causal masks of small models are."""


def check_plausible(folder: Path, facts: ModelFacts, kind: Any, quantised: bool) -> Any:
    """Return the model without numbers; raise ModelError for a configuration of a much larger one than its weights.

    What the weights lack is filled with random numbers before it is told, and that could take all memory.
    """
    tensors = [place for path in weight_files(folder) for place in read_header(path).values()]
    if facts.layers > len(tensors):
        raise ModelError(
            f"The config.json in {folder} speaks of {facts.layers:,} layers, but the weights hold {len(tensors):,} "
            "tensors. One of the two files is of another model."
        )
    stored = sum(math.prod(place.shape) for place in tensors)
    if quantised:
        stored = 2 * sum(place.stop - place.start for place in tensors)  # of four bits each, at the least
    config = AutoConfig.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
    with torch.device("meta"):
        model = kind.from_config(config)
    needed = sum(tensor.numel() for tensor in (*model.parameters(), *model.buffers()))
    if needed > 2 * stored + MOST_BEYOND:
        raise ModelError(
            f"The config.json in {folder} speaks of a model of {needed:,} numbers, but the weights hold {stored:,}. "
            "One of the two files is of another model."
        )
    return model


_HARMLESS = re.compile(
    r"(?:.*\.)?(?:rotary_emb\.inv_freq|attn\.bias|attn\.masked_bias|attention\.bias|attention\.masked_bias|"
    r"position_ids|embeddings\.token_type_ids)"
)
"""Tensors that older checkpoints hold and that newer code computes for itself: they change no value."""

_POOLER = re.compile(r"(?:^|\.)pooler\.")

_HEADS = re.compile(r"cls\.|lm_head\.|mlm_head\.|pooler\.|classifier\.")
"""Heads of an encoder's checkpoint. Its body alone is measured."""


def check_complete(source: Source, causal: bool, notes: Mapping[str, Any], prefix: str) -> None:
    """Raise ModelError for weights that lack tensors of the model, or hold others that would be dropped.

    Of an encoder the body alone is loaded, so tensors of a head may be left over: those that are outside of the body,
    whose tensors' names begin with ``prefix`` in a checkpoint with a head.
    """
    # What the file lacks, Transformers fills with random numbers. Only an encoder's pooler is never read.
    missing = sorted(name for name in map(str, notes["missing_keys"]) if causal or not _POOLER.search(name))
    if missing or notes["mismatched_keys"]:
        odd = missing or [str(item[0]) for item in notes["mismatched_keys"]]
        raise ModelError(
            f"The weights of model {source.spec!r} are incomplete: {len(odd)} tensors are missing or have another "
            f"shape, {odd[0]} first. Measured like this, they would be random numbers; fetch or save the model again."
        )
    stored = _names(source) if notes["unexpected_keys"] and not causal else frozenset[str]()
    with_head = any(name.startswith(f"{prefix}.") for name in stored)

    def is_head(name: str) -> bool:
        return with_head and name in stored and not name.startswith(f"{prefix}.")

    dropped = sorted(
        name
        for name in map(str, notes["unexpected_keys"])
        if not _HARMLESS.fullmatch(name) and (causal or not (_HEADS.match(name) or is_head(name)))
    )
    if dropped:
        raise ModelError(
            f"The checkpoint of model {source.spec!r} holds {len(dropped)} tensors that its config.json leaves no "
            f"place for, {dropped[0]} first. They would be dropped, and another model would be measured. "
            "Correct config.json (such as the number of layers, or whether there are biases), or save the model again."
        )


def _names(source: Source) -> frozenset[str]:
    assert source.model_folder is not None
    return frozenset(name for path in weight_files(source.model_folder) for name in read_header(path))
