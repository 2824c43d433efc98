from __future__ import annotations

import numpy as np
import pytest
import stats_brute as brute
from cases import for_each
from flat import two_sample_test, two_sample_tests
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import stats
from stats_data import KINDS, quick, sample

from neuronclaims.stats import StatsError
from neuronclaims.stats.permutation import arrangements, ranklaw

ONE_BIT = 2.0**-52


def p_both(a, b, statistic, paired, **options):
    """The permutation p of both directions, whatever Welch's t-test adds."""
    options |= {"paired": paired, "statistic": statistic, "seed": 0}
    return tuple(
        two_sample_test(a, b, alternative=side, **options).p_permutation for side in ("greater", "less")
    )


@for_each("kind", KINDS)
@for_each("n1, n2, paired", [(4, 4, False), (3, 5, False), (6, 3, False), (6, 6, True)])
@for_each("statistic", ["mean", "auroc"])
def test_exact_p_is_that_of_listing_all_relabellings_in_fractions(kind, n1, n2, paired, statistic):
    rng = np.random.default_rng([n1, n2, len(kind)])
    for _ in range(4):
        a, b = sample(kind, n1, rng), sample(kind, n2, rng)
        if paired and statistic == "mean":
            a, b = a - b, np.zeros(n2)  # what has its sign flipped is the float64 difference
        assert p_both(a, b, statistic, paired) == pytest.approx(
            brute.p_values(a, b, statistic, paired), rel=ONE_BIT, abs=0
        )


@pytest.mark.parametrize("statistic", ["mean", "auroc"])
@pytest.mark.parametrize(("n1", "n2", "paired"), [(5, 6, False), (6, 6, False), (9, 9, True)])
def test_many_neurons_at_once_equal_each_alone(statistic, n1, n2, paired):
    rng = np.random.default_rng(7)
    columns = [(sample(kind, n1, rng), sample(kind, n2, rng)) for kind in KINDS]
    first, second = (np.stack(side, axis=1) for side in zip(*columns, strict=True))
    for options in ({}, {"exact_limit": 0, "resamples": 500}):
        many = two_sample_tests(
            first, second, paired=paired, statistic=statistic, alternative="less", seed=3, **options
        )
        for column, (a, b) in enumerate(columns):
            if options and statistic == "auroc":
                continue  # one neuron alone is counted exactly by the rank law
            alone = two_sample_test(
                a,
                b,
                paired=paired,
                statistic=statistic,
                alternative="less",
                seed=3,
                max_resamples=500,
                **options,
            )
            assert many.p_value[column] == alone.p_value
            assert many.p_greater[column] == alone.p_greater


def welch(x, y, axis=-1):
    return stats.ttest_ind(x, y, axis=axis, equal_var=False).statistic


def mean_gap(x, y, axis=-1):
    return np.mean(x, axis=axis) - np.mean(y, axis=axis)


@for_each("alternative", ["greater", "less", "two-sided"])
@for_each(
    "n1, n2, paired, statistic",
    [(5, 8, False, welch), (8, 4, False, welch), (6, 6, False, mean_gap), (9, 9, True, mean_gap)],
)
def test_exact_p_equals_scipy_permutation_test(alternative, n1, n2, paired, statistic):
    rng = np.random.default_rng(n1)
    a, b = rng.normal(0.7, 1, n1), rng.normal(0, 1, n2)
    expected = stats.permutation_test(
        (a, b),
        statistic,
        permutation_type="samples" if paired else "independent",
        n_resamples=np.inf,
        alternative=alternative,
        vectorized=True,
    )
    found = two_sample_test(a, b, paired=paired, statistic="mean", alternative=alternative, seed=0)
    assert found.exact
    assert found.arrangements == len(expected.null_distribution)
    assert found.statistic == pytest.approx(expected.statistic, rel=1e-12)
    assert found.p_permutation == pytest.approx(expected.pvalue, rel=1e-12)


@for_each("alternative", ["greater", "less", "two-sided"])
@for_each("n1, n2", [(5, 10), (12, 9), (20, 20), (40, 35)])
def test_untied_auroc_p_equals_the_exact_mann_whitney_test(alternative, n1, n2):
    rng = np.random.default_rng(n2)
    a, b = rng.normal(0.4, 1, n1), rng.normal(0, 1, n2)
    found = two_sample_test(a, b, paired=False, statistic="auroc", alternative=alternative, seed=0)
    expected = stats.mannwhitneyu(a, b, alternative=alternative, method="exact")
    assert found.exact
    assert found.p_value == pytest.approx(expected.pvalue, rel=1e-11)
    assert found.statistic == pytest.approx(expected.statistic / (n1 * n2), rel=1e-12)


