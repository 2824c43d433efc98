from __future__ import annotations

import itertools

import numpy as np
import pytest
from cases import for_each
from flat import cluster_test
from hypothesis import given
from hypothesis import strategies as st
from scipy import ndimage, stats
from stats_data import quick

from neuronclaims.stats import StatsError


def slow_t(a, b, paired):
    with np.errstate(all="ignore"):
        found = stats.ttest_rel(a, b).statistic if paired else stats.ttest_ind(a, b).statistic
    return np.nan_to_num(found, nan=0.0)


def slow_masses(t, threshold, corners, two_sided):
    """Sum t over clusters found by SciPy's labelling, one map and one side at a time."""
    structure = np.ones((3, 3)) if corners else None
    masses = []
    for sign in (1, -1) if two_sided else (1,):
        labels, count = ndimage.label(sign * t >= threshold, structure=structure)
        masses += [t[labels == i].sum() for i in range(1, count + 1)]
    return sorted(masses, key=abs, reverse=True)


def slow_test(a, b, paired, two_sided, threshold):
    """List relabellings one by one: p of the heaviest cluster and of the largest cell."""
    n1, pooled = len(a), np.concatenate([a, b])

    def maps(row):
        if paired:
            keep = np.array(row)[:, None, None]
            return np.where(keep, a, b), np.where(keep, b, a)
        chosen = np.array(row)
        return pooled[chosen], pooled[~chosen]

    if paired:
        arrangements = list(itertools.product((True, False), repeat=n1))
    else:
        arrangements = [
            [i in c for i in range(len(pooled))] for c in itertools.combinations(range(len(pooled)), n1)
        ]
    seen = slow_t(a, b, paired)
    heaviest = abs((slow_masses(seen, threshold, False, two_sided) or [0.0])[0])
    size = np.abs(seen) if two_sided else seen
    mass_count, cell_count = 0, np.zeros(seen.shape)
    for row in arrangements:
        t = slow_t(*maps(row), paired)
        mass = abs((slow_masses(t, threshold, False, two_sided) or [0.0])[0])
        mass_count += mass >= heaviest * (1 - 1e-9)
        cell_count += (np.abs(t) if two_sided else t).max() >= size - 1e-9
    return mass_count / len(arrangements), cell_count / len(arrangements)


def two_sets(n1, n2, shape, seed, shift=1.0):
    rng = np.random.default_rng(seed)
    a, b = (ndimage.gaussian_filter(rng.normal(size=(n, *shape)), (0, 0.7, 0.7)) * 2 for n in (n1, n2))
    a[:, 1:3, 1:4] += shift
    return a, b


@for_each("alternative", ["greater", "less", "two-sided"])
@for_each("n1, n2, paired", [(4, 4, False), (3, 5, False), (5, 3, False), (7, 7, True)])
def test_exact_p_is_that_of_a_slow_cluster_permutation(n1, n2, paired, alternative):
    a, b = two_sets(n1, n2, (4, 6), 10 * n1 + n2, shift=-0.8 if alternative == "less" else 0.8)
    found = cluster_test(a, b, paired=paired, alternative=alternative, seed=0, forming_threshold=1.2)
    sets = (b, a) if alternative == "less" else (a, b)
    p, cells = slow_test(*sets, paired, alternative == "two-sided", 1.2)
    assert found.p_value == pytest.approx(p, abs=1e-12)
    assert found.cell_p_values == pytest.approx(cells, abs=1e-12)
    assert found.exact
    assert 0 < found.smallest_p <= found.p_value


@pytest.mark.filterwarnings("ignore:Precision loss")  # of SciPy, where a set does not vary
@pytest.mark.parametrize(("seed", "paired"), [(0, False), (1, False), (2, True), (3, True)])
def test_ties_between_relabellings_and_between_cells_count(paired, seed):
    rng = np.random.default_rng(seed)
    a, b = (rng.integers(0, 3, (5, 2, 4)) / 10 for _ in range(2))
    for one in (a, b):
        one[:, 1] = 3 * one[:, 0] + 0.7  # the same t as the row above, from other numbers
        one[:, :, 2] = one[:, :, 0]
    found = cluster_test(a, b, paired=paired, alternative="two-sided", seed=0, forming_threshold=0.9)
    p, cells = slow_test(np.round(a, 9), np.round(b, 9), paired, True, 0.9)
    assert found.p_value == pytest.approx(p, abs=1e-12)
    assert found.cell_p_values == pytest.approx(cells, abs=1e-12)


