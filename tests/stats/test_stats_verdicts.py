from __future__ import annotations

import dataclasses
import typing

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stats_data import quick

from neuronclaims.stats import Estimate, Reason, StatsError, decide, explain
from neuronclaims.stats.verdicts import VERDICT_OF

ORDER = {"refuted": 0, "inconclusive": 1, "supported": 2}


def estimate(low, value, high, name="AUROC"):
    return Estimate(name, value, low, high, 0.95, "by hand")


def judge(low, value, high, *, side="greater", threshold=None, p=0.01, least=0.001, **more):
    return decide(
        side=side,
        null=more.pop("null", 0.5),
        threshold=threshold,
        estimate=estimate(low, value, high),
        p_adjusted=p,
        smallest_p_adjusted=least,
        **more,
    )


TRUTH = [
    # side, number, interval (low, value, high), p, other facts -> verdict, reason
    ("greater", None, (0.6, 0.8, 0.9), 0.01, {}, "supported", "significant"),
    ("greater", None, (0.4, 0.6, 0.8), 0.05, {}, "supported", "significant"),
    ("greater", None, (0.4, 0.6, 0.8), 0.051, {}, "inconclusive", "not_significant"),
    ("greater", None, (0.1, 0.2, 0.4), 0.99, {}, "refuted", "interval_excludes_claim"),
    ("greater", None, (0.1, 0.2, 0.5), 0.99, {}, "inconclusive", "not_significant"),
    ("greater", None, (0.1, 0.2, 0.4), 0.01, {}, "inconclusive", "p_and_interval_disagree"),
    ("greater", None, (0.3, 0.45, 0.6), 0.01, {}, "inconclusive", "p_and_interval_disagree"),
    ("greater", 0.7, (0.7, 0.8, 0.9), 0.01, {}, "supported", "beyond_number"),
    ("greater", 0.7, (0.69, 0.8, 0.9), 0.01, {}, "inconclusive", "interval_straddles"),
    ("greater", 0.7, (0.7, 0.8, 0.9), 0.06, {}, "inconclusive", "not_significant"),
    ("greater", 0.7, (0.55, 0.6, 0.65), 0.01, {}, "refuted", "interval_excludes_claim"),
    ("greater", 0.7, (0.3, 0.5, 0.7), 0.9, {}, "inconclusive", "not_significant"),
    ("less", None, (0.1, 0.2, 0.4), 0.01, {}, "supported", "significant"),
    ("less", None, (0.6, 0.8, 0.9), 0.99, {}, "refuted", "interval_excludes_claim"),
    ("less", 0.3, (0.1, 0.2, 0.3), 0.01, {}, "supported", "beyond_number"),
    ("less", 0.3, (0.1, 0.2, 0.31), 0.01, {}, "inconclusive", "interval_straddles"),
    ("less", 0.3, (0.31, 0.4, 0.45), 0.01, {}, "refuted", "interval_excludes_claim"),
    ("two-sided", None, (0.1, 0.2, 0.4), 0.01, {}, "supported", "significant"),
    ("two-sided", None, (0.49, 0.5, 0.51), 0.99, {}, "inconclusive", "not_significant"),
    ("two-sided", 0.7, (0.7, 0.8, 0.9), 0.01, {}, "supported", "beyond_number"),
    ("two-sided", 0.7, (0.1, 0.2, 0.3), 0.01, {}, "supported", "beyond_number"),
    ("two-sided", 0.7, (0.31, 0.5, 0.69), 0.01, {}, "refuted", "interval_excludes_claim"),
    ("two-sided", 0.7, (0.3, 0.5, 0.69), 0.9, {}, "inconclusive", "not_significant"),
    ("two-sided", 0.7, (0.2, 0.25, 0.35), 0.01, {}, "inconclusive", "interval_straddles"),
    ("greater", None, (0.6, 0.8, 0.9), 0.01, {"degenerate": True}, "inconclusive", "degenerate"),
    ("greater", None, (None, None, None), 0.01, {}, "inconclusive", "degenerate"),
    ("greater", 0.7, (None, 1.0, None), 0.01, {}, "inconclusive", "degenerate"),
    ("greater", None, (None, 1.0, None), 0.01, {}, "supported", "significant"),
    ("greater", None, (0.6, 0.8, 0.9), 0.08, {"least": 0.06}, "inconclusive", "cannot_reach_alpha"),
    ("greater", 0.95, (0.6, 0.8, 0.9), 0.08, {"least": 0.06}, "refuted", "interval_excludes_claim"),
    ("greater", None, (0.6, 0.8, 0.9), 0.049, {"resolved": False}, "inconclusive", "monte_carlo_unresolved"),
    ("greater", 0.95, (0.6, 0.8, 0.9), 0.049, {"resolved": False}, "refuted", "interval_excludes_claim"),
]


