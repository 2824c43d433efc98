from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stats_data import quick
from statsmodels.stats.multitest import multipletests

from neuronclaims.stats import StatsError, adjust

NAMES = {
    "holm": "holm",
    "bonferroni": "bonferroni",
    "benjamini-hochberg": "fdr_bh",
    "benjamini-yekutieli": "fdr_by",
}
P = st.one_of(st.floats(0, 1), st.sampled_from([0.0, 0.01, 0.01, 0.05, 1.0]))


@settings(max_examples=15)  # statsmodels takes 40 ms for Holm
@given(st.lists(P, min_size=1, max_size=30))
def test_adjusted_p_values_equal_statsmodels(p):
    for method, name in NAMES.items():
        assert adjust(p, method) == pytest.approx(multipletests(p, method=name)[1], rel=1e-12, abs=1e-300)
    assert adjust(p, "none") == p


@quick
@given(st.lists(st.one_of(st.none(), P), max_size=20))
def test_a_claim_in_error_counts_as_p_one_for_the_others(p):
    for method in NAMES:
        filled = adjust([1.0 if x is None else x for x in p], method)
        assert adjust(p, method) == [None if x is None else q for x, q in zip(p, filled, strict=True)]


@quick
@given(st.lists(P, min_size=1, max_size=12), st.data())
def test_no_adjusted_p_falls_when_any_p_rises(p, data):
    place = data.draw(st.integers(0, len(p) - 1))
    higher = [*p[:place], data.draw(st.floats(p[place], 1)), *p[place + 1 :]]
    for method in NAMES:
        assert all(x <= y for x, y in zip(adjust(p, method), adjust(higher, method), strict=True))


@quick
@given(st.lists(P, min_size=1, max_size=12), st.randoms(use_true_random=False))
def test_order_of_claims_changes_nothing(p, random):
    order = random.sample(range(len(p)), len(p))
    for method in NAMES:
        plain = adjust(p, method)
        assert adjust([p[i] for i in order], method) == [plain[i] for i in order]


def test_holm_by_hand():
    assert adjust([0.01, None, 0.04, 0.03], "holm") == pytest.approx([0.04, None, 0.09, 0.09])


def test_an_empty_family_is_empty_and_bad_input_is_refused():
    assert adjust([], "holm") == []
    with pytest.raises(StatsError, match="must lie in"):
        adjust([0.5, float("nan")], "holm")
    with pytest.raises(StatsError, match="holm, bonferroni"):
        adjust([0.5], "fdr")
