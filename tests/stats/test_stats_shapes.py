"""An amount in sd is held to an interval for values of any shape: by formula, and on values whose truth is known."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats as scipy_stats
from shapes_brute import interval_of_shape, tails_of_shape

from neuronclaims import stats
from neuronclaims.kinds.shared.hypotheses import TwoSampleHypothesis
from neuronclaims.kinds.shared.two_samples import LayerSamples
from neuronclaims.stats import two_sample_design
from neuronclaims.stats.distributions.shapes import shapiro_francia
from neuronclaims.stats.standardised import shape_of

LAWS = {
    "normal": (lambda rng, shape: rng.normal(size=shape), 0.0, 1.0),
    "t3": (lambda rng, shape: rng.standard_t(3, shape), 0.0, np.sqrt(3)),
    "lognormal": (lambda rng, shape: rng.lognormal(size=shape), np.exp(0.5), np.sqrt((np.e - 1) * np.e)),
    "90 % zeros": (
        lambda rng, shape: rng.exponential(size=shape) * (rng.random(shape) < 0.1),
        0.1,
        0.19**0.5,
    ),
    "one in five": (lambda rng, shape: rng.normal(size=shape) + 5 * (rng.random(shape) < 0.2), 1.0, 5**0.5),
}


def made(a, b, paired=False):
    plain = (stats.dz_estimate if paired else stats.hedges_g_estimate)(a, b)
    return stats.of_any_shape(plain, a, b, paired=paired)


@pytest.mark.parametrize(
    ("n1", "n2", "paired"), [(8, 8, False), (30, 30, False), (40, 21, False), (22, 22, True)]
)
@pytest.mark.parametrize("law", ["normal", "lognormal"])
def test_the_interval_is_that_of_the_formulas(law, n1, n2, paired):
    rng = np.random.default_rng(n1)
    a, b = LAWS[law][0](rng, n1) + 1.5, LAWS[law][0](rng, n2)
    found, tails = made(a, b, paired), tails_of_shape(a, b, paired)
    for bound in (-1.0, 0.0, 0.3, 1.0, 2.5):
        assert found.tails(bound) == pytest.approx(tails(bound), rel=2e-3, abs=1e-9)
    low, high = interval_of_shape(tails, found.value, 1.0)
    assert (found.low, found.high) == pytest.approx((low, high), rel=2e-3, abs=1e-6)


def test_the_sets_the_other_way_round_give_the_interval_the_other_way_round():
    rng = np.random.default_rng(3)
    a, b = rng.lognormal(size=25), rng.lognormal(size=30) + 1
    one, other = made(a, b), made(b, a)
    assert (one.low, one.high) == pytest.approx((-other.high, -other.low), rel=1e-9)


def test_blocks_that_hold_all_units_change_nothing():
    rng = np.random.default_rng(4)
    a, b = rng.normal(size=12), rng.normal(size=14)
    plain = stats.hedges_g_estimate(a, b)
    one = stats.of_any_shape(plain, a, b)
    blocked = stats.of_any_shape(plain, a, b, blocks=([0] * 12, [0] * 14))
    assert (blocked.low, blocked.high) == pytest.approx((one.low, one.high), rel=1e-9)


def test_the_test_of_shape_holds_its_level_on_normal_values_and_is_close_to_shapiro_and_wilk():
    rng = np.random.default_rng(5)
    values = rng.normal(size=(2_000, 24))
    p = np.array([shapiro_francia(row - row.mean())[1] for row in values])
    assert 0.08 < (p < 0.1).mean() < 0.12
    skewed = rng.lognormal(size=(200, 24))
    wilk = np.array([scipy_stats.shapiro(row).pvalue for row in skewed])
    ours = np.array([shapiro_francia(row - row.mean())[1] for row in skewed])
    assert ((ours < 0.1) == (wilk < 0.1)).mean() > 0.95


@pytest.mark.parametrize("law", LAWS)
@pytest.mark.parametrize("n", [8, 20, 40])
def test_a_true_1_sd_is_not_judged_wrongly_where_20_claims_are_corrected(law, n):
    """At alpha / 20 each, of 2,000 claims at their boundary about 5 may be wrong; normal theory has up to 900."""
    draw, _, sd = LAWS[law]
    rng = np.random.default_rng(6)
    a, b = draw(rng, (2_000, n)) + sd, draw(rng, (2_000, n))
    wrong = sum(
        2 * min(shape_of(x, y).tails(1.0)) <= 0.05 / 20
        for x, y in zip(a, b, strict=True)
        if np.ptp(x) > 0 or np.ptp(y) > 0
    )
    assert wrong <= scipy_stats.binom.ppf(0.9999, 2_000, 0.05 / 20)


def test_an_interval_has_two_ends_around_its_value_or_none():
    rng = np.random.default_rng(8)
    for _ in range(100):
        found = made(LAWS["90 % zeros"][0](rng, 20) + 0.4, LAWS["90 % zeros"][0](rng, 20))
        if found.low is None:
            assert found.high is None
        else:
            assert found.low <= found.value <= found.high < np.inf


def test_a_clear_amount_of_bell_shaped_values_is_shown():
    rng = np.random.default_rng(7)
    a, b = rng.normal(3, 1, 40), rng.normal(0, 1, 40)
    assert made(a, b).p_against(1.0) < 1e-4
    assert made(a, b).p_against(6.0) < 1e-4


BELL = scipy_stats.norm.ppf((np.arange(1, 13) - 0.5) / 12)
SPIKE = np.r_[np.zeros(11), 4.0]


@pytest.mark.parametrize(
    ("a", "b", "marks", "key", "least"),
    [
        (BELL + 4, BELL, (1.0,), "few", 10 ** (-0.9 - 0.08 * 8)),
        (BELL, BELL + 4, (-1.0,), "few", 10 ** (-0.9 - 0.08 * 8)),
        (BELL + 4, BELL, (-1.0, 1.0), "few", 10 ** (-0.9 - 0.08 * 8)),
        (BELL + 0.4, BELL, (1.0,), None, 0.0),  # not beyond its number: nothing stands against what it shows
        (BELL + 4, BELL, (0.0,), None, 0.0),
        (SPIKE + 4, SPIKE, (1.0,), "skewed", 1.0),
        (SPIKE + 0.4, SPIKE, (1.0,), None, 0.0),
        (np.tile(BELL, 4) + 4, np.tile(BELL, 4), (1.0,), None, 0.0),
    ],
)
def test_a_caution_says_what_keeps_an_effect_from_being_shown_beyond_its_number(a, b, marks, key, least):
    plain = stats.hedges_g_estimate(a, b)
    found = stats.of_any_shape(plain, a, b, marks=marks, instead="an AUROC")
    if key is None:
        assert found.caution is None
        return
    assert (found.caution.key, found.caution.least_p) == (key, pytest.approx(least))
    assert found.caution.sentence.endswith("claim an AUROC.")
    assert max(found.p_against(mark) for mark in marks) == pytest.approx(least)


def test_few_differences_that_are_skewed_have_no_interval():
    found = stats.of_any_shape(
        stats.dz_estimate(SPIKE + 1, np.zeros(12)), SPIKE + 1, np.zeros(12), paired=True, marks=(0.5,)
    )
    assert (found.low, found.high, found.caution.least_p) == (None, None, 1.0)
    beside = np.tile(SPIKE, 3)  # nor has a set half as large as the other
    found = stats.of_any_shape(stats.hedges_g_estimate(SPIKE, beside), SPIKE, beside)
    assert (found.low, found.high, found.caution.key) == (None, None, "skewed")


def test_p_of_a_neuron_that_was_searched_for_counts_all_that_were():
    rng = np.random.default_rng(9)
    layer = LayerSamples(
        rng.normal(3, 1, (40, 1)), rng.normal(0, 1, (40, 1)), two_sample_design([None] * 40, [None] * 40)
    )
    said = TwoSampleHypothesis("mean", "sd", "greater", threshold=1.5)
    alone, searched = (layer.neuron(0, many).claimed_effect(said) for many in (1, 10))
    assert searched.p_against(1.5) == pytest.approx(10 * alone.p_against(1.5))
    assert searched.p_against(searched.low) == pytest.approx(0.05)
