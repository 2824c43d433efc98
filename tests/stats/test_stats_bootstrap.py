from __future__ import annotations

import math
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from stats_data import KINDS, quick, sample

from neuronclaims.stats import StatsError, auroc, bootstrap_estimate
from neuronclaims.stats.effects import bootstrap
from neuronclaims.stats.effects.bootstrap import resampled_indices


def mean(x):
    return x.mean(axis=-1)


def mean_difference(x, y):
    return x.mean(axis=-1) - y.mean(axis=-1)


def hedges(x, y):
    n1, n2 = x.shape[-1], y.shape[-1]
    pooled = ((n1 - 1) * x.var(axis=-1, ddof=1) + (n2 - 1) * y.var(axis=-1, ddof=1)) / (n1 + n2 - 2)
    return mean_difference(x, y) / np.sqrt(pooled)


def ratio(x, y):
    return x.sum(axis=-1) / y.sum(axis=-1)


class SameDraws(np.random.Generator):
    """A generator that gives SciPy the indices our resamples take, sample after sample."""

    def __init__(self, indices):
        super().__init__(np.random.PCG64(0))
        self.queue = list(indices)

    def integers(self, low, high=None, size=None, **rest):
        given = self.queue.pop(0)
        assert given.shape == tuple(size)
        return given


@pytest.mark.parametrize("method", ["percentile", "basic", "BCa"])
@pytest.mark.parametrize("level", [0.8, 0.95])
@pytest.mark.parametrize(
    ("statistic", "sizes", "paired"),
    [
        (mean, (12,), False),
        (mean_difference, (9, 14), False),
        (hedges, (20, 8), False),
        (ratio, (15, 15), True),
    ],
)
def test_limits_equal_scipy_on_the_same_draws(method, level, statistic, sizes, paired):
    rng = np.random.default_rng(len(sizes))
    samples = [np.sort(rng.lognormal(1, 0.6, n)) for n in sizes]  # in order: SciPy's draws then mean the same
    found = bootstrap_estimate(
        samples, statistic, name="x", paired=paired, seed=7, method=method, resamples=999, level=level
    )
    indices = resampled_indices(sizes[:1] if paired else sizes, 7, 0, 999)
    expected = stats.bootstrap(
        samples,
        lambda *arrays, axis: statistic(*arrays),
        paired=paired,
        vectorized=True,
        n_resamples=999,
        confidence_level=level,
        method=method,
        rng=SameDraws(indices),
    ).confidence_interval
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high), rel=1e-10)
    assert found.value == pytest.approx(float(statistic(*samples)), rel=1e-12)
    assert "999 resamples" in found.method


def test_every_unit_is_drawn_equally_often_and_independently():
    (indices,) = resampled_indices([7], 3, 0, 20_000)
    counts = np.stack([np.bincount(indices[:, place], minlength=7) for place in range(7)])
    assert stats.chisquare(counts.ravel()).pvalue > 1e-4
    both = np.histogram2d(indices[:, 0], indices[:, 1], bins=7)[0]
    assert stats.chisquare(both.ravel()).pvalue > 1e-4


@quick
@given(st.integers(0, 200), st.integers(1, 100), st.integers(0, 100))
def test_draws_are_a_stream_that_can_be_entered_anywhere(start, length, extra):
    whole = resampled_indices([5, 3], 11, 0, start + length + extra)
    for part, full in zip(resampled_indices([5, 3], 11, start, start + length), whole, strict=True):
        assert np.array_equal(part, full[start : start + length])


@quick
@given(
    st.sampled_from(KINDS),
    st.integers(0, 10**6),
    st.sampled_from(["percentile", "basic", "BCa"]),
    st.booleans(),
    st.randoms(use_true_random=False),
)
def test_an_interval_contains_its_estimate_and_forgets_order_and_batches(kind, seed, method, paired, random):
    rng = np.random.default_rng(seed)
    a, b = sample(kind, 8, rng), sample(kind, 8, rng)
    options = {"name": "x", "paired": paired, "seed": 1, "method": method, "resamples": 99}
    plain = bootstrap_estimate([a, b], mean_difference, **options)
    if plain.low is not None:
        assert plain.low <= plain.value <= plain.high
        assert math.isfinite(plain.low + plain.high)
    order = random.sample(range(8), 8)
    other = order if paired else random.sample(range(8), 8)
    cells = bootstrap._BATCH_CELLS
    try:
        bootstrap._BATCH_CELLS = 40
        assert bootstrap_estimate([a[order], b[other]], mean_difference, **options) == plain
    finally:
        bootstrap._BATCH_CELLS = cells