@pytest.mark.parametrize(("side", "number", "interval", "p", "facts", "verdict", "reason"), TRUTH)
def test_truth_table(side, number, interval, p, facts, verdict, reason):
    decision = judge(*interval, side=side, threshold=number, p=p, **facts)
    assert (decision.verdict, decision.reason) == (verdict, reason)


def test_the_truth_table_visits_every_reason():
    assert {row[-1] for row in TRUTH} == set(typing.get_args(Reason)) == set(VERDICT_OF)


SHARES = st.floats(0, 1)


@st.composite
def claims(draw):
    side = draw(st.sampled_from(["greater", "less", "two-sided"]))
    low, value, high = sorted(draw(st.tuples(SHARES, SHARES, SHARES)))
    number = draw(st.one_of(st.none(), st.floats(0.5, 1)))
    if side == "less" and number is not None:
        number = 1 - number
    facts = {"p": draw(SHARES), "least": draw(SHARES), "resolved": draw(st.booleans())}
    return {"side": side, "threshold": number, **facts}, (low, value, high)


def rank(interval, facts):
    return ORDER[judge(*interval, **facts).verdict]


@quick
@given(claims(), SHARES)
def test_a_larger_p_never_helps_a_claim_except_by_ending_a_contradiction(claim, p):
    facts, interval = claim
    lower, higher = sorted([facts["p"], p])
    before, after = (judge(*interval, **facts | {"p": x}) for x in (lower, higher))
    assert ORDER[after.verdict] <= ORDER[before.verdict]
    if facts["threshold"] is not None:
        assert (before.verdict == "refuted") == (after.verdict == "refuted")


@quick
@given(claims(), st.floats(0, 0.5))
def test_moving_the_interval_to_the_claimed_side_never_hurts(claim, shift):
    facts, interval = claim
    if facts["side"] == "two-sided":
        return
    moved = tuple(x + (shift if facts["side"] == "greater" else -shift) for x in interval)
    assert rank(moved, facts) >= rank(interval, facts)


@quick
@given(claims(), st.floats(0, 0.5))
def test_claiming_more_never_helps(claim, more):
    facts, interval = claim
    if facts["threshold"] is None:
        return
    bolder = facts["threshold"] + (-more if facts["side"] == "less" else more)
    assert rank(interval, facts | {"threshold": bolder}) <= rank(interval, facts)


@quick
@given(claims())
def test_mirroring_everything_mirrors_nothing_in_the_verdict(claim):
    facts, (low, value, high) = claim
    turned = {"greater": "less", "less": "greater", "two-sided": "two-sided"}[facts["side"]]
    number = facts["threshold"]
    if facts["side"] != "two-sided" and number is not None:
        number = -number
    mirrored = decide(
        side=turned,
        null=-0.5 if turned != "two-sided" else 0.5,
        threshold=number,
        estimate=estimate(-high, -value, -low)
        if turned != "two-sided"
        else estimate(1 - high, 1 - value, 1 - low),
        p_adjusted=facts["p"],
        smallest_p_adjusted=facts["least"],
        resolved=facts["resolved"],
    )
    if (
        turned == "two-sided"
        and number is not None
        and any(abs(x - number) < 1e-9 for x in (1 - low, 1 - high, low, high))
    ):
        return  # 1 - x rounds
    plain = judge(low, value, high, **facts)
    assert (mirrored.verdict, mirrored.reason) == (plain.verdict, plain.reason)


@quick
@given(claims())
def test_large_p_alone_never_refutes(claim):
    facts, (low, value, high) = claim
    if low <= 0.5 <= high and facts["threshold"] is None:
        assert judge(low, value, high, **facts | {"p": 1.0}).verdict == "inconclusive"


def test_numbers_out_of_place_are_refused():
    for change, says in (
        ({"p": 1.2}, "p-value"),
        ({"alpha": 5}, "alpha"),
        ({"threshold": 0.4}, "wrong side"),
        ({"side": "less", "threshold": 0.6}, "wrong side"),
        ({"side": "two-sided", "threshold": 0.4}, "wrong side"),
        ({"side": "up"}, "side must be one of"),
    ):
        with pytest.raises(StatsError, match=says):
            judge(0.6, 0.7, 0.8, **change)


