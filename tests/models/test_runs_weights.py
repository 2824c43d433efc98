"""What the weights alone answer equals products made from the loaded model, on every architecture."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from tiny_models import CAUSAL, make_model, make_tokenizer, style_of

from neuronclaims.engines.measure import measure
from neuronclaims.measurements import Congruence, Vocabulary
from neuronclaims.measurements.errors import MeasurementError, ModelError
from neuronclaims.models.sources import open_model

OUT = {"gpt2": "mlp.c_proj", "gpt_neox": "mlp.dense_4h_to_h", "opt": "fc2"}
BLOCKS = {"gpt2": "transformer.h", "gpt_neox": "gpt_neox.layers", "opt": "model.decoder.layers"}
NORM = {
    "gpt2": "transformer.ln_f",
    "gpt_neox": "gpt_neox.final_layer_norm",
    "opt": "model.decoder.final_layer_norm",
}
ORDINARY = [name for name in CAUSAL if name != "opt_post_norm"]


def save(tmp_path: Path, name: str, **changes):
    model = make_model(name, **changes)
    model.save_pretrained(tmp_path)
    make_tokenizer(style_of(name)).save_pretrained(tmp_path)
    return model, open_model(str(tmp_path), Path("."))


def through_the_norm(model, index: int, layer: int) -> torch.Tensor:
    """What neuron ``index`` adds to the final norm's output, up to a factor: by running that norm's own module."""
    kind = model.config.model_type
    block = model.get_submodule(BLOCKS.get(kind, "model.layers"))[layer]
    out = block.get_submodule(OUT.get(kind, "mlp.down_proj"))
    one = torch.zeros(1, out.weight.shape[0] if kind == "gpt2" else out.weight.shape[1])
    one[0, index] = 1.0
    with torch.no_grad():
        written = out(one) - out(torch.zeros_like(one))
        norm = model.get_submodule(NORM.get(kind, "model.norm"))
        through = norm(written) - norm(torch.zeros_like(written))
        spread = written - written.mean() if kind in BLOCKS else written
        return (through * spread.pow(2).mean().sqrt())[0]


@pytest.mark.parametrize("name", ORDINARY)
def test_folded_products_are_what_the_norm_and_the_head_make_of_the_neuron(tmp_path, name) -> None:
    model, source = save(tmp_path, name)
    asked = Congruence(1, 5, None, centred=False)
    found = measure(source, [asked])[asked][0]
    with torch.no_grad():
        expected = model.get_output_embeddings().weight @ through_the_norm(model, 5, 1)
    # The norms add a small constant below the root.
    np.testing.assert_allclose(found, expected.numpy(), rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("name", ORDINARY)
def test_a_layer_with_a_token_agrees_with_every_neuron_with_all_tokens(tmp_path, name) -> None:
    model, source = save(tmp_path, name)
    token = model.config.vocab_size - 3
    text = " " + make_tokenizer(style_of(name)).convert_ids_to_tokens(token)
    for options in ({}, {"cosine": True}, {"centred": False, "fold_norm": False}, {"legacy_embed": True}):
        layer = Congruence(2, None, text, **options)
        single = [Congruence(2, index, None, **options) for index in range(4)]
        answers = measure(source, [layer, *single])
        for index, one in enumerate(single):
            assert answers[one][0, token] == pytest.approx(answers[layer][0, index], rel=1e-4, abs=1e-5)
        if options.get("cosine"):
            assert np.abs(answers[layer]).max() <= 1 + 1e-6


def test_centring_takes_the_mean_over_the_vocabulary_away(tmp_path) -> None:
    _, source = save(tmp_path, "llama")
    plain, centred = (Congruence(0, 1, None, centred=centred) for centred in (False, True))
    answers = measure(source, [plain, centred])
    expected = answers[plain] - answers[plain].mean()
    np.testing.assert_allclose(answers[centred], expected, rtol=1e-4, atol=1e-5)


def test_the_input_embedding_is_taken_only_on_request_or_when_tied(tmp_path) -> None:
    model, source = save(tmp_path / "untied", "gpt2")
    legacy = Congruence(0, 1, None, fold_norm=False, centred=False, legacy_embed=True)
    with torch.no_grad():
        expected = model.transformer.wte.weight @ model.transformer.h[0].mlp.c_proj.weight[1]
    np.testing.assert_allclose(measure(source, [legacy])[legacy][0], expected.numpy(), rtol=1e-4, atol=1e-5)
    _, tied = save(tmp_path / "tied", "gpt2", tie_word_embeddings=True)
    own = Congruence(0, 1, None, fold_norm=False, centred=False)
    answers = measure(tied, [own, legacy])
    np.testing.assert_allclose(answers[own], answers[legacy], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_half_precision_files_are_read_exactly(tmp_path, dtype) -> None:
    model, _ = save(tmp_path / "full", "llama")
    model.to(dtype).save_pretrained(tmp_path / "half")
    make_tokenizer("bos").save_pretrained(tmp_path / "half")
    source = open_model(str(tmp_path / "half"), Path("."))
    asked = Congruence(1, 2, None, fold_norm=False, centred=False)
    written = model.model.layers[1].mlp.down_proj.weight[:, 2].detach().double()
    expected = (model.lm_head.weight.detach().double() @ written).numpy()
    np.testing.assert_allclose(measure(source, [asked])[asked][0], expected, rtol=1e-6)


def test_a_model_in_hand_answers_as_its_files_do(tmp_path, hand_over) -> None:
    _, source = save(tmp_path, "gpt2")
    asked = [Congruence(1, 2, None), Congruence(1, None, " dog"), Vocabulary()]
    one, other = measure(source, asked), measure(hand_over("gpt2"), asked)
    np.testing.assert_array_equal(one[asked[-1]], other[asked[-1]])
    for question in asked[:-1]:
        np.testing.assert_allclose(one[question], other[question], rtol=1e-4, atol=1e-5)


def test_no_model_is_loaded_for_weights(tmp_path, monkeypatch) -> None:
    _, source = save(tmp_path, "llama")
    monkeypatch.setattr("neuronclaims.engines.local.LocalEngine", lambda *_: pytest.fail("loaded"))
    assert measure(source, [Congruence(0, 0, None)])[Congruence(0, 0, None)].shape[0] == 1


def test_tokens_are_known_by_what_they_add_to_a_text(tmp_path) -> None:
    _, source = save(tmp_path, "gpt2")
    texts = measure(source, [Vocabulary()])[Vocabulary()][0]
    assert texts[make_tokenizer("plain").convert_tokens_to_ids("dog")] == " dog"


def test_a_torn_file_is_named(tmp_path) -> None:
    _, source = save(tmp_path, "gpt2")
    (tmp_path / "model.safetensors").write_bytes(b"\x10\0\0\0\0\0\0\0{not json       ")
    with pytest.raises(ModelError, match="not a safetensors file, or not all of it"):
        measure(source, [Congruence(0, 0, None)])


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        (Congruence(9, 0, None), "no layer 9"),
        (Congruence(0, 5000, None), "no neuron 0:5000"),
        (Congruence(0, None, " dogs"), "no single token"),
        (Congruence(0, None, None), "one neuron with all tokens, or of a layer"),
    ],
)
def test_what_weights_cannot_answer_is_said(tmp_path, asked, says) -> None:
    _, source = save(tmp_path, "gpt2")
    with pytest.raises(MeasurementError, match=says):
        measure(source, [asked])
