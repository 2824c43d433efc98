"""Odd data put to every public test and estimate: each gives finite numbers, or an error that says what it is."""

from __future__ import annotations

import re
import warnings
from pathlib import Path

import flat
import numpy as np
import pytest
from cases import for_each
from stats_public import BLOCKED, COLUMNS, GRIDS, SINGLE, numbers

from neuronclaims import stats
from neuronclaims.stats import StatsError

DIGITS = [0.3, 0.1, 0.7, 0.2, 0.9, 0.4]
SUBNORMAL = 5e-324
DATA = {
    "the same value everywhere": ([2.5] * 6, [2.5] * 6),
    "zeros": ([0.0] * 6, [0.0] * 6),
    "zeros with and without a sign": ([0.0, -0.0] * 3, [-0.0, 0.0] * 3),
    "constant in each set": ([3.0] * 6, [1.0] * 6),
    "constant in one set": ([3.0] * 6, DIGITS),
    "constant in the second set": (DIGITS, [0.0] * 6),
    "ties everywhere": ([0, 1, 1, 0, 1, 1], [0, 0, 1, 0, 0, 1]),
    "one value that differs": ([0.0] * 5 + [1.0], [0.0] * 6),
    "the same values in both sets": (DIGITS, DIGITS[::-1]),
    "pairs that all differ alike": (np.arange(6) + 2.0, np.arange(6.0)),
    "pairs without a difference": (DIGITS, DIGITS),
    "complete separation": (np.arange(6) + 10.0, np.arange(6.0)),
    "an outlier a million times larger": ([*DIGITS[:5], 1e6], DIGITS[::-1]),
    "subnormal values": (SUBNORMAL * np.arange(1, 7), SUBNORMAL * np.array([3, 1, 0, 2, 2, 1])),
    "subnormal among ordinary ones": ([SUBNORMAL, *DIGITS[1:]], [0.0, *DIGITS[:5]]),
    "tiny values": (1e-300 * np.array(DIGITS), 1e-310 * np.array(DIGITS)),
    "huge values": (1e99 * np.array(DIGITS), -1e99 * np.array(DIGITS)),
    "huge and tiny values": ([1e99, 1e-300, 1.0, -1e99, 1e50, 3.0], [1e-99, 0.0, 1e99, 2.0, -1e-300, 1.0]),
    "a large offset": (1e15 + np.arange(6), 1e15 + np.array([0, 2, 1, 3, 1, 0])),
    "whole numbers": (np.array([5, 3, 9, 1, 2, 7]), np.array([2, 2, 0, 1, 4, 3])),
    "bytes": (np.array([250, 3, 9, 1, 2, 7], np.uint8), np.array([2, 255, 0, 1, 4, 3], np.uint8)),
    "true and false": (np.array([True, True, False] * 2), np.array([False, True, False] * 2)),
    "half precision": (np.array(DIGITS, np.float16), np.array(DIGITS[::-1], np.float16)),
    "a list": (DIGITS, [1, 2, 3, 4, 5, 6]),
    "two units in each set": ([0.3, 0.1], [0.7, 0.2]),
    "two units, constant": ([0.3, 0.3], [0.3, 0.3]),
}
BROKEN = {
    "NaN": ([*DIGITS[:5], float("nan")], DIGITS, "values are NaN or infinite"),
    "infinity": (DIGITS, [*DIGITS[:5], -float("inf")], "values are NaN or infinite"),
    "overflowed half precision": (
        np.array([*DIGITS[:5], np.inf], np.float16),
        DIGITS,
        "NaN or infinite",
    ),
    "beyond squares": (DIGITS, [*DIGITS[:5], 1e101], "too large to be squared"),
    "one unit in a set": (DIGITS, [0.5], "at least 2 |match one to one|2 units"),
    "no unit in a set": ([], DIGITS, "at least 2|match one to one|no values|2 units|at least 1"),
    "texts": (["a"] * 6, DIGITS, "must be real numbers"),
    "complex numbers": (DIGITS, np.array(DIGITS) + 1j, "must be real numbers"),
    "nothing measured": ([None] * 6, DIGITS, "must be real numbers"),
}


