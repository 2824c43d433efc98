"""Effects without single units against doing without them, and verdicts that rest on one unit."""

from __future__ import annotations

import math
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats as scipy_stats

from neuronclaims.stats.multiplicity import adjust
from neuronclaims.stats.robustness.again import Again
from neuronclaims.stats.robustness.in_family import InFamily
from neuronclaims.stats.robustness.samples import Samples


def hedges(a: np.ndarray, b: np.ndarray) -> float:
    free = len(a) + len(b) - 2
    spread = math.sqrt(((len(a) - 1) * a.var(ddof=1) + (len(b) - 1) * b.var(ddof=1)) / free)
    return (1 - 3 / (4 * free - 1)) * (a.mean() - b.mean()) / spread


def paired_sd(a: np.ndarray, b: np.ndarray) -> float:
    free = len(a) - 1
    return (1 - 3 / (4 * free - 1)) * (a - b).mean() / (a - b).std(ddof=1)


TWO_SETS = {
    ("difference", False): lambda a, b: a.mean() - b.mean(),
    ("auroc", False): lambda a, b: scipy_stats.mannwhitneyu(a, b).statistic / (len(a) * len(b)),
    ("sd", False): hedges,
    ("difference", True): lambda a, b: (a - b).mean(),
    ("auroc", True): lambda a, b: scipy_stats.mannwhitneyu(a, b).statistic / (len(a) * len(b)),
    ("sd", True): paired_sd,
    ("ratio", True): lambda a, b: a.mean() / b.mean(),
    ("correlation", True): lambda a, b: scipy_stats.spearmanr(a, b).statistic,
}


@pytest.mark.parametrize(("scale", "paired"), TWO_SETS)
def test_effects_without_each_unit_are_those_of_the_others(scale, paired) -> None:
    rng = np.random.default_rng(0)
    a, b = rng.normal(3, 1, 9), rng.normal(2, 2, 9 if paired else 7)
    if scale == "auroc":
        a, b = a.round(), b.round()  # with ties
    samples, effect = Samples(scale, a, b, paired), TWO_SETS[scale, paired]
    assert samples.effect == pytest.approx(effect(a, b))
    if paired:
        expected = [effect(np.delete(a, place), np.delete(b, place)) for place in range(9)]
    else:
        expected = [effect(np.delete(a, place), b) for place in range(9)]
        expected += [effect(a, np.delete(b, place)) for place in range(7)]
    np.testing.assert_allclose(samples.without_each, expected)
    alone = [samples.without(np.array([place])).effect for place in range(len(expected))]
    np.testing.assert_allclose(alone, expected)


@pytest.mark.parametrize("scale", ["mean", "share", "mean AUROC"])
def test_the_effect_of_one_set_is_its_mean(scale) -> None:
    values = np.array([0.0, 1.0, 1.0, 0.0, 1.0])
    samples = Samples(scale, values, np.array([]), alone=True)
    assert samples.effect == values.mean()
    np.testing.assert_allclose(samples.without_each, [np.delete(values, place).mean() for place in range(5)])


def test_errors_are_those_of_the_books() -> None:
    rng = np.random.default_rng(1)
    a, b = rng.normal(0, 1, 8), rng.normal(0, 3, 12)
    welch = math.sqrt(a.var(ddof=1) / 8 + b.var(ddof=1) / 12)
    assert Samples("difference", a, b).error == pytest.approx(welch)
    assert Samples("mean", a, np.array([]), alone=True).error == pytest.approx(a.std(ddof=1) / math.sqrt(8))
    ranks = math.sqrt(21 / (12 * 8 * 12))  # of the rank sum test, without ties
    assert Samples("auroc", a, b).error_at(0.5) == pytest.approx(ranks)
    assert Samples("share", a, np.array([]), alone=True).error_at(0.5) == pytest.approx(0.5 / math.sqrt(8))


