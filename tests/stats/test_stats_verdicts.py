from __future__ import annotations

import dataclasses
import itertools
import math
import typing

import numpy as np
import pytest
from cases import for_each
from flat import decide
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from stats_data import quick
from stats_judge import estimate, judge

from neuronclaims.stats import (
    Reason,
    StatsError,
    auroc_estimate,
    decide_fact,
    explain,
    hedges_g_estimate,
    interval_test,
    mean_difference_estimate,
)
from neuronclaims.stats.verdicts import VERDICT_OF

ORDER = {"refuted": 0, "inconclusive": 1, "supported": 2}


TRUTH = [
    # side, number, interval (low, value, high), p, other facts -> verdict, reason
    ("greater", None, (0.6, 0.8, 0.9), 0.01, {}, "supported", "claimed_side"),
    ("greater", None, (0.6, 0.8, 0.9), 0.05, {}, "supported", "claimed_side"),
    ("greater", None, (0.6, 0.8, 0.9), 0.051, {}, "inconclusive", "boundary_not_excluded"),
    ("greater", None, (0.1, 0.2, 0.4), 0.01, {}, "refuted", "other_side"),
    ("greater", None, (0.1, 0.2, 0.4), 0.99, {}, "inconclusive", "boundary_not_excluded"),
    ("greater", 0.7, (0.71, 0.8, 0.9), 0.01, {}, "supported", "claimed_side"),
    ("greater", 0.7, (0.71, 0.8, 0.9), 0.06, {}, "inconclusive", "boundary_not_excluded"),
    ("greater", 0.7, (0.55, 0.6, 0.65), 0.01, {}, "refuted", "other_side"),
    ("greater", 0.7, (0.55, 0.6, 0.65), 0.06, {}, "inconclusive", "boundary_not_excluded"),
    ("less", None, (0.1, 0.2, 0.4), 0.01, {}, "supported", "claimed_side"),
    ("less", None, (0.6, 0.8, 0.9), 0.01, {}, "refuted", "other_side"),
    ("less", 0.3, (0.1, 0.2, 0.29), 0.01, {}, "supported", "claimed_side"),
    ("less", 0.3, (0.31, 0.4, 0.45), 0.01, {}, "refuted", "other_side"),
    ("two-sided", None, (0.1, 0.2, 0.4), 0.01, {}, "supported", "claimed_side"),
    ("two-sided", None, (0.49, 0.5, 0.51), 0.99, {}, "inconclusive", "boundary_not_excluded"),
    ("two-sided", 0.7, (0.71, 0.8, 0.9), 0.01, {}, "supported", "claimed_side"),
    ("two-sided", 0.7, (0.1, 0.2, 0.29), 0.01, {}, "supported", "claimed_side"),
    ("two-sided", 0.7, (0.31, 0.5, 0.69), 0.01, {}, "refuted", "other_side"),
    ("two-sided", 0.7, (0.3, 0.5, 0.69), 0.9, {}, "inconclusive", "boundary_not_excluded"),
    ("greater", None, (0.6, 0.8, 0.9), 0.01, {"degenerate": True}, "inconclusive", "degenerate"),
    ("greater", None, (None, None, None), 0.01, {}, "inconclusive", "degenerate"),
    ("greater", 0.7, (None, 1.0, None), 0.01, {}, "inconclusive", "degenerate"),
    ("greater", None, (None, 1.0, None), 0.01, {}, "supported", "claimed_side"),
    ("greater", None, (0.6, 0.8, 0.9), 0.08, {"least": 0.06}, "inconclusive", "cannot_reach_alpha"),
    # The least p is that of the best data for the claim: what speaks against it can reach another.
    ("greater", 0.95, (0.6, 0.8, 0.9), 0.01, {"least": 0.06}, "refuted", "other_side"),
    ("greater", None, (0.6, 0.8, 0.9), 0.049, {"resolved": False}, "inconclusive", "monte_carlo_unresolved"),
    ("within", 0.7, (0.4, 0.5, 0.6), 0.01, {}, "supported", "claimed_side"),
    ("within", 0.7, (0.4, 0.5, 0.6), 0.06, {}, "inconclusive", "boundary_not_excluded"),
    ("within", 0.7, (0.71, 0.8, 0.9), 0.01, {}, "refuted", "other_side"),
    ("within", 0.7, (0.1, 0.2, 0.29), 0.01, {}, "refuted", "other_side"),
    ("within", 0.7, (0.1, 0.2, 0.29), 0.99, {}, "inconclusive", "boundary_not_excluded"),
    ("not greater", 0.7, (0.1, 0.2, 0.69), 0.01, {}, "supported", "claimed_side"),
    ("not greater", 0.7, (0.71, 0.8, 0.9), 0.01, {}, "refuted", "other_side"),
    ("not less", 0.3, (0.31, 0.4, 0.9), 0.01, {}, "supported", "claimed_side"),
    ("not less", 0.3, (0.1, 0.2, 0.29), 0.01, {}, "refuted", "other_side"),
    ("within", 0.7, (0.4, 0.5, 0.6), 0.2, {"least": 0.06}, "inconclusive", "cannot_reach_alpha"),
    ("within", 0.7, (0.4, 0.5, 0.6), 0.01, {"degenerate": True}, "inconclusive", "degenerate"),
    (
        *("greater", 0.7, (0.8, 0.85, 0.9), 0.01, {"denominator_positive": False}),
        *("inconclusive", "denominator_not_positive"),
    ),
]


