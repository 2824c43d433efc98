"""What two prompts share on average: by loops, and with limits that hold where few prompts carry the mean."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import beta, binom

from neuronclaims.kinds.top_k.pair_overlap import own_pair_overlap, pair_overlap_estimate
from neuronclaims.stats import StatsError


def lists(rng: np.random.Generator, n: int, m: int, k: int) -> np.ndarray:
    return np.array([np.isin(np.arange(m), rng.choice(m, k, replace=False)) for _ in range(n)], dtype=float)


def test_the_mean_is_that_of_a_loop_and_no_order_of_units_matters():
    rng = np.random.default_rng(0)
    first, second = lists(rng, 6, 12, 4), lists(rng, 5, 12, 4)
    clusters = (range(6), (0, 1, 8, 9, 10))
    pairs = [
        (a @ b, i, j)
        for a, i in zip(first, clusters[0], strict=True)
        for b, j in zip(second, clusters[1], strict=True)
    ]
    assert pair_overlap_estimate(first, second, 4, seed=1).value == pytest.approx(
        np.mean([p[0] for p in pairs])
    )
    found = pair_overlap_estimate(first, second, 4, seed=1, clusters=clusters)
    assert found.value == pytest.approx(np.mean([shared for shared, i, j in pairs if i != j]))
    assert 0 <= found.low < found.value < found.high <= 4
    assert found.p_against(found.value) == 1
    assert found.p_against(found.low - 1e-9) <= 0.05 < found.p_against(found.low)  # the interval turned round
    assert found.p_against(found.high + 1e-9) <= 0.05 < found.p_against(found.high)
    plain = pair_overlap_estimate(first, second, 4, seed=1)
    turned = pair_overlap_estimate(first[::-1], second[::-1], 4, seed=1)
    assert (turned.low, turned.high) == pytest.approx((plain.low, plain.high), rel=1e-12)
    own = [first[i] @ first[j] for i in range(6) for j in range(6) if i != j]
    assert own_pair_overlap(first) == pytest.approx(np.mean(own))
    with pytest.raises(StatsError, match="no pair is left"):
        pair_overlap_estimate(first[:1], first[:1], 4, seed=1, clusters=((3,), (3,)))


def test_limits_are_those_of_clopper_and_pearson_where_a_set_is_certain():
    """Against many units that are all alike, x of n units share all k: the mean is k times a share of units."""
    alike = np.tile(np.repeat([1.0, 0.0], [3, 3]), (4000, 1))
    for x, n in ((0, 12), (4, 12), (12, 12)):
        first = np.array([[1.0] * 3 + [0.0] * 3] * x + [[0.0] * 3 + [1.0] * 3] * (n - x))
        found = pair_overlap_estimate(first, alike[:400], 3, seed=2)
        low = 0.0 if x == 0 else beta.ppf(0.025, x, n - x + 1)
        high = 1.0 if x == n else beta.ppf(0.975, x + 1, n - x)
        assert found.low / 3 == pytest.approx(low, abs=0.015)
        assert found.high / 3 == pytest.approx(high, abs=0.015)


@pytest.mark.parametrize("n", [8, 20])
def test_few_prompts_that_carry_the_mean_are_allowed_for(n):
    """One prompt in ten of the one set has the list of the other: a t interval misses the mean in .33 and .13."""
    rng, truth, wrong = np.random.default_rng(n), 0.1 * 5, 0
    other = np.tile(np.repeat([1.0, 0.0], [5, 5]), (n, 1))
    for seed in range(150):
        carries = rng.random(n) < 0.1
        first = np.where(carries[:, None], other, 1.0 - other)
        found = pair_overlap_estimate(first, other, 5, seed=seed)
        wrong += not found.low <= truth <= found.high
    assert wrong <= binom.ppf(0.999, 150, 0.05)
