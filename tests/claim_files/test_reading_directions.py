"""Directions and probes whose vectors stand in files: what is read, and one clear error for all that cannot be."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from neuronclaims.baselines.content import content_of
from neuronclaims.claim_files.errors import ClaimFileError
from neuronclaims.claim_files.reader import read_claim_file
from neuronclaims.kinds import templates
from neuronclaims.measurements.views.view import ViewedSite

V = np.array([3.0, 0.0, 4.0], np.float32)
STACK = np.arange(1, 7, dtype=np.float32).reshape(2, 3)


@pytest.fixture
def read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    save_file({"honesty": V, "stack": STACK, "cube": STACK[None], "zero": 0 * V}, "v.safetensors")
    save_file({"weight": V[None], "bias": np.array([0.5], np.float32)}, "probe.safetensors")
    save_file({"weight": STACK, "bias": np.zeros(2, np.float32)}, "two.safetensors")
    save_file({"lone": V}, "one.safetensors")
    Path("broken.safetensors").write_bytes(b"\0" * 20)

    def read(
        directions: str = "{}", probes: str = "{}", claim: str = "neuron 1:2 activates more for a than b"
    ):
        path = tmp_path / "x.claims.yaml"
        sections = "".join(
            f"{name}: {{{text}}}\n"
            for name, text in (("directions", directions), ("probes", probes))
            if text != "{}"
        )
        path.write_text(
            "version: 1\nmodels: [demo]\nsite: resid_post\ntokens: last of prompt\n"
            "sets: {a: [one, two], b: [three, four], c: [five, six], d: [seven, eight]}\n"
            f"{sections}claims:\n  - {claim}\n"
        )
        return read_claim_file(path, templates())

    return read


def test_vectors_are_read_with_their_place_and_known_by_their_content(read) -> None:
    text = (
        "one: {file: one.safetensors, at: resid_post 3}, every: {file: v.safetensors, tensor: honesty, at: resid_mid}, "
        "each: {file: v.safetensors, tensor: stack, at: resid_post, neutral: c}"
    )
    found = read(text).directions
    one, every, each = (found[name].given for name in ("one", "every", "each"))
    assert (one.layer, one.by_layer, every.layer, each.by_layer) == (3, False, None, True)
    assert [found[name].site for name in found] == ["resid_post", "resid_mid", "resid_post"]
    np.testing.assert_allclose(one.axis(3).along, V / 25)
    np.testing.assert_allclose(every.axis(7).step, V)
    np.testing.assert_allclose(each.axis(1).step, [4, 5, 6])

    claim = "each activity is higher for a than b"
    before = read(text, claim=claim)
    again = read(text.replace("v.safetensors", "./v.safetensors"), claim=claim)
    save_file({"stack": STACK + 1}, "v.safetensors")
    other = read(text.replace("tensor: honesty", "tensor: stack"), claim=claim)
    assert before.digest == again.digest != other.digest
    assert content_of(before.claims[0]) == content_of(again.claims[0]) != content_of(other.claims[0])


@pytest.mark.parametrize(
    ("section", "entry", "why"),
    [
        ("directions", "{file: w.safetensors, at: resid_post 3}", "there is no file"),
        ("directions", "{file: w.pt, at: resid_post 3}", "must end in .safetensors; convert it once"),
        ("directions", "{file: ../w.safetensors, at: resid_post 3}", "it leads out of the project"),
        ("directions", "{file: broken.safetensors, at: resid_post 3}", "is not a safetensors file"),
        ("directions", "{file: pipe.safetensors, at: resid_post 3}", "is not a regular file but a pipe"),
        ("directions", "{file: v.safetensors, at: resid_post 3}", "which tensor of 'v.safetensors' is the direction"),
        ("directions", "{file: v.safetensors, at: resid_post 3, tensor: honest}", "did you mean 'honesty'"),
        ("directions", "{file: v.safetensors, at: resid_post 3, tensor: zero}", "is zero, so it is no direction"),
        ("directions", "{file: v.safetensors, at: resid_post 3, tensor: stack}", "where 'at' names no layer"),
        ("directions", "{file: v.safetensors, at: resid_post, tensor: cube}", "has the shape [1, 2, 3]"),
        ("directions", "{file: one.safetensors, at: residpost 3}", "'residpost' is not a site"),
        ("directions", "{file: one.safetensors, at: resid_post three}", "write a site and, of one layer, its number"),
        ("directions", "{file: one.safetensors, at: resid_post 3, neutral: e}", "there is no prompt set 'e'"),
        ("directions", "{file: one.safetensors, at: resid_post 3, method: mean difference}", "unknown key 'method'"),
        ("directions", "{file: one.safetensors}", "the key 'at' is missing"),
        ("probes", "{file: probe.safetensors, at: resid_post}", "a probe reads one layer"),
        ("probes", "{file: two.safetensors, at: resid_post 3}", "has the shape [2, 3]"),
        ("probes", "{file: one.safetensors, at: resid_post 3}", "has no tensor 'weight'"),
        ("probes", "{file: probe.safetensors, at: resid_post 3, bias: weight}", "the bias in"),
        ("probes", "{neurons: {5:2: 1, 6:0: 1}, at: mlp_post}", "its neurons lie in 2 layers"),
        ("probes", "{neurons: {5:2: 1}, at: mlp_post 6}", "its neurons lie in layer 5, not 6"),
        ("probes", "{neurons: {5-2: 1}, at: mlp_post}", "a neuron is written layer:index"),
        ("probes", "{neurons: {5:2: 0}, at: mlp_post}", "is zero"),
        ("probes", "{at: mlp_post 5}", "the key 'file' is missing"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_one_error_with_its_place(read, section, entry, why) -> None:
    os.mkfifo("pipe.safetensors")
    with pytest.raises(ClaimFileError) as caught:
        read(**{section: f"honesty: {entry}"})
    assert why in str(caught.value)
    assert "x.claims.yaml:6:" in str(caught.value)
    assert len(caught.value.problems) == 1


DIRECTIONS = (
    "one: {file: one.safetensors, at: resid_mid 3}, every: {file: v.safetensors, tensor: honesty, at: resid_post}, "
    "fitted: {from: [c, d], method: mean difference}"
)
PROBES = (
    "truth: {file: probe.safetensors, at: resid_post 5}, few: {neurons: {5:2: 0.5, 5:0: -1}, at: mlp_post}"
)


@pytest.mark.parametrize(
    ("who", "site", "layer"),
    [
        ("direction one", "resid_mid>direction", 3),
        ("direction one at layer 3", "resid_mid>direction", 3),
        ("direction every at layer 7", "resid_post>direction", 7),
        ("direction fitted at layer 4", "resid_post>direction", 4),
        ("mlp_out direction fitted at layer 4", "mlp_out>direction", 4),
        ("probe truth", "resid_post>probe", 5),
        ("probe few at layer 5", "mlp_post>probe", 5),
    ],
)
def test_a_direction_and_a_probe_are_subjects_at_sites_of_their_own(read, who, site, layer) -> None:
    [claim] = read(DIRECTIONS, PROBES, f"{who} activates more for a than b").claims
    assert claim.text == f"{who} activates more for a than b"
    assert claim.settings.site.rpartition(" ")[0] == site
    assert [(neuron.layer, neuron.index) for neuron in claim.sentence.who.neurons] == [(layer, 0)]
    assert isinstance(claim.settings.site, ViewedSite)


def test_a_fitted_direction_is_named_by_its_prompts_and_by_what_is_read_of_them(read) -> None:
    claim = "direction fitted at layer 4 activates more for a than b"
    [first], [again] = (read(DIRECTIONS, claim=claim).claims for _ in range(2))
    [named] = read(DIRECTIONS.replace("fitted", "other"), claim=claim.replace("fitted", "other")).claims
    [turned] = read(DIRECTIONS.replace("[c, d]", "[d, c]"), claim=claim).claims
    [mean] = read(DIRECTIONS, claim=f"{{claim: {claim}, tokens: mean of prompt}}").claims
    assert first.settings.site == again.settings.site == named.settings.site
    assert len({each.settings.site for each in (first, turned, mean)}) == 3


@pytest.mark.parametrize(
    ("claim", "why"),
    [
        ("direction honest at layer 3 activates more for a than b", "there is no direction 'honest'"),
        ("direction fited at layer 3 activates more for a than b", "did you mean 'fitted'"),
        ("direction truth at layer 3 activates more for a than b", "that is a probe"),
        ("probe one activates more for a than b", "that is a direction"),
        ("direction fitted activates more for a than b", "is of every layer: say of which one"),
        ("direction every activates more for a than b", "is of every layer: say of which one"),
        ("direction one at layer 4 activates more for a than b", "'one' is of layer 3, not of layer 4"),
        ("probe truth at layer 4 activates more for a than b", "'truth' reads layer 5, not layer 4"),
        ("direction every at layers 3 to 4 activates more for a than b", "name one layer"),
        ("direction every at all layers activates more for a than b", "write them, 'every at layers 0 to 5'"),
        ('ablating direction one at layers 2 to 3 lowers " an" in a', "is of layer 3, not of layers 2 to 3"),
        ("mlp_out direction one activates more for a than b", "lies at"),
        ("direction one at 3 activates more for a than b", "expected 'layer'"),
        ("direction one at layer three activates more for a than b", "the number of a layer"),
        ("direction fitted at layer 3 activates more for a than c", "was fitted on cannot test it"),
        ('adding 0 one raises " an" in a', "leaves everything as it is"),
        ('adding 3 honest at layer 3 raises " an" in a', "there is no direction 'honest'"),
    ],
)
def test_a_subject_that_does_not_fit_is_one_error_under_its_words(read, claim, why) -> None:
    with pytest.raises(ClaimFileError) as caught:
        read(DIRECTIONS, PROBES, f"'{claim}'")
    assert why in str(caught.value)
    assert "x.claims.yaml:9:" in str(caught.value)
    assert len(caught.value.problems) == 1