@for_each("side, number, interval, p, facts, verdict, reason", TRUTH)
def test_truth_table(side, number, interval, p, facts, verdict, reason):
    decision = judge(*interval, side=side, threshold=number, p=p, **facts)
    assert (decision.verdict, decision.reason) == (verdict, reason)


FACTS = [
    # side, number, value -> verdict; no effect at 0.5
    ("greater", None, 0.5001, "supported"),
    ("greater", None, 0.5, "refuted"),
    ("greater", 0.9, 0.9, "supported"),
    ("greater", 0.9, 0.8999, "refuted"),
    ("less", None, 0.5, "refuted"),
    ("less", 0.1, 0.1, "supported"),
    ("less", 0.1, 0.2, "refuted"),
    ("two-sided", None, 0.5, "refuted"),
    ("two-sided", None, 0.4, "supported"),
    ("two-sided", 0.75, 0.25, "supported"),
    ("two-sided", 0.75, 0.26, "refuted"),
    ("within", 0.75, 0.26, "supported"),
    ("within", 0.75, 0.24, "refuted"),
    ("not greater", 0.75, -9.0, "supported"),
    ("not greater", 0.75, 0.76, "refuted"),
    ("not less", 0.25, 9.0, "supported"),
    ("not less", 0.25, 0.24, "refuted"),
    ("greater", 0.9, math.inf, "supported"),
    ("greater", 0.9, None, "inconclusive"),
    ("greater", 0.9, math.nan, "inconclusive"),
]


@for_each("side, threshold, value, verdict", FACTS)
def test_a_fact_is_a_comparison(side, threshold, value, verdict):
    decision = decide_fact(side=side, null=0.5, threshold=threshold, value=value)
    assert decision.verdict == verdict
    assert decision.reason.startswith("fact_")


def test_a_fact_that_claims_a_margin_needs_one():
    with pytest.raises(StatsError, match="needs a margin"):
        decide_fact(side="within", null=0.5, threshold=None, value=0.5)


def test_the_truth_table_visits_every_reason_about_an_effect():
    about_facts = {reason for reason in VERDICT_OF if reason.startswith("fact_")}
    assert {row[-1] for row in TRUTH} | {"cautioned"} == set(typing.get_args(Reason)) - about_facts
    assert set(VERDICT_OF) == set(typing.get_args(Reason))


