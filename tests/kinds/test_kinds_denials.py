"""Claims of "does not" about changed predictions: on numbers set by hand, against SciPy and statsmodels."""

from __future__ import annotations

import json
from functools import partial

import noisy_changes
import pytest
from cases import for_each
from noisy_changes import ASKED, LEAST_P, NOISE, PAIRS, PROMPTS, WHOLE, judged_in
from scipy.stats import binomtest
from skewed import mean_interval, mean_p

from neuronclaims.claim_files.errors import ClaimFileError
from neuronclaims.claim_files.reader import read_claim_file
from neuronclaims.kinds import templates
from neuronclaims.measurements import Ablation
from neuronclaims.sentences.parser import parse


@pytest.fixture
def judge(tmp_path):
    return partial(judged_in, tmp_path)


@pytest.mark.parametrize(
    ("verb", "side", "index"),
    [("change", "within", None), ("lower", "not less", 1), ("raise", "not greater", 2)],
)
@pytest.mark.parametrize(("margin", "verdict"), [(0.6, "supported"), (0.2, "inconclusive")])
def test_no_change_is_two_one_sided_paired_t_tests_against_the_margin(
    judge, verb, side, index, margin, verdict
):
    result = judge(f"ablating neuron 1:2 does not {verb} ' an' in text", str(margin))
    against = [mean_p(NOISE, bound) for bound in (-margin, margin)]  # two-sided, against each bound
    right = max(LEAST_P, *(against if index is None else against[index - 1 : index]))
    assert result.error is None
    assert result.evidence.test.p_value == pytest.approx(right, rel=1e-5)
    assert result.evidence.test.alternative == side
    interval = mean_interval(NOISE)
    assert [result.evidence.effect.low, result.evidence.effect.high] == pytest.approx(
        list(interval), rel=1e-5
    )
    expected = "supported" if right <= 0.05 else verdict
    assert result.verdict == expected


def test_a_change_beyond_the_margin_refutes_that_there_is_none(judge, monkeypatch):
    pushed = judge("ablating neuron 1:3 does not change ' an' in text", "0.001")
    assert pushed.verdict == "inconclusive"  # its interval reaches from below the margin to far above it
    monkeypatch.setattr(noisy_changes, "NOISE", NOISE + 0.3)
    assert mean_p(10 * NOISE + 3, 0.01) < LEAST_P
    for verb, verdict in (("change", "refuted"), ("raise", "refuted"), ("lower", "supported")):
        result = judge(f"ablating neuron 1:3 does not {verb} ' an' in text", "0.01")
        assert (result.verdict, result.evidence.test.p_value) == (verdict, pytest.approx(LEAST_P))


def test_the_margin_is_in_the_unit_of_what_is_claimed(judge):
    claim = "ablating neuron 1:2 does not change ' an' in text"
    result = judge(claim, "0.06", head="outcome: probability\n")
    right = max(LEAST_P, mean_p(NOISE / 10, -0.06), mean_p(NOISE / 10, 0.06))
    assert result.evidence.test.p_value == pytest.approx(right, rel=1e-4)
    assert "leaves nothing out" in judge(claim, "1", head="outcome: probability\n").error
    assert "in standard deviations" in judge(claim, "0.5 sd").error


def test_harm_elsewhere_spoils_a_claim_of_no_change_too(judge):
    claim = "ablating neuron 1:2 does not change ' an' in text"
    limited = judge(claim, "0.6", head="damage: {set: harmed, at_most: 0.1}\n")
    assert (limited.verdict, limited.evidence.effect.name) == (
        "refuted",
        "mean KL divergence on harmed (nats)",
    )
    half = judge(claim, "0.6", head="damage: {set: harmed, at_most: 0.72}\n")
    [share] = [each for each in half.evidence.other_effects if each.name.startswith("share of prompts")]
    exact = binomtest(5, 17).proportion_ci(0.95)  # 0.5, 0.55, 0.6, 0.65, 0.7 of 17
    assert (share.value, share.low, share.high) == pytest.approx((5 / 17, exact.low, exact.high), rel=1e-6)


