"""What fails a run, what differs between two runs, what makes a claim another, and names chosen."""

from __future__ import annotations

from dataclasses import replace

import pytest
from cases import for_each
from hypothesis import given
from hypothesis import strategies as st
from rows_made import ENVIRONMENT, baseline, row

from neuronclaims.baselines.content import content_of
from neuronclaims.baselines.origins import names_in, origins, rows_for
from neuronclaims.baselines.policy import Policy, parse_policy, tally
from neuronclaims.baselines.rows import BaselineError
from neuronclaims.baselines.sets import compare
from neuronclaims.claim_files.errors import ClaimFileError
from neuronclaims.claim_files.reader import read_claim_file
from neuronclaims.cli.chosen import ExpressionError, chooser
from neuronclaims.kinds import templates

A = row([1.0, 2, 3, 4], [0.5, 0, 1, 0])


def test_a_policy_is_its_words():
    assert parse_policy("lost, weaker:20%,missing") == Policy(frozenset({"lost", "weaker", "missing"}), 0.2)
    assert parse_policy("weaker:35%,stronger:10 %") == Policy(frozenset({"weaker", "stronger"}), 0.35, 0.1)
    assert not parse_policy("nothing").failing


@for_each("text", ["", "held", "losst", "lost:20%", "weaker:120%", "weaker:0%", "weaker:x", "nothing,lost"])
def test_other_words_are_refused(text):
    with pytest.raises(BaselineError):
        parse_policy(text)


def test_a_near_miss_is_told():
    with pytest.raises(BaselineError, match="Did you mean 'missing'"):
        parse_policy("lost,mising")


OTHER_WEIGHTS = replace(ENVIRONMENT, weights="c" * 64)
OTHER_LIBRARY = replace(ENVIRONMENT, libraries={"torch": "2.9", "numpy": "1.26"})


def test_library_drift_and_model_drift_are_told_apart():
    assert "nothing but chance" in origins(ENVIRONMENT, replace(ENVIRONMENT, model="other name")).sentence()
    library = origins(ENVIRONMENT, OTHER_LIBRARY).sentence()
    assert library == "The weights are the same; what changed is the libraries: torch 2.0 -> 2.9."
    assert "what changed is the model: weights" in origins(ENVIRONMENT, OTHER_WEIGHTS).sentence()
    both = origins(ENVIRONMENT, replace(OTHER_WEIGHTS, libraries={"torch": "2.9"})).sentence()
    assert "cannot tell apart" in both
    assert "--claims-model" in both
    assert (
        "dtype float32 -> bfloat16" in origins(ENVIRONMENT, replace(ENVIRONMENT, dtype="bfloat16")).sentence()
    )


def test_a_model_under_another_name_is_found_where_the_file_knows_one_model_only():
    known = baseline(a=A)
    new = {"x.claims.yaml::demo-v2::a": A, "x.claims.yaml::demo-v2::b": replace(A, content="b")}
    assert rows_for(known, new) == {"x.claims.yaml::demo-v2::a": A}
    two = replace(known, rows={**known.rows, "x.claims.yaml::gpt2::a": A})
    assert rows_for(two, new) == {}
    assert rows_for(known, {"y.claims.yaml::demo::a": A}) == {}


def test_a_claim_under_another_id_is_known_by_its_content():
    other = replace(A, content="other")
    known = baseline(a=A, b=other)
    found = names_in(known, {"x.claims.yaml::demo::renamed": A, "x.claims.yaml::demo::b": other})
    assert found == {
        "x.claims.yaml::demo::renamed": "x.claims.yaml::demo::a",
        "x.claims.yaml::demo::b": "x.claims.yaml::demo::b",
    }
    assert names_in(known, {"x.claims.yaml::demo::a": A, "x.claims.yaml::demo::twin": A}).keys() == {
        "x.claims.yaml::demo::a"
    }
    twins = baseline(a=A, b=A)
    assert names_in(twins, {"x.claims.yaml::demo::c": A}) == {}