@quick
@given(st.integers(0, 10**6), st.sampled_from(["percentile", "basic", "BCa"]), st.sampled_from([0.25, 3.0]))
def test_shift_and_scale_are_followed(seed, method, scale):
    rng = np.random.default_rng(seed)
    a, b = np.round(rng.normal(0, 9, 10)), np.round(rng.normal(2, 9, 7))
    options = {"name": "x", "paired": False, "seed": 1, "method": method, "resamples": 199}
    plain = bootstrap_estimate([a, b], mean_difference, **options)
    moved = bootstrap_estimate([a + 64, b + 64], mean_difference, **options)
    assert (moved.low, moved.value, moved.high) == pytest.approx(
        (plain.low, plain.value, plain.high), abs=1e-9
    )
    scaled = bootstrap_estimate([scale * a, scale * b], mean_difference, **options)
    assert (scaled.low, scaled.high) == pytest.approx((scale * plain.low, scale * plain.high))


def test_tiny_values_have_the_same_bca_interval():
    a = np.random.default_rng(0).lognormal(0, 1, 12)
    options = {"name": "x", "paired": False, "seed": 1, "method": "BCa", "resamples": 199}
    plain, tiny = (bootstrap_estimate([a * unit], mean, **options) for unit in (1, 1e-250))
    assert (tiny.low / 1e-250, tiny.high / 1e-250) == pytest.approx((plain.low, plain.high))


def test_what_cannot_be_given_is_none_with_the_reason():
    options = {"name": "x", "paired": False, "seed": 1, "resamples": 99}
    same = bootstrap_estimate([[2.0, 2.0, 2.0]], mean, **options)
    assert (same.value, same.low, same.high) == (2.0, None, None)
    assert "none differs" in same.method
    assert bootstrap_estimate([[1.0, 1], [1.0, 1]], hedges, **options).value is None
    few = bootstrap_estimate([[1.0, 2.0], [5.0, 6.0]], hedges, **options)
    assert few.low is None
    assert "undefined in" in few.method
    # Complete separation: every resample has AUROC 1, so nothing is learnt about the other side.
    apart = bootstrap_estimate(
        [[5.0, 6, 7], [1.0, 2, 3]],
        lambda x, y: (x[..., :, None] > y[..., None, :]).mean(axis=(-1, -2)),
        **options | {"method": "BCa"},
    )
    assert (apart.value, apart.low, apart.high) == (1.0, None, None)
    assert apart.value == auroc([5.0, 6, 7], [1.0, 2, 3])


def test_limits_that_leave_the_estimate_outside_are_moved_to_it():
    def distinct(x):
        return 1.0 + (np.diff(np.sort(x, axis=-1), axis=-1) > 0).sum(axis=-1)

    for method in ("percentile", "basic"):
        found = bootstrap_estimate(
            [np.arange(10.0)], distinct, name="x", paired=False, seed=1, method=method, resamples=199
        )
        low, high = (found.low, found.high) if method == "percentile" else (20 - found.high, 20 - found.low)
        assert low < 9 < high == found.value == 10  # a resample of ten all different is one in 2,755


def test_bad_input_is_refused():
    options = {"name": "x", "paired": False, "seed": 1, "resamples": 9}
    for samples, statistic, more, says in (
        ([[1.0, math.inf]], mean, {}, "infinite"),
        ([[1.0]], mean, {}, "at least 2"),
        ([], mean, {}, "no sample"),
        ([[1.0, 2], [1.0, 2, 3]], mean_difference, {"paired": True}, "one to one"),
        ([[1.0, 2]], np.mean, {}, "reducing the last axis"),
        ([[1.0, 2]], mean, {"resamples": 0}, "resamples"),
        ([[1.0, 2]], mean, {"method": "bca"}, "method must be one of"),
        ([[1.0, 2]], mean, {"level": 95}, "level"),
    ):
        with pytest.raises(StatsError, match=says):
            bootstrap_estimate(samples, statistic, **options | more)


def test_another_process_gives_the_same_digits():
    code = (
        "from neuronclaims.stats import bootstrap_estimate as b;"
        "print(repr(b([[1., 4., 2., 8.]], lambda x: x.mean(axis=-1), name='x', paired=False, seed=5)))"
    )
    here = bootstrap_estimate([[8.0, 1.0, 4.0, 2.0]], mean, name="x", paired=False, seed=5)
    there = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
    assert there.strip() == repr(here)