def quietly(call, *samples):
    """Call with every floating-point accident and every warning made an error.

    Numbers that become subnormal or 0 beside far larger ones are no accident, and numpy does not report them.
    """
    with np.errstate(all="raise", under="ignore"), warnings.catch_warnings():
        warnings.simplefilter("error")
        return call(*samples)


def check(result, many):
    """Check what every result promises: no NaN, p in (0, 1], intervals around their estimates."""
    found = numbers(result)
    assert not np.isnan(found).any()
    if not many:
        assert np.isfinite(found).all()
    for part in parts(result):
        for name in ("p_value", "p_greater", "p_less", "smallest_p", "p_above_lower", "p_below_upper"):
            p = np.asarray(getattr(part, name, 0.5), dtype=float)
            lowest = 0.0 if name == "smallest_p" else np.nextafter(0, 1)
            assert ((p >= lowest) & (p <= 1)).all(), name
        if isinstance(part, stats.Estimate) and part.low is not None:
            assert part.low <= part.value <= part.high


def parts(result):
    yield result
    for name in ("test", "estimate"):
        if hasattr(result, name):
            yield getattr(result, name)


# Two units make two blocks of one, which are refused.
ODD = [
    (name, kind)
    for name in (*SINGLE, *BLOCKED)
    for kind in DATA
    if name not in BLOCKED or not kind.startswith("two units")
]


@for_each("name, kind", ODD)
def test_odd_data_give_numbers_for_one_neuron(name, kind):
    first, second = DATA[kind]
    check(quietly((SINGLE | BLOCKED)[name], first, second), many=name == "auroc_many")


@for_each("kind", DATA)
@for_each("name", COLUMNS)
def test_odd_data_give_numbers_beside_ordinary_neurons_and_leave_those_alone(name, kind):
    first, second = (np.asarray(x, dtype=np.float64) for x in DATA[kind])
    ordinary = np.sqrt(np.arange(2.0, 2 + len(first))), np.log(np.arange(3.0, 3 + len(second)))
    together = quietly(
        COLUMNS[name], *(np.stack(x, axis=1) for x in zip((first, second), ordinary, strict=True))
    )
    check(together, many=True)
    alone = COLUMNS[name](*(x[:, None] for x in ordinary))
    if isinstance(together, np.ndarray):
        assert together[1] == pytest.approx(alone[0], rel=1e-14)
    else:
        assert together.p_value[1] == pytest.approx(alone.p_value[0], rel=1e-14)


@for_each("kind", [kind for kind in DATA if not kind.startswith("two units")])
@for_each("name", GRIDS)
def test_odd_data_give_numbers_for_searches(name, kind):
    first, second = (np.asarray(x, dtype=np.float64) for x in DATA[kind])
    ordinary = np.sqrt(np.arange(2.0, 8.0)), np.log(np.arange(3.0, 9.0))
    a, b = (np.stack([x, y, x, y[::-1]], axis=1) for x, y in zip((first, second), ordinary, strict=True))
    check(quietly(GRIDS[name], a, b), many=True)


# A single unit has an AUROC, and a ratio.
SPOILT = [
    (name, kind)
    for name in (*SINGLE, *BLOCKED)
    for kind in BROKEN
    if name not in ("auroc", "ratio_summary, paired") or "unit" not in kind
]


@for_each("name, kind", SPOILT)
def test_broken_data_are_one_error_that_says_what_it_is(name, kind):
    first, second, words = BROKEN[kind]
    if name == "one_sample_test":
        second = first = (
            first
            if kind not in ("infinity", "beyond squares", "one unit in a set", "complex numbers")
            else second
        )
    with pytest.raises(StatsError, match=words):
        quietly((SINGLE | BLOCKED)[name], first, second)


