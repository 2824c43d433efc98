"""Claims of a part of several neurons, against the single claims of the same neurons."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from small_world import judged
from statsmodels.stats.multitest import multipletests

from neuronclaims.kinds.shared.subjects.parts import set_tables
from neuronclaims.sentences.subjects.neuron_sets import NeuronSet
from neuronclaims.sentences.subjects.neurons import Neuron

MORE = "activates more for above than below"
PLURAL = "activate more for above than below"
HEAD = """correction: none
neurons:
  set: ["1:2", "2:1", "0:0", "0:2", "0:3", "1:0"]
  lifted: ["1:2", "2:1", "0:0", "0:2"]
"""
SET = ["1:2", "2:1", "0:0", "0:2", "0:3", "1:0"]


def test_at_least_k_of_a_set_has_holms_p_of_the_single_claims(tmp_path) -> None:
    singles = judged(tmp_path, *(f"neuron {each} {MORE}" for each in SET), head=HEAD)
    p = [single.evidence.test.p_value if single.evidence.effect.value > 0 else 1.0 for single in singles]
    steps = sorted(multipletests(p, method="holm")[1])
    up = sum(single.evidence.effect.value > 0 for single in singles)
    claims = [f"at least {k} of set {PLURAL}" for k in range(2, up + 1)]
    for k, result in enumerate(judged(tmp_path, *claims, head=HEAD), start=2):
        evidence = result.evidence
        assert evidence.test.p_value == pytest.approx(steps[k - 1], rel=1e-9)
        assert evidence.effect.value == up / len(SET)
        assert (result.verdict == "supported") == (steps[k - 1] <= 0.05)
    table = evidence.figures[1]
    assert {row[0] for row in table.rows} == set(SET)
    assert table.title == "the neurons of set"


def test_a_share_means_the_least_whole_number_of_neurons(tmp_path) -> None:
    half, three, some, one, every, all_ = judged(
        tmp_path,
        f"at least 50% of set {PLURAL}",
        f"at least 3 of set {PLURAL}",
        f"some neuron of lifted {MORE}",
        f"at least 25% of lifted {PLURAL}",
        f"every neuron of lifted {MORE}",
        f"every neuron of {', '.join(SET[:4])} {MORE}",
        head=HEAD,
    )
    assert half.evidence.test.p_value == three.evidence.test.p_value
    assert some.evidence.test.p_value == one.evidence.test.p_value
    assert (every.evidence.test, every.evidence.effect) == (all_.evidence.test, all_.evidence.effect)


def test_what_too_few_neurons_do_is_refuted(tmp_path) -> None:
    """The six neurons of the set are up by 0.7, 0.9, 0.3 and 0.15, down by 0.6, and the same."""
    less, none = judged(
        tmp_path,
        "at least 60% of lifted activate less for above than below",
        f"{{claim: at least 3 of lifted do not {PLURAL}, margin: 0.5}}",
        head=HEAD,
    )
    assert less.verdict == "refuted"
    assert less.evidence.effect.value == 0
    assert none.verdict in ("refuted", "inconclusive")


def test_a_part_of_a_set_is_among_the_top(tmp_path) -> None:
    tail = "among the top 3 neurons for above over below in at least 40% of prompts"
    singles = judged(tmp_path, *(f"neuron {each} is {tail}" for each in SET), head=HEAD)
    p = [single.evidence.test.p_value if single.evidence.effect.value > 0.4 else 1.0 for single in singles]
    steps = sorted(multipletests(p, method="holm")[1])
    [two] = judged(tmp_path, f"at least 2 of set are {tail}", head=HEAD)
    assert two.evidence.test.p_value == pytest.approx(steps[1], rel=1e-9)
    assert two.evidence.figures[-1].title == "the neurons of set"


def test_where_a_sentence_has_no_side_those_shown_are_counted(tmp_path) -> None:
    tells = "{} above from below"
    singles = judged(tmp_path, *(f"neuron {each} {tells.format('separates')}" for each in SET), head=HEAD)
    steps = sorted(multipletests([single.evidence.test.p_value for single in singles], method="holm")[1])
    shown = sum(step <= 0.05 for step in steps)
    assert 0 < shown < len(SET)
    for result, k in zip(
        judged(tmp_path, *(f"at least {k} of set {tells.format('separate')}" for k in (2, 5)), head=HEAD),
        (2, 5),
        strict=True,
    ):
        evidence = result.evidence
        assert (evidence.effect.key, evidence.effect.value) == ("share_shown", shown / len(SET))
        assert evidence.test.p_value == pytest.approx(steps[k - 1], rel=1e-9)
        assert (result.verdict == "supported") == (shown >= k)
        assert [row[1] for row in evidence.figures[-1].rows].count("yes") == shown


def test_a_table_lists_a_set_with_what_its_file_says_where_that_differs() -> None:
    labels = ((("language", "de"), ("score", "0.9")), (("language", "de"), ("score", "0.7")))
    named = NeuronSet("german", (Neuron(3, 17), Neuron(4, 2)), origin="lape.csv", labels=labels)
    [table] = set_tables(SimpleNamespace(neuron_sets={"german": named}))
    assert table.title == "the neurons of german (lape.csv)"
    assert (table.columns, table.rows) == (("neuron", "score"), (("3:17", "0.9"), ("4:2", "0.7")))