@pytest.mark.parametrize(("n1", "n2", "paired"), [(8, 8, False), (6, 10, False), (12, 12, True)])
@pytest.mark.parametrize("kind", ["float32", "relu"])
def test_random_draws_estimate_the_exact_p(n1, n2, paired, kind):
    rng = np.random.default_rng(11)
    a, b = sample(kind, n1, rng) + 0.25, sample(kind, n2, rng)
    exact = p_both(a, b, "mean", paired)
    drawn = p_both(a, b, "mean", paired, exact_limit=0, resamples=20_000, max_resamples=20_000)
    for truth, estimate in zip(exact, drawn, strict=True):
        hits = round(estimate * 20_001) - 1
        assert stats.binomtest(hits, 20_000, truth).pvalue > 1e-4


@pytest.mark.parametrize("paired", [False, True])
def test_no_hit_among_random_draws_counts_as_the_observed_one_alone(paired):
    low = np.linspace(0, 1, 30)
    found = two_sample_test(low + 9, low, paired=paired, statistic="mean", alternative="greater", seed=0)
    assert (found.p_value, found.arrangements, found.exact) == (1 / 10_000, 9_999, False)
    both = two_sample_test(low + 9, low, paired=paired, statistic="mean", alternative="two-sided", seed=0)
    assert both.p_value == 2 / 10_000
    assert (found.smallest_p, both.smallest_p) == (1e-6, 2e-6)


@pytest.mark.parametrize(
    ("n1", "n2", "paired"), [(20, 20, False), (15, 25, False), (25, 15, False), (30, 30, True)]
)
def test_rank_sums_too_long_to_count_are_drawn_with_the_same_law(monkeypatch, n1, n2, paired):
    rng = np.random.default_rng(3)
    a, b = sample("relu", n1, rng) + 0.1, sample("relu", n2, rng)
    options = {"paired": paired, "statistic": "auroc", "alternative": "less", "seed": 0}
    exact = two_sample_test(a, b, **options)
    monkeypatch.setattr(ranklaw, "_WORK_LIMIT", 0)
    drawn = two_sample_test(a, b, **options, max_resamples=9_999)
    assert (exact.exact, drawn.exact) == (True, False)
    for truth, estimate in ((exact.p_greater, drawn.p_greater), (exact.p_less, drawn.p_less)):
        assert stats.binomtest(round(estimate * 10_000) - 1, 9_999, min(truth, 1.0)).pvalue > 1e-4


@pytest.mark.parametrize("paired", [False, True])
def test_draws_do_not_depend_on_the_size_of_blocks(monkeypatch, paired):
    rng = np.random.default_rng(2)
    a, b = rng.normal(size=(20, 3)), rng.normal(size=(20 if paired else 30, 3))
    options = {"paired": paired, "statistic": "mean", "alternative": "greater", "seed": 5, "resamples": 3000}
    whole = two_sample_tests(a, b, **options)
    monkeypatch.setattr(arrangements, "_BLOCK_CELLS", 997)
    parts = two_sample_tests(a, b, **options)
    assert np.array_equal(whole.p_value, parts.p_value)
    assert not np.array_equal(whole.p_value, two_sample_tests(a, b, **options | {"seed": 6}).p_value)


def test_every_subset_and_sign_pattern_comes_exactly_once():
    subsets = np.concatenate(list(arrangements.Subsets(9, 4).every()))
    assert subsets.shape == (126, 9)
    assert (subsets.sum(axis=1) == 4).all()
    assert len(np.unique(subsets, axis=0)) == 126
    signs = np.concatenate(list(arrangements.Signs(7).every()))
    assert len(np.unique(signs, axis=0)) == len(signs) == 128


def test_random_subsets_and_signs_are_uniform():
    subsets = np.concatenate(list(arrangements.Subsets(6, 3).drawn(1, 0, 20_000)))
    counts = np.unique(subsets @ (1 << np.arange(6)), return_counts=True)[1]
    assert len(counts) == 20
    assert stats.chisquare(counts).pvalue > 1e-4
    signs = np.concatenate(list(arrangements.Signs(70).drawn(1, 0, 20_000)))
    assert signs.shape == (20_000, 70)
    assert (
        stats.chisquare(np.unique(signs[:, 62:67] @ (1 << np.arange(5)), return_counts=True)[1]).pvalue > 1e-4
    )