@for_each("kind", ["NaN", "infinity", "beyond squares"])
@for_each("name", [*COLUMNS, *GRIDS])
def test_broken_data_of_one_neuron_are_an_error_for_all(name, kind):
    first, second, words = BROKEN[kind]
    a, b = (np.stack([DIGITS, x, DIGITS], axis=1) for x in (first, second))
    with pytest.raises(StatsError, match=words):
        quietly((COLUMNS | GRIDS)[name], a, b)


@pytest.mark.parametrize("name", [name for name in SINGLE if "test of" in name and "equivalence" not in name])
def test_what_cannot_vary_has_p_1_and_says_that_nothing_was_tested(name):
    for kind in (
        "the same value everywhere",
        "zeros",
        "zeros with and without a sign",
        "two units, constant",
    ):
        found = SINGLE[name](*DATA[kind])
        assert found.degenerate
        assert found.p_value == found.p_greater == found.p_less == 1.0
    varied = SINGLE[name](*DATA["ties everywhere"])
    assert not varied.degenerate


def test_two_constants_are_counted_like_any_data_and_have_no_raw_interval():
    first, second = DATA["constant in each set"]
    found = SINGLE["test of means"](first, second)
    assert found.p_value == pytest.approx(1 / 924)  # 12 choose 6: only the true labels reach the difference
    assert SINGLE["paired test of means"](first, second).p_value == pytest.approx(1 / 64)
    difference = stats.mean_difference_estimate(first, second)
    assert (difference.value, difference.low, difference.high) == (2.0, None, None)
    assert stats.hedges_g_estimate(first, second).value is None
    auroc = stats.auroc_estimate(first, second)
    assert auroc.value == auroc.high == 1.0
    assert 0.5 < auroc.low < 1.0


def test_an_outlier_or_a_scale_moves_means_but_not_ranks():
    first, second = DATA["an outlier a million times larger"]
    calm = [*first[:5], 0.95]
    assert SINGLE["test of AUROC"](first, second).p_value == SINGLE["test of AUROC"](calm, second).p_value
    assert stats.auroc_estimate(first, second) == stats.auroc_estimate(calm, second)
    for unit in (SUBNORMAL, 2.0**-1000, 2.0**300):
        whole = np.array([5, 3, 9, 1, 2, 7]), np.array([2, 2, 0, 1, 4, 3])
        for name in ("test of means", "paired test of means", "test of AUROC"):
            scaled = SINGLE[name](*(x * unit for x in whole))
            assert scaled.p_value == SINGLE[name](*whole).p_value


@pytest.mark.parametrize(
    ("labels", "words"),
    [
        (([None], [None] * 5), "The first set has 1 prompt; it needs at least 2"),
        (([], [None] * 5), "The first set has 0 prompts"),
        ((["a"] * 4, ["b"] * 4), "The first set has 1 group; it needs at least 2"),
        ((["a"] * 4, ["a"] * 4), "Only 1 group occurs in both sets"),
        ((["a", None], ["b", "c"]), "Some prompts have a group and others have none"),
    ],
)
def test_designs_with_too_little_to_exchange_are_refused(labels, words):
    with pytest.raises(StatsError, match=re.escape(words)):
        stats.two_sample_design(*labels)


def test_two_groups_in_each_set_can_be_tested_but_cannot_pass():
    design = stats.two_sample_design(["a", "a", "b"], ["c", "d", "d"])
    assert design.counts == (2, 2)
    first, second = design.units([[3.0], [5.0], [9.0]], [[1.0], [0.0], [1.0]])
    found = flat.two_sample_test(
        first[:, 0], second[:, 0], paired=False, statistic="mean", alternative="greater", seed=0
    )
    assert found.p_value == found.smallest_p == pytest.approx(1 / 6)
    decision = flat.decide(
        side="greater",
        null=0.0,
        threshold=None,
        estimate=stats.mean_difference_estimate(first[:, 0], second[:, 0]),
        p_adjusted=found.p_value,
        smallest_p_adjusted=found.smallest_p,
    )
    assert decision.reason == "cannot_reach_alpha"