@pytest.mark.parametrize("connectivity", ["4", "8"])
@pytest.mark.parametrize("alternative", ["greater", "two-sided"])
def test_clusters_are_those_of_scipys_labelling_of_scipys_t(connectivity, alternative):
    a, b = two_sets(8, 9, (12, 15), 3, shift=0.3)
    options = {"seed": 0, "resamples": 99, "max_resamples": 99}
    found = cluster_test(
        a,
        b,
        paired=False,
        alternative=alternative,
        connectivity=connectivity,
        forming_threshold=0.8,
        **options,
    )
    t = slow_t(a, b, False)
    expected = slow_masses(t, 0.8, connectivity == "8", alternative == "two-sided")
    assert found.t == pytest.approx(t, rel=1e-9, abs=1e-9)
    assert [cluster.mass for cluster in found.clusters] == pytest.approx(expected, rel=1e-9)
    assert len(expected) > 5
    for cluster in found.clusters:
        assert cluster.mass == pytest.approx(sum(t[cell] for cell in cluster.cells), rel=1e-9)
        assert cluster.extent == len(cluster.cells)
    p_values = [cluster.p_value for cluster in found.clusters]
    assert p_values == sorted(p_values)
    assert found.p_value == p_values[0]


@pytest.mark.parametrize(("n1", "n2", "paired"), [(5, 7, False), (8, 8, True)])
def test_random_draws_agree_with_the_exact_p_within_a_binomial_band(n1, n2, paired):
    a, b = two_sets(n1, n2, (4, 5), 6, shift=0.5)
    options = {"paired": paired, "alternative": "two-sided", "seed": 12, "forming_threshold": 1.0}
    exact = cluster_test(a, b, **options)
    drawn = cluster_test(a, b, exact_limit=0, resamples=999, max_resamples=999, **options)
    low, high = stats.binom.interval(0.9999, 999, [exact.p_value, exact.cell_p_values.min()])
    counts = np.rint(1000 * np.array([drawn.p_value, drawn.cell_p_values.min()])) - 1
    assert (low <= counts).all()
    assert (counts <= high).all()
    assert exact.p_value < 1


def test_a_large_offset_changes_nothing():
    rng = np.random.default_rng(3)
    a, b = (rng.integers(-4, 5, (n, 3, 4)) / 8 for n in (6, 8))
    plain, moved = (
        cluster_test(
            a + offset, b + offset, paired=False, alternative="two-sided", seed=0, forming_threshold=1.0
        )
        for offset in (0.0, 2.0**46)
    )
    assert np.array_equal(moved.t, plain.t)
    assert np.array_equal(moved.cell_p_values, plain.cell_p_values)
    assert moved.clusters == plain.clusters


def test_default_threshold_is_the_t_that_one_cell_passes_with_p_001():
    a, b = two_sets(6, 8, (3, 4), 1)
    for alternative, share in (("greater", 0.99), ("less", 0.99), ("two-sided", 0.995)):
        independent = cluster_test(a, b, paired=False, alternative=alternative, seed=0)
        assert independent.forming_threshold == pytest.approx(stats.t.ppf(share, 12), rel=1e-9)
        paired = cluster_test(a, b[:6], paired=True, alternative=alternative, seed=0)
        assert paired.forming_threshold == pytest.approx(stats.t.ppf(share, 5), rel=1e-9)


@quick
@given(
    st.permutations(range(6)), st.permutations(range(6)), st.booleans(), st.sampled_from([1.0, 3.0, 1e-30])
)
def test_neither_order_nor_names_nor_units_of_measurement_matter(p, q, paired, scale):
    a, b = two_sets(6, 6, (3, 4), 4, shift=0.4)
    a[:4, 0, 0] = b[:4, 0, 0]
    options = {"seed": 5, "exact_limit": 0, "resamples": 60, "max_resamples": 60, "forming_threshold": 1.0}
    plain = cluster_test(a, b, paired=paired, alternative="greater", **options)
    x, y = a[list(p)] * scale, b[list(p if paired else q)] * scale
    moved = cluster_test(x, y, paired=paired, alternative="greater", **options)
    assert moved.p_value == plain.p_value
    assert np.array_equal(moved.cell_p_values, plain.cell_p_values)
    mirrored = cluster_test(y, x, paired=paired, alternative="less", **options)
    assert mirrored.p_value == plain.p_value
    assert np.array_equal(mirrored.cell_p_values, plain.cell_p_values)
    assert np.array_equal(mirrored.t, -moved.t)
    either = [
        cluster_test(*sets, paired=paired, alternative="two-sided", **options) for sets in ((a, b), (b, a))
    ]
    assert either[0].p_value == either[1].p_value