def test_of_pairs_the_clean_texts_are_ablated_each_once_and_groups_are_units(judge):
    twice = [*PAIRS, {"clean": "clean 0", "corrupted": "corrupted 3"}]
    result = judge("ablating neuron 1:2 lowers ' an' in fruit", None, pairs=twice)
    assert result.error is None
    [asked] = [need for need in ASKED if isinstance(need, Ablation)]
    assert asked.prompts == tuple(sorted(f"clean {place}" for place in range(PROMPTS)))
    assert (result.evidence.unit, result.evidence.counts) == ("clean text", (("fruit", PROMPTS),))
    assert result.evidence.effect.value == pytest.approx(NOISE.mean())
    grouped = [{**pair, "group": "abcdefg"[place // 2]} for place, pair in enumerate(PAIRS)]
    by_group = judge("ablating neuron 1:2 lowers ' an' in fruit", None, pairs=grouped)
    assert (by_group.evidence.unit, by_group.evidence.counts) == ("group", (("fruit", 7),))
    assert (
        by_group.evidence
        == judge("ablating neuron 1:2 lowers ' an' in fruit", None, pairs=grouped[::-1]).evidence
    )
    torn = [*grouped, {"clean": "clean 0", "corrupted": "corrupted 3", "group": "d"}]
    assert "is in two groups" in judge("ablating neuron 1:2 lowers ' an' in fruit", None, pairs=torn).error


def test_a_name_that_is_neither_set_nor_pairs_is_told_with_all_that_there_are(judge):
    with pytest.raises(ClaimFileError, match=r"(?s)no prompt set or pairs 'fruits'.*did you mean 'fruit'"):
        judge("ablating neuron 1:2 lowers ' an' in fruits", None)


def test_a_file_without_sets_and_pairs_is_told_both(tmp_path):
    path = tmp_path / "x.claims.yaml"
    claim = json.dumps('ablating neuron 1:2 lowers " an" in fruit')
    head = "version: 1\nmodels: [m]\nsite: resid_post\ntokens: last of prompt\n"
    path.write_text(f"{head}claims:\n  - {claim}\n")
    with pytest.raises(ClaimFileError, match="the file has no 'sets' and no 'pairs'"):
        read_claim_file(path, templates())


@for_each(
    "said",
    [
        'ablating neurons 11:197, 11:373 does not change " fight" in violent',
        'ablating mlp_post neuron 1:2 does not lower " a" over " b" in fruit',
        'ablating neuron 1:2 raises " a" in fruit by at least 0.5',
        'restoring neurons 1:2, 1:3 does not recover " an" over " a" in fruit',
        'restoring mlp_post neuron 1:2 recovers at least 30% of " an" over " a" in fruit',
        "honesty activity does not differ between lie and truth in layers 1 to 2 over tokens 2 to 8",
        "honesty activity is not lower for lie than truth",
        "neuron 20:1600 is not an outlier beyond 6 in more than 6% of tokens in prose",
        "mlp_pre neuron 20:1600 is not massive in more than 5% of prompts in prose",
    ],
)
def test_sentences_are_written_as_they_are_read(said):
    parsed = parse(said, templates())
    assert (parsed.text, str(parsed.value)) == (said, said)


@pytest.mark.parametrize("margin", [0.1, 0.4])
def test_a_share_below_the_margin_is_the_t_test_that_fiellers_interval_turns_round(judge, margin):
    result = judge("restoring neuron 1:2 does not recover ' an' over ' a' in fruit", str(margin))
    right = max(LEAST_P, mean_p(NOISE - margin * WHOLE))
    assert result.error is None
    assert result.evidence.test.p_value == pytest.approx(right, rel=1e-4)
    effect = result.evidence.effect
    assert effect.value == pytest.approx(NOISE.sum() / WHOLE.sum(), rel=1e-5)
    assert mean_p(NOISE - effect.high * WHOLE, 0, "less") == pytest.approx(0.025, rel=1e-4)
    assert (effect.high <= margin) == (right <= 0.05) == (result.verdict == "supported")


def test_neurons_that_recover_much_refute_that_they_do_not_and_worse_than_nothing_supports_it(
    judge, monkeypatch
):
    monkeypatch.setattr(noisy_changes, "NOISE", 0.6 * WHOLE + NOISE / 10)
    claim = "restoring neurons 1:2, 1:0 does not recover ' an' over ' a' in fruit"
    assert judge(claim, "0.1").verdict == "refuted"
    monkeypatch.setattr(noisy_changes, "NOISE", -0.6 * WHOLE + NOISE / 10)
    assert judge(claim, "0.1").verdict == "supported"


@pytest.mark.parametrize(
    ("claim", "margin", "told"),
    [
        ("restoring neuron 1:2 does not recover ' an' over ' a' in fruit", None, "add 'margin: 0.1'"),
        (
            "restoring neuron 1:2 does not recover at least 30% of ' an' over ' a' in fruit",
            "0.1",
            "names no number",
        ),
        ("restoring neuron 1:2 recovers ' an' over ' a' in fruit", "0.1", "denies nothing"),
        ("restoring neuron 1:2 recovers at least 30% of ' an' over ' a' in fruit", "0.1", "denies nothing"),
        ("ablating neuron 1:2 does not change ' an' in text", None, "add 'margin: 0.5'"),
        ("ablating neuron 1:2 does not lower ' an' in text by at least 2", "0.5", "margin: 2"),
        ("ablating neuron 1:2 lowers ' an' in text", "0.5", "denies nothing"),
    ],
)
def test_what_a_denial_lacks_or_has_too_much_is_told_as_the_file_is_read(judge, claim, margin, told):
    with pytest.raises(ClaimFileError, match=told):
        judge(claim, margin)


def test_the_share_that_matters_is_below_one(judge):
    claim = "restoring neuron 1:2 does not recover ' an' over ' a' in fruit"
    assert "leaves nothing out" in judge(claim, "1").error


@pytest.mark.parametrize(
    "claim",
    [
        "restoring neuron 0:2 does not recover ' an' over ' a' in fruit",
        "ablating neuron 0:2 does not change ' an' in text",
    ],
)
def test_neurons_that_change_nothing_whatever_leave_no_spread_to_test_by_and_that_is_said(judge, claim):
    result = judge(claim, "0.1")
    assert (result.verdict, result.evidence.effect.value) == ("inconclusive", 0)
    assert any("does what is read change at all" in note for note in result.evidence.notes)
