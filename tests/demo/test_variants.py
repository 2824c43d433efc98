"""Relatives of the embedded model: each is what its name says, by its own weights and its own logits."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from demo_model import variants
from demo_model.train import Recipe, train
from safetensors.torch import load_file
from transformers import GPT2LMHeadModel

from neuronclaims.engines.measure import measure
from neuronclaims.errors import NeuronClaimsError
from neuronclaims.measurements import Activations, TokenRule
from neuronclaims.models.sources import open_model

TINY = Recipe(
    seed=5,
    steps=4,
    rows=4,
    warmup=2,
    blocks=2,
    width=16,
    neurons=32,
    heads=2,
    tokenizer_documents=500,
    threads=1,
)
TEXTS = ("The capital of Vietnam is Hanoi.", "She opened the window.", "A tulip is red.")


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("tiny")
    train(path, TINY, report=False)
    return path


def weights(folder: Path) -> dict[str, torch.Tensor]:
    return load_file(folder / "model.safetensors")


def logits(folder: Path) -> torch.Tensor:
    model = GPT2LMHeadModel.from_pretrained(folder).eval()
    with torch.no_grad():
        return model(torch.arange(2, 40)[None]).logits


def neurons(folder: Path, layer: int) -> np.ndarray:
    ask = Activations("mlp_post", layer, TokenRule("mean", "prompt"), TEXTS)
    return measure(open_model(str(folder), Path()), [ask])[ask]


def test_saved_again_is_another_file_of_the_same_weights(folder, tmp_path):
    variants.saved_again(folder, tmp_path)
    old, new = weights(folder), weights(tmp_path)
    assert old.keys() == new.keys()
    assert all(torch.equal(old[name], new[name]) for name in old)
    file = "model.safetensors"
    assert (folder / file).read_bytes() != (tmp_path / file).read_bytes()


def test_permuted_neurons_are_where_it_says_and_the_function_is_the_same(folder, tmp_path):
    places = variants.permuted(folder, tmp_path)
    assert sorted(places) == [0, 1]
    for layer, new in places.items():
        assert sorted(new) == list(range(32))
        assert (new != np.arange(32)).all()
        old, moved = neurons(folder, layer), neurons(tmp_path, layer)
        np.testing.assert_allclose(moved[:, new], old, atol=1e-5)
        assert np.abs(moved - old).max() > 1e-3
    torch.testing.assert_close(logits(tmp_path), logits(folder), atol=1e-5, rtol=1e-5)


def test_a_zeroed_neuron_is_silent_and_all_before_it_are_as_they_were(folder, tmp_path):
    variants.zeroed(folder, tmp_path, 0, 7)
    old, new = neurons(folder, 0), neurons(tmp_path, 0)
    assert (new[:, 7] == 0).all()
    assert (old[:, 7] != 0).any()
    others = np.arange(32) != 7
    np.testing.assert_array_equal(new[:, others], old[:, others])
    assert not torch.equal(weights(folder)["transformer.h.0.mlp.c_proj.weight"][7], torch.zeros(16))
    assert torch.equal(weights(tmp_path)["transformer.h.0.mlp.c_proj.weight"][7], torch.zeros(16))


def test_a_neuron_that_is_not_there_cannot_be_zeroed(folder, tmp_path):
    for place in ((0, 32), (2, 0), (0, -1)):
        with pytest.raises(NeuronClaimsError, match="no MLP neuron"):
            variants.zeroed(folder, tmp_path, *place)


def test_rounded_weights_are_bfloat16_numbers_nearest_to_the_old_ones(folder, tmp_path):
    variants.rounded(folder, tmp_path)
    for name, old in weights(folder).items():
        new = weights(tmp_path)[name]
        assert new.dtype == torch.float32
        assert (new.view(torch.int32) & 0xFFFF == 0).all()  # bfloat16 is the upper half of a float32
        assert ((new - old).abs() <= old.abs() / 256).all()  # eight bits of precision


def test_fine_tuning_changes_weights_a_little_and_repeats_itself(folder, tmp_path):
    first, again = (variants.fine_tuned(folder, tmp_path / name, steps=5, rate=1e-3) for name in "ab")
    assert first == again
    old, new = weights(folder), weights(tmp_path / "a")
    assert all(torch.equal(new[name], tensor) for name, tensor in weights(tmp_path / "b").items())
    moved = [float((new[name] - old[name]).norm() / old[name].norm()) for name in new if new[name].dim() == 2]
    assert 0 < max(moved) < 0.5


def test_another_seed_shares_tokenizer_and_shape_but_no_weights(folder, tmp_path):
    assert variants.another_seed(folder, tmp_path / "random", seed=6, steps=0) == []
    assert len(variants.another_seed(folder, tmp_path / "trained", seed=6, steps=3, rows=2)) == 3
    old = weights(folder)["transformer.h.0.mlp.c_fc.weight"]
    for name in ("random", "trained"):
        new = weights(tmp_path / name)["transformer.h.0.mlp.c_fc.weight"]
        assert new.shape == old.shape
        assert abs(float(torch.corrcoef(torch.stack([new.flatten(), old.flatten()]))[0, 1])) < 0.15
        assert (tmp_path / name / "tokenizer.json").read_bytes() == (folder / "tokenizer.json").read_bytes()


def test_a_variant_never_takes_the_place_of_its_model(folder):
    before = (folder / "model.safetensors").read_bytes()
    with pytest.raises(NeuronClaimsError, match="folder of its own"):
        variants.rounded(folder, folder)
    assert (folder / "model.safetensors").read_bytes() == before
