"""The demo's claims about directions and a probe, told again by plain Transformers and NumPy."""

from __future__ import annotations

import csv
import json
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file
from transformers import AutoModelForCausalLM, AutoTokenizer

from neuronclaims import judge
from neuronclaims.demo import MODEL_FOLDER

CLAIMS = Path(__file__).parents[2] / "claims"


def texts(name):
    with (CLAIMS / "prompts" / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return [row["text"] for row in csv.DictReader(file)]


@pytest.fixture(scope="module")
def values(tmp_path_factory):
    found = judge(CLAIMS / "seed-001-directions.claims.yaml", cache=tmp_path_factory.mktemp("cache"))
    return {
        result.id: {e.key: e.value for e in (result.evidence.effect, *result.evidence.other_effects)}
        for result in found
    }


class Plain:
    """The demo model, watched and changed behind one block by a hook of PyTorch."""

    def __init__(self):
        self.model = AutoModelForCausalLM.from_pretrained(MODEL_FOLDER).eval()
        self.tokenizer = AutoTokenizer.from_pretrained(MODEL_FOLDER)
        self.judged = [
            self.tokenizer.encode(word, add_special_tokens=False)[0] for word in (" true", " false")
        ]

    def run(self, text, layer, edit=None):
        """Return the state at the last token behind a block, and the logit of " true" less that of " false"."""
        kept = []

        def hook(_, __, output):
            state = output if isinstance(output, torch.Tensor) else output[0]
            kept.append(state[0, -1].double().numpy())
            if edit is None:
                return None
            new = edit(state.double()).to(state.dtype)
            return new if isinstance(output, torch.Tensor) else (new, *output[1:])

        handle = self.model.transformer.h[layer].register_forward_hook(hook)
        with torch.no_grad():
            logits = self.model(torch.tensor([self.tokenizer(text).input_ids])).logits[0, -1].double()
        handle.remove()
        return kept[0], float(logits[self.judged[0]] - logits[self.judged[1]])

    @contextmanager
    def changed(self, edits):
        """Change the states behind some blocks while others are watched."""

        def hook(edit, _, __, output):
            state = output if isinstance(output, torch.Tensor) else output[0]
            new = edit(state.double()).to(state.dtype)
            return new if isinstance(output, torch.Tensor) else (new, *output[1:])

        handles = [
            self.model.transformer.h[layer].register_forward_hook(partial(hook, edit))
            for layer, edit in edits.items()
        ]
        yield
        for handle in handles:
            handle.remove()

    def states(self, name, layer):
        return np.array([self.run(text, layer)[0] for text in texts(name)])

    def change(self, name, layer, edit):
        pairs = [(self.run(text, layer)[1], self.run(text, layer, edit)[1]) for text in texts(name)]
        return float(np.mean([after - before for before, after in pairs]))


@pytest.fixture(scope="module")
def plain():
    return Plain()


def step(plain, one, other, layer):
    return plain.states(f"discovery/{one}", layer).mean(0) - plain.states(f"discovery/{other}", layer).mean(0)


def test_what_is_read_is_told_again(values, plain):
    v = step(plain, "honest", "lying", 3)
    honest, lying = (plain.states(name, 3) @ v / (v @ v) for name in ("honest", "lying"))
    assert values["honesty"]["paired_mean_difference"] == pytest.approx(
        honest.mean() - lying.mean(), rel=1e-3
    )
    assert values["honesty-from-a-file"]["paired_mean_difference"] == pytest.approx(
        values["honesty"]["paired_mean_difference"], rel=1e-3
    )
    kept = load_file(CLAIMS / "directions.safetensors")
    true, false = (
        plain.states(name, 4) @ kept["truth.weight"][0] + kept["truth.bias"]
        for name in ("true_statements", "false_statements")
    )
    ranks = (true[:, None] > false).mean() + (true[:, None] == false).mean() / 2
    assert values["the-probe"]["auroc"] == pytest.approx(ranks, abs=1e-6)


def test_what_is_changed_is_told_again(values, plain):
    v = torch.tensor(step(plain, "true_statements", "false_statements", 4))
    kept = load_file(CLAIMS / "directions.safetensors")
    w, bias = torch.tensor(kept["truth.weight"][0]).double(), float(kept["truth.bias"][0])
    told = {
        "truth-taken-out": ("true_statements", lambda x: x - (x @ v / (v @ v))[..., None] * v),
        "truth-added": ("false_statements", lambda x: x + v),
        "the-probe-undecided": ("true_statements", lambda x: x - ((x @ w + bias) / (w @ w))[..., None] * w),
    }
    for name, (prompts, edit) in told.items():
        found = next(value for key, value in values[name].items() if key == "change_of_logit_difference")
        assert found == pytest.approx(plain.change(prompts, 4, edit), rel=2e-3), name


def test_activity_along_vectors_of_a_file_is_that_along_the_same_ones_fitted(tmp_path):
    (tmp_path / "v.safetensors").write_bytes((CLAIMS / "directions.safetensors").read_bytes())
    few = slice(0, 12)
    head = {
        "version": 1,
        "models": ["demo"],
        "site": "resid_post",
        "tokens": "last of prompt",
        "correction": "none",
        "score": "raw",
        "sets": {
            "honest": texts("honest")[few],
            "lying": texts("lying")[few],
            "found_honest": texts("discovery/honest"),
            "found_lying": texts("discovery/lying"),
        },
        "directions": {
            "fitted": {"from": ["found_honest", "found_lying"], "method": "mean difference"},
            "stored": {"file": "v.safetensors", "tensor": "honesty", "at": "resid_post"},
            "of_one": {"file": "v.safetensors", "tensor": "truth.weight", "at": "resid_post 4"},
        },
        "claims": [
            f"{name} activity is higher for honest than lying" for name in ("fitted", "stored", "of_one")
        ],
    }
    path = tmp_path / "x.claims.yaml"
    path.write_text(json.dumps(head), encoding="utf-8")
    fitted, stored, of_one = judge(path, cache=tmp_path / "cache")
    effects = [each.evidence.effect for each in (fitted, stored)]
    assert effects[0].value == pytest.approx(effects[1].value, rel=1e-3)
    assert any("stands in v.safetensors (honesty)" in note for note in stored.evidence.notes)
    assert "is of layer 4 alone: write 'in layer 4'" in of_one.error


def test_a_direction_taken_out_of_several_layers_is_that_of_each(tmp_path, plain):
    (tmp_path / "v.safetensors").write_bytes((CLAIMS / "directions.safetensors").read_bytes())
    few, layers = texts("true_statements")[:8], (3, 4, 5)
    head = {
        "version": 1,
        "models": ["demo"],
        "site": "resid_post",
        "tokens": "last of prompt",
        "sets": {"statements": few},
        "directions": {"honesty": {"file": "v.safetensors", "tensor": "honesty", "at": "resid_post"}},
        "claims": ['ablating direction honesty at layers 3 to 5 lowers " true" over " false" in statements'],
    }
    path = tmp_path / "x.claims.yaml"
    path.write_text(json.dumps(head), encoding="utf-8")
    [result] = judge(path, cache=tmp_path / "cache")
    vectors = torch.tensor(load_file(CLAIMS / "directions.safetensors")["honesty"]).double()

    def without(layer):
        v = vectors[layer]
        return lambda x: x - (x @ v / (v @ v))[..., None] * v

    changes = []
    for text in few:
        before = plain.run(text, 0)[1]
        with plain.changed({layer: without(layer) for layer in layers[1:]}):
            changes.append(plain.run(text, layers[0], without(layers[0]))[1] - before)
    assert result.evidence.effect.value == pytest.approx(np.mean(changes), rel=2e-3, abs=1e-4)
    assert any(
        "of the same length" in note and "lists of 3 random directions" in note
        for note in result.evidence.notes
    )
