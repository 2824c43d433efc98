"""Graded answers are used on the model that gave them and on no other, whichever way a claim rests on them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save

import neuronclaims
from neuronclaims.claim_files.reader import read_claim_file
from neuronclaims.errors import NeuronClaimsError
from neuronclaims.kinds import templates
from neuronclaims.study import Study

CONFIG = {"model_type": "gpt2", "n_layer": 2, "n_embd": 4, "n_head": 2, "n_positions": 64, "vocab_size": 9}
LETTERS = "abcdef"
SETS = {name: [f"{name} {letter}" for letter in LETTERS] for name in ("up", "down", "left", "right", "calm")}
GRADED = "{{file: {name}.jsonl, graded_by: {sha}}}"
CLAIMS = {
    "separation": ("neuron 0:1 separates {graded} from up", None),
    "contrast": ("neuron 0:1 activates more for up than {graded}", None),
    "outlier": ("neuron 0:1 is an outlier beyond 6 in at least 6% of tokens in {graded}", None),
    "fitted on": ("turned activity is higher for up than down", "from: [left, {graded}]"),
    "scaled by": ("turned activity is higher for up than down", "from: [left, right], neutral: {graded}"),
    "reference": (
        "{{claim: 'ablating neuron 0:1 lowers \" an\" in up', controls: none, replacement: mean, reference: {graded}}}",
        None,
    ),
    "damage": (
        "{{claim: 'ablating neuron 0:1 lowers \" an\" in up', controls: none, damage: {graded}}}",
        None,
    ),
}


def measure(source, measurements, *, cache, options, progress):
    """Answer with noise, and with the widths that the claims above ask for."""
    widths = {"Ablation": 5, "AblationSweep": 5}
    rng = np.random.default_rng(5)
    return {
        m: np.abs(rng.normal(size=(len(m.prompts), widths.get(type(m).__name__, 4)))).astype(np.float32)
        for m in measurements
    }


def model(folder: Path, weights: bytes = b"weights") -> str:
    """Write a model's files, and return the fingerprint of the weights."""
    folder.mkdir(exist_ok=True)
    (folder / "config.json").write_text(json.dumps(CONFIG))
    values = np.frombuffer(weights, dtype=np.uint8)
    (folder / "model.safetensors").write_bytes(save({"h.0.mlp.c_fc.weight": values}))
    (folder / "tokenizer.json").write_text("{}")
    return neuronclaims.fingerprint(folder)


def put(folder: Path, claims: list[str], sha: str, made: str = "from: [left, right]", **study):
    """Put claims to ``model`` where the answers are said to be those of the model ``sha``."""
    for name in ("answers", "others"):
        rows = "".join(json.dumps({"text": f"{name} {letter}"}) + "\n" for letter in LETTERS)
        (folder / f"{name}.jsonl").write_text(rows)
    lines = ["version: 1", "models: [model]", "site: resid_post", "tokens: last of prompt", "sets:"]
    lines += [f"  {name}: {json.dumps(prompts)}" for name, prompts in SETS.items()]
    lines += [f"  {name}: {GRADED.format(name=name, sha=sha)}" for name in ("answers", "others")]
    neutral = "" if "neutral" in made else ", neutral: calm"
    lines += ["directions:", f"  turned: {{{made}, method: mean difference{neutral}}}", "claims:"]
    path = folder / "x.claims.yaml"
    path.write_text("\n".join([*lines, *(f"  - {claim}" for claim in claims)]) + "\n")
    return list(Study(measure=measure, **study).judge(read_claim_file(path, templates()), "model").values())


