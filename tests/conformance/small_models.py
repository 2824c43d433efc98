"""Small models of the zoo with random weights, and their tokenizer, saved as Hugging Face folders."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
import transformers
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors
from transformers import CONFIG_MAPPING, PreTrainedTokenizerFast
from zoo import CHANGES, SMALL, SMALL_VISION, SPECIAL, VOCABULARY, WORDS, kind_of

LARGEST = 20_000_000
"""The most parameters of a model of the zoo: what is larger was not made small."""


class TooLargeError(Exception):
    """A configuration of the zoo that does not make a small model."""


def auto_class(model_type: str) -> Any:
    """Return the class of Transformers that loads an architecture whole, with its head."""
    heads = ("MultimodalLM", "ImageTextToText", "CausalLM", "Seq2SeqLM")
    chosen = {"decoders": ("CausalLM",), "encoders": ("MaskedLM",), "encoder_decoders": ("Seq2SeqLM",)}
    kinds = [getattr(transformers, f"AutoModelFor{head}") for head in chosen.get(kind_of(model_type), heads)]
    return next((kind for kind in kinds if CONFIG_MAPPING[model_type] in kind._model_mapping), kinds[0])


def small_config(model_type: str) -> Any:
    """Return the configuration of the small model of an architecture."""
    kind = CONFIG_MAPPING[model_type]
    return kind(**_settings(kind, CHANGES.get(model_type, {}), SMALL))


def _settings(kind: Any, changes: Mapping[str, Any], table: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings of one configuration: what the table says of those it has, and its own changes."""
    changes, settings = dict(changes), {}
    for name, inner in (getattr(kind, "sub_configs", None) or {}).items():
        given = changes.pop(name, {})
        if given is None:
            settings[name] = None
            continue
        if inner.__name__ == "AutoConfig" or "model_type" in given:
            inner = CONFIG_MAPPING[given.get("model_type") or getattr(kind(), name).model_type]
        textual = any(word in name for word in ("text", "llm", "decoder"))
        settings[name] = _settings(inner, given, SMALL if textual else SMALL_VISION) | {
            "model_type": inner.model_type
        }
    known = {name for base in kind.__mro__ for name in getattr(base, "__annotations__", {})}
    for name, value in table.items():
        if name in known:
            settings[name] = value
        elif kind.attribute_map.get(name) in known:
            settings.setdefault(kind.attribute_map[name], value)
    return settings | changes


def small_model(model_type: str, seed: int = 0) -> Any:
    """Return a model with random weights, biases and norms included; the same for the same arguments.

    Raises TooLargeError for a configuration that leaves something large.
    """
    config, kind = small_config(model_type), auto_class(model_type)
    with torch.device("meta"):
        size = sum(each.numel() for each in kind.from_config(config).parameters())
    if size > LARGEST:
        raise TooLargeError(f"{size:,} parameters")
    torch.manual_seed(seed)
    model = kind.from_config(config)
    with torch.no_grad():
        for parameter in model.parameters():
            # A norm's scale and a bias are moved from where they are; matrices are drawn anew.
            noise = torch.randn_like(parameter) * (0.2 if parameter.dim() == 1 else 0.15)
            parameter.copy_(parameter + noise if parameter.dim() == 1 else noise)
        for name, buffer in model.named_buffers():
            if name.endswith("bias") and buffer.is_floating_point():
                buffer.add_(torch.randn_like(buffer) * 0.1)
        head = model.get_output_embeddings()
        if head is not None:
            # So that texts go on: a text that ends at once has no generated tokens to compare.
            head.weight[SPECIAL.index("</s>")] = 0.0
    return model.eval()


def tokenizer(model_type: str) -> Any:
    """Return a tokenizer of whole words, which puts <s> first and, for encoders, </s> last."""
    inner = _of_pieces() if model_type in OF_PIECES else _of_words()
    inner.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>" if kind_of(model_type) == "encoders" else "<s> $A",
        special_tokens=[(word, place) for place, word in enumerate(SPECIAL)],
    )
    named = {"bos_token": "<s>", "pad_token": "<pad>", "eos_token": "</s>", "unk_token": "<unk>"}
    return PreTrainedTokenizerFast(tokenizer_object=inner, **named)


OF_PIECES = ("qwen2", "qwen3_5", "qwen3_5_moe", "qwen3_5_moe_text", "hyperclovax_vision_v2")
"""Architectures whose tokenizer Transformers makes again as byte-level BPE, whatever the folder says."""


def _of_words() -> Tokenizer:
    words = [*SPECIAL, *WORDS]
    words += [f"w{place}" for place in range(len(words), VOCABULARY - 10)]
    made = Tokenizer(models.WordLevel({word: place for place, word in enumerate(words)}, unk_token="<unk>"))
    made.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    return made


def _of_pieces() -> Tokenizer:
    """Return the same words as byte-level BPE, in which every word is joined letter by letter."""
    letters = sorted({letter for word in WORDS for letter in word})
    merges: list[tuple[str, str]] = []
    for word in WORDS:
        pieces = list(word)
        for left, right in merges:
            for place in range(len(pieces) - 1, 0, -1):
                if pieces[place - 1 : place + 1] == [left, right]:
                    pieces[place - 1 : place + 1] = [left + right]
        joined = ["".join(pieces[:end]) for end in range(1, len(pieces))]
        merges += [*zip(joined, pieces[1:], strict=True), ("\u0120", word)]
    vocabulary = [*SPECIAL, "\u0120", *letters, *dict.fromkeys(left + right for left, right in merges)]
    made = Tokenizer(models.BPE({word: place for place, word in enumerate(vocabulary)}, merges))
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    return made


def save(model_type: str, folder: Path) -> Path:
    """Save the small model of an architecture and its tokenizer in Hugging Face format, and return the folder."""
    small_model(model_type).save_pretrained(folder)
    tokenizer(model_type).save_pretrained(folder)
    return folder
