"""What is said of a claim whose values are known to have fallen, risen, stayed, or gone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from cases import for_each
from rows_made import row

from neuronclaims.baselines.drift import drifts
from neuronclaims.baselines.policy import Policy, parse_policy

POLICY = Policy(frozenset({"lost"}))
SCALES = [(scale, paired) for scale in ("difference", "sd", "auroc") for paired in (False, True)]
NOISE = 1e-5


def one(old, new, policy=POLICY, noise=NOISE):
    return drifts({"x": old} if old else {}, {"x": new}, policy, noise=noise)["x"]


def values(seed=0, n=20, apart=2.0):
    rng = np.random.default_rng(seed)
    return rng.normal(apart, 1, n), rng.normal(0, 1, n)


@pytest.mark.parametrize(("scale", "paired"), SCALES)
def test_values_that_are_the_same_are_held_whatever_else_changed(scale, paired):
    old = row(*values(), scale=scale, paired=paired)
    assert one(old, old).status == "held"
    judged_otherwise = replace(old, verdict="inconclusive", family=40)
    held = one(old, judged_otherwise)
    assert held.status == "held"
    assert "10 claims and is 40" in held.sentence


@pytest.mark.parametrize(("scale", "paired"), SCALES)
def test_values_that_move_by_rounding_alone_are_held(scale, paired):
    a, b = values(1)
    old, new = (row(*pair, scale=scale, paired=paired) for pair in ((a, b), (a * (1 + 3e-6), b * (1 - 3e-6))))
    assert old.values != new.values
    assert one(old, replace(new, verdict="inconclusive")).status == "held"


def test_the_noise_that_was_measured_is_what_counts_where_it_is_larger():
    a, b = values(14, apart=0.01)
    old, new = row(a, b), row(a + 1e-3, b - 1e-3, verdict="inconclusive")
    assert one(old, new).status != "held"
    for which in (old, new):
        noisy = replace(which, values=replace(which.values, noise=2e-3))
        assert one(*(noisy if each is which else each for each in (old, new))).status == "held"
    assert one(old, replace(old, values=replace(old.values, noise=2e-3))).status == "held"
    silent = row(a * 0, b * 0, verdict="inconclusive")
    loud = replace(row(a + 5, b), values=replace(row(a + 5, b).values, noise=100.0))
    assert one(loud, silent).status == "lost"


@for_each("scale, paired", SCALES)
@for_each("side", ["greater", "less"])
def test_a_neuron_that_fell_silent_loses_its_claim_on_every_scale(scale, paired, side):
    a, b = values(2) if side == "greater" else values(2)[::-1]
    old = row(a, b, scale=scale, paired=paired, side=side)
    silent = replace(row(a * 0 + 1, b, scale="difference", paired=paired), verdict="inconclusive")
    new = replace(
        silent,
        values=replace(
            old.values,
            first=dict.fromkeys(old.values.first, 0.0),
            second=dict.fromkeys(old.values.second, 0.0),
        ),
    )
    lost = one(old, new)
    assert lost.status == "lost"
    assert lost.p_adjusted < 0.001
    assert lost.was == "supported"


@pytest.mark.parametrize("side", [("greater", 1), ("less", -1), ("two-sided", 1), ("two-sided", -1)])
def test_a_fall_is_weaker_and_a_rise_stronger_on_whichever_side_is_claimed(side):
    name, way = side
    a, b = values(3, apart=3.0)
    a, b = (a, b) if way > 0 else (b, a)
    old = row(a, b, side=name)
    assert one(old, row(a * 0.4, b * 0.4, side=name)).status == "weaker"
    assert one(old, row(a * 1.8, b * 1.8, side=name)).status == "stronger"
    assert one(old, row(a * 0.95, b * 0.95, side=name)).status == "held"


def test_between_what_is_shown_and_what_is_excluded_is_unclear():
    a, b = values(4)
    rng = np.random.default_rng(5)
    old, new = row(a, b), row(a + rng.normal(-0.3, 2, 20), b + rng.normal(0, 2, 20))
    assert one(old, new).status == "unclear"


def test_a_verdict_that_turns_where_hardly_anything_changed_is_not_lost_but_unclear():
    a, b = values(6, apart=0.7)
    rng = np.random.default_rng(7)
    new = row(a + rng.normal(0, 0.05, 20), b + rng.normal(0, 0.05, 20), verdict="inconclusive")
    assert one(row(a, b), new).status == "unclear"


def test_a_share_that_may_be_lost_is_the_policys():
    a, b = values(8, n=40, apart=3.0)
    old, new = row(a, b), row(a * 0.7, b * 0.7)
    assert one(old, new, parse_policy("weaker:20%")).status == "weaker"
    assert one(old, new, parse_policy("weaker:50%")).status == "held"


def test_a_claim_of_does_not_is_weaker_where_the_effect_it_denies_grew():
    a, b = values(9, apart=0.0)
    old = row(a, b, side="not greater")
    assert one(old, row(a + 2, b, side="not greater")).status == "weaker"
    assert one(old, row(a - 2, b, side="not greater")).status == "stronger"
    within = replace(old, side="within")
    assert one(within, replace(row(a - 4, b), side="within")).status == "weaker"


def test_an_edited_claim_is_edited_and_never_lost():
    a, b = values(10)
    edited = row(-a, b, content="another", verdict="refuted")
    assert one(row(a, b), edited).status == "edited"


def test_what_cannot_be_tested_now_or_could_not_then_is_untestable_and_says_why():
    a, b = values(11)
    broken = replace(row(a, b), verdict=None, effect=None, values=None, error="no such neuron")
    now, then = one(row(a, b), broken), one(broken, row(a, b))
    assert (now.status, then.status) == ("untestable", "untestable")
    assert "no such neuron" in now.sentence
    assert "for the baseline: no such neuron" in then.sentence


def test_a_claim_without_a_row_is_new():
    assert one(None, row(*values())).status == "new"


def test_kinds_without_values_are_judged_by_verdict_and_interval_and_say_so():
    from neuronclaims.baselines.rows import SavedEffect

    def shares(value, low, high, verdict="supported"):
        effect = SavedEffect("share of prompts", value, low, high, 0.95)
        return replace(row(*values()), values=None, effect=effect, verdict=verdict)

    old = shares(0.9, 0.8, 0.95)
    assert one(old, shares(0.85, 0.75, 0.92)).status == "held"
    assert one(old, shares(0.5, 0.4, 0.6)).status == "weaker"
    assert one(old, shares(0.85, 0.75, 0.92, "inconclusive")).status == "unclear"
    lost = one(old, shares(0.1, 0.02, 0.3, "inconclusive"))
    assert lost.status == "lost"
    assert "by verdict and interval" in lost.sentence


def test_a_fact_is_lost_as_soon_as_its_verdict_is():
    fact = replace(row(*values()), values=None, p=None, side=None, alpha=None)
    assert (
        one(fact, replace(fact, verdict="refuted", effect=replace(fact.effect, value=0.1))).status == "lost"
    )


def test_alarms_are_corrected_for_all_claims_of_the_family():
    a, b = values(12, n=8, apart=3.0)
    old, new = row(a, b), row(a * 0.55, b * 0.55)
    alone = one(old, new)
    others = {f"o{i}": row(*values(20 + i, n=8)) for i in range(30)}
    moved = {
        name: row(
            [v + 0.01 * i for i, v in enumerate(r.values.first.values())], list(r.values.second.values())
        )
        for name, r in others.items()
    }
    together = drifts({"x": old, **others}, {"x": new, **moved}, POLICY, noise=NOISE)["x"]
    assert alone.p == together.p
    assert together.p_adjusted > alone.p_adjusted


def test_a_claim_that_says_how_far_it_may_drift_is_judged_by_that():
    a, b = values(13, n=40, apart=3.0)
    old, new = row(a, b), row(a * 0.7, b * 0.7)
    assert one(old, new).status == "weaker"
    assert one(old, replace(new, share=0.5)).status == "held"


def test_a_claim_that_could_be_tested_neither_then_nor_now_says_so():
    broken = replace(row(*values()), verdict=None, error="No layer 9.")
    for new, told in ((broken, "No layer 9."), (replace(broken, error="No."), "No. (before: No layer 9.)")):
        drift = one(broken, new)
        assert drift.status == "untestable"
        assert drift.sentence == f"it could be tested neither then nor now: {told}"
