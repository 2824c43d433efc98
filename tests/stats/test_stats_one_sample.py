from __future__ import annotations

from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from cases import for_each
from flat import one_sample_test, two_sample_test
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from stats_data import KINDS, quick, sample

from neuronclaims.stats import StatsError

OPTIONS = {"alternative": "greater", "seed": 0}


@for_each("kind", KINDS)
def test_p_counts_all_sign_flips_in_exact_fractions(kind):
    rng = np.random.default_rng(len(kind))
    for n in (2, 5, 7):
        x = sample(kind, n, rng)
        exact = [Fraction(float(v)) for v in x]
        sums = [sum(s * v for s, v in zip(signs, exact, strict=True)) for signs in product((1, -1), repeat=n)]
        found = one_sample_test(x, **OPTIONS)
        assert found.p_greater == sum(s >= sums[0] for s in sums) / 2**n
        assert found.p_less == sum(s <= sums[0] for s in sums) / 2**n
        assert found.p_value == found.p_permutation


@pytest.mark.parametrize("alternative", ["greater", "less", "two-sided"])
def test_p_equals_scipy_permutation_test_of_one_sample(alternative):
    x = np.random.default_rng(3).normal(0.5, 1, 10)
    expected = stats.permutation_test(
        (x,),
        np.mean,
        permutation_type="samples",
        n_resamples=np.inf,
        alternative=alternative,
        vectorized=True,
    )
    found = one_sample_test(x, alternative=alternative, seed=0)
    assert found.p_value == pytest.approx(expected.pvalue, rel=1e-12)
    assert found.statistic == pytest.approx(x.mean(), rel=1e-12)


@pytest.mark.parametrize("options", [{}, {"exact_limit": 0}])
def test_differences_of_pairs_are_tested_as_the_pairs_are(options):
    rng = np.random.default_rng(8)
    a, b = rng.normal(0.4, 1, (2, 12))
    one = one_sample_test(a - b, alternative="two-sided", seed=5, **options)
    two = two_sample_test(a, b, paired=True, statistic="mean", alternative="two-sided", seed=5, **options)
    for field in ("p_value", "p_greater", "p_less", "arrangements", "statistic", "smallest_p", "resolved"):
        assert getattr(one, field) == getattr(two, field)


@quick
@given(st.lists(st.integers(-5, 5), min_size=2, max_size=8), st.integers(1, 3), st.integers(-4, 4))
def test_zeros_change_no_p_and_the_null_is_what_is_subtracted(values, zeros, null):
    found = one_sample_test(values, **OPTIONS)
    padded = one_sample_test(values + [0] * zeros, **OPTIONS)
    assert (padded.p_greater, padded.p_less) == (found.p_greater, found.p_less)
    moved = one_sample_test([v + null for v in values], null=null, **OPTIONS)
    assert (moved.p_value, moved.statistic) == (found.p_value, found.statistic)
    mirrored = one_sample_test([-v for v in values], alternative="less", seed=0, exact_limit=0)
    assert mirrored.p_value == one_sample_test(values, exact_limit=0, **OPTIONS).p_value


def test_values_that_all_equal_the_null_are_no_evidence():
    found = one_sample_test([0.5] * 6, null=0.5, **OPTIONS)
    assert (found.p_value, found.degenerate, found.statistic) == (1.0, True, 0.0)
    apart = one_sample_test([0.5] * 6, **OPTIONS)
    assert (apart.p_value, apart.degenerate) == (1 / 64, False)


def test_method_says_what_is_flipped():
    found = one_sample_test([1.0, 2.0, -0.5], unit="document", null=0.25, **OPTIONS)
    assert found.method == "exact sign flips of 3 documents (all 8 ways to flip the signs), mean less 0.25"


@pytest.mark.parametrize(
    ("values", "options", "says"),
    [
        ([1.0], {}, "at least 2 values, but there are 1"),
        ([1.0, np.nan], {}, "NaN or infinite"),
        ([1.0, 2.0], {"null": np.inf}, "NaN or infinite"),
        ([[1.0, 2.0]], {}, "one value per unit"),
        ([1.0, 2.0], {"alternative": "more"}, "greater, less, two-sided"),
        ([1.0, 2.0], {"family": 0}, "at least 1"),
    ],
)
def test_broken_input_is_one_clear_error(values, options, says):
    with pytest.raises(StatsError, match=says):
        one_sample_test(values, **(OPTIONS | options))
