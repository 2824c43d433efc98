from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from stats_data import quick

from neuronclaims.stats import StatsError, assumption_warnings

SETS = 1000


def rate(word, first, second, paired=False):
    """The share of columns about which a sentence with this word is said."""
    return np.mean(
        [
            any(word in sentence for sentence in assumption_warnings(a, b, paired=paired, statistic="mean"))
            for a, b in zip(first.T, second.T, strict=True)
        ]
    )


@pytest.mark.parametrize(("n1", "n2", "factor"), [(5, 10, 2), (10, 40, 3), (20, 10, 3)])
def test_a_threefold_spread_of_the_smaller_set_is_noticed_in_nine_of_ten(n1, n2, factor):
    rng = np.random.default_rng([n1, n2])
    draws = [rng.standard_normal((n, SETS)) for n in (n1, n2)]
    small = 0 if n1 < n2 else 1
    small_df, large_df = sorted((n1 - 1, n2 - 1))
    for ratio in (3.0, 1.0):
        law = stats.f.sf(factor / ratio**2, small_df, large_df)  # the variance ratio's exact law
        sets = [ratio * x if side == small else x for side, x in enumerate(draws)]
        assert abs(rate("varies", *sets) - law) < 4 * np.sqrt(law * (1 - law) / SETS)
        assert law >= 0.9 if ratio == 3 else law <= 0.18
    sets = [x / 3 if side == small else x for side, x in enumerate(draws)]
    assert rate("varies", *sets) <= 0.001


def test_spreads_of_sets_of_equal_size_and_of_pairs_are_no_matter():
    rng = np.random.default_rng(1)
    a, b = 9 * rng.normal(size=10), rng.normal(size=10)
    for paired in (False, True):
        assert not any("varies" in s for s in assumption_warnings(a, b, paired=paired, statistic="mean"))


def test_the_sentence_on_spread_says_how_much_and_what_it_means_for_the_statistic():
    a, b = [0.0, 3.0, 6.0], [0.5, 1.0, 1.5, 2.0, 2.5]
    mean, ranks = (assumption_warnings(a, b, paired=False, statistic=kind) for kind in ("mean", "auroc"))
    assert "The smaller set (3) varies 3.8 times as much as the larger one (5)" in mean[0]
    assert "above all when values are skewed" in mean[0]
    assert "from the spread and not from the level" in ranks[0]
    still = assumption_warnings([1.0, 2.0, 4.0], [3.0] * 4, paired=False, statistic="auroc")
    assert any("varies while nothing varies in the larger one (4)" in sentence for sentence in still)


@pytest.mark.parametrize(
    ("a", "b", "paired", "says"),
    [
        ([0, 0, 0, 5.0], [0, 0, 0.5, 1], False, "62% of the values are the same"),
        ([1, 2, 1, 2], [3, 3, 1, 2], False, "only 3 distinct values"),
        ([1, 2, 3, 4], [1, 2, 3, 9], True, "75% of the differences are the same"),
    ],
)
def test_many_ties_are_told(a, b, paired, says):
    assert any(says in sentence for sentence in assumption_warnings(a, b, paired=paired, statistic="auroc"))


def test_few_values_without_a_tie_and_values_that_never_vary_are_not_called_ties():
    assert assumption_warnings([1.0, 2.0], [3.0, 4.0], paired=False, statistic="mean") == ()
    assert assumption_warnings([1.0] * 4, [1.0] * 6, paired=False, statistic="mean") == ()
    assert assumption_warnings([2.0, 3.0, 4.0], [1.0, 2.0, 3.0], paired=True, statistic="mean") == ()


@pytest.mark.parametrize(
    ("n", "low", "false"),
    [
        (8, {"exponential": 0.25, "lognormal": 0.38}, 0.09),
        (20, {"exponential": 0.65, "lognormal": 0.82}, 0.08),
    ],
)
def test_lopsided_differences_are_noticed_and_symmetric_ones_mostly_not(n, low, false):
    rng = np.random.default_rng(n)
    shape = (n, SETS)
    skewed = {
        "exponential": rng.exponential(1, shape) - 1,
        "lognormal": rng.lognormal(0, 1, shape) - np.exp(0.5),
    }
    for kind, d in skewed.items():
        assert rate("longer tail", d, np.zeros(shape), paired=True) >= low[kind]
        assert rate("longer tail", -d, np.zeros(shape), paired=True) >= low[kind]
    for d in (rng.standard_normal(shape), rng.uniform(-1, 1, shape)):
        assert rate("longer tail", d, np.zeros(shape), paired=True) <= false


def test_one_value_that_carries_the_difference_is_named():
    rng = np.random.default_rng(2)
    a, b = rng.normal(-0.5, 1, 8), rng.normal(0, 1, 8)
    a[3] = 1234.5
    found = assumption_warnings(a, b, paired=False, statistic="mean")
    assert any("One value (1234)" in s or "One value (1235)" in s for s in found)
    assert any("changes sign" in s for s in found)
    paired = assumption_warnings(a, np.zeros(8), paired=True, statistic="mean")
    assert any("One difference" in s for s in paired)
    assert not any("carries" in s for s in assumption_warnings(a, b, paired=False, statistic="auroc"))
    b[0], b[1:] = -1e7, b[1:] - 5
    assert any("One value (-1e+07)" in s for s in assumption_warnings(a, b, paired=False, statistic="mean"))


def test_ordinary_values_are_hardly_ever_said_to_hang_on_one():
    rng = np.random.default_rng(3)
    for n1, n2 in ((5, 10), (10, 10)):
        for shift in (0.0, 1.5):
            a, b = rng.normal(shift, 1, (n1, SETS)), rng.normal(0, 1, (n2, SETS))
            assert rate("carries", a, b) <= 0.025


@quick
@given(
    st.lists(st.integers(-6, 6), min_size=3, max_size=9),
    st.lists(st.integers(-6, 6), min_size=3, max_size=9),
    st.sampled_from([2.0**-40, 8.0, 2.0**30]),
    st.randoms(use_true_random=False),
)
def test_warnings_depend_on_neither_unit_nor_order_nor_the_names_of_the_sets(a, b, scale, random):
    def kinds(first, second):
        found = assumption_warnings(first, second, paired=False, statistic="mean")
        return sorted(" ".join(sentence.split()[:3]) for sentence in found if "carries" not in sentence)

    plain = kinds(a, b)
    assert kinds([scale * x for x in a], [scale * x for x in b]) == plain
    assert kinds(random.sample(a, len(a)), random.sample(b, len(b))) == plain
    assert kinds(b, a) == plain


def test_broken_values_are_refused_as_a_test_refuses_them():
    with pytest.raises(StatsError, match="NaN or infinite"):
        assumption_warnings([1.0, np.nan], [1.0, 2.0], paired=False, statistic="mean")
    with pytest.raises(StatsError, match="mean, auroc"):
        assumption_warnings([1.0, 2.0], [1.0, 2.0], paired=False, statistic="median")
    with pytest.raises(StatsError, match="match one to one"):
        assumption_warnings([1.0, 2.0], [1.0, 2.0, 3.0], paired=True, statistic="mean")
