"""Small models with random weights, one per architecture and variant, saved as Hugging Face folders."""

from __future__ import annotations

from pathlib import Path
from typing import Any

WORDS = [
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
    "one",
    "dog",
    "cat",
    "bird",
    "tree",
    "river",
    "house",
    "red",
    "blue",
    "green",
    "small",
    "big",
    "old",
    "new",
    "ran",
    "sat",
    "saw",
    "ate",
    "sang",
    "near",
    "under",
    "over",
    "he",
    "she",
    "it",
    "they",
    "Hanoi",
    "Vietnam",
    "capital",
    "lake",
    "food",
    "rice",
    "street",
    "market",
    "morning",
    "evening",
]
LAYERS, HIDDEN, INNER, CONTEXT = 3, 32, 48, 64

_COMMON = {
    "num_hidden_layers": LAYERS,
    "hidden_size": HIDDEN,
    "num_attention_heads": 4,
    "intermediate_size": INNER,
    "max_position_embeddings": CONTEXT,
    "initializer_range": 0.2,
    "tie_word_embeddings": False,
    "eos_token_id": None,
    "bos_token_id": None,
    "pad_token_id": None,
}
_GPT2 = {
    "n_layer": LAYERS,
    "n_embd": HIDDEN,
    "n_head": 4,
    "n_inner": None,
    "n_positions": CONTEXT,
    "tie_word_embeddings": False,
    "initializer_range": 0.2,
    "eos_token_id": None,
    "bos_token_id": None,
}
_OPT = {key: value for key, value in _COMMON.items() if key != "intermediate_size"} | {
    "ffn_dim": INNER,
    "word_embed_proj_dim": HIDDEN,
    "pad_token_id": 0,
}
MODELS: dict[str, tuple[str, dict[str, Any]]] = {
    "gpt2": ("GPT2", _GPT2),
    "llama": ("Llama", _COMMON | {"num_key_value_heads": 2}),
    "mistral": ("Mistral", _COMMON | {"num_key_value_heads": 2, "sliding_window": 5}),
    "qwen2": ("Qwen2", _COMMON | {"num_key_value_heads": 2}),
    "gemma": ("Gemma", _COMMON | {"num_key_value_heads": 1, "head_dim": 8}),
    "gpt_neox": ("GPTNeoX", _COMMON | {"use_parallel_residual": True}),
    "gpt_neox_sequential": ("GPTNeoX", _COMMON | {"use_parallel_residual": False}),
    "opt": ("OPT", _OPT),
    "opt_post_norm": (
        "OPT",
        _OPT | {"do_layer_norm_before": False, "word_embed_proj_dim": 16, "initializer_range": 0.6},
    ),
    "bert": ("Bert", _COMMON | {"pad_token_id": 0}),
}
CAUSAL = [name for name in MODELS if name != "bert"]


def make_tokenizer(style: str) -> Any:
    """A tokenizer of whole words: ``plain`` adds nothing, ``bos`` puts <s> first, ``bert`` wraps in [CLS], [SEP].

    As in the Llama-style models met in the field, padding of ``bos`` is the token of unknown words.
    """
    from tokenizers import Tokenizer, models, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    names = ["[UNK]", "[CLS]", "[SEP]", "[PAD]"] if style == "bert" else ["<unk>", "<s>", "</s>", "<pad>"]
    words = {word: place for place, word in enumerate([*names, *WORDS])}
    inner = Tokenizer(models.WordLevel(words, unk_token=names[0]))
    inner.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    template = {"plain": None, "bos": "<s> $A", "bert": "[CLS] $A [SEP]"}[style]
    if template is not None:
        inner.post_processor = processors.TemplateProcessing(
            single=template, special_tokens=[(name, words[name]) for name in names]
        )
    named = {
        "plain": {"unk_token": "<unk>", "eos_token": "</s>"},
        "bos": {"unk_token": "<unk>", "pad_token": "<unk>", "bos_token": "<s>", "eos_token": "</s>"},
        "bert": {"unk_token": "[UNK]", "cls_token": "[CLS]", "sep_token": "[SEP]", "pad_token": "[PAD]"},
    }[style]
    return PreTrainedTokenizerFast(tokenizer_object=inner, **named)


def style_of(name: str) -> str:
    """The tokenizer that goes with a model."""
    return {"bert": "bert", "gpt2": "plain", "gpt_neox": "plain"}.get(name, "bos")


def make_model(name: str, seed: int = 0, **changes: Any) -> Any:
    """A model with random weights, biases and norms included; the same for the same arguments."""
    import torch
    import transformers

    prefix, settings = MODELS[name]
    config = getattr(transformers, f"{prefix}Config")(vocab_size=len(WORDS) + 4, **(settings | changes))
    torch.manual_seed(seed)
    kind = transformers.AutoModelForCausalLM if name in CAUSAL else transformers.AutoModel
    model = kind.from_config(config)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.1)
        if name in CAUSAL:
            # So that greedy text is made of words.
            model.get_output_embeddings().weight[:4] = 0.0
    return model.eval()


def save_model(name: str, folder: Path, **changes: Any) -> Path:
    """Save a model and its tokenizer in Hugging Face format, and return the folder."""
    make_model(name, **changes).save_pretrained(folder)
    make_tokenizer(style_of(name)).save_pretrained(folder)
    return folder
