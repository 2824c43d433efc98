"""Rankings by activation itself, and neurons among the top of one set and of no other, against loops and SciPy."""

from __future__ import annotations

import json

import numpy as np
import pytest
from scipy.stats import binom, binomtest

from neuronclaims.claim_files.errors import ClaimFileError
from neuronclaims.claim_files.reader import read_claim_file
from neuronclaims.kinds import templates
from neuronclaims.kinds.shared.subjects.subjects import TestedNeuron
from neuronclaims.kinds.top_k.plain_shares import SharePart, least_clear_part
from neuronclaims.sentences.subjects.neurons import Neuron
from neuronclaims.stats import share_estimate, share_test
from neuronclaims.study import Study

CONFIG = {"model_type": "gpt2", "n_layer": 3, "n_embd": 8, "n_head": 2, "n_positions": 64, "vocab_size": 9}
SETS = {name: [f"{name} {place:02}" for place in range(14)] for name in ("hanoi", "tulip", "violent", "base")}
RNG = np.random.default_rng(3)
VALUES = {text: RNG.normal(size=(3, 8)).astype(np.float32) for texts in SETS.values() for text in texts}
for name, texts in SETS.items():
    for number, text in enumerate(texts):
        VALUES[text][2, 6] = 90.0 + number  # always the highest
        VALUES[text][1, 3] = 50.0 if name == "hanoi" and number else -90.0
        VALUES[text][0, 2] = 20.0 if name in ("hanoi", "violent") else -1.0


def measure(source, measurements, *, cache, options, progress):
    return {m: np.stack([VALUES[prompt][m.layer] for prompt in m.prompts]) for m in measurements}


@pytest.fixture
def judge(tmp_path):
    def judge(claim: str, head: str = ""):
        (tmp_path / "model").mkdir(exist_ok=True)
        (tmp_path / "model" / "config.json").write_text(json.dumps(CONFIG))
        (tmp_path / "model" / "model.safetensors").write_bytes(b"")
        path = tmp_path / "x.claims.yaml"
        path.write_text(
            "version: 1\nmodels: [model]\nsite: resid_post\ntokens: last of prompt\n"
            f"{head}sets: {json.dumps(SETS)}\nclaims:\n  - {claim}\n"
        )
        [result] = Study(measure=measure).judge(read_claim_file(path, templates()), "model").values()
        return result

    return judge


def occurrences(name: str, k: int, score=lambda value: value) -> dict[str, int]:
    found: dict[str, int] = {}
    for text in SETS[name]:
        for place in score(VALUES[text]).ravel().argsort()[::-1][:k]:
            neuron = f"{place // 8}:{place % 8}"
            found[neuron] = found.get(neuron, 0) + 1
    return found


PLAIN = "neuron {} is among the top 2 neurons for hanoi in at least 60% of prompts"
ONLY = "neuron {} is among the top {} neurons for hanoi and for none of {} in at least 60% of prompts"


def test_a_plain_ranking_counts_activation_itself_and_says_what_it_leaves_open(judge):
    result = judge(PLAIN.format("2:6"))
    assert (result.verdict, result.evidence.effect.value) == ("supported", 1.0)
    assert any(
        "nothing here shows that the neuron is special to 'hanoi'" in note for note in result.evidence.notes
    )
    mine = judge(PLAIN.format("1:3"))
    assert mine.evidence.effect.value == occurrences("hanoi", 2)["1:3"] / 14
    assert mine.evidence.test.p_value == pytest.approx(2 * binomtest(13, 14, 0.6, "greater").pvalue)
    low, high = binomtest(13, 14, 0.6).proportion_ci(0.95, "exact")
    assert (mine.evidence.effect.low, mine.evidence.effect.high) == pytest.approx((low, high))
    size = judge(PLAIN.format("1:3"), head="rank_by: abs\n")
    assert size.evidence.effect.value == occurrences("hanoi", 2, abs)["1:3"] / 14 == 1.0
    fewer = judge("neuron 2:6 is not among the top 2 neurons for hanoi in more than 20% of prompts")
    assert fewer.verdict == "refuted"


