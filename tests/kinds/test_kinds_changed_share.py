"""Claims of how many prompts a change goes as claimed in: counts set by hand, tests and intervals of SciPy."""

from __future__ import annotations

import json

import numpy as np
import pytest
from changed_claims import FAKE_CONFIG, claim_file
from control_answers import controls_answer
from scipy.stats import binomtest

from neuronclaims.claim_files.errors import ClaimFileError
from neuronclaims.measurements import Ablation, AblationSweep, Activations, Restoration, RestorationSweep
from neuronclaims.measurements.changing.controls import Controls
from neuronclaims.study import Study

WIDTH, PROMPTS = 4, 12
CHANGE = np.array([-1.0] * 10 + [-0.1, 9.0])
"""What ablating neuron 1:2 changes: the last prompt is unlike all others, and the mean is above 0."""


def rows_of(texts: tuple[str, ...]) -> np.ndarray:
    return np.array([int(text.split()[1]) for text in texts])


def measure(source, measurements, *, cache, options, progress):
    return {asked: answer(asked) for asked in measurements}


def answer(asked):
    if isinstance(asked, Controls):
        return controls_answer(asked, answer, WIDTH)
    if isinstance(asked, Activations):
        return np.zeros((len(asked.prompts), WIDTH), np.float32)
    if isinstance(asked, (Restoration, RestorationSweep)):
        rows = rows_of(tuple(pair.clean for pair in asked.pairs))
        clean, corrupted = np.full(len(rows), 2.0), np.zeros(len(rows))
        back = -CHANGE[
            rows
        ]  # half of what was lost in ten pairs, next to nothing in one, the reverse in the last
        if isinstance(asked, RestorationSweep):
            alone = corrupted[:, None] + back[:, None] * np.array([0.1, 0.0, 1.0, -1.0])
            return np.column_stack([clean, corrupted, alone]).astype(np.float32)
        return np.stack([clean, corrupted, corrupted + back], axis=1).astype(np.float32)
    rows = rows_of(asked.prompts)
    before, change = np.full(len(rows), 3.0), CHANGE[rows]
    if isinstance(asked, AblationSweep):
        gains = np.array([0.1, 0.0, 1.0, -1.0])
        return np.column_stack([before, before[:, None] + change[:, None] * gains]).astype(np.float32)
    assert isinstance(asked, Ablation)
    chance = np.full(len(rows), 0.5)
    return np.stack([before, before + change, chance, chance, np.full(len(rows), 0.01)], axis=1).astype(
        np.float32
    )


@pytest.fixture
def judge(tmp_path):
    texts = [f"text {place}" for place in range(PROMPTS)]
    grouped = [{"text": text, "group": str(place // 2)} for place, text in enumerate(texts)]
    pairs = [{"clean": f"clean {place}", "corrupted": f"other {place}"} for place in range(PROMPTS)]
    (tmp_path / "grouped.jsonl").write_text("\n".join(map(json.dumps, grouped)), encoding="utf-8")
    (tmp_path / "pairs.jsonl").write_text("\n".join(map(json.dumps, pairs)), encoding="utf-8")
    head = (
        f"sets: {{texts: {json.dumps(texts)}, grouped: {{file: grouped.jsonl, column: text, group: group}}}}\n"
        "pairs: {edits: {file: pairs.jsonl, clean: clean, corrupted: corrupted}}\n"
    )

    def judge(claim: str, more: str = ""):
        said = json.dumps(claim.replace("'", '"'))
        file = claim_file(tmp_path, said, head=f"{more}{head}", config=FAKE_CONFIG)
        [result] = Study(measure=measure).judge(file, "model").values()
        return result

    return judge


def test_the_share_is_that_of_the_binomial_test_and_its_interval(judge):
    result = judge("ablating neuron 1:2 lowers ' an' over ' a' in texts for at least 60% of prompts")
    known = binomtest(11, 12, 0.6)
    low, high = known.proportion_ci(method="exact")
    above = binomtest(11, 12, 0.6, alternative="greater").pvalue
    effect = result.evidence.effect
    assert (effect.value, effect.low, effect.high) == pytest.approx((11 / 12, low, high))
    assert result.evidence.test.p_value == pytest.approx(2 * above)
    assert result.verdict == "supported"
    mean = next(each for each in result.evidence.other_effects if each.key != "dz")
    assert mean.value == pytest.approx(CHANGE.mean())


def test_the_mean_of_the_same_prompts_shows_nothing_and_says_what_to_claim_instead(judge):
    result = judge("ablating neuron 1:2 lowers ' an' over ' a' in texts")
    assert result.verdict == "inconclusive"
    assert "a share of prompts" in result.reason


def test_a_number_has_to_be_reached_in_so_many_prompts(judge):
    claim = "ablating neuron 1:2 lowers ' an' over ' a' in texts by at least {} for at least 60% of prompts"
    assert judge(claim.format(1)).evidence.effect.value == pytest.approx(10 / 12)
    assert judge(claim.format(2)).verdict == "refuted"


def test_the_other_direction_is_refuted(judge):
    result = judge("ablating neuron 1:2 raises ' an' over ' a' in texts for at least 60% of prompts")
    assert result.evidence.effect.value == pytest.approx(1 / 12)
    assert result.verdict == "refuted"


def test_groups_count_by_their_mean(judge):
    result = judge("ablating neuron 1:2 lowers ' an' over ' a' in grouped for at least 60% of prompts")
    assert result.evidence.counts == (("grouped", 6),)
    assert result.evidence.effect.value == pytest.approx(5 / 6)


def test_a_searched_neuron_is_held_against_all_that_were_searched(judge):
    claim = "ablating neuron 1:2 lowers ' an' over ' a' in texts for at least 30% of prompts"
    one = judge(claim).evidence
    many = judge(claim, "searched: layer 1\n").evidence
    assert many.test.p_value == pytest.approx(WIDTH * one.test.p_value)
    low, _ = binomtest(11, 12).proportion_ci(1 - 0.05 / WIDTH, method="exact")
    assert many.effect.low == pytest.approx(low)


def test_pairs_in_which_so_much_is_recovered_are_counted(judge):
    result = judge(
        "restoring neuron 1:2 recovers at least 30% of ' an' over ' a' in edits for at least 50% of pairs"
    )
    assert result.evidence.effect.value == pytest.approx(10 / 12)
    assert result.evidence.test.p_value == pytest.approx(
        2 * binomtest(10, 12, 0.5, alternative="greater").pvalue
    )
    assert result.verdict == "supported"
    whole = result.evidence.other_effects[0]
    assert (whole.key, whole.value) == ("share_recovered", pytest.approx(-CHANGE.mean() / 2))


@pytest.mark.parametrize(
    ("claim", "message"),
    [
        ("ablating neuron 1:2 lowers ' an' in texts for at least 100% of prompts", "95%"),
        (
            "ablating neuron 1:2 does not lower ' an' in texts for at least 60% of prompts",
            "leave the share out",
        ),
        (
            "restoring neuron 1:2 does not recover ' an' over ' a' in edits for at least 60% of pairs",
            "leave the share of pairs out",
        ),
    ],
)
def test_shares_that_cannot_be_tested_are_errors_of_the_sentence(judge, claim, message):
    with pytest.raises(ClaimFileError) as caught:
        judge(claim, "margin: 0.1\n" if "not" in claim else "")
    assert message in str(caught.value)
