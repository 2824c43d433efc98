"""Sites that are not what they are called are refused on the model, one by one: mutations of right models."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from tiny_models import CONTEXT, HIDDEN, INNER, LAYERS, WORDS, make_tokenizer

from neuronclaims.engines.measure import measure
from neuronclaims.measurements import Activations, TokenRule
from neuronclaims.measurements.errors import MeasurementError
from neuronclaims.models.options import RunOptions
from neuronclaims.models.running.loading import Ready, load
from neuronclaims.models.running.proofs.proving import unproven
from neuronclaims.models.sources import LoadedModel, Source, open_model
from neuronclaims.models.structure.architecture import HookPoint, Part

PROMPTS = ("the old dog ran to the river", "she sat")
COMMON = {
    "vocab_size": len(WORDS) + 4,
    "hidden_size": HIDDEN,
    "intermediate_size": INNER,
    "num_hidden_layers": LAYERS,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 12,
    "max_position_embeddings": CONTEXT,
    "initializer_range": 0.2,
    "pad_token_id": 1,
    "bos_token_id": None,
    "eos_token_id": None,
}
MIXTURE = {
    "num_experts": 4,
    "num_experts_per_tok": 2,
    "moe_intermediate_size": 20,
    "shared_expert_intermediate_size": 28,
    "decoder_sparse_step": 1,
}


def model_of(kind: str, **settings: Any) -> Any:
    import transformers

    torch.manual_seed(0)
    config = getattr(transformers, f"{kind}Config")(**COMMON, **settings)
    auto = transformers.AutoModel if kind == "Roberta" else transformers.AutoModelForCausalLM
    model = auto.from_config(config)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.1)
    return model.eval()


def source_of(model: Any, style: str = "plain") -> Source:
    return open_model("handed", Path("."), {"handed": LoadedModel(model, make_tokenizer(style))})


def ready_of(kind: str, **settings: Any) -> Ready:
    return load(source_of(model_of(kind, **settings)), RunOptions())


def mutated(ready: Ready, **points: HookPoint) -> Ready:
    """The model with other modules named for some sites."""
    architecture = ready.architecture
    return replace(
        ready, architecture=replace(architecture, sites={**architecture.sites, **points}), proven={}
    )


def refused(ready: Ready) -> dict[str, str]:
    """Every site that fails in some layer, with its sentence."""
    asked = {
        Activations(site, layer, TokenRule("last", "prompt"), PROMPTS).request.need: site
        for site in ready.facts.widths
        for layer in ready.facts.layers_at(site)
    }
    return {asked[need]: str(error) for need, error in unproven(ready, asked).items()}


@pytest.mark.parametrize("kind", ["Qwen3", "Gemma2", "Olmo2", "Phi", "Roberta", "GPTNeoX"])
def test_every_site_of_a_right_model_is_proven(kind: str) -> None:
    settings = {"position_embedding_type": "absolute"} if kind == "Roberta" else {}
    assert refused(ready_of(kind, **settings)) == {}


def test_a_wrong_module_is_refused_by_itself() -> None:
    ready = ready_of("Qwen3")
    gate = ready.architecture.sites["mlp_pre"]
    wrong = {
        "mlp_post": HookPoint("self_attn.o_proj", "input", 48),
        "mlp_out": HookPoint("self_attn.o_proj", "output", HIDDEN),
        "attn_out": HookPoint("mlp.down_proj", "output", HIDDEN),
        "mlp_pre": replace(gate, module="mlp.up_proj"),
        "q": HookPoint("mlp.up_proj", "output", 48),
        "v": replace(ready.architecture.sites["k"]),
        "k": replace(ready.architecture.sites["v"]),
        "resid_post": HookPoint("mlp", "output", HIDDEN),
        "resid_pre": HookPoint("input_layernorm", "output", HIDDEN),
    }
    says = {
        "mlp_post": "depends on other positions",
        "mlp_out": "does not depend on the state of its own position",
        "attn_out": "depends on its own position alone",
        "mlp_pre": "as a factor",
        "q": "changes nothing that the heads give",
        "v": "not in proportion",
        "k": "does not change what later positions attend to",
        "resid_post": "neither it nor a norm of it is the model's last state",
        "resid_pre": "not what the model calls its hidden state",
    }
    for site, point in wrong.items():
        failed = refused(mutated(ready, **{site: point}))
        assert says[site] in failed[site], (site, failed)
        assert not failed.keys() & ({"final_norm", "resid_mid", "resid_post", "resid_pre"} - {site}), (
            site,
            failed,
        )


def test_a_wrong_norm_is_refused() -> None:
    ready = ready_of("Gemma2")
    norms = {
        "resid_mid": HookPoint("post_attention_layernorm", "input", HIDDEN),
        "final_norm": HookPoint("layers.2.input_layernorm", "output", HIDDEN, "body"),
        "attn_out_normed": HookPoint("pre_feedforward_layernorm", "output", HIDDEN),
        "mlp_out_normed": HookPoint("post_attention_layernorm", "output", HIDDEN),
    }
    for site, point in norms.items():
        assert refused(mutated(ready, **{site: point})).keys() == {site}
    sequential = refused(mutated(ready_of("Qwen3"), resid_mid=HookPoint("input_layernorm", "input", HIDDEN)))
    assert "attention and MLP are given the same state" in sequential["resid_mid"]


def test_the_shared_expert_alone_is_no_mlp() -> None:
    """Its output is added as well, so its width and its place are right; what the routed experts add is missing."""
    ready = ready_of("Qwen2Moe", **MIXTURE)
    assert "mlp_post" not in ready.facts.widths
    assert "mixture of experts" in ready.facts.refused["mlp_post"]
    assert refused(ready) == {}
    only = mutated(
        ready,
        mlp_post=HookPoint("mlp.shared_expert.down_proj", "input", 28),
        mlp_out=HookPoint("mlp.shared_expert.down_proj", "output", HIDDEN),
    )
    only = replace(only, facts=replace(only.facts, widths={**only.facts.widths, "mlp_post": 28}))
    failed = refused(only)
    assert failed.keys() == {"mlp_post", "mlp_out"}
    assert "not all of the MLP" in failed["mlp_post"]


def test_a_wrong_split_of_one_projection_is_refused() -> None:
    ready = ready_of("Phi3")
    q = ready.architecture.sites["q"].part
    shifted = mutated(
        ready, q=replace(ready.architecture.sites["q"], part=replace(q, start=1, stop=q.stop + 1))
    )
    assert {"q", "k"} <= refused(shifted).keys()
    up = replace(ready.architecture.sites["mlp_pre"], part=Part(1, 2, 2))
    assert "as a factor" in refused(mutated(ready, mlp_pre=up))["mlp_pre"]


def test_wrong_positions_are_refused_for_every_site(monkeypatch: pytest.MonkeyPatch) -> None:
    """RoBERTa counts from the padding token's number on; whoever gives it 0, 1, 2 measures another model."""
    model = model_of("Roberta", position_embedding_type="absolute")
    right = type(model).forward

    def from_0(self: Any, **arguments: Any) -> Any:
        if not arguments.get("output_hidden_states"):
            arguments["position_ids"] = torch.arange(arguments["input_ids"].shape[1]).unsqueeze(0)
        return right(self, **arguments)

    assert refused(load(source_of(model, "bert"), RunOptions())) == {}
    monkeypatch.setattr(type(model), "forward", from_0)
    ready = load(source_of(model, "bert"), RunOptions())
    failed = refused(ready)
    assert failed.keys() == ready.facts.widths.keys()
    assert "another last state when it is called plainly" in failed["mlp_post"]


def test_a_refused_site_takes_no_other_measurement_with_it() -> None:
    source = source_of(model_of("Qwen3"))
    sites = {**source.architecture.sites, "resid_mid": HookPoint("input_layernorm", "input", HIDDEN)}
    object.__setattr__(source, "architecture", replace(source.architecture, sites=sites))
    good, bad = (
        Activations(site, 1, TokenRule("last", "prompt"), PROMPTS) for site in ("mlp_post", "resid_mid")
    )
    alone = measure(source, [good])[good]
    with pytest.raises(MeasurementError, match=r"resid_mid of layer 1 of handed .* not shown to be that"):
        measure(source, [good, bad])
    assert (measure(source, [good])[good] == alone).all()
    hooked = [
        module
        for module in source.loaded.model.modules()
        if module._forward_hooks or module._forward_pre_hooks
    ]
    assert not hooked