def test_for_none_of_other_sets_asks_every_set(judge):
    own = judge(ONLY.format("1:3", 2, "tulip, violent"))
    assert own.verdict == "supported"
    parts = [2 * binomtest(13, 14, 0.6, "greater").pvalue, 2 * binomtest(0, 14, 0.6, "less").pvalue]
    assert own.evidence.test.p_value == pytest.approx(max(parts))
    shown = {effect.name: effect.value for effect in own.evidence.other_effects}
    assert shown["share of prompts of tulip"] == shown["share of prompts of violent"] == 0.0
    always = judge(ONLY.format("2:6", 2, "tulip, violent"))
    assert always.verdict == "refuted"
    assert always.evidence.test.p_value == pytest.approx(min(1.0, 3 * 2 * 0.6**14))
    both = judge(ONLY.format("0:2", 3, "tulip, violent"))
    assert both.verdict == "refuted"
    assert any("'violent'" in note for note in both.evidence.notes)
    over = judge(ONLY.format("2:6", 2, "tulip").replace(" and for", " over base and for"))
    assert over.verdict == "refuted"
    matrix = next(figure for figure in own.evidence.figures if figure.kind == "matrix")
    tops = {name: set(sorted(found := occurrences(name, 2), key=found.get)[-2:]) for name in SETS}
    assert matrix.values[0][0] == 2.0
    assert matrix.values[0][2] == len(tops["hanoi"] & tops["violent"])


def test_ranking_by_raw_values_leaves_the_baseline_to_compare_shares_with(judge):
    sentence = "neuron 2:6 is among the top 2 neurons for hanoi over base in at least 60% of prompts"
    raw = judge(sentence, head="rank_by: raw\n")
    assert raw.evidence.effect.value == 1.0
    assert raw.verdict == "inconclusive"  # as often among the baseline's
    shared = judge("hanoi and tulip share at least 1 of their top 2 neurons over base", head="rank_by: raw\n")
    assert shared.evidence.effect.value >= 1


def test_what_cannot_be_claimed_is_refused_with_a_reason(judge):
    for claim, said in (
        (ONLY.format("1:3", 2, "hanoi"), "cannot be a set"),
        (ONLY.format("1:3", 2, "tulip, tulip"), "named twice"),
        (ONLY.format("1:3", 2, "tulips"), "did you mean 'tulip'"),
        (PLAIN.format("1:3").replace("neuron 1:3", "some neuron"), "name neurons"),
    ):
        with pytest.raises(ClaimFileError, match=said):
            judge(claim)
    assert "needs a baseline" in judge(PLAIN.format("1:3"), head="rank_by: z\n").error
    with pytest.raises(ClaimFileError, match="best of all that were searched"):
        judge(PLAIN.format("1:3"), head="searched: all layers\n")


def test_no_verdict_is_wrong_more_often_than_the_level_whatever_the_shares():
    """All counts of 12 and 10 prompts are enumerated, for shares on the boundary and on either side of it."""
    tests = {n: [share_test(c, n, null=0.6, alternative="two-sided") for c in range(n + 1)] for n in (12, 10)}
    chances = {}
    for ones in range(13):
        for twos in range(11):
            parts = [
                SharePart(TestedNeuron(Neuron(0, 0), share_estimate(count, n), tests[n][count]), str(n), side)
                for count, n, side in ((ones, 12, "greater"), (twos, 10, "less"))
            ]
            part = least_clear_part(parts, 0.6)
            value = part.one.estimate.value
            wrong = value < 0.6 if part.side == "greater" else value > 0.6
            shown = part.one.test.p_value <= 0.05
            chances[ones, twos] = "refuted" if shown and wrong else "supported" if shown else "open"

    def chance(verdict, first, second):
        return sum(
            binom.pmf(one, 12, first) * binom.pmf(two, 10, second)
            for (one, two), found in chances.items()
            if found == verdict
        )

    assert max(chance("supported", 0.6, second) for second in (0.0, 0.3, 0.6)) <= 0.05
    assert max(chance("supported", first, 0.6) for first in (0.6, 0.8, 1.0)) <= 0.05
    assert max(chance("refuted", first, second) for first in (0.6, 0.8) for second in (0.3, 0.6)) <= 0.05
    assert chance("supported", 1.0, 0.0) > 0.99
