"""The models that published claims name: the true shapes as configurations alone, and small ones that can be run."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

_MEDIUM = {"n_layer": 24, "n_embd": 1024, "n_head": 16}
TRUE: dict[str, tuple[str, dict[str, Any]]] = {
    "gpt2": ("GPT2", {}),
    "gpt2-large": ("GPT2", {"n_layer": 36, "n_embd": 1280, "n_head": 20}),
    "meta-llama/Llama-2-7b-hf": ("Llama", {"max_position_embeddings": 4096}),
    "meta-llama/Meta-Llama-3-8B": (
        "Llama",
        {
            "vocab_size": 128256,
            "intermediate_size": 14336,
            "num_key_value_heads": 8,
            "max_position_embeddings": 8192,
        },
    ),
    "meta-llama/Llama-3.1-8B": (
        "Llama",
        {
            "vocab_size": 128256,
            "intermediate_size": 14336,
            "num_key_value_heads": 8,
            "max_position_embeddings": 131072,
        },
    ),
    "google/gemma-7b": ("Gemma", {}),
    "HuggingFaceTB/SmolLM2-135M-Instruct": (
        "Llama",
        {
            "vocab_size": 49152,
            "hidden_size": 576,
            "intermediate_size": 1536,
            "num_hidden_layers": 30,
            "num_attention_heads": 9,
            "num_key_value_heads": 3,
            "max_position_embeddings": 8192,
            "tie_word_embeddings": True,
        },
    ),
    "gpt2-medium": ("GPT2", _MEDIUM),
    "stanford-crfm/arwen-gpt2-medium-x21": ("GPT2", _MEDIUM),
    "EleutherAI/pythia-70m": (
        "GPTNeoX",
        {"hidden_size": 512, "num_hidden_layers": 6, "num_attention_heads": 8, "intermediate_size": 2048},
    ),
    "EleutherAI/pythia-410m": (
        "GPTNeoX",
        {"hidden_size": 1024, "num_hidden_layers": 24, "num_attention_heads": 16, "intermediate_size": 4096},
    ),
}
"""The class of each model's configuration, and where it differs from the class's own numbers."""

_GATED = {"num_attention_heads": 1, "num_key_value_heads": 1, "head_dim": 8, "intermediate_size": 8}
_LLAMA = ("Llama", _GATED | {"num_hidden_layers": 32, "hidden_size": 4096})
_SMALL_MEDIUM = ("GPT2", {"n_layer": 24, "n_embd": 16, "n_head": 2, "n_inner": 112})


def _neo_x(layers: int, inner: int) -> dict[str, Any]:
    return {
        "num_hidden_layers": layers,
        "hidden_size": 16,
        "num_attention_heads": 2,
        "intermediate_size": inner,
        "max_position_embeddings": 128,
    }


def _narrow_llama(layers: int, inner: int) -> dict[str, Any]:
    return _GATED | {"num_hidden_layers": layers, "hidden_size": 8, "intermediate_size": inner}


SMALL: dict[str, tuple[str, dict[str, Any]]] = {
    "seed-000-llama-2-7b": _LLAMA,
    "seed-000-llama-3-8b": _LLAMA,
    "seed-000-gemma-7b": ("Gemma", _GATED | {"num_hidden_layers": 28, "hidden_size": 3072}),
    "seed-001-honesty": ("Llama", _GATED | {"num_hidden_layers": 32, "hidden_size": 64}),
    "seed-002-trace-last": ("GPT2", {"n_layer": 12, "n_embd": 768, "n_head": 4, "n_inner": 16}),
    "seed-002-trace-all": ("GPT2", {"n_layer": 12, "n_embd": 768, "n_head": 4, "n_inner": 16}),
    "seed-003-an-neuron": ("GPT2", {"n_layer": 32, "n_embd": 16, "n_head": 2, "n_inner": 896}),
    "seed-003-congruence": ("GPT2", {"n_layer": 36, "n_embd": 8, "n_head": 2, "n_inner": 5120}),
    "seed-004-outliers": _LLAMA,
    "massive-activations-llama-2-7b": ("Llama", _GATED | {"num_hidden_layers": 16, "hidden_size": 64}),
    "entropy-neurons-gpt2": ("GPT2", {"n_layer": 12, "n_embd": 16, "n_head": 2, "n_inner": 112}),
    "prediction-neurons-gpt2-medium": _SMALL_MEDIUM,
    "toxic-vectors-gpt2-medium": _SMALL_MEDIUM,
    "german-neuron-pythia-70m": ("GPTNeoX", _neo_x(6, 112)),
    "token-frequency-neurons-pythia-410m": ("GPTNeoX", _neo_x(24, 112)),
    "addition-neurons-llama-3.1-8b": ("Llama", _narrow_llama(19, 509)),
    "language-neurons-llama-2-7b": ("Llama", _narrow_llama(32, 64)),
}
"""Per claim file: as many layers and as many neurons as its claims name, and little else; fewer for NARROW ones."""

TOKENS = (" an", " a", "an", "i", " though", " fight", " THE", "ing", " she", " he", " shit")


def save_shape(spec: str, folder: Path) -> Path:
    """Write the config.json of a public model's true shape, and nothing else."""
    import transformers

    prefix, numbers = TRUE[spec]
    getattr(transformers, f"{prefix}Config")(**numbers).save_pretrained(folder)
    return folder


def save_small(name: str, texts: Iterable[str], folder: Path) -> Path:
    """Save a random model of the architecture a claim file names, with a tokenizer that knows the texts' words."""
    return save_random(*SMALL[name], texts, folder)


def save_random(prefix: str, numbers: dict[str, Any], texts: Iterable[str], folder: Path) -> Path:
    """Save a random model, and a tokenizer for some texts."""
    import torch
    import transformers

    tokenizer = _tokenizer(texts, begins=prefix != "GPT2")
    special = {"bos_token_id": 0, "eos_token_id": None, "pad_token_id": 0}
    config = getattr(transformers, f"{prefix}Config")(
        vocab_size=len(tokenizer), initializer_range=0.2, **numbers, **special
    )
    torch.manual_seed(0)
    model = transformers.AutoModelForCausalLM.from_config(config)
    with torch.no_grad():
        # So that " an" is the top prediction now and then.
        model.get_output_embeddings().weight[tokenizer.convert_tokens_to_ids("Ġan")] *= 4
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def _tokenizer(texts: Iterable[str], begins: bool) -> Any:
    """Words with the space before them, as byte-level vocabularies have them; <s> stands first where ``begins``."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    split = pre_tokenizers.ByteLevel(add_prefix_space=False)
    pieces = dict.fromkeys(piece for text in (*texts, *TOKENS) for piece, _ in split.pre_tokenize_str(text))
    inner = Tokenizer(
        models.WordLevel({piece: place for place, piece in enumerate(["<s>", *pieces])}, unk_token="<s>")
    )
    inner.pre_tokenizer, inner.decoder = split, decoders.ByteLevel()
    if begins:
        inner.post_processor = processors.TemplateProcessing(single="<s> $A", special_tokens=[("<s>", 0)])
    return PreTrainedTokenizerFast(tokenizer_object=inner, bos_token="<s>", pad_token="<s>")


def texts_in(folder: Path) -> list[str]:
    """All texts of the prompt files beside published claims."""
    found: list[str] = []
    for path in sorted(folder.glob("*.txt")):
        found += path.read_text(encoding="utf-8").splitlines()
    for path in sorted(folder.glob("*.jsonl")):
        for line in path.read_text(encoding="utf-8").splitlines():
            found += map(str, json.loads(line).values())
    return found