def test_draws_go_on_while_the_level_is_in_doubt_and_stop_when_it_is_not():
    rng = np.random.default_rng(0)
    b = rng.normal(size=25)
    options = {"paired": False, "statistic": "mean", "alternative": "greater", "seed": 1}
    clear = two_sample_test(b + 3, b, **options)
    assert (clear.arrangements, clear.resolved) == (9_999, True)
    level = two_sample_test(b + 0.4, b, **options).p_value
    close = two_sample_test(b + 0.4, b, **options, alpha=level, max_resamples=99_999)
    assert (close.arrangements, close.resolved) == (99_999, False)
    assert two_sample_test(b + 3, b, **options, family=200).arrangements == 99_999


def test_monte_carlo_interval_is_clopper_pearson():
    from neuronclaims.stats.permutation.montecarlo import Tally

    for hits in (0, 3, 480, 9_999):
        tally = Tally(np.array([float(hits)]), np.array([9_999.0 - hits]), 9_999, False)
        low, high = stats.binomtest(hits, 9_999).proportion_ci(0.999, "exact")
        assert not tally.resolved("greater", low + 0.01 * (high - low), 1)[0]
        assert not tally.resolved("greater", high - 0.01 * (high - low), 1)[0]
        assert hits == 0 or tally.resolved("greater", low * 0.999, 1)[0]
        assert hits == 9_999 or tally.resolved("greater", high * 1.001, 1)[0]
        assert hits == 0 or not tally.resolved("greater", 7 * (low + high) / 2, 7)[0]


def test_seed_and_values_alone_fix_the_random_numbers():
    # The raw words of PCG64 and the set of smallest keys are the same on every platform and numpy version.
    first = next(arrangements.Subsets(6, 2).drawn(42, 0, 4))
    keys = np.random.PCG64(42).random_raw(24).reshape(4, 6)
    assert [set(np.flatnonzero(row)) for row in first] == [set(np.argsort(row)[:2]) for row in keys]


VALUES = st.one_of(st.integers(-4, 4).map(float), st.floats(-1e6, 1e6, width=32))


@st.composite
def two_sets(draw, paired=None):
    paired = draw(st.booleans()) if paired is None else paired
    n1 = draw(st.integers(2, 5))
    n2 = n1 if paired else draw(st.integers(2, 5))
    a, b = (draw(hnp.arrays(np.float64, n, elements=VALUES)) for n in (n1, n2))
    return a, b, paired, draw(st.sampled_from(["mean", "auroc"])), draw(st.sampled_from([0, 200_000]))


def run(case, alternative="greater", swap=False, change=lambda x: x):
    a, b, paired, statistic, exact_limit = case
    a, b = (change(b), change(a)) if swap else (change(a), change(b))
    return two_sample_test(
        a,
        b,
        paired=paired,
        statistic=statistic,
        alternative=alternative,
        seed=9,
        exact_limit=exact_limit,
        resamples=99,
        max_resamples=99,
    )


@quick
@given(two_sets())
def test_exchanging_the_sets_exchanges_the_directions(case):
    for alternative, other in (("greater", "less"), ("two-sided", "two-sided")):
        assert run(case, alternative).p_value == run(case, other, swap=True).p_value


@quick
@given(two_sets(), st.integers(-8, 8), st.sampled_from([0.5, 1.0, 4.0, 2.0**20]))
def test_shift_and_positive_scale_change_no_p(case, shift, scale):
    case = (*(np.round(side) for side in case[:2]), *case[2:])  # so that shifting is exact
    assert run(case).p_value == run(case, change=lambda x: (x + shift) * scale).p_value


@quick
@given(two_sets(), st.randoms(use_true_random=False))
def test_order_of_prompts_changes_no_p(case, random):
    a, b, paired, *rest = case
    order_a = random.sample(range(len(a)), len(a))
    order_b = order_a if paired else random.sample(range(len(b)), len(b))
    assert run(case).p_value == run((a[order_a], b[order_b], paired, *rest)).p_value


@quick
@given(two_sets(), st.sampled_from(["greater", "less", "two-sided"]))
def test_p_lies_between_the_smallest_possible_and_one(case, alternative):
    found = run(case, alternative)
    assert 0 < found.smallest_p <= found.p_value <= 1
    assert 0 <= found.standard_error < 1


