"""Every architecture of Transformers that takes text, and the settings of its small model: what ``zoo.yaml`` says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

_READ: dict[str, Any] = yaml.safe_load((Path(__file__).parent / "zoo.yaml").read_text("utf-8"))

KINDS: dict[str, tuple[str, ...]] = {kind: tuple(names) for kind, names in _READ["kinds"].items()}
"""The architectures by what they do: ``decoders``, ``encoders``, ``encoder_decoders``, ``multimodal``."""

ARCHITECTURES: tuple[str, ...] = tuple(name for names in KINDS.values() for name in names)
"""All of them, by their ``model_type``."""

SMALL: dict[str, Any] = _READ["small"]
"""What a setting is in a small model, in every configuration that has it."""

SMALL_VISION: dict[str, Any] = _READ["small_vision"]
"""The same for the parts of a model that read pictures and sounds."""

CHANGES: dict[str, dict[str, Any]] = _READ["changes"]
"""Settings of single architectures, by ``model_type``."""

HEADS, VOCABULARY = SMALL["num_attention_heads"], SMALL["vocab_size"]

WORDS = (
    *(
        "the",
        "a",
        "an",
        "of",
        "in",
        "on",
        "and",
        "to",
        "was",
        "is",
        "dog",
        "cat",
        "bird",
        "tree",
        "river",
        "house",
    ),
    *("red", "blue", "green", "old", "new", "ran", "sat", "saw", "ate"),
)
SPECIAL = ("<s>", "<pad>", "</s>", "<unk>", "<mask>")


def kind_of(model_type: str) -> str:
    """Return what an architecture does, as ``KINDS`` names it."""
    return next(kind for kind, names in KINDS.items() if model_type in names)
