"""Corrections over the looks of a series: against sequential rejection by its definition, and the sum of all shares."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from cases import for_each
from hypothesis import given
from hypothesis import strategies as st

from neuronclaims import stats

P = st.one_of(st.none(), st.sampled_from([0.0, 0.001, 0.004, 0.01, 0.013, 0.02, 0.05, 0.3, 1.0]))


def rejected(p_values, alpha: float) -> set[tuple[int, int]]:
    """Goeman and Solari's sequential rejection: alpha over the number of claims with a look that is not rejected."""
    found: set[tuple[int, int]] = set()
    everything = {(claim, look) for claim, looks in enumerate(p_values) for look in range(len(looks))}
    while True:
        left = len({claim for claim, _ in everything - found})
        more = {
            (claim, look)
            for claim, look in everything - found
            if p_values[claim][look] is not None and p_values[claim][look] * left <= alpha
        }
        if not more:
            return found
        found |= more


@given(
    st.integers(1, 4).flatmap(
        lambda looks: st.lists(st.lists(P, min_size=looks, max_size=looks), min_size=1, max_size=4)
    )
)
def test_claims_of_a_series_are_rejected_as_sequential_rejection_says_at_every_level(p_values) -> None:
    adjusted = stats.over_claims(p_values, "holm")
    for alpha in (0.0101, 0.0199, 0.0301, 0.0501, 0.101, 0.31, 0.7):
        assert {
            (claim, look)
            for claim, looks in enumerate(adjusted)
            for look, p in enumerate(looks)
            if p is not None and p <= alpha
        } == rejected(p_values, alpha)
    assert [[p is None for p in looks] for looks in adjusted] == [
        [p is None for p in looks] for looks in p_values
    ]


@given(st.lists(P, min_size=1, max_size=6))
def test_with_one_look_it_is_the_correction_of_a_file(p_values) -> None:
    for method in stats.SERIES_CORRECTIONS:
        one_look = [p for (p,) in stats.over_claims([[p] for p in p_values], method)]
        assert one_look == pytest.approx(stats.adjust(p_values, method))


def test_other_corrections_are_refused() -> None:
    with pytest.raises(stats.StatsError, match="correction"):
        stats.over_claims([[0.1]], "max-statistic")  # type: ignore[arg-type]
    with pytest.raises(stats.StatsError, match="from 1"):
        stats.own_share(0)


def test_until_the_first_wrong_verdict_the_shares_of_looks_without_an_effect_add_up_to_at_most_one() -> None:
    """Whatever the truth: an effect at a look lets that look hand its share on, and no other can before an error."""
    for truth in product([False, True], repeat=6):
        for shown in product([False, True], repeat=6):
            decided = [there and seen for there, seen in zip(truth, shown, strict=True)]
            shares = [stats.share_of_next(decided[:place]) for place in range(6)]
            assert sum(share for share, there in zip(shares, truth, strict=True) if not there) < 1
    assert [stats.share_of_next([False] * k) for k in range(3)] == pytest.approx([1 / 2, 1 / 6, 1 / 12])
    assert stats.share_of_next([True] * 9) == pytest.approx(10 / 11)
    assert stats.share_of_next([True, False, True, True]) == pytest.approx(1 / 12 + 1 / 20 + 1 / 30)


@for_each("correlation", [0.0, 0.9])
def test_an_open_series_without_effect_has_a_verdict_in_no_more_than_alpha(correlation) -> None:
    rng, series, looks = np.random.default_rng(5), 4000, 12
    common = rng.normal(size=(series, 1))
    z = np.sqrt(correlation) * common + np.sqrt(1 - correlation) * rng.normal(size=(series, looks))
    limits = np.array([0.2 * stats.share_of_next([False] * place) for place in range(looks)])
    from scipy.stats import norm

    wrong = int((2 * norm.sf(np.abs(z)) <= limits).any(axis=1).sum())
    assert wrong <= 0.2 * series
