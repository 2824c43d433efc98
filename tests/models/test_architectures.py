"""Architectures and sites of other packages are measured like ours, and what they say is part of a model's context."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from tiny_models import HIDDEN, INNER, LAYERS, WORDS, make_tokenizer

from neuronclaims.cache.run_cache import context_key
from neuronclaims.engines.measure import measure
from neuronclaims.measurements import Activations, TokenRule
from neuronclaims.measurements.errors import ModelError, RunWarning
from neuronclaims.models import architectures as known
from neuronclaims.models.architectures import Architecture, HookPoint
from neuronclaims.models.options import RunOptions
from neuronclaims.models.sources import LoadedModel, Source, open_model

PROMPT = "the old dog ran to the river"
PHI = Architecture(
    "Phi",
    "phi",
    blocks="layers",
    sites={
        "resid_pre": HookPoint("", "input"),
        "mlp_post": HookPoint("mlp.fc2", "input", "inner"),
        "heads": HookPoint("self_attn.dense", "input", "heads_width"),
    },
)


class Entry:
    """An entry point of a package that is not installed."""

    def __init__(self, group: str, name: str, value: object) -> None:
        self.group, self.name, self.value, self._value = group, name, f"other:{name}", value

    def load(self) -> object:
        if isinstance(self._value, Exception):
            raise self._value
        return self._value


@pytest.fixture
def install(monkeypatch: pytest.MonkeyPatch):
    entries: list[Entry] = []
    monkeypatch.setattr(
        known, "entry_points", lambda group: [each for each in entries if each.group == group]
    )

    def install(kind: str, name: str, value: object) -> None:
        entries.append(Entry(f"neuronclaims.{kind}", name, value))
        known.architectures.cache_clear()

    known.architectures.cache_clear()
    yield install
    known.architectures.cache_clear()


def phi() -> Source:
    from transformers import PhiConfig, PhiForCausalLM

    torch.manual_seed(0)
    config = PhiConfig(
        vocab_size=len(WORDS) + 4,
        hidden_size=HIDDEN,
        intermediate_size=INNER,
        num_hidden_layers=LAYERS,
        num_attention_heads=4,
        max_position_embeddings=64,
        bos_token_id=None,
        eos_token_id=None,
        heads_width=HIDDEN,
    )
    model = PhiForCausalLM(config).eval()
    return open_model("phi", Path("."), {"phi": LoadedModel(model, make_tokenizer("plain"))})


def plain(source: Source, module: str) -> torch.Tensor:
    """What a module is given at the last token of the prompt, by a hook of PyTorch alone."""
    model, seen = source.loaded.model, []
    handle = model.get_submodule(module).register_forward_pre_hook(lambda _, args: seen.append(args[0]))
    with torch.no_grad():
        model(torch.tensor([source.loaded.tokenizer(PROMPT)["input_ids"]]))
    handle.remove()
    return seen[0][0, -1]


def last(site: str, layer: int = 1) -> Activations:
    return Activations(site, layer, TokenRule("last", "prompt"), (PROMPT,))


def test_an_architecture_of_another_package_is_measured(install) -> None:
    assert phi().facts().widths["mlp_post"] == INNER  # derived, where no package says more
    install("architectures", "phi", PHI)
    source = phi()
    assert source.facts().widths == {"resid_pre": HIDDEN, "mlp_post": INNER, "heads": HIDDEN}
    modules = {"mlp_post": "model.layers.1.mlp.fc2", "heads": "model.layers.1.self_attn.dense"}
    for site, module in modules.items():
        question = last(site)
        torch.testing.assert_close(
            torch.tensor(measure(source, [question])[question][0]), plain(source, module)
        )


def test_a_site_at_a_module_that_is_not_there_is_one_sentence_with_the_module_meant(install) -> None:
    install("architectures", "phi", replace(PHI, sites={"mlp_post": HookPoint("mlp.fc3", "input", "inner")}))
    source, question = phi(), last("mlp_post")
    with pytest.raises(ModelError, match=r"Phi, .* 'mlp.fc3', .* PhiDecoderLayer .* mlp has .*fc1, fc2"):
        measure(source, [question])
    with pytest.raises(ValueError, match="not 'inputs'"):
        HookPoint("mlp.fc2", "inputs")
    with pytest.raises(ValueError, match="not of 'model'"):
        HookPoint("mlp.fc2", "input", where="model")


def test_a_site_of_another_package_is_measured_on_an_architecture_of_ours(install, hand_over) -> None:
    install("sites", "attn_in", {"gpt2": HookPoint("attn", "input"), "unheard_of": HookPoint("x", "input")})
    source = hand_over("gpt2")
    question = last("attn_in")
    found = torch.tensor(measure(source, [question])[question][0])
    expected: list[torch.Tensor] = []
    norm = source.loaded.model.transformer.h[1].ln_1
    handle = norm.register_forward_hook(lambda _, __, output: expected.append(output[0, -1]))
    with torch.no_grad():
        source.loaded.model(torch.tensor([source.loaded.tokenizer(PROMPT)["input_ids"]]))
    handle.remove()
    torch.testing.assert_close(found, expected[0])
    assert "attn_in" not in hand_over("llama").facts().widths


def test_nobody_redefines_what_is_ours(install) -> None:
    ours = known.architectures()["gpt2"]
    install("architectures", "gpt2", Architecture("Another", "gpt2", "x", {}))
    install("sites", "mlp_post", {"gpt2": HookPoint("x", "output")})
    assert known.architectures()["gpt2"] == ours


def test_what_does_not_load_is_left_out_and_told(install) -> None:
    install("architectures", "broken", ImportError("no module named other"))
    with pytest.warns(
        RunWarning, match=r"other:broken, .* does not load: no module named other; it is left out"
    ):
        assert "gpt2" in known.architectures()
    install("sites", "odd", "no dict")
    with pytest.warns(RunWarning, match="other:odd, in the group neuronclaims.sites, is no dict"):
        known.architectures()


def test_values_of_another_definition_of_a_site_are_not_read_again(install, hand_over) -> None:
    def key() -> str:
        return context_key(hand_over("gpt2"), RunOptions(), hand_over("gpt2").fingerprint())

    plain_key = key()
    install("sites", "elsewhere", {"llama": HookPoint("mlp", "input")})
    assert key() == plain_key
    install("sites", "attn_in", {"gpt2": HookPoint("attn", "input")})
    with_site = key()
    assert with_site == key() != plain_key