def exact_p(a: np.ndarray, b: np.ndarray) -> float:
    """The two-sided p of all ways to exchange labels, of the difference of means."""
    values = np.concatenate([a, b])
    own = abs(a.mean() - b.mean())
    total, n = values.sum(), len(a)
    sums = np.array([values[list(places)].sum() for places in combinations(range(len(values)), n)])
    return float(np.mean(np.abs(sums / n - (total - sums) / len(b)) >= own - 1e-9))


def test_a_verdict_that_one_unit_carries_falls_without_it_as_an_exact_test_says() -> None:
    rng, agreed, fell = np.random.default_rng(2), [], 0
    for _ in range(40):
        a, b = rng.normal(1.2, 1, 7), rng.normal(0, 1, 7)
        p = exact_p(a, b)
        if p > 0.05:
            continue
        again = Again(Samples("difference", a, b), "greater", 0.0, None, p, 0.05, smallest_p=2 / 3432)
        for place in range(7):
            left = np.delete(a, place)
            truly = exact_p(left, b) <= 0.05
            said = again.without([place]) != "inconclusive"
            agreed.append(truly == said)
            fell += not truly
    assert fell >= 10
    assert np.mean(agreed) >= 0.95


@given(st.integers(3, 8))
@settings(max_examples=6, deadline=None)
def test_an_exact_test_of_too_few_units_cannot_pass(n: int) -> None:
    a, b = np.arange(n) + 100.0, np.arange(n) * 1.0
    least = 2 / math.comb(2 * n, n)
    again = Again(Samples("difference", a, b), "greater", 0.0, None, least, 0.05, smallest_p=least)
    if least <= 0.05:
        passes = n - 1 >= 3 and 2 / math.comb(2 * n - 1, n) <= 0.05
        assert (again.without([0]) == "supported") == passes


@pytest.mark.parametrize(("n", "then"), [(6, "inconclusive"), (7, "supported")])
def test_pairs_too_few_for_an_exact_test_cannot_pass(n: int, then: str) -> None:
    """All signs alike have a p of 2 / 2^n: .031 of 6 pairs and of 7 less one, .063 of 6 less one."""
    samples = Samples("difference", np.arange(n) + 100.0, np.zeros(n), paired=True)
    again = Again(samples, "greater", 0.0, None, 2 / 2**n, 0.05, smallest_p=2 / 2**n)
    assert (again.verdict, again.without([0])) == ("supported", then)


def test_resamples_tell_sure_verdicts_from_those_that_just_passed() -> None:
    rng = np.random.default_rng(3)
    a, b = rng.normal(3, 1, 30), rng.normal(0, 1, 30)
    assert Again(Samples("difference", a, b), "greater", 0.0, None, 1e-12, 0.05).resampled(0) == 1.0
    just = Again(Samples("difference", a, b), "greater", 0.0, None, 0.0499, 0.05)
    assert just.resampled(0) == pytest.approx(0.5, abs=0.1)
    assert just.resampled(0) == just.resampled(0)


@pytest.mark.parametrize(
    ("side", "threshold", "effect", "verdict"),
    [
        ("greater", 1.0, 2.0, "supported"),
        ("greater", 1.0, 0.5, "refuted"),
        ("less", -1.0, -2.0, "supported"),
        ("not greater", 1.0, 0.5, "supported"),
        ("not less", -1.0, -2.0, "refuted"),
        ("within", 1.0, 0.5, "supported"),
        ("within", 1.0, -2.0, "refuted"),
        ("two-sided", 1.0, -2.0, "supported"),
        ("two-sided", None, 0.5, "supported"),
    ],
)
def test_the_side_of_the_boundary_decides(side, threshold, effect, verdict) -> None:
    values = effect + np.array([-0.1, 0.0, 0.1, 0.05, -0.05])
    again = Again(Samples("mean", values, np.array([]), alone=True), side, 0.0, threshold, 0.001, 0.05)
    assert again.verdict == verdict
    assert again.without([0]) == verdict


