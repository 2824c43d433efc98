"""Latents of dictionaries equal those computed by hand, and plain hooks of PyTorch with the same formula."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from cases import for_each
from safetensors.numpy import save_file
from tiny_models import HIDDEN

from neuronclaims.engines.measure import measure
from neuronclaims.foreign_files import ForeignFileError
from neuronclaims.measurements import (
    Ablation,
    AblationSweep,
    Activations,
    Pair,
    Prediction,
    Restoration,
    TokenRule,
)
from neuronclaims.measurements.changing.interventions import Add, Clamp
from neuronclaims.measurements.errors import MeasurementError
from neuronclaims.measurements.views.dictionary import Latents, latents_at
from neuronclaims.measurements.views.dictionary_folder import read_dictionary
from neuronclaims.measurements.views.view import is_smooth
from neuronclaims.models.running.integrity import _apart
from neuronclaims.models.running.views.latents import RunningLatents, _tensors

PROMPTS = ("the old dog ran to the river", "she sat", "food in the old market was new")
ASKED = Prediction(" dog", " cat")
TINY = {
    "W_enc": np.array([[1.0, 0.0, -1.0], [0.0, 2.0, 1.0]], np.float32),
    "b_enc": np.array([0.0, -1.0, 0.5], np.float32),
    "W_dec": np.array([[1.0, 0.0], [0.0, 3.0], [-1.0, 1.0]], np.float32),
    "b_dec": np.array([1.0, 0.0], np.float32),
}
SETTINGS = {"architecture": "standard", "d_in": 2, "d_sae": 3, "hook_name": "blocks.1.hook_resid_post"}
VALUES = torch.tensor([[[3.0, 2.0], [1.0, 1.0]]])


def folder_of(tmp_path: Path, tensors=TINY, name: str = "sae_weights.safetensors", **settings) -> Path:
    tmp_path.mkdir(exist_ok=True)
    if name.endswith("npz"):
        np.savez(tmp_path / name, **tensors)
    else:
        save_file(tensors, str(tmp_path / name))
        (tmp_path / "cfg.json").write_text(json.dumps(SETTINGS | settings))
    return tmp_path


def loaded(folder: Path) -> RunningLatents:
    dictionary = read_dictionary(folder)
    tensors = _tensors(dictionary.path, dictionary, torch.device("cpu"))
    return RunningLatents(Latents("resid_post", 1, dictionary), tensors)


BY_HAND = {
    # (x - b_dec) W_enc + b_enc of x = (3, 2) is (2, 3, .5), of (1, 1) it is (0, 1, 1.5).
    "relu": ({}, {}, [[2.0, 3.0, 0.5], [0.0, 1.0, 1.5]]),
    "top k": ({"architecture": "topk", "k": 1}, {}, [[0.0, 3.0, 0.0], [0.0, 0.0, 1.5]]),
    "top k of old": (
        {"activation_fn_str": "topk", "activation_fn_kwargs": {"k": 2}},
        {},
        [[2.0, 3.0, 0.0], [0.0, 1.0, 1.5]],
    ),
    "jump relu": (
        {"architecture": "jumprelu"},
        {"threshold": np.array([2.5, 0.5, 1.0], np.float32)},
        [[0.0, 3.0, 0.0], [0.0, 1.0, 1.5]],
    ),
    # x W_enc + b_enc is (3, 3, -.5) and (1, 1, .5).
    "no bias taken away": ({"apply_b_dec_to_input": False}, {}, [[3.0, 3.0, 0.0], [1.0, 1.0, 0.5]]),
    # Rows of W_dec have the lengths 1, 3 and the root of 2.
    "by norm": (
        {"architecture": "topk", "k": 1, "rescale_acts_by_decoder_norm": True},
        {},
        [[0.0, 9.0, 0.0], [0.0, 3.0, 0.0]],
    ),
}


@for_each("case", BY_HAND)
def test_latents_are_those_computed_by_hand_and_are_written_back_by_the_decoder(tmp_path, case) -> None:
    settings, more, expected = BY_HAND[case]
    view = loaded(folder_of(tmp_path, TINY | more, **settings))
    latents = view.read(VALUES)
    np.testing.assert_allclose(latents[0], expected, rtol=1e-6)
    torch.testing.assert_close(view.write(VALUES, latents, latents), VALUES, rtol=0, atol=0)
    raised = latents.clone()
    raised[0, 0, 1] += 3.0
    by = 1.0 if case == "by norm" else 3.0  # of which the decoder makes (0, 3) times as much
    torch.testing.assert_close(
        view.write(VALUES, latents, raised) - VALUES, torch.tensor([[[0, 3 * by], [0, 0.0]]])
    )


def test_layer_norm_and_a_constant_norm_are_put_on_and_taken_off_again(tmp_path) -> None:
    values = torch.tensor([[[4.0, -3.0]]])
    view = loaded(
        folder_of(tmp_path / "a", normalize_activations="constant_norm_rescale", apply_b_dec_to_input=False)
    )
    scaled = np.array([4.0, -3.0]) * np.sqrt(2) / 5
    before = view.read(values)
    np.testing.assert_allclose(before[0, 0], np.maximum(scaled @ TINY["W_enc"] + TINY["b_enc"], 0), rtol=1e-6)
    wrote = view.write(values, before, before + torch.tensor([2.0, 0, 0])) - values
    np.testing.assert_allclose(wrote[0, 0], [2 * 5 / np.sqrt(2), 0], rtol=1e-6)
    view = loaded(folder_of(tmp_path / "b", normalize_activations="layer_norm", apply_b_dec_to_input=False))
    spread = np.std([4.0, -3.0], ddof=1)
    known = np.array([3.5, -3.5]) / (spread + 1e-5)
    before = view.read(values)
    np.testing.assert_allclose(before[0, 0], np.maximum(known @ TINY["W_enc"] + TINY["b_enc"], 0), rtol=1e-5)
    wrote = view.write(values, before, before + torch.tensor([2.0, 0, 0])) - values
    np.testing.assert_allclose(wrote[0, 0], [2 * spread, 0], rtol=1e-5)


def test_gemma_scope_is_read_without_settings_and_its_identity_is_its_content(tmp_path) -> None:
    weights = TINY | {"threshold": np.array([2.5, 0.5, 1.0], np.float32)}
    one = folder_of(tmp_path / "one", weights, "params.npz")
    found = read_dictionary(one)
    assert (found.activation, found.width, found.latents, found.less_bias) == ("jump relu", 2, 3, False)
    np.testing.assert_allclose(loaded(one).read(VALUES)[0], [[3.0, 3.0, 0.0], [0.0, 1.0, 0.0]])
    other = read_dictionary(folder_of(tmp_path / "two", weights, architecture="jumprelu"))
    again = read_dictionary(folder_of(tmp_path / "three", weights, architecture="jumprelu"))
    unlike = folder_of(tmp_path / "four", weights, architecture="jumprelu", apply_b_dec_to_input=False)
    changed = read_dictionary(unlike)
    assert latents_at("resid_post", 1, other) == latents_at("resid_post", 1, again)
    assert len({other.digest, changed.digest, found.digest}) == 3


WRONG = {
    "gated": ({"architecture": "gated"}, TINY, "architecture 'gated', which is not known"),
    "tanh": ({"activation_fn_str": "tanh-relu"}, TINY, "activation function 'tanh-relu'"),
    "no k": ({"architecture": "topk"}, TINY, "says no k"),
    "k too large": ({"architecture": "topk", "k": 4}, TINY, "3 latents, fewer than the k = 4"),
    "no threshold": ({"architecture": "batchtopk", "k": 1}, TINY, "have no threshold"),
    "norm": ({"normalize_activations": "expected_average_only_in"}, TINY, "Fold the factor into the weights"),
    "head": ({"hook_head_index": 3}, TINY, "'hook_head_index', which is not read"),
    "shape": ({}, TINY | {"b_enc": np.zeros(4, np.float32)}, r"b_enc of shape \[4\], not \[3\]"),
    "nothing": ({}, {"x": np.zeros(4, np.float32)}, "has no W_enc, b_enc, W_dec, b_dec: it has x"),
}


@for_each("case", WRONG)
def test_a_folder_that_is_no_dictionary_is_refused_with_the_reason(tmp_path, case) -> None:
    settings, tensors, reason = WRONG[case]
    with pytest.raises(ForeignFileError, match=reason):
        read_dictionary(folder_of(tmp_path, tensors, **settings))


def test_damaged_weights_and_pickles_are_refused(tmp_path) -> None:
    (tmp_path / "sae_weights.safetensors").write_bytes(b"\xff" * 100)
    with pytest.raises(ForeignFileError, match="is not a safetensors file"):
        read_dictionary(tmp_path)
    pickles = folder_of(tmp_path / "pickles", TINY | {"threshold": np.array([{}], object)}, "params.npz")
    with pytest.raises(ForeignFileError, match="holds no plain numbers"):
        read_dictionary(pickles)
    with pytest.raises(ForeignFileError, match="is no folder"):
        read_dictionary(tmp_path / "none")


def random_dictionary(folder: Path, k: int = 4, latents: int = 24, **settings):
    draw = np.random.default_rng(5)
    tensors = {
        "W_enc": draw.normal(size=(HIDDEN, latents)).astype(np.float32),
        "b_enc": draw.normal(size=latents).astype(np.float32),
        "W_dec": draw.normal(size=(latents, HIDDEN)).astype(np.float32),
        "b_dec": draw.normal(size=HIDDEN).astype(np.float32),
    }
    dictionary = read_dictionary(folder_of(folder, tensors, architecture="topk", k=k, **settings))
    return dictionary, {name: torch.from_numpy(tensor) for name, tensor in tensors.items()}


def by_formula(values, tensors, k=4):
    numbers = (values - tensors["b_dec"]) @ tensors["W_enc"] + tensors["b_enc"]
    least = numbers.sort(dim=-1, descending=True).values[..., k - 1 : k]
    return torch.where(numbers >= least, numbers, 0.0).relu()


def test_latents_of_a_model_are_read_and_changed_as_by_plain_hooks(hand_over, tmp_path) -> None:
    source = hand_over("gpt2")
    dictionary, tensors = random_dictionary(tmp_path)
    site = latents_at("resid_post", 1, dictionary)
    model, tokenizer = source.loaded.model, source.loaded.tokenizer
    block = model.transformer.h[1]

    def run(text, edit=None):
        kept = []

        def after(_, __, output):
            values = output[0] if isinstance(output, tuple) else output
            kept.append(by_formula(values, tensors))
            if edit is None:
                return None
            new = edit(kept[0].clone())
            values = values + (new - kept[0]) @ tensors["W_dec"]
            return (values, *output[1:]) if isinstance(output, tuple) else values

        handle = block.register_forward_hook(after)
        with torch.no_grad():
            logits = model(torch.tensor([tokenizer(text)["input_ids"]])).logits[0, -1]
        handle.remove()
        dog, cat = tokenizer.convert_tokens_to_ids(["dog", "cat"])
        return kept[0][0].numpy(), float(logits[dog] - logits[cat])

    def at(index, value=None, plus=0.0):
        def edit(latents):
            latents[..., index] = latents[..., index] + plus if value is None else value
            return latents

        return edit

    values = {text: run(text)[0] for text in PROMPTS}
    often = int(np.argmax(sum((each > 0).sum(0) for each in values.values())))
    asked = {
        "mean": Activations(site, 1, TokenRule("mean", "prompt"), PROMPTS),
        "zero": Ablation(site, ((1, often),), "zero", ASKED, PROMPTS),
        "add": Ablation(site, ((1, often),), Add(2.5), ASKED, PROMPTS),
        "clamp": Ablation(site, ((1, often),), Clamp(7.0), ASKED, PROMPTS),
        "sweep": AblationSweep(site, 1, "zero", ASKED, PROMPTS),
        "restored": Restoration(
            site, ((1, often),), ASKED, (Pair(PROMPTS[0], "the old cat ran to the lake"),)
        ),
    }
    found = measure(source, list(asked.values()))
    edits = {"zero": at(often, 0.0), "add": at(often, plus=2.5), "clamp": at(often, 7.0)}
    for row, text in enumerate(PROMPTS):
        np.testing.assert_allclose(found[asked["mean"]][row], values[text].mean(0), rtol=1e-4, atol=1e-4)
        before = run(text)[1]
        for key, edit in edits.items():
            expected = [before, run(text, edit)[1]]
            np.testing.assert_allclose(found[asked[key]][row, :2], expected, rtol=1e-3, atol=1e-3)
        swept = [run(text, at(index, 0.0))[1] for index in range(24)]
        np.testing.assert_allclose(found[asked["sweep"]][row], [before, *swept], rtol=1e-3, atol=1e-3)
    clean = torch.from_numpy(values[PROMPTS[0]][:, often])
    patched = run("the old cat ran to the lake", at(often, clean))[1]
    np.testing.assert_allclose(found[asked["restored"]][0, 2], patched, rtol=1e-3, atol=1e-3)


def test_a_dictionary_of_another_width_a_transcoder_and_a_changed_file_are_refused(
    hand_over, tmp_path
) -> None:
    source = hand_over("gpt2")
    other = latents_at("mlp_post", 1, random_dictionary(tmp_path / "a")[0])
    asked = Activations(other, 1, TokenRule("mean", "prompt"), PROMPTS)
    with pytest.raises(MeasurementError, match=r"reads 32 values of each token, but .* has 128 at mlp_post"):
        asked.request.need.check(source.facts())
    transcoder, _ = random_dictionary(tmp_path / "b")
    folder_of(
        tmp_path / "c", random_tensors(), architecture="transcoder", hook_name_out="blocks.1.hook_mlp_out"
    )
    site = latents_at("resid_post", 1, read_dictionary(tmp_path / "c"))
    with pytest.raises(
        MeasurementError, match=r"a transcoder: .* writes at blocks.1.hook_mlp_out.* read only"
    ):
        Ablation(site, ((1, 0),), "zero", ASKED, PROMPTS).request.need.check(source.facts())
    site = latents_at("resid_post", 1, transcoder)
    random_dictionary(tmp_path / "b", k=3)
    with pytest.raises(MeasurementError, match="has changed since the claims were read"):
        measure(source, [Activations(site, 1, TokenRule("mean", "prompt"), PROMPTS)])


def random_tensors(latents: int = 24):
    draw = np.random.default_rng(6)
    shapes = {"W_enc": (HIDDEN, latents), "b_enc": (latents,), "W_dec": (latents, HIDDEN), "b_dec": (HIDDEN,)}
    return {name: draw.normal(size=shape).astype(np.float32) for name, shape in shapes.items()}


def test_one_latent_that_rounding_lets_in_is_no_fault_and_many_that_moved_are(tmp_path) -> None:
    site = latents_at("resid_post", 1, random_dictionary(tmp_path)[0])
    need = Activations(site, 1, TokenRule("mean", "prompt"), PROMPTS).request.need
    smooth = Activations("resid_post", 1, TokenRule("mean", "prompt"), PROMPTS).request.need
    one = np.array([4.0, 3.0, 2.0, 1.0, 0.9, 0.0, 0.0], np.float32)
    flipped = np.array([4.0, 3.0, 2.0, 1.0, 0.0, 0.9, 0.0], np.float32)
    assert _apart(need, one, flipped) == 0
    assert _apart(smooth, one, flipped) == pytest.approx(0.9 / 4)
    assert _apart(need, one, one * np.float32(1.1)) > 1e-2
    assert _apart(need, one, np.full_like(one, np.nan)) == np.inf
    assert is_smooth("resid_post")
    assert not is_smooth(site)
