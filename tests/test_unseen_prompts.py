"""Claim files of few prompts: what these can miss is counted, told with the verdict and before a model runs."""

from __future__ import annotations

import pytest
import small_world
from small_world import claim_file, judged

from neuronclaims.planning.announcements import unreachable

LETTERS = "abcdefghijklmnop"
MISSED = "One prompt in five may be unlike all others, and {} of them can miss these by chance"


@pytest.fixture(autouse=True)
def sets(monkeypatch):
    for size in (8, 14):
        for name, start in (("up", "up"), ("down", "down")):
            texts = [f"{start} {letter}" for letter in LETTERS[:size]]
            monkeypatch.setitem(small_world.SETS, f"{name}{size}", texts)
            paired = [{"text": text, "pair": text[-1]} for text in texts]
            monkeypatch.setitem(small_world.SETS, f"{name}{size}_paired", paired)
    for name in ("up", "down"):
        rows = [{"text": f"{name} {one}", "group": f"{name} {n // 4}"} for n, one in enumerate(LETTERS)]
        monkeypatch.setitem(small_world.SETS, f"{name}_grouped", rows)


@pytest.mark.parametrize(
    ("claim", "unit"),
    [
        ("neuron 2:1 activates more for up8 than down8 by at least 0.1", "prompts per set"),
        ("{claim: neuron 2:1 does not activate less for up8 than down8, margin: 0.1}", "prompts per set"),
        ("neuron 2:1 activates more for up8_paired than down8_paired", "pairs"),
    ],
)
def test_eight_prompts_are_told_before_and_after_that_they_can_show_no_mean(tmp_path, claim, unit):
    file = claim_file(tmp_path, claim)
    [told] = unreachable(file).values()
    assert told.endswith(f"a p of 0.17, above 0.05; 14 {unit} would be enough; nor can it be refuted")
    [result] = judged(tmp_path, claim)
    assert (result.verdict, result.evidence.test.p_value) == ("inconclusive", pytest.approx(0.8**8))
    assert MISSED.format(8) in result.reason
    assert f"14 {unit} would be enough" in result.reason


def test_without_a_number_two_sets_of_eight_do_and_with_one_fourteen(tmp_path):
    more = "neuron 2:1 activates more for {0} than {1}"
    eight, separates, number = judged(
        tmp_path,
        more.format("up8", "down8"),
        "neuron 2:1 separates up8 from down8",
        more.format("up14", "down14") + " by at least 0.1",
        head="correction: none",
    )
    assert [result.verdict for result in (eight, separates, number)] == ["supported"] * 3
    assert max(result.evidence.test.p_value for result in (eight, separates)) < 0.01 < 0.8**8
    assert number.evidence.test.p_value == pytest.approx(0.8**14)


def test_four_groups_of_four_count_as_sixteen_prompts(tmp_path):
    claim = "neuron 2:1 activates more for up_grouped than down_grouped by at least 0.1"
    assert unreachable(claim_file(tmp_path, claim)) == {}
    [result] = judged(tmp_path, claim)
    assert (result.verdict, result.evidence.counts) == ("supported", (("up_grouped", 4), ("down_grouped", 4)))
    # 2 of the 70 ways to deal four and four groups, which is the larger: 0.8^16 = .0281
    assert 0.8**16 <= 2 / 70 <= result.evidence.test.p_value <= 0.05


def test_a_search_pays_for_it_once(tmp_path):
    by, head = "activates more for up14 than down14 by at least 0.1", "correction: none"
    some, searched = judged(
        tmp_path,
        f"some neuron of layer 2 {by}",
        f"{{claim: neuron 2:1 {by}, searched: all layers}}",
        head=head,
    )
    for result in (some, searched):
        assert (result.verdict, result.evidence.test.p_value) == ("supported", pytest.approx(0.8**14))


def test_what_the_correction_alone_leaves_open_says_what_was_missed(tmp_path):
    """The other claim could have been clear, and then .044 would have counted; it is not, so .088 does."""
    claims = [
        "neuron 2:1 activates more for up14 than down14 by at least 0.1",
        "neuron 1:1 activates more for up than down",
    ]
    assert unreachable(claim_file(tmp_path, *claims)) == {}
    result, _ = judged(tmp_path, *claims)
    assert (result.verdict, result.evidence.test.p_adjusted) == ("inconclusive", pytest.approx(2 * 0.8**14))
    assert "but this is not shown" in result.reason
    assert MISSED.format(14) in result.reason
