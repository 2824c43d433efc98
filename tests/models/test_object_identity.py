"""The fingerprint of a model object: another one, or none, after every change that can move a value; else the same."""

from __future__ import annotations

import copy
import functools
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
import transformers.models.gpt2.modeling_gpt2 as gpt2
from cases import for_each
from tiny_models import make_model, make_tokenizer
from torch import nn
from torch.nn import functional
from transformers import AutoModelForCausalLM, AutoTokenizer
from transformers.integrations.sdpa_attention import sdpa_attention_forward

from neuronclaims.models.identity.fingerprint import Fingerprint, fingerprint_loaded, state_of
from neuronclaims.models.identity.objects import quick_state
from neuronclaims.models.sources import open_model

Change = Callable[[Any, Any, pytest.MonkeyPatch], object]


@pytest.fixture(scope="module")
def plain() -> Fingerprint:
    return fingerprint_loaded(make_model("gpt2"), make_tokenizer("bos"))


def act(model: Any, function: object) -> None:
    del model.transformer.h[1].mlp.act
    model.transformer.h[1].mlp.act = function


def doubled(function: Any) -> Any:
    return functools.wraps(function)(lambda *args, **kwargs: function(*args, **kwargs))


def from_a_prompt(function: Any) -> Any:
    """Give a function as it is made in an interactive session: its file is no file."""
    names = {"plain": function}
    exec(compile("def forward(*a, **k): return plain(*a, **k)", "<stdin>", "exec"), names)
    return names["forward"]


def shared(model: Any, patch: pytest.MonkeyPatch) -> None:
    """Put another function in the place of an attention that many models use by its name."""
    from transformers import AttentionInterface

    patch.setitem(AttentionInterface._global_mapping, "sdpa", doubled(sdpa_attention_forward))


def registered(model: Any, patch: pytest.MonkeyPatch) -> None:
    from transformers import AttentionInterface, AttentionMaskInterface

    patch.setitem(AttentionInterface._global_mapping, "mine", lambda *a, **k: sdpa_attention_forward(*a, **k))
    patch.setitem(AttentionMaskInterface._global_mapping, "mine", AttentionMaskInterface()["sdpa"])
    model.set_attn_implementation("mine")


def one_block(model: Any) -> None:
    attention = model.transformer.h[1].attn
    attention.config = copy.deepcopy(attention.config)
    attention.config._attn_implementation = "eager"


class Called:
    def __call__(self, values: torch.Tensor, *_: object) -> torch.Tensor:
        return values * 2


class Weight(nn.Parameter):
    pass


def subclass(model: Any) -> None:
    model.transformer.h[1].mlp.c_fc.weight.__class__ = Weight


def outside_the_tree(model: Any) -> None:
    model.transformer.h[1].__dict__["spare"] = [nn.Linear(2, 2)]


def custom(tokenizer: Any) -> None:
    from tokenizers.pre_tokenizers import PreTokenizer

    class Own:
        def pre_tokenize(self, text: Any) -> None:
            text.split(lambda _, part: [part])

    tokenizer.backend_tokenizer.pre_tokenizer = PreTokenizer.custom(Own())


def swap_roles(tokenizer: Any) -> None:
    tokenizer.eos_token, tokenizer.bos_token = tokenizer.bos_token, tokenizer.eos_token


def base_call(tokenizer: Any, patch: pytest.MonkeyPatch) -> None:
    base = next(kind for kind in type(tokenizer).__mro__ if "__call__" in vars(kind))
    patch.setattr(base, "__call__", doubled(base.__call__))