def test_constant_cells_have_t_0_and_constant_grids_are_degenerate():
    a, b = two_sets(5, 5, (3, 4), 2)
    a[:, 0, 0] = b[:, 0, 0] = 7.7
    for paired in (False, True):
        found = cluster_test(a, b, paired=paired, alternative="two-sided", seed=0)
        assert found.t[0, 0] == 0.0
        assert found.cell_p_values[0, 0] == 1.0
        assert not found.degenerate
        nothing = cluster_test(
            np.ones((5, 3, 4)), np.ones((5, 3, 4)), paired=paired, alternative="two-sided", seed=0
        )
        assert nothing.degenerate
        assert nothing.p_value == 1.0
        assert nothing.clusters == ()
        assert np.array_equal(nothing.t, np.zeros((3, 4)))


def test_sets_that_separate_without_spread_reach_the_smallest_p_and_stay_finite():
    a, b = np.zeros((5, 3, 4)), np.zeros((5, 3, 4))
    a[:, 1, 1:3] = 0.1
    for alternative, ways in (("greater", 1), ("two-sided", 2)):
        found = cluster_test(a, b, paired=False, alternative=alternative, seed=0)
        assert found.p_value == found.smallest_p == ways / 252
        assert np.isfinite(found.t).all()
        assert found.clusters[0].cells == ((1, 1), (1, 2))
        signs = cluster_test(a, b, paired=True, alternative=alternative, seed=0)
        assert signs.p_value == signs.smallest_p == ways / 32
    drawn = cluster_test(a, b, paired=False, alternative="greater", seed=0, exact_limit=0, resamples=99)
    assert drawn.smallest_p == 1 / 100_000
    assert drawn.p_value > 0


def test_a_null_grid_is_called_different_no_more_often_than_alpha():
    rng = np.random.default_rng(20)
    masses = cells = 0
    runs = 400
    for seed in range(runs):
        maps = ndimage.gaussian_filter(rng.standard_t(3, (12, 5, 6)), (0, 1, 1))
        found = cluster_test(
            maps[:6], maps[6:], paired=False, alternative="two-sided", seed=seed, resamples=199, max_resamples=199,
            exact_limit=0,
        )  # fmt: skip
        masses += found.p_value <= 0.05
        cells += found.cell_p_values.min() <= 0.05
    assert max(masses, cells) <= stats.binom.ppf(0.9995, runs, 0.05)
    assert cells >= stats.binom.ppf(0.0005, runs, 0.05)


@for_each(
    "change, options, words",
    [
        (lambda a, b: (np.where(a > 1, np.nan, a), b), {}, "Cut the grid"),
        (lambda a, b: ([[[1.0, 2.0]], [[1.0]]], b), {}, "cut the grid"),
        (lambda a, b: (a, b[:, :, :3]), {}, "cut both to the same cells"),
        (lambda a, b: (a[:, 0], b), {}, "one map per unit"),
        (lambda a, b: (a[:1], b), {}, "at least 2 units"),
        (lambda a, b: (a[:3], b), {"paired": True}, "match one to one"),
        (lambda a, b: (a, b), {"forming_threshold": 0.0}, "positive t"),
        (lambda a, b: (a, b), {"connectivity": "6"}, "connectivity"),
        (lambda a, b: (a * 1e120, b), {}, "too large"),
    ],
)
def test_what_cannot_be_searched_is_refused_in_words(change, options, words):
    first, second = change(*two_sets(4, 5, (3, 4), 0))
    with pytest.raises(StatsError, match=words):
        cluster_test(first, second, alternative="greater", seed=0, **{"paired": False, **options})
