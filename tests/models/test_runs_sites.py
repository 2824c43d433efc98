"""Every site on every family, against Hugging Face's own outputs and against values computed from the weights."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from tiny_models import CAUSAL, LAYERS, MODELS
from transformers import AutoModel, AutoModelForCausalLM, AutoTokenizer

from neuronclaims.engines.measure import measure
from neuronclaims.measurements import Activations, TokenRule

PROMPTS = (
    "the old dog ran to the river",
    "Hanoi is the capital of Vietnam and food in the old market was new",
    "she sat",
    "a big red bird sang near the small blue house in the morning",
)
NO_TEXT = {"<s>", "</s>", "[CLS]", "[SEP]"}


class Reference:
    """One prompt through the bare Hugging Face model: hidden states, attention outputs, positions of text."""

    def __init__(self, name: str, folder: Path, prompt: str) -> None:
        kind = AutoModelForCausalLM if name in CAUSAL else AutoModel
        tokenizer = AutoTokenizer.from_pretrained(folder)
        self.name, self.model = name, kind.from_pretrained(folder, attn_implementation="eager").eval()
        self.body = self.model.base_model
        path = {
            "gpt2": "h",
            "opt": "decoder.layers",
            "opt_post_norm": "decoder.layers",
            "bert": "encoder.layer",
        }
        self.blocks = list(self.body.get_submodule(path.get(name, "layers")))
        self.attention: list[torch.Tensor] = []
        for block in self.blocks:
            inner = {"gpt2": "attn", "bert": "attention"}.get(
                name, "attention" if "neox" in name else "self_attn"
            )
            block.get_submodule(inner).register_forward_hook(
                lambda m, i, out: self.attention.append(out[0][0])
            )
        encoded = tokenizer(prompt, return_tensors="pt")
        words = tokenizer.convert_ids_to_tokens(encoded["input_ids"][0])
        self.text = [place for place, word in enumerate(words) if word not in NO_TEXT]
        with torch.no_grad():
            self.hidden = [h[0] for h in self.model(**encoded, output_hidden_states=True).hidden_states]


def rms(x: torch.Tensor, weight: torch.Tensor, eps: float) -> torch.Tensor:
    return x / torch.sqrt((x**2).mean(-1, keepdim=True) + eps) * weight


def norm(x: torch.Tensor, module: torch.nn.LayerNorm) -> torch.Tensor:
    centred = x - x.mean(-1, keepdim=True)
    return (
        centred / torch.sqrt((centred**2).mean(-1, keepdim=True) + module.eps) * module.weight + module.bias
    )


def gelu(x: torch.Tensor) -> torch.Tensor:
    return x * 0.5 * (1 + torch.erf(x / 2**0.5))


def gelu_tanh(x: torch.Tensor) -> torch.Tensor:
    return 0.5 * x * (1 + torch.tanh((2 / torch.pi) ** 0.5 * (x + 0.044715 * x**3)))


def mlp_inputs(
    name: str, block: torch.nn.Module, before: torch.Tensor, attention: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor | None]:
    """What the MLP's non-linearity is given, and what it is gated with, if anything: plain arithmetic on weights."""
    middle = before + attention
    if name == "gpt2":
        return norm(middle, block.ln_2) @ block.mlp.c_fc.weight + block.mlp.c_fc.bias, None
    if "neox" in name:
        x = norm(before if name == "gpt_neox" else middle, block.post_attention_layernorm)
        return x @ block.mlp.dense_h_to_4h.weight.T + block.mlp.dense_h_to_4h.bias, None
    if name.startswith("opt"):
        x = norm(middle, block.final_layer_norm if name == "opt" else block.self_attn_layer_norm)
        return x @ block.fc1.weight.T + block.fc1.bias, None
    if name == "bert":
        return attention @ block.intermediate.dense.weight.T + block.intermediate.dense.bias, None
    weight = block.post_attention_layernorm.weight
    x = rms(middle, 1 + weight if name == "gemma" else weight, 1e-6)
    return x @ block.mlp.gate_proj.weight.T, x @ block.mlp.up_proj.weight.T


def activation(name: str, x: torch.Tensor) -> torch.Tensor:
    if name in ("gpt2", "gemma"):
        return gelu_tanh(x)
    if "neox" in name or name == "bert":
        return gelu(x)
    return torch.clamp(x, min=0) if name.startswith("opt") else x * torch.sigmoid(x)


def mlp_neurons(name: str, *given: Any) -> torch.Tensor:
    """What the MLP's output projection is given."""
    inside, up = mlp_inputs(name, *given)
    return activation(name, inside) if up is None else activation(name, inside) * up


def output_projection(name: str, block: torch.nn.Module) -> torch.nn.Module:
    paths = {"gpt2": "mlp.c_proj", "opt": "fc2", "opt_post_norm": "fc2", "bert": "output.dense"}
    default = "mlp.dense_4h_to_h" if "neox" in name else "mlp.down_proj"
    return block.get_submodule(paths.get(name, default))


def ask(site: str, layer: int, pool: str = "mean") -> Activations:
    return Activations(site, layer, TokenRule(pool, "prompt"), PROMPTS)