QUICK_GELU = functools.partial(functional.leaky_relu, negative_slope=0.3)
CHANGES: dict[str, Change] = {
    "a class's forward under the old one's name": lambda m, t, p: p.setattr(
        gpt2.GPT2MLP, "forward", doubled(gpt2.GPT2MLP.forward)
    ),
    "a class's forward from a prompt": lambda m, t, p: p.setattr(
        gpt2.GPT2MLP, "forward", from_a_prompt(gpt2.GPT2MLP.forward)
    ),
    "a class's forward of another class": lambda m, t, p: p.setattr(
        type(m.transformer.h[0].mlp.act), "forward", nn.ReLU.forward
    ),
    "what calls every module": lambda m, t, p: p.setattr(
        nn.Module, "_call_impl", doubled(nn.Module._call_impl)
    ),
    "the order of a list": lambda m, t, p: p.setattr(
        nn.ModuleList, "__iter__", lambda self: iter([*self._modules.values()][::-1])
    ),
    "a function of torch": lambda m, t, p: p.setattr(torch, "addmm", doubled(torch.addmm)),
    "a function of torch.nn": lambda m, t, p: p.setattr(
        functional, "layer_norm", doubled(functional.layer_norm)
    ),
    "a method of tensors": lambda m, t, p: p.setattr(torch.Tensor, "split", doubled(torch.Tensor.split)),
    "an object in a function's place": lambda m, t, p: p.setattr(functional, "layer_norm", Called()),
    "a function beside the class": lambda m, t, p: p.setattr(
        gpt2, "eager_attention_forward", doubled(gpt2.eager_attention_forward)
    ),
    "an attention of one's own": lambda m, t, p: registered(m, p),
    "an attention under the old name": lambda m, t, p: shared(m, p),
    "the attention's name in the config": lambda m, t, p: setattr(m.config, "_attn_implementation", "eager"),
    "the attention's name in one block": lambda m, t, p: one_block(m),
    "bound arguments": lambda m, t, p: act(m, QUICK_GELU),
    "a function under an activation's name": lambda m, t, p: act(m, doubled(functional.gelu)),
    "a method of another object": lambda m, t, p: act(m, nn.Hardtanh(0, 1).forward),
    "a tensor's class": lambda m, t, p: subclass(m),
    "a module in a list": lambda m, t, p: outside_the_tree(m),
    "a written part of the tokenizer": lambda m, t, p: custom(t),
    "splitting special tokens": lambda m, t, p: setattr(t, "split_special_tokens", True),
    "what special tokens are for": lambda m, t, p: swap_roles(t),
    "a method of a tokenizer": lambda m, t, p: setattr(t, "convert_ids_to_tokens", lambda ids: ["x"]),
    "a method of its class": lambda m, t, p: base_call(t, p),
}


@for_each("name", list(CHANGES))
def test_every_change_gives_another_fingerprint_or_none(name, plain) -> None:
    model, tokenizer = make_model("gpt2"), make_tokenizer("bos")
    assert fingerprint_loaded(model, tokenizer) == plain
    before = state_of(model, tokenizer)
    with pytest.MonkeyPatch.context() as patch:
        CHANGES[name](model, tokenizer, patch)
        after, state = fingerprint_loaded(model, tokenizer), state_of(model, tokenizer)
    assert after.unknown is not None or (after.weights, after.tokenizer) != (plain.weights, plain.tokenizer)
    assert state.unknown is not None or state.digest != before.digest


@for_each(
    "one, other",
    [
        (functools.partial(functional.leaky_relu, negative_slope=0.1), QUICK_GELU),
        (re.compile("a"), re.compile("b")),
        (slice(3), slice(4)),
        ([[[[[1]]]]], [[[[[2]]]]]),
    ],
)
def test_settings_of_one_type_are_told_apart(one, other) -> None:
    layers = [nn.LayerNorm(4) for _ in range(2)]
    for layer, value in zip(layers, (one, other), strict=True):
        layer.setting = value
    found = [quick_state(layer) for layer in layers]
    assert found[0].digest != found[1].digest
    assert not any(each.unknown for each in found)


@pytest.fixture
def surrounded(request) -> Iterator[None]:
    with request.param():
        yield


