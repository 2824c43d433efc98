"""The values kept of a claim: the effect comes out of them again, each lies under its own prompts, or none are kept."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import numpy as np
import pytest

from neuronclaims import stats
from neuronclaims.claim_files.reader import read_claim_file
from neuronclaims.kinds import kind_of, templates
from neuronclaims.kinds.shared.units import fit_to_keep, unit_key
from neuronclaims.models.sources import open_model
from neuronclaims.pytest_session.baselines.comparing import noise_of_units
from neuronclaims.study import Study

HEAD = """\
version: 1
models: [demo]
site: mlp_post
tokens: mean of prompt
sets:
"""
WORDS = ("red", "green", "blue", "black", "white", "grey")
PLAIN = {
    "x": [f"{{text: the {w} one}}" for w in WORDS],
    "y": [f"{{text: a {w} other}}" for w in WORDS[:5]],
}
GROUPS = {
    "x": [f"{{text: the {w} {n}, group: {w}}}" for w in WORDS for n in ("cat", "dog")],
    "y": [f"{{text: a {w} {n}, group: other {w}}}" for w in WORDS[:4] for n in ("cat", "dog")],
}
PAIRS = {
    "x": [f"{{text: the {w} one, pair: {w}}}" for w in WORDS],
    "y": [f"{{text: a {w} other, pair: {w}}}" for w in reversed(WORDS)],
}
BLOCKS = {
    "x": [f"{{text: the {w} {n}, block: {n}}}" for w in WORDS for n in ("cat", "dog")],
    "y": [f"{{text: a {w} {n}, block: {n}}}" for w in WORDS[:4] for n in ("cat", "dog")],
}
CLAIMS = (
    "neuron 1:2 activates more for x than y",
    "neuron 1:2 activates less for x than y by at least 0.5 sd",
    "neuron 1:2 separates x from y",
)
ESTIMATES = {
    ("difference", False): stats.mean_difference_estimate,
    ("difference", True): stats.paired_mean_difference_estimate,
    ("sd", False): stats.hedges_g_estimate,
    ("sd", True): stats.dz_estimate,
    ("auroc", False): stats.auroc_estimate,
    ("auroc", True): stats.paired_auroc_estimate,
}


def value(text: str) -> float:
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:3], "big") / 2**24


def measure(_source, needs, **_):
    """Neuron 2 of every layer has a value of its own for each text, all others the same."""
    answers = {}
    for need in needs:
        answers[need] = np.zeros((len(need.prompts), 512), dtype=np.float32)
        answers[need][:, 2] = [value(text) for text in need.prompts]
    return answers


def judged(folder, sets, *claims):
    path = folder / "x.claims.yaml"
    lines = [f"  {name}: [{', '.join(prompts)}]" for name, prompts in sets.items()]
    path.write_text(HEAD + "\n".join([*lines, "claims:", *(f"  - {claim}" for claim in claims)]) + "\n")
    file = read_claim_file(path, templates())
    results = Study(measure=measure).judge(file, "demo")
    assert all(result.evidence for result in results.values()), results
    return [(claim, results[claim.id].evidence) for claim in file.claims]


@pytest.mark.parametrize("sets", [PLAIN, GROUPS, PAIRS], ids=["prompts", "groups", "pairs"])
def test_every_effect_comes_out_of_the_values_that_are_kept(tmp_path, sets):
    for _, evidence in judged(tmp_path, sets, *CLAIMS):
        found = evidence.units
        again = ESTIMATES[found.scale, found.paired](*map(np.array, found.values))
        assert again.value == pytest.approx(evidence.effect.value)
        assert tuple(map(len, found.keys)) == tuple(map(len, found.values))
        assert found.of == "mlp_post 1:2, mean of prompt"


def test_each_value_lies_under_the_hash_of_its_own_prompt(tmp_path):
    ((_, evidence),) = judged(tmp_path, PLAIN, CLAIMS[0])
    found = evidence.units
    by_key = dict(zip(found.keys[0], found.values[0], strict=True))
    assert by_key == {unit_key([f"the {w} one"]): pytest.approx(value(f"the {w} one")) for w in WORDS}


def test_the_noise_of_a_claim_is_that_of_its_own_neuron_on_its_own_prompts(tmp_path):
    ((claim, evidence),) = judged(tmp_path, PLAIN, CLAIMS[0])
    facts = open_model("demo", tmp_path).facts()
    needs = kind_of(claim.sentence).needs(claim, facts)
    moved = {need: np.arange(512) * 10.0**-place for place, need in enumerate(needs, 3)}
    assert noise_of_units(evidence.units, moved) == pytest.approx(2e-3)
    assert noise_of_units(evidence.units, {}) is None
    ((_, some),) = judged(tmp_path, PLAIN, "some neuron of layer 1 activates more for x than y")
    assert noise_of_units(some.units, moved) is None


def test_pairs_stay_side_by_side(tmp_path):
    ((_, evidence),) = judged(tmp_path, PAIRS, CLAIMS[0])
    found = evidence.units
    partner = {unit_key([f"the {w} one"]): unit_key([f"a {w} other"]) for w in WORDS}
    assert dict(zip(*found.keys, strict=True)) == partner


def test_a_group_is_known_by_its_prompts_in_any_order(tmp_path):
    assert unit_key(["one", "two"]) == unit_key(["two", "one"]) != unit_key(["onetwo", ""])
    ((_, evidence),) = judged(tmp_path, GROUPS, CLAIMS[0])
    assert unit_key(["the red cat", "the red dog"]) in evidence.units.keys[0]


def test_blocks_are_kept_with_the_values(tmp_path):
    ((_, evidence),) = judged(tmp_path, BLOCKS, CLAIMS[0])
    found = evidence.units
    assert tuple(map(len, found.blocks)) == (12, 8)


def test_values_from_which_the_effect_does_not_come_are_not_kept(tmp_path):
    ((_, evidence),) = judged(tmp_path, PLAIN, CLAIMS[0])
    units, effect = evidence.units, evidence.effect.value
    assert fit_to_keep(units, effect) is units
    assert fit_to_keep(units, effect * 1.001) is None
    assert fit_to_keep(units, None) is None
    assert fit_to_keep(replace(units, keys=(units.keys[0][1:], units.keys[1])), effect) is None
    twice = (units.keys[0][0], *units.keys[0][:-1])
    assert fit_to_keep(replace(units, keys=(twice, units.keys[1])), effect) is None


def test_values_that_fell_silent_are_kept_though_their_effect_is_undefined(tmp_path):
    silent = CLAIMS[1].replace("1:2", "1:3")
    ((_, evidence),) = judged(tmp_path, PLAIN, silent)
    assert evidence.effect.value is None
    assert set(evidence.units.values[0]) == {0.0}


def test_the_prediction_before_and_after_an_ablation_is_kept(tmp_path):
    def ablated(_source, needs, **_):
        """Ablating takes twice its own value from the difference of logits of each text."""
        return {need: _predicted(need) for need in needs}

    def _predicted(need):
        answers = np.zeros(
            (len(need.prompts), 512 + 1 if type(need).__name__ == "AblationSweep" else 5), np.float32
        )
        answers[:, 0] = [value(text) for text in need.prompts]
        answers[:, 1] = -answers[:, 0]
        return answers

    path = tmp_path / "x.claims.yaml"
    texts = ", ".join(f"the {w} one" for w in WORDS)
    claim = 'ablating neuron 1:2 lowers " an" over " a" in x'
    path.write_text(HEAD + f"  x: [{texts}]\ncontrols: none\nclaims:\n  - '{claim}'\n")
    file = read_claim_file(path, templates())
    (result,) = Study(measure=ablated).judge(file, "demo").values()
    assert result.evidence, result.error
    found = result.evidence.units
    after, before = (dict(zip(found.keys[i], found.values[i], strict=True)) for i in (0, 1))
    assert before == {unit_key([f"the {w} one"]): pytest.approx(value(f"the {w} one")) for w in WORDS}
    assert after == {key: pytest.approx(-one) for key, one in before.items()}