def test_a_claim_with_another_made_id_is_known_by_its_sentence_where_no_other_claim_says_the_same():
    said = {name: replace(A, content="", sentence=f"neuron 0:{name} separates a from b") for name in "12"}
    old = baseline(**{f"neuron-0:{name}-separates-a-from-b": row for name, row in said.items()})
    new = {f"x.claims.yaml::demo::0-{name}-separates-a-b": row for name, row in said.items()}
    prefix = "x.claims.yaml::demo::neuron-0:"
    assert names_in(old, new) == {name: f"{prefix}{name[-15]}-separates-a-from-b" for name in new}
    edited = {name: replace(row, content="other") for name, row in new.items()}
    assert names_in(old, edited) == names_in(old, new)
    alike = {**new, "x.claims.yaml::demo::second": said["1"]}
    assert len(names_in(old, alike)) == 1


def test_two_files_side_by_side_have_every_claim_of_both_once():
    b, c = replace(A, content="b"), replace(A, content="c")
    found = compare(baseline(a=A, b=b), baseline(a=A, c=c), Policy(frozenset()))
    assert {name.split("::")[2]: drift.status for name, drift in found.drifts.items()} == {
        "a": "held",
        "b": "missing",
        "c": "new",
    }
    said = tally((drift.status for drift in found.drifts.values()), Policy(frozenset({"missing"})))
    assert said == "3 claims compared: 1 held, 1 new, 1 missing; 1 fails"


FILE = """\
version: 1
models: [demo]
site: mlp_post
tokens: mean of prompt
sets:
  x: [{first}]
  y: [three is here, four is here]
claims:
  - id: one
    claim: {claim}
{more}
"""
BASE = {"first": "one is here, two is here", "claim": "neuron 1:2 activates more for x than y", "more": ""}


def content(tmp_path, **change):
    path = tmp_path / "x.claims.yaml"
    path.write_text(FILE.format(**{**BASE, **change}))
    return content_of(read_claim_file(path, templates()).claims[0])


@pytest.mark.parametrize(
    "change",
    [
        {"first": "two is here, one is here"},
        {"more": "    because: it was seen\n    tags: [slow]\n    expect: refuted"},
        {"more": "    # a comment"},
        {"claim": "'neuron  1:2 activates more for x than y'"},
        {"more": "  - neuron 1:3 activates more for x than y"},
    ],
)
def test_what_changes_no_number_leaves_a_claim_the_same(tmp_path, change):
    assert content(tmp_path, **change) == content(tmp_path)


@pytest.mark.parametrize(
    "change",
    [
        {"first": "one is here, two is there"},
        {"first": "one is here, two is here, five is here"},
        {"claim": "neuron 1:2 activates less for x than y"},
        {"claim": "resid_post neuron 1:2 activates more for x than y"},
        {"more": "    tokens: last of prompt"},
        {"more": "    searched: layer 1"},
        {"more": "    seed: 4"},
    ],
)
def test_what_changes_what_is_asked_makes_it_another(tmp_path, change):
    assert content(tmp_path, **change) != content(tmp_path)


@given(
    st.recursive(
        st.sampled_from(["hanoi", "tulip", "x"]),
        lambda inner: st.one_of(
            st.tuples(inner, st.sampled_from([" and ", " or "]), inner).map(
                lambda t: f"({t[0]}{t[1]}{t[2]})"
            ),
            inner.map(lambda text: f"not {text}"),
        ),
    ),
    st.sampled_from(["a::hanoi", "a::TULIP-hanoi", "b::x", "b"]),
)
def test_names_are_chosen_as_python_would(expression, name):
    said = {word: word in name.lower() for word in ("hanoi", "tulip", "x")}
    assert chooser(expression)(name) is eval(expression, {}, said)


@pytest.mark.parametrize(("text", "share"), [("20%", 0.2), ("'5 %'", 0.05), ("12.5%", 0.125)])
def test_a_claim_may_say_how_far_it_may_drift_and_stays_the_same_claim(tmp_path, text, share):
    plain = content(tmp_path)
    assert content(tmp_path, more=f"    drift: {text}") == plain
    settings = read_claim_file(tmp_path / "x.claims.yaml", templates()).claims[0].settings
    assert settings.drift == pytest.approx(share)


@pytest.mark.parametrize("text", ["20", "0%", "0.0%", "100%", "-5%", "much"])
def test_a_drift_that_is_no_share_is_an_error_with_its_place(tmp_path, text):
    with pytest.raises(ClaimFileError, match="such as 20%"):
        content(tmp_path, more=f"    drift: {text}")


@pytest.mark.parametrize("expression", ["(", "a and", "or", "not", "a b", "(a", "a)"])
def test_what_is_no_expression_is_an_error(expression):
    with pytest.raises(ExpressionError):
        chooser(expression)
