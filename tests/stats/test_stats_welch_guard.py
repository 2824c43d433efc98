"""Unequal spreads: where Welch's t-test is asked as well, and that this keeps false positives down."""

from __future__ import annotations

import numpy as np
import pytest
from cases import for_each
from flat import two_sample_test, two_sample_tests
from scipy import stats
from stats_data import KINDS, sample

OPTIONS = {"paired": False, "statistic": "mean", "seed": 0}


@for_each("alternative", ["greater", "less", "two-sided"])
@for_each("sizes", [(4, 9), (9, 4), (5, 12)])
def test_p_is_the_larger_of_permutation_and_welch_where_the_smaller_set_varies_more(alternative, sizes):
    rng = np.random.default_rng(sizes)
    asked = []
    for _ in range(12):
        a, b = (rng.normal(0.3 * k, rng.choice([1.0, 2.5]), n) for k, n in enumerate(sizes))
        found = two_sample_test(a, b, alternative=alternative, **OPTIONS)
        small, large = sorted((a, b), key=len)
        asked.append(np.var(small, ddof=1) > np.var(large, ddof=1))
        assert found.welch_guard == asked[-1]
        welch = stats.ttest_ind(a, b, equal_var=False, alternative=alternative).pvalue
        expected = max(found.p_permutation, welch) if asked[-1] else found.p_permutation
        assert found.p_value == pytest.approx(expected, rel=1e-9)
        assert found.p_value >= found.p_permutation >= found.smallest_p
        assert ("second opinion" in found.method) == asked[-1]
    assert 0 < sum(asked) < 12


def test_nothing_is_added_for_equal_sizes_pairs_or_ranks():
    rng = np.random.default_rng(0)
    a, b = 9 * rng.normal(size=6), rng.normal(size=9)
    for first, second, change in (
        (a, b[:6], {}),
        (a, b[:6], {"paired": True}),
        (a, b, {"statistic": "auroc"}),
    ):
        found = two_sample_test(first, second, alternative="less", **(OPTIONS | change))
        assert (found.welch_guard, found.p_value) == (False, found.p_permutation)


@pytest.mark.parametrize("options", [{}, {"exact_limit": 0, "resamples": 200}])
def test_every_column_gets_the_p_it_gets_alone_to_the_last_digit(options):
    rng = np.random.default_rng(5)
    columns = [(3 * sample(kind, 9, rng), sample(kind, 13, rng)) for kind in KINDS]
    first, second = (np.stack(side, axis=1) for side in zip(*columns, strict=True))
    many = two_sample_tests(first, second, alternative="two-sided", **OPTIONS, **options)
    assert many.welch_guard.sum() > 3
    for place, (a, b) in enumerate(columns):
        alone = two_sample_test(a, b, alternative="two-sided", max_resamples=200, **OPTIONS, **options)
        for field in ("p_value", "p_greater", "p_less", "p_permutation", "welch_guard", "resolved"):
            assert getattr(many, field)[place] == getattr(alone, field)


def test_constant_sets_are_decided():
    flat = two_sample_test([2.0] * 3, [2.0] * 5, alternative="greater", **OPTIONS)
    assert (flat.p_value, flat.welch_guard) == (1.0, False)
    apart = two_sample_test([3.0] * 3, [2.0] * 5, alternative="greater", **OPTIONS)
    assert apart.p_value == apart.smallest_p
    # Only the smaller set varies: Welch's t is then Student's with n1 - 1 degrees of freedom.
    a = np.array([3.0, 4.0, 6.0])
    found = two_sample_test(a, [2.0] * 9, alternative="greater", **OPTIONS)
    assert found.p_value == pytest.approx(stats.ttest_1samp(a, 2.0, alternative="greater").pvalue, rel=1e-9)


def test_a_clear_no_of_welchs_t_test_ends_the_drawing():
    rng = np.random.default_rng(3)
    a, b = np.r_[rng.normal(size=11), 30.0], rng.normal(size=60)
    found = two_sample_test(a, b, alternative="greater", **OPTIONS)
    level = found.p_permutation  # left open by itself, settled by Welch's p far above it
    assert found.p_value > 1.5 * level
    again = two_sample_test(a, b, alternative="greater", alpha=level, **OPTIONS)
    assert (again.arrangements, again.resolved) == (9_999, True)


@pytest.mark.parametrize(("sizes", "harm"), [((5, 10), 0.09), ((10, 5), 0.09), ((10, 40), 0.08)])
def test_equal_means_with_a_wider_smaller_set_are_not_found_different_too_often(sizes, harm):
    rng = np.random.default_rng(sizes)
    spreads = (3, 1) if sizes[0] < sizes[1] else (1, 3)
    a, b = (r * rng.standard_normal((n, 2000)) for r, n in zip(spreads, sizes, strict=True))
    found = two_sample_tests(a, b, alternative="two-sided", resamples=999, **OPTIONS)
    assert np.mean(found.p_permutation <= 0.05) > harm
    # Welch's own rate here is .052 to .055 (docs/adr/0009-unequal-spreads.md).
    assert np.mean(found.p_value <= 0.05) <= stats.binom.ppf(0.9995, 2000, 0.055) / 2000
