"""Attention weights against plain Transformers with ``output_attentions``, and models that give none."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
import transformers
from tiny_models import MODELS, WORDS, make_tokenizer, save_model, style_of

from neuronclaims.engines.measure import measure, measure_each
from neuronclaims.measurements import Activations, Attention, TokenRule
from neuronclaims.models.options import RunOptions
from neuronclaims.models.sources import LoadedModel, open_model
from neuronclaims.tokens.attended import AttendedTokens, looks, read_origin
from neuronclaims.tokens.spans import ChangedTokens
from neuronclaims.tokens.split_text import SplitText

PROMPTS = ("the dog saw the cat near the river", "a cat ate rice in Hanoi the dog", "the dog ran")
_SIZES = {
    "vocab_size": len(WORDS) + 4,
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 64,
    "initializer_range": 0.4,
    "bos_token_id": None,
    "eos_token_id": None,
    "pad_token_id": None,
}
DERIVED = {
    "qwen3": ("Qwen3Config", {"head_dim": 16}),
    "gemma3": (
        "Gemma3TextConfig",
        {"head_dim": 16, "sliding_window": 4, "query_pre_attn_scalar": 16}
        | {"layer_types": ["sliding_attention", "full_attention", "sliding_attention"]},
    ),
}


def folder_of(name: str, folder: Path) -> Path:
    if name in MODELS:
        return save_model(name, folder)
    kind, more = DERIVED[name]
    torch.manual_seed(3)
    config = getattr(transformers, kind)(**(_SIZES | more))
    transformers.AutoModelForCausalLM.from_config(config).save_pretrained(folder)
    make_tokenizer(style_of(name)).save_pretrained(folder)
    return folder


@pytest.mark.parametrize("name", ["gpt2", "llama", "mistral", "gpt_neox", "opt", "bert", *DERIVED])
def test_weights_are_those_that_transformers_gives(name, tmp_path):
    folder = folder_of(name, tmp_path)
    asked = [
        Attention(layer, AttendedTokens.read(to), read_origin(origin), PROMPTS)
        for layer in (0, 2)
        for to, origin in [
            ("token 2 of prompt", "last of prompt"),
            ("the previous token", "all"),
            ("itself", "all of prompt"),
        ]
    ]
    found = measure(open_model(str(folder), Path()), asked)
    again = measure(open_model(str(folder), Path()), asked, options=RunOptions(again=True))
    kind = transformers.AutoModel if name == "bert" else transformers.AutoModelForCausalLM
    model = kind.from_pretrained(folder, attn_implementation="eager").eval()
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    for row, prompt in enumerate(PROMPTS):
        given = tokenizer(prompt, return_tensors="pt")
        special = tokenizer(prompt, return_special_tokens_mask=True)["special_tokens_mask"]
        own = [place for place, each in enumerate(special) if not each]
        with torch.no_grad():
            layers = model(**given, output_attentions=True).attentions
        for one in asked:
            weights = layers[one.layer][0].numpy()
            wanted = {
                "token 2 of prompt": weights[:, own[-1], own[1]],
                "itself": weights[:, own, own].mean(1),
                "the previous token": np.mean(
                    [weights[:, place, place - 1] for place in range(1, weights.shape[1])], 0
                ),
            }[str(one.to)]
            assert found[one][row] == pytest.approx(wanted, abs=2e-6)
            assert again[one][row] == pytest.approx(wanted, abs=2e-6)


def test_a_window_hides_what_lies_before_it(tmp_path):
    folder = folder_of("mistral", tmp_path)
    asked = Attention(1, AttendedTokens.read("token 1 of prompt"), read_origin("last"), PROMPTS)
    found = measure(open_model(str(folder), Path()), [asked])[asked]
    assert (found[0] == 0).all()  # 8 tokens and a window of 5
    assert (found[2] > 0).all()  # 3 tokens


def test_other_values_do_not_move_and_the_model_is_left_as_it_was(tmp_path):
    folder = folder_of("llama", tmp_path)
    model = transformers.AutoModelForCausalLM.from_pretrained(folder, attn_implementation="sdpa").eval()
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    source = open_model("m", Path(), {"m": LoadedModel(model, tokenizer)})
    values = Activations("mlp_post", 2, TokenRule("mean", "prompt"), PROMPTS)
    looking = Attention(2, AttendedTokens.read("itself"), read_origin("last"), PROMPTS)
    alone = measure(source, [values])[values]
    beside = measure(source, [looking, values])
    assert np.array_equal(alone, beside[values])
    assert model.config._attn_implementation == "sdpa"
    assert not any(module._forward_hooks for module in model.modules())


def test_what_cannot_be_measured_is_refused_by_name(tmp_path):
    source = open_model(str(folder_of("gpt2", tmp_path / "gpt2")), Path())
    last = read_origin("last")
    wrong = {
        Attention(7, AttendedTokens.read("itself"), last, PROMPTS): "there is no layer 7",
        Attention(0, AttendedTokens.read("earlier copies"), last, PROMPTS): "can look at 'earlier copies'",
        Attention(0, AttendedTokens.read('"Hanoi"'), last, PROMPTS): 'does not hold "Hanoi"',
    }
    failed = measure_each(source, list(wrong)).failed
    for asked, words in wrong.items():
        assert words in str(failed[asked])
    config = transformers.MambaConfig(
        vocab_size=_SIZES["vocab_size"], hidden_size=16, num_hidden_layers=2, state_size=4
    )
    transformers.AutoModelForCausalLM.from_config(config).save_pretrained(tmp_path / "mamba")
    make_tokenizer("plain").save_pretrained(tmp_path / "mamba")
    asked = Attention(0, AttendedTokens.read("itself"), last, PROMPTS)
    failed = measure_each(open_model(str(tmp_path / "mamba"), Path()), [asked]).failed
    assert "names no one number of heads" in str(failed[asked])


def test_weights_that_are_not_used_are_refused(tmp_path):
    folder = folder_of("llama", tmp_path)
    model = transformers.AutoModelForCausalLM.from_pretrained(folder).eval()
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)

    def other(_, __, output):
        return output[0], output[1].flip(-2).tril() if output[1] is not None else None

    model.model.layers[1].self_attn.register_forward_hook(other)
    asked = [
        Attention(layer, AttendedTokens.read("itself"), read_origin("last"), PROMPTS) for layer in (0, 1)
    ]
    source = open_model("m", Path(), {"m": LoadedModel(model, tokenizer)})
    failed = measure_each(source, asked).failed
    assert [each in failed for each in asked] == [False, True]
    assert "not shown to be those it uses" in str(failed[asked[1]])


def test_copies_and_what_followed_them_are_found_by_token():
    split = SplitText(
        "x a b a b",
        tuple("xabab"),
        (False, *(True,) * 4),
        tuple((n, n + 1) for n in range(5)),
        ids=(0, 7, 8, 7, 8),
    )
    every = ChangedTokens("all")
    assert looks(split, AttendedTokens.read("earlier copies"), every, True) == {3: (1,), 4: (2,)}
    assert looks(split, AttendedTokens.read("what followed earlier copies"), every, True) == {
        3: (2,),
        4: (3,),
    }
    bos = AttendedTokens.read("bos")
    assert looks(split, bos, read_origin("all of prompt"), True) == dict.fromkeys(range(1, 5), (0,))