@quick
@given(hnp.arrays(np.float64, (8, 4), elements=VALUES), st.permutations(range(4)), st.booleans())
def test_order_of_neurons_changes_no_p(values, order, paired):
    options = {
        "paired": paired,
        "statistic": "mean",
        "alternative": "less",
        "seed": 4,
        "exact_limit": 0,
        "resamples": 49,
    }
    cut = 4 if paired else 3
    p = two_sample_tests(values[:cut], values[cut:], **options).p_value
    assert np.array_equal(
        p[order], two_sample_tests(values[:cut, order], values[cut:, order], **options).p_value
    )


@pytest.mark.parametrize("paired", [False, True])
@pytest.mark.parametrize("statistic", ["mean", "auroc"])
def test_constant_values_give_one_and_two_constants_the_smallest_p(paired, statistic):
    n1, n2 = 5, 5 if paired else 7
    options = {"paired": paired, "statistic": statistic, "alternative": "greater", "seed": 0}
    same = two_sample_test([2.5] * n1, [2.5] * n2, **options)
    assert (same.p_value, same.degenerate) == (1.0, True)
    assert same.statistic == (0.5 if statistic == "auroc" else 0.0)
    apart = two_sample_test([2.5] * n1, [1.0] * n2, **options)
    assert (apart.p_value, apart.degenerate) == (apart.smallest_p, False)


@pytest.mark.parametrize(
    ("first", "second", "paired", "says"),
    [
        ([1.0, np.nan], [1.0, 2.0], False, "NaN or infinite"),
        ([1.0, 2.0], [np.inf, 2.0], True, "NaN or infinite"),
        ([1.0], [1.0, 2.0], False, "at least 2"),
        ([1.0, 2.0, 3.0], [1.0, 2.0], True, "match one to one"),
        ([[1.0], [2.0]], [[1.0], [2.0]], False, "one value per unit"),
        (["a", "b"], [1.0, 2.0], False, "real numbers"),
        ([1e200, 2.0], [1.0, 2.0], False, "too large"),
    ],
)
def test_broken_values_are_an_error_that_says_so(first, second, paired, says):
    with pytest.raises(StatsError, match=says):
        two_sample_test(first, second, paired=paired, statistic="mean", alternative="greater", seed=0)


def test_unknown_options_are_an_error_that_lists_the_known_ones():
    for option, value, says in (
        ("statistic", "median", "mean, auroc"),
        ("alternative", "more", "greater, less, two-sided"),
        ("alpha", 1.5, "between 0 and 1"),
    ):
        options = {"paired": False, "statistic": "mean", "alternative": "less", "seed": 0} | {option: value}
        with pytest.raises(StatsError, match=says):
            two_sample_test([1.0, 2.0], [3.0, 4.0], **options)


def test_method_is_a_readable_template():
    rng = np.random.default_rng(0)
    options = {"alternative": "greater", "seed": 0, "unit": "prompt"}
    a, b = rng.normal(size=5), rng.normal(size=10)
    found = two_sample_test(a / 9, b, paired=False, statistic="mean", **options)
    assert (
        found.method == "exact permutation of 15 prompts (all 3,003 ways to exchange the labels), Welch's t"
    )
    found = two_sample_test(9 * a, b, paired=False, statistic="mean", **options)
    assert found.method == (
        "exact permutation of 15 prompts (all 3,003 ways to exchange the labels), Welch's t, with Welch's "
        "t-test as a second opinion because the smaller set varies more"
    )
    a, b = rng.normal(size=30), rng.normal(size=30)
    drawn = "permutation of 60 prompts (9,999 ways to exchange the labels, drawn at random, "
    found = two_sample_test(a + 3, b, paired=False, statistic="mean", **options)
    assert found.method == (
        f"{drawn}enough to tell on which side of 0.05 p lies, with a risk of 0.1 % to be wrong), difference of means"
    )
    options |= {"alpha": found.p_value, "max_resamples": 9_999}
    found = two_sample_test(a + 3, b, paired=False, statistic="mean", **options)
    assert found.method == f"{drawn}too few to tell on which side of 0.0001 p lies), difference of means"
    options["alpha"] = 0.05
    found = two_sample_test(rng.normal(size=8), rng.normal(size=8), paired=True, statistic="auroc", **options)
    assert found.method == "exact rank law within 8 prompts (all 256 ways to exchange the labels), AUROC"