def test_the_careful_p_is_that_of_t_for_even_values_and_larger_for_skewed_ones() -> None:
    even, skewed = np.linspace(1, 3, 9), np.array([1.0, 1.1, 1.3, 1.6, 2.0, 2.5, 3.1, 3.8, 4.6])
    for values, bound in ((even, 1.5), (skewed, 1.5)):
        plain = scipy_stats.ttest_1samp(values, bound).pvalue
        alone = Samples("mean", values, np.array([]), alone=True).careful_p(bound)
        pairs = Samples("difference", values + 7, np.full(9, 7.0), paired=True).careful_p(bound)
        shares = Samples("ratio", 2 * values, np.full(9, 2.0), paired=True).careful_p(bound)
        assert alone == pytest.approx(pairs) == pytest.approx(shares)
        assert alone == pytest.approx(plain) if values is even else alone > plain
    assert Samples("auroc", even, skewed).careful_p(0.5) is None


def test_of_few_units_a_share_may_be_missed_and_of_fewer_more() -> None:
    values = np.linspace(1, 2, 14)
    told = {"side": "greater", "null": 0.0, "threshold": None, "alpha": 0.05}
    of = Samples("mean", values, np.array([]), alone=True)
    assert Again(of, p=1e-9, unseen=0.8**14, **told).without([0]) == "inconclusive"
    assert Again(of, p=1e-9, unseen=0.8**15, **told).without([0]) == "supported"


@given(
    st.lists(st.floats(0, 1), min_size=1, max_size=7),
    st.lists(st.floats(0, 1), min_size=1, max_size=3),
    st.integers(0, 2),
)
@settings(max_examples=60, deadline=None)
def test_another_p_is_corrected_as_the_family_with_it_is(values, moved, broken) -> None:
    found = adjust([*values, *[None] * broken], "holm")
    correction = InFamily.by_holm(values[0], found[0], values, len(values) + broken)
    for p in (values[0], *moved):
        again = adjust([p, *values[1:], *[None] * broken], "holm")[0]
        assert correction.of(p) == pytest.approx(again)
    assert InFamily.by_holm(0.01, 0.05, [0.01, 0.02], 2).of(0.02) == pytest.approx(0.1)


def test_without_one_of_four_that_are_apart_the_mean_rests_on_few() -> None:
    values = np.array([*(0.01 * place for place in range(8)), *(1 + 0.05 * place for place in range(4))])
    again = Again(Samples("mean", values, np.array([]), alone=True), "greater", 0.0, None, 0.04, 0.05)
    assert again.samples.careful_p(0.0) < 0.04
    assert again.without([11]) == "inconclusive"
    assert again.samples.without(np.array([11])).careful_p(0.0) > 0.8**6  # of 11, fewer than half count
    assert again.without([0]) == "supported"


@pytest.mark.parametrize("at_once", [1, 40, 1_000])
def test_resamples_that_are_drawn_in_parts_are_those_of_one_stream(monkeypatch, at_once) -> None:
    values = np.random.default_rng(1).normal(0.35, 1, 31)
    again = Again(Samples("mean", values, np.empty(0), alone=True), "greater", 0.0, None, p=0.04, alpha=0.05)
    monkeypatch.setattr("neuronclaims.stats.robustness.again._AT_ONCE", at_once)
    weights = np.sort(again.samples.weights[0])
    drawn = weights[np.random.default_rng(7).integers(31, size=(500, 31))]  # all at once
    effects = again.samples.effect + drawn.mean(axis=1)
    errors = np.sqrt(drawn.var(axis=1, ddof=1) / 31)
    own = again.samples.effect / again.samples.error
    p = 2 * scipy_stats.norm.cdf(scipy_stats.norm.ppf(0.02) * np.abs(effects) / errors / own)
    same = np.mean((p <= 0.05) & (effects > 0))
    assert 0.2 < same < 0.8
    assert again.resampled(seed=7) == pytest.approx(same, abs=1e-12)