@pytest.mark.parametrize("way", CLAIMS)
def test_answers_graded_on_another_model_are_refused_whichever_way_a_claim_rests_on_them(tmp_path, way):
    own, other = model(tmp_path / "model"), model(tmp_path / "other", b"other weights")
    claim, made = (text and text.format(graded="answers") for text in CLAIMS[way])
    fine = "{id: fine, claim: neuron 0:2 separates up from down}"
    refused, beside = put(tmp_path, [claim, fine], other, **({"made": made} if made else {}))
    assert refused.error == (
        f"The answers in 'answers' were graded on another model: its fingerprint is {other[:12]}…, that of model is "
        f"{own[:12]}…. What is right in the answers of one model says nothing of another's: grade the answers of this "
        "model, and give its fingerprint as 'graded_by'. All of it stands in claims.json, and under the claims with "
        "-v; neuronclaims.fingerprint gives it to a script."
    )
    assert refused.verdict is None
    assert beside.error is None
    assert beside.evidence.test.family == 2
    assert not any("graded" in note for note in beside.evidence.notes)
    accepted, _ = put(tmp_path, [claim, fine], own, **({"made": made} if made else {}))
    assert accepted.error is None
    assert accepted.evidence.notes[-1] == (
        f"The answers in 'answers' were graded on this very model ({own[:12]}…)."
    )


def test_all_sets_of_another_model_are_named_and_nothing_is_measured_for_them(tmp_path):
    model(tmp_path / "model")
    asked = []

    def remember(source, measurements, **rest):
        asked.extend(measurements)
        return measure(source, measurements, **rest)

    path = put(tmp_path, ["neuron 0:1 separates answers from others"], "ab" * 32)
    assert path[0].error.startswith("The answers in 'answers' and 'others' were graded on another model:")
    file = read_claim_file(tmp_path / "x.claims.yaml", templates())
    Study(measure=remember).judge(file, "model")
    assert asked == []


def test_weights_or_settings_that_change_make_another_model(tmp_path):
    before = model(tmp_path / "model")
    claim = ["neuron 0:1 separates answers from up"]
    assert put(tmp_path, claim, before, cache=tmp_path / "cache")[0].error is None
    model(tmp_path / "model", b"trained further")
    assert "graded on another model" in put(tmp_path, claim, before, cache=tmp_path / "cache")[0].error


def test_a_result_tells_the_whole_fingerprint_where_it_is_at_hand(tmp_path):
    own = model(tmp_path / "model")
    plain = ["neuron 0:1 separates up from down"]
    assert put(tmp_path, plain, own)[0].fingerprint is None  # nothing is hashed that nobody asks for
    assert put(tmp_path, plain, own, cache=tmp_path / "cache")[0].fingerprint == own
    # The one way to learn it that is always there: the claim that is refused for lack of it.
    refused = put(tmp_path, ["neuron 0:1 separates answers from up"], "ab" * 32)[0]
    assert refused.fingerprint == own
    (tmp_path / "model" / "tokenizer.json").unlink()  # the run itself would say so
    assert put(tmp_path, plain, own, cache=tmp_path / "elsewhere")[0].fingerprint is None


def test_the_fingerprint_of_a_model_that_is_not_there_is_one_clear_error(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(NeuronClaimsError, match="There is no folder"):
        neuronclaims.fingerprint("./absent")
    model(tmp_path / "model")
    assert neuronclaims.fingerprint("./model") == neuronclaims.fingerprint(tmp_path / "model")


def test_checking_answers_imports_no_model_library(tmp_path):
    model(tmp_path / "model")
    put(tmp_path, ["neuron 0:1 separates answers from up"], "ab" * 32)
    code = f"""
import sys
from neuronclaims import judge
[result] = judge({str(tmp_path / "x.claims.yaml")!r}, cache=__import__("pathlib").Path({str(tmp_path / "c")!r}))
assert "graded on another model" in result.error
print(sorted({{"torch", "transformers"}} & sys.modules.keys()))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_demos_own_answers_are_its_own():
    folder = Path(__file__).parents[1] / "claims"
    file = read_claim_file(folder / "seed-000-true-false.claims.yaml", templates())
    graders = {grader for claim in file.claims for grader in claim.graded.values()}
    assert graders == {neuronclaims.fingerprint("demo")}