@for_each("p_values", [[], [None], [None, None, 1.0], [0.0, 0.0], [1.0] * 3, [5e-324, 1.0]])
@for_each("method", ["holm", "bonferroni", "benjamini-hochberg", "benjamini-yekutieli", "none"])
def test_odd_families_are_corrected_without_accident(p_values, method):
    adjusted = quietly(stats.adjust, p_values, method)
    assert [p is None for p in adjusted] == [p is None for p in p_values]
    assert all(p <= q <= 1 for p, q in zip(p_values, adjusted, strict=True) if p is not None)


@pytest.mark.parametrize("p", [float("nan"), -0.1, 1.1, float("inf")])
def test_p_values_that_are_none_are_refused(p):
    with pytest.raises(StatsError, match="must lie in"):
        stats.adjust([0.5, p], "holm")


@for_each("n", [1, 2, 5])
@for_each("alternative", ["greater", "less", "two-sided"])
def test_shares_of_none_and_of_all_are_decided(n, alternative):
    for count in range(n + 1):
        check(quietly(stats.share_estimate, count, n), many=False)
        check(quietly(lambda c: stats.share_test(c, n, null=0.6, alternative=alternative), count), many=False)
        low, high = quietly(stats.wilson_limits, count, n)
        assert 0 <= low <= count / n <= high <= 1
    for first, second in (([0] * 5, [0] * 5), ([1] * 5, [0] * 5), ([0, 1], [1, 1])):
        for paired in (False, True):
            check(stats.share_difference_estimate(first, second, paired=paired), many=False)


@pytest.mark.parametrize("values", [[0.0] * 4, [0.5] * 4, [-0.5, 0.5], [0.1, 0.1, 0.1], [0.0, 0.3]])
def test_associations_that_never_vary_are_tested_and_estimated(values):
    names = tuple(map(str, range(len(values))))
    found = stats.WithinUnits("AUROC", np.array(values), names, 0, 0.5, 0.0, 1.0)
    check(quietly(lambda: flat.association_test(found, alternative="greater", seed=9)), many=False)
    check(quietly(lambda: stats.association_estimate(found)), many=False)


def test_an_interval_turned_round_and_a_statistic_of_labels_meet_constants_too():
    def estimate_at(level):
        return stats.mean_difference_estimate([1.0] * 4, [1.0] * 4, level=level)

    found = quietly(lambda: stats.interval_equivalence_test(estimate_at, null=0.0, margin=0.5))
    check(found, many=False)
    still = quietly(
        lambda: flat.exchange_test(lambda rows: np.zeros(len(rows)), (4, 4), alternative="greater", seed=0)
    )
    check(still, many=False)
    assert still.p_value == 1.0


NO_DATA = {
    "at_boundary",
    "cautioned",
    "boundaries",
    "interval_test",
    "two_sided",
    "decide",
    "decide_fact",
    "explain",
    "over_claims",
    "over_looks",
    "of_any_shape",
    "own_share",
    "power_of",
    "search_guard",
    "search_tests",
    "seed_from",
    "share_of_next",
    "sizes_in_reach",
    "units_needed",
} | {name for name in dir(stats) if name.startswith("smallest_")}


def test_no_public_test_or_estimate_is_left_out_here():
    here = Path(__file__)
    files = (here, *(here.parent / name for name in ("stats_public.py", "flat.py")))
    text = "".join(file.read_text(encoding="utf-8") for file in files)
    functions = {name for name in dir(stats) if name[0].islower()} - NO_DATA - {"simulated_units_needed"}
    assert {name for name in functions if not re.search(rf"\b{name}\b", text)} == set()