def in_float64() -> Any:
    class Set:
        def __enter__(self) -> None:
            torch.set_default_dtype(torch.float64)

        def __exit__(self, *_: object) -> None:
            torch.set_default_dtype(torch.float32)

    return Set()


@pytest.mark.parametrize(
    "surrounded", [lambda: torch.autocast("cpu", dtype=torch.bfloat16), in_float64], indirect=True
)
def test_how_torch_is_set_counts(surrounded, plain, folder_of) -> None:
    from neuronclaims.cache.run_cache import context_key
    from neuronclaims.models.options import RunOptions

    assert fingerprint_loaded(make_model("gpt2"), make_tokenizer("bos")).weights != plain.weights
    source = open_model(str(folder_of("gpt2")), Path("."))
    inside = context_key(source, RunOptions(), plain)
    torch.set_default_dtype(torch.float32)
    with torch.autocast("cpu", enabled=False):
        assert context_key(source, RunOptions(), plain) != inside


def test_a_folder_whose_library_was_patched_is_not_kept(folder_of, monkeypatch) -> None:
    source = open_model(str(folder_of("gpt2")), Path("."))
    assert source.fingerprint().unknown is None
    monkeypatch.setattr(gpt2.GPT2MLP, "forward", doubled(gpt2.GPT2MLP.forward))
    assert source.fingerprint().unknown == "a patched forward of the class GPT2MLP"
    monkeypatch.undo()
    assert source.fingerprint().unknown is None

    class Mine(nn.Module):
        pass

    monkeypatch.setitem(gpt2.ACT2FN, "gelu_new", Mine)
    assert str(source.fingerprint().unknown).endswith(".ACT2FN")


@for_each(
    "change", [lambda rows: rows.flip(0), lambda rows: rows * torch.tensor([1.0, -1, 1, -1, 1, 1, 1, 1])]
)
def test_the_quick_checksum_sees_rows_of_equal_sums_change_places(change) -> None:
    """Rows that each hold a single one have the same sums, and so have their columns."""
    layer = nn.Linear(8, 8, bias=False)
    layer.weight.data = torch.eye(8)
    before = quick_state(layer).digest
    layer.weight.data = change(torch.eye(8))
    assert quick_state(layer).digest != before


@for_each("name", ["gpt2", "llama", "qwen2", "gemma", "opt", "gpt_neox", "bert", "mistral"])
def test_a_model_that_was_only_used_keeps_its_fingerprint(name) -> None:
    model, tokenizer = make_model(name), make_tokenizer("bos")
    before, state = fingerprint_loaded(model, tokenizer), state_of(model, tokenizer)
    assert before.unknown is None
    with torch.no_grad():
        model(input_ids=torch.tensor([[5, 6, 7]]), output_hidden_states=True)
    tokenizer(["a b", "c"], truncation=True, max_length=3)
    assert state_of(model, tokenizer) == state
    assert fingerprint_loaded(model, tokenizer) == before
    assert fingerprint_loaded(make_model(name), tokenizer) == before


def test_every_process_gives_the_same_fingerprint(folder_of) -> None:
    script = (
        "import sys; from transformers import AutoModelForCausalLM as M, AutoTokenizer as T\n"
        "from neuronclaims.models.identity.fingerprint import fingerprint_loaded as f\n"
        "print(f(M.from_pretrained(sys.argv[1]), T.from_pretrained(sys.argv[1])))"
    )
    command = [sys.executable, "-c", script, str(folder_of("gpt2"))]
    seeded = {**os.environ, "PYTHONHASHSEED": "12345"}
    there = subprocess.run(command, env=seeded, capture_output=True, text=True, check=True).stdout
    folder = folder_of("gpt2")
    here = fingerprint_loaded(
        AutoModelForCausalLM.from_pretrained(folder), AutoTokenizer.from_pretrained(folder)
    )
    assert there.strip() == str(here)
    assert here.unknown is None