MARGIN_SIDES = ("within", "not greater", "not less")
SIDES = ("greater", "less", "two-sided", *MARGIN_SIDES)
CLAIMED = {
    # side, number: where the claim is true, with no effect at 0
    ("greater", None): lambda x: x > 0,
    ("greater", 5): lambda x: x > 5,
    ("less", None): lambda x: x < 0,
    ("less", -5): lambda x: x < -5,
    ("two-sided", None): lambda x: True,
    ("two-sided", 5): lambda x: abs(x) > 5,
    ("within", 5): lambda x: abs(x) < 5,
    ("not greater", 5): lambda x: x < 5,
    ("not less", -5): lambda x: x > -5,
}
PLACES = (-8, -5, -3, 0, 3, 5, 8)
INTERVALS = [
    *itertools.combinations_with_replacement(PLACES, 3),
    *((None, value, None) for value in PLACES),
    (None, None, None),
]


def expected(side, number, interval, p, least, resolved, degenerate, denominator):
    """Return the reason by a table of rules, the first that applies."""
    low, value, _ = interval
    passes = resolved and p <= 0.05
    table = [
        (not denominator, "denominator_not_positive"),
        (degenerate or value is None or (number is not None and low is None), "degenerate"),
        (passes and CLAIMED[side, number](value or 0), "claimed_side"),
        (passes, "other_side"),
        (least > 0.05, "cannot_reach_alpha"),
        (not resolved, "monte_carlo_unresolved"),
        (True, "boundary_not_excluded"),
    ]
    return next(reason for applies, reason in table if applies)


@for_each("side, number", CLAIMED)
def test_the_whole_grid_follows_the_table(side, number):
    facts = itertools.product(INTERVALS, (0.01, 0.05, 0.051, 1.0), (0.001, 0.05, 0.06), *[(True, False)] * 3)
    seen = set()
    for interval, p, least, resolved, degenerate, denominator in facts:
        found = decide(
            side=side,
            null=0.0,
            threshold=number,
            estimate=estimate(*interval),
            p_adjusted=p,
            smallest_p_adjusted=least,
            resolved=resolved,
            degenerate=degenerate,
            denominator_positive=denominator,
        )
        reason = expected(side, number, interval, p, least, resolved, degenerate, denominator)
        assert found.reason == reason, (interval, p, least, resolved, degenerate, denominator)
        assert found.verdict == VERDICT_OF[reason]
        seen.add(reason)
    assert ("other_side" in seen) == ((side, number) != ("two-sided", None))


SHARES = st.floats(0, 1)
WHOLE = st.integers(-20, 20)


@st.composite
def claims(draw):
    """Draw a claim about a whole number with no effect at 0, and an interval with whole limits: nothing rounds."""
    side = draw(st.sampled_from(SIDES))
    low, value, high = sorted(draw(st.tuples(WHOLE, WHOLE, WHOLE)))
    number = draw(st.integers(1, 15) if side in MARGIN_SIDES else st.one_of(st.none(), st.integers(0, 15)))
    if side in ("less", "not less") and number is not None:
        number = -number
    facts = {"p": draw(SHARES), "least": draw(SHARES), "resolved": draw(st.booleans()), "null": 0}
    return {"side": side, "threshold": number, **facts}, (low, value, high)


def rank(interval, facts):
    return ORDER[judge(*interval, **facts).verdict]


@quick
@given(claims(), SHARES)
def test_a_larger_p_leaves_a_verdict_or_takes_it_back(claim, p):
    facts, interval = claim
    lower, higher = sorted([facts["p"], p])
    before, after = (judge(*interval, **facts | {"p": x}) for x in (lower, higher))
    assert after.verdict in (before.verdict, "inconclusive")


@quick
@given(claims(), st.integers(0, 30))
def test_moving_the_estimate_to_the_claimed_side_never_hurts(claim, shift):
    facts, (low, value, high) = claim
    if facts["side"] == "two-sided":
        return
    if facts["side"] == "within":  # towards no effect, not beyond it
        shift = min(shift, abs(value))
        way = -1 if value > 0 else 1
    else:
        way = 1 if facts["side"] in ("greater", "not less") else -1
    moved = tuple(x + way * shift for x in (low, value, high))
    assert rank(moved, facts) >= rank((low, value, high), facts)