@pytest.fixture(scope="module")
def measured(request, folder_of, source_of):
    """Everything asked at once of one model in one padded batch, and the reference of every prompt."""
    name = request.param
    facts = source_of(name).facts()
    asked = [
        ask(site, layer, pool)
        for site in facts.widths
        for layer in facts.layers_at(site)
        for pool in ("mean", "last", "max")
    ]
    answers = measure(source_of(name), asked)
    return name, answers, [Reference(name, folder_of(name), prompt) for prompt in PROMPTS]


pytestmark = pytest.mark.parametrize("measured", list(MODELS), indirect=True)


def pooled(values: torch.Tensor, places: list[int], pool: str) -> np.ndarray:
    chosen = values[places]
    return {"mean": chosen.mean(0), "last": chosen[-1], "max": chosen.amax(0)}[pool].detach().numpy()


def agree(answers, site: str, layer: int, references, expected) -> None:
    for pool in ("mean", "last", "max"):
        for row, reference in enumerate(references):
            want = pooled(expected(reference), reference.text, pool)
            np.testing.assert_allclose(answers[ask(site, layer, pool)][row], want, atol=1e-4, rtol=1e-4)


def test_residual_stream_is_what_hugging_face_calls_hidden_states(measured) -> None:
    _, answers, references = measured
    for layer in range(LAYERS):
        agree(answers, "resid_pre", layer, references, lambda r, at=layer: r.hidden[at])
        if layer < LAYERS - 1:
            agree(answers, "resid_post", layer, references, lambda r, at=layer: r.hidden[at + 1])


def test_last_residual_stream_is_taken_before_the_final_norm(measured) -> None:
    name, answers, references = measured
    final = {"gpt2": "ln_f", "opt": "decoder.final_layer_norm", "gpt_neox": "final_layer_norm"}
    path = final.get(name.removesuffix("_sequential"), "norm")
    for row, reference in enumerate(references):
        raw = torch.from_numpy(answers[ask("resid_post", LAYERS - 1, "last")][row].copy())
        last = reference.hidden[-1][reference.text[-1]]
        if name == "bert":
            after = raw
        elif name == "opt_post_norm":
            after = reference.body.decoder.project_out(raw)
        else:
            after = reference.body.get_submodule(path)(raw)
            assert (raw - last).abs().max() > 0.05
        np.testing.assert_allclose(after.detach(), last, atol=1e-4, rtol=1e-4)


def test_final_norm_is_what_hugging_face_makes_of_the_last_residual_stream(measured) -> None:
    name, answers, references = measured
    if name not in ("bert", "opt_post_norm"):
        agree(answers, "final_norm", LAYERS - 1, references, lambda r: r.hidden[-1])


def test_middle_of_a_block_is_its_input_and_what_attention_adds(measured) -> None:
    name, answers, references = measured
    if name in ("gpt_neox", "opt_post_norm", "bert"):
        assert not any(ask.site == "resid_mid" for ask in answers)
        return
    for layer in range(LAYERS):
        agree(answers, "resid_mid", layer, references, lambda r, at=layer: r.hidden[at] + r.attention[at])


def test_sites_before_and_after_the_non_linearity_differ_by_it_alone(measured) -> None:
    name, answers, references = measured
    for layer in range(LAYERS):

        def by_hand(reference: Reference, at: int = layer) -> torch.Tensor:
            return mlp_inputs(name, reference.blocks[at], reference.hidden[at], reference.attention[at])[0]

        agree(answers, "mlp_pre", layer, references, by_hand)


def test_mlp_neurons_are_what_the_weights_say(measured) -> None:
    name, answers, references = measured
    for layer in range(LAYERS):

        def by_hand(reference: Reference, at: int = layer) -> torch.Tensor:
            return mlp_neurons(name, reference.blocks[at], reference.hidden[at], reference.attention[at])

        agree(answers, "mlp_post", layer, references, by_hand)


def test_mlp_output_is_its_neurons_times_their_output_weights(measured) -> None:
    name, answers, references = measured
    for layer in range(LAYERS):
        projection = output_projection(name, references[0].blocks[layer])
        weight = projection.weight if name == "gpt2" else projection.weight.T
        neurons = torch.from_numpy(answers[ask("mlp_post", layer)].copy())
        want = neurons @ weight + (0 if projection.bias is None else projection.bias)
        np.testing.assert_allclose(answers[ask("mlp_out", layer)], want.detach(), atol=1e-4, rtol=1e-4)


def test_attention_output_is_what_the_attention_module_adds(measured) -> None:
    name, answers, references = measured
    for layer in range(LAYERS):
        if name == "bert":
            # BERT's attention module ends with its norm; the site is before it.
            before = ask("attn_out", layer, "last")
            for row, reference in enumerate(references):
                raw = (
                    torch.from_numpy(answers[before][row].copy())
                    + reference.hidden[layer][reference.text[-1]]
                )
                module = reference.blocks[layer].attention.output.LayerNorm
                after = F.layer_norm(raw, raw.shape, module.weight, module.bias, module.eps)
                want = reference.attention[layer][reference.text[-1]]
                np.testing.assert_allclose(after.detach(), want.detach(), atol=1e-4, rtol=1e-4)
        else:
            agree(answers, "attn_out", layer, references, lambda r, at=layer: r.attention[at])
