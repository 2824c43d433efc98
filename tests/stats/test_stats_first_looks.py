"""Neurons tested together get, to the last digit, what each gets alone."""

from __future__ import annotations

import numpy as np
import pytest
from flat import two_sample_first_looks, two_sample_test
from hypothesis import given, settings
from hypothesis import strategies as st

from neuronclaims import stats
from neuronclaims.stats import inputs

COLUMNS = 7


def values(seed: int, n: int, ties: bool) -> np.ndarray:
    drawn = np.random.default_rng([seed, n]).standard_normal((n, COLUMNS)).astype(np.float32)
    drawn[:, 0] *= 3
    drawn[:, 1] = 0.25  # constant
    return np.round(drawn, 1) if ties else drawn


@settings(max_examples=60)
@given(
    seed=st.integers(0, 999),
    sizes=st.sampled_from([(5, 10), (12, 12), (20, 20), (30, 18), (9, 40)]),
    paired=st.booleans(),
    statistic=st.sampled_from(["mean", "auroc"]),
    alternative=st.sampled_from(["greater", "less", "two-sided"]),
    ties=st.booleans(),
)
def test_together_and_alone_are_the_same(seed, sizes, paired, statistic, alternative, ties):
    n1, n2 = (sizes[0], sizes[0]) if paired else sizes
    first, second = values(seed, n1, ties) + np.float32(0.5), values(seed + 1, n2, ties)
    settings = {
        "paired": paired,
        "statistic": statistic,
        "alternative": alternative,
        "seed": seed,
        "resamples": 499,
        "family": 20,
        "unit": "prompt",
    }
    together = two_sample_first_looks(first, second, **settings)
    alone = [
        two_sample_test(first[:, column], second[:, column], stop_after=0, **settings)
        for column in range(COLUMNS)
    ]
    assert together == tuple(alone)


@pytest.mark.parametrize("effect", ["auroc_estimate", "hedges_g_estimate", "mean_difference_estimate"])
@settings(max_examples=30)
@given(seed=st.integers(0, 999), n1=st.integers(2, 40), n2=st.integers(2, 40), ties=st.booleans())
def test_effects_together_and_alone_are_the_same(effect, seed, n1, n2, ties):
    first, second = values(seed, n1, ties) + np.float32(0.5), values(seed + 1, n2, ties)
    together = getattr(stats, f"{effect}s")(first, second, level=0.9)
    alone = [getattr(stats, effect)(first[:, i], second[:, i], level=0.9) for i in range(COLUMNS)]
    assert together == tuple(alone)


@pytest.mark.parametrize("many", ["welch_t_many", "paired_t_many", "auroc_many"])
def test_some_columns_at_a_time_are_all_columns_at_once(many, monkeypatch):
    first, second = values(3, 20, ties=True), values(4, 20, ties=True)
    whole = getattr(stats, many)(first, second)
    monkeypatch.setattr(inputs, "ROOM", 100)  # two columns of 40 values
    assert np.array_equal(getattr(stats, many)(first, second), whole)
