"""Shares that waves of a period explain, against least squares, enumeration and SciPy's laws."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from scipy import stats as scipy_stats

from neuronclaims.stats import Resampling, StatsError
from neuronclaims.stats.numbers.periodicity import Waves


def by_least_squares(values, numbers, period, blocks=None) -> float:
    """Return the partial R squared of two linear models of the ranks."""
    ranks, x = scipy_stats.rankdata(values), np.asarray(numbers, dtype=float)
    codes = np.zeros(len(x)) if blocks is None else np.asarray(blocks)
    plain = np.column_stack([*(codes == code for code in np.unique(codes)), x]).astype(float)
    both = np.column_stack([plain, np.cos(2 * np.pi * x / period), np.sin(2 * np.pi * x / period)])

    def left(design):
        return ((ranks - design @ np.linalg.lstsq(design, ranks, rcond=1e-10)[0]) ** 2).sum()

    return 1 - left(both) / left(plain)


@pytest.mark.parametrize(("period", "ones"), [(2.0, 1), (5.0, 2), (3.3, 2)])
def test_the_share_is_the_partial_r_squared_of_least_squares(period, ones):
    rng = np.random.default_rng(1)
    numbers, blocks = rng.permutation(20) + 3, [0] * 8 + [1] * 12
    values = np.column_stack([rng.normal(size=20), np.maximum(rng.normal(size=20), 0), np.ones(20)])
    for given in (None, blocks):
        waves = Waves.of(numbers, period, given)
        assert waves.free == (ones, 20 - ones - (3 if given else 2))
        found = waves.explained(values)
        assert found[:2] == pytest.approx(
            [by_least_squares(values[:, place], numbers, period, given) for place in (0, 1)], abs=1e-9
        )
        assert found[2] == 0.0


def test_every_permutation_is_counted():
    values, numbers = [5.0, 1, 6, 2, 7, 0], [0, 1, 2, 3, 5, 9]
    test = Waves.of(numbers, 2.0).test(values).test(Resampling(0))
    seen = by_least_squares(values, numbers, 2.0)
    each = np.array([by_least_squares(list(p), numbers, 2.0) for p in permutations(values)])
    assert test.statistic == pytest.approx(seen)
    assert test.p_greater == pytest.approx((each >= seen - 1e-9).mean())


def test_the_interval_turns_the_noncentral_f_law_round_and_meets_the_f_test_at_0():
    rng = np.random.default_rng(3)
    numbers = np.arange(24)
    values = 2 * np.cos(2 * np.pi * numbers / 6) + rng.normal(size=24)
    waves = Waves.of(numbers, 6.0)
    found, share = waves.estimate(values), by_least_squares(values, numbers, 6.0)
    f = share / (1 - share) * 20 / 2
    assert found.value == pytest.approx(share)
    assert found.tails(0.0)[0] == pytest.approx(scipy_stats.f.sf(f, 2, 20))
    above = scipy_stats.ncf.sf(f, 2, 20, 23 * 0.02 / 0.98)
    assert found.tails(0.02)[0] == pytest.approx(2 * above)
    assert found.p_against(found.high) == pytest.approx(0.05, abs=1e-6)
    assert found.at_level(0.9999).low == 0.0


def test_what_only_grows_has_no_period_and_what_is_no_wave_is_refused():
    numbers = np.arange(30.0)
    assert Waves.of(numbers, 30.0).explained(3 * numbers)[0] == 0.0
    assert Waves.of(numbers, 4.0).estimate(np.ones(30)).value is None
    for wrong, period in ((numbers, 1.0), (numbers[:4], 2.5), ([0.0, 1.0] * 5, 2.0)):
        with pytest.raises(StatsError):
            Waves.of(wrong, period)


def test_a_period_is_shown_wrongly_no_more_often_than_the_level():
    """Of values with a line, skewed noise or mostly zeros, and no period, at most 5 % (300 sets, three errors)."""
    rng, waves, numbers = np.random.default_rng(5), Waves.of(np.arange(15), 5.0), np.arange(15)
    for made in (
        lambda: 0.3 * numbers + np.exp(rng.normal(size=15)),
        lambda: np.maximum(rng.normal(size=15) - 0.7, 0.0) + 1e-6 * rng.normal(size=15),
    ):
        wrong = 0
        for _ in range(300):
            values = made()
            p = 2 * waves.test(values).test(Resampling(1, draws=199, max_draws=199)).p_greater
            wrong += max(p, waves.estimate(values).p_against(0.0)) <= 0.05
        assert wrong / 300 <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 300)