SENTENCES = [
    (
        judge(0.613, 0.8, 0.931, threshold=0.8, side="two-sided"),
        {"claimed": "AUROC at least 0.8", "needed": (34, 34)},
        'The 95 % interval of the AUROC [0.613, 0.931] includes values below 0.8, so "AUROC at least 0.8" is not '
        "shown. About 34 prompts per set would probably settle it, if the effect is what it seems.",
    ),
    (
        judge(0.1, 0.25, 0.35, threshold=0.7, side="two-sided"),
        {},
        'The 95 % interval of the AUROC [0.1, 0.35] includes values above 0.3, so "at least 0.7 or at most 0.3" '
        "is not shown.",
    ),
    (
        judge(0.6, 0.8, 0.9, p=0.0012, side="two-sided"),
        {"family": 12},
        "The AUROC is 0.8 (95 % interval [0.6, 0.9]), and chance does not explain it "
        "(adjusted p = 0.0012, within the limit of 0.05).",
    ),
    (
        judge(0.1, 0.2, 0.25, threshold=0.3, side="less", p=0.05),
        {},
        "The 95 % interval of the AUROC [0.1, 0.25] lies wholly at or below 0.3, and chance does not explain it "
        "(p = 0.05, within the limit of 0.05).",
    ),
    (
        judge(0.1, 0.2, 0.4, p=1.0),
        {},
        "The 95 % interval of the AUROC [0.1, 0.4] lies wholly below 0.5, against the claim.",
    ),
    (
        judge(0.31, 0.5, 0.69, threshold=0.7, side="two-sided", p=1.0),
        {"claimed": "AUROC at least 0.7"},
        'The 95 % interval of the AUROC [0.31, 0.69] contains no value that fits "AUROC at least 0.7".',
    ),
    (
        judge(0.4, 0.6, 0.8, p=0.0500004, least=0.001),
        {},
        "The AUROC is 0.6 (95 % interval [0.4, 0.8]), which chance alone could explain "
        "(p = 0.0500004, above the limit of 0.05).",
    ),
    (
        judge(0.4, 0.6, 0.8, p=0.4, least=0.179),
        {"counts": (3, 5), "family": 10, "needed": (6, 10)},
        "With 3 and 5 prompts and 10 claims corrected together, the smallest adjusted p possible is 0.179: no result "
        "could pass the limit of 0.05. About 6 and 10 prompts would probably settle it, if the effect is what it "
        "seems.",
    ),
    (
        judge(0.4, 0.6, 0.8, p=0.4),
        {"counts": (4, 8), "needed": (41, 82)},
        "The AUROC is 0.6 (95 % interval [0.4, 0.8]), which chance alone could explain (p = 0.4, above the limit of "
        "0.05). It would take more than 10 times as many prompts to settle it, if the effect is what it seems.",
    ),
    (
        judge(0.4, 0.6, 0.8, p=0.5, least=0.0625),
        {"counts": (4, 4), "unit": "pair"},
        "With 4 pairs, the smallest p possible is 0.0625: no result could pass the limit of 0.05.",
    ),
    (
        judge(0.5, 0.6, 0.8, p=0.0499, resolved=False),
        {},
        "Random relabelling cannot tell on which side of the limit 0.05 the p lies (estimate 0.0499).",
    ),
    (
        judge(0.5, 0.5, 0.5, p=1.0, degenerate=True),
        {"needed": (9, 9)},
        "The values are the same in both sets throughout, so there is nothing to test.",
    ),
    (
        judge(None, 1.0, None, threshold=0.7, p=0.01),
        {},
        "The values vary too little to give the AUROC an interval.",
    ),
    (
        judge(0.3, 0.45, 0.6, p=0.01),
        {},
        "The test speaks for the claim (p = 0.01, within the limit of 0.05), the effect does not: the AUROC is 0.45 "
        "(95 % interval [0.3, 0.6]). Look at the values before believing either.",
    ),
    (
        judge(0.7996, 0.9, 0.95, threshold=0.8),
        {},
        'The 95 % interval of the AUROC [0.7996, 0.95] includes values below 0.8, so "at least 0.8" is not shown.',
    ),
]


@pytest.mark.parametrize(("decision", "words", "sentence"), SENTENCES)
def test_every_verdict_is_explained_with_its_numbers(decision, words, sentence):
    assert explain(decision, effect="AUROC", **words) == sentence


def test_every_reason_has_a_sentence():
    assert {decision.reason for decision, _, _ in SENTENCES} == set(VERDICT_OF)


def test_a_decision_carries_what_it_was_taken_on():
    decision = judge(0.6, 0.8, 0.9, threshold=0.7, p=0.02, alpha=0.1)
    assert decision.finding.estimate == estimate(0.6, 0.8, 0.9)
    assert (decision.finding.threshold, decision.finding.p_adjusted, decision.finding.alpha) == (
        0.7,
        0.02,
        0.1,
    )
    assert dataclasses.is_dataclass(decision.finding)