@quick
@given(claims(), st.integers(0, 9))
def test_claiming_more_never_helps(claim, more):
    facts, interval = claim
    if facts["threshold"] is None:
        return
    size = abs(facts["threshold"])
    bolder = max(1, size - more) if facts["side"] in MARGIN_SIDES else size + more
    sign = -1 if facts["side"] in ("less", "not less") else 1
    assert rank(interval, facts | {"threshold": sign * bolder}) <= rank(interval, facts)


@quick
@given(claims())
def test_mirroring_everything_mirrors_nothing_in_the_verdict(claim):
    facts, (low, value, high) = claim
    turned = {"greater": "less", "less": "greater", "not greater": "not less", "not less": "not greater"}
    mirrored = facts | {"side": turned.get(facts["side"], facts["side"])}
    if facts["side"] in turned and facts["threshold"] is not None:
        mirrored["threshold"] = -facts["threshold"]
    plain, other = judge(low, value, high, **facts), judge(-high, -value, -low, **mirrored)
    assert (other.verdict, other.reason) == (plain.verdict, plain.reason)


@quick
@given(claims())
def test_a_large_p_is_never_a_verdict(claim):
    facts, (low, value, high) = claim
    assert judge(low, value, high, **facts | {"p": 1.0}).verdict == "inconclusive"


@quick
@given(claims(), st.sampled_from(["degenerate", "denominator_positive"]))
def test_nothing_to_test_or_to_recover_is_never_a_verdict(claim, fact):
    facts, interval = claim
    assert judge(*interval, **facts, **{fact: fact == "degenerate"}).verdict == "inconclusive"


@for_each(
    "shift, side, verdict",
    [
        (0.0, "within", "supported"),
        (0.0, "not greater", "supported"),
        (-3.0, "within", "refuted"),
        (-3.0, "not greater", "supported"),
        (3.0, "not greater", "refuted"),
        (3.0, "not less", "supported"),
        (0.5, "within", "inconclusive"),
    ],
)
@for_each("scale", ["difference", "sd", "auroc"])
def test_does_not_is_judged_by_the_margin(shift, side, verdict, scale):
    b = stats.norm.ppf((np.arange(100) + 0.5) / 100)
    margin = 0.5 if scale != "auroc" else 0.14
    made = {"difference": mean_difference_estimate, "sd": hedges_g_estimate, "auroc": auroc_estimate}[scale]
    found, null = made(b + shift, b), 0.5 if scale == "auroc" else 0.0
    threshold = null - margin if side == "not less" else null + margin
    test = interval_test(found, side, null, threshold)
    decision = decide(
        side=side,
        null=null,
        threshold=threshold,
        estimate=found,
        p_adjusted=test.p_value,
        smallest_p_adjusted=test.smallest_p,
    )
    assert decision.verdict == verdict
    assert explain(decision, effect=found.name).startswith("The ")


def test_numbers_out_of_place_are_refused():
    for change, says in (
        ({"p": 1.2}, "p-value"),
        ({"alpha": 5}, "alpha"),
        ({"threshold": 0.4}, "wrong side"),
        ({"side": "less", "threshold": 0.6}, "wrong side"),
        ({"side": "two-sided", "threshold": 0.4}, "wrong side"),
        ({"side": "up"}, "side must be one of"),
        ({"side": "within"}, "needs a margin"),
        ({"side": "within", "threshold": 0.5}, "wrong side"),
        ({"side": "not greater", "threshold": 0.4}, "wrong side"),
        ({"side": "not less", "threshold": 0.6}, "wrong side"),
    ):
        with pytest.raises(StatsError, match=says):
            judge(0.6, 0.7, 0.8, **change)


def test_a_decision_carries_what_it_was_taken_on():
    decision = judge(0.6, 0.8, 0.9, threshold=0.7, p=0.02, alpha=0.1)
    assert decision.finding.estimate == estimate(0.6, 0.8, 0.9)
    assert (decision.finding.threshold, decision.finding.p_adjusted, decision.finding.alpha) == (
        0.7,
        0.02,
        0.1,
    )
    assert dataclasses.is_dataclass(decision.finding)
