from __future__ import annotations

import math

import numpy as np
import pytest
from cases import for_each
from flat import two_sample_test
from hypothesis import given
from hypothesis import strategies as st
from stats_data import quick

from neuronclaims.stats import StatsError, two_sample_design


def none(n):
    return [None] * n


def test_prompts_are_exchanged_when_nothing_else_is_said():
    design = two_sample_design(none(5), none(10))
    assert (design.unit, design.paired, design.counts, design.left_out) == ("prompt", False, (5, 10), (0, 0))
    assert design.arrangements == math.comb(15, 5) == 3003
    assert design.smallest_p("greater") == 1 / 3003
    assert design.smallest_p("two-sided") == 2 / 3003
    first, second = np.arange(10.0).reshape(5, 2), np.arange(20.0).reshape(10, 2)
    a, b = design.units(first, second)
    assert np.array_equal(a, first)
    assert np.array_equal(b, second)


def test_groups_within_one_set_each_are_exchanged_as_wholes():
    design = two_sample_design(["x", "x", "y"], ["z", "w", "w", "v"])
    assert (design.unit, design.paired, design.counts) == ("group", False, (2, 3))
    assert design.arrangements == 10
    a, b = design.units([[1.0], [3.0], [10.0]], [[5.0], [1.0], [2.0], [7.0]])
    assert sorted(a[:, 0]) == [2.0, 10.0]
    assert sorted(b[:, 0]) == [1.5, 5.0, 7.0]


def test_groups_in_both_sets_make_differences_and_others_are_left_out_and_counted():
    design = two_sample_design(["x", "x", "y", "q", "q"], ["y", "z", "x"])
    assert (design.unit, design.paired, design.counts, design.left_out) == ("group", True, (2, 2), (2, 1))
    assert design.arrangements == 4
    a, b = design.units([[1.0], [3.0], [10.0], [99.0], [99.0]], [[6.0], [99.0], [1.5]])
    assert sorted((a - b)[:, 0]) == [0.5, 4.0]


def test_pairs_are_matched_by_id_and_the_unmatched_left_out():
    design = two_sample_design(none(4), none(3), ["1", "2", "3", "4"], ["4", "2", "1"])
    assert (design.unit, design.paired, design.counts, design.left_out) == ("pair", True, (3, 3), (1, 0))
    a, b = design.units([[1.0], [2.0], [3.0], [4.0]], [[40.0], [20.0], [10.0]])
    assert np.array_equal(b, 10 * a)
    assert design.smallest_p("less") == 1 / 8


def test_groups_of_pairs_are_exchanged_as_wholes():
    design = two_sample_design(
        ["g", "g", "h", "h"], ["h", "g", "g", "k"], ["1", "2", "3", "4"], ["3", "2", "1", "9"]
    )
    assert (design.unit, design.paired, design.counts, design.left_out) == ("group", True, (2, 2), (1, 1))
    a, b = design.units([[1.0], [2.0], [3.0], [99.0]], [[30.0], [20.0], [10.0], [99.0]])
    assert sorted(map(tuple, np.hstack([a, b]))) == [(1.5, 15.0), (3.0, 30.0)]


def blocked(first, second, first_groups=None, second_groups=None, **pairs):
    return two_sample_design(
        first_groups or none(len(first)),
        second_groups or none(len(second)),
        first_blocks=first,
        second_blocks=second,
        **pairs,
    )


def test_prompts_are_exchanged_within_blocks_and_lonely_blocks_take_no_part():
    design = blocked(["s", "t", "s", "x", "t"], ["t", "s", "y", "t", "s", "s"])
    assert (design.unit, design.paired, design.counts, design.left_out) == ("prompt", False, (4, 5), (1, 1))
    assert design.first_rows == ((0,), (1,), (2,), (4,))
    assert design.blocks == ((0, 1, 0, 1), (1, 0, 1, 0, 0))
    assert design.arrangements == math.comb(5, 2) * math.comb(4, 2)
    assert design.smallest_p("two-sided") == 2 / 60
    a, b = design.units(np.arange(5.0)[:, None], np.arange(6.0)[:, None])
    assert a[:, 0].tolist() == [0.0, 1.0, 2.0, 4.0]
    assert b[:, 0].tolist() == [0.0, 1.0, 3.0, 4.0, 5.0]


def test_whole_groups_are_exchanged_within_their_block():
    design = blocked(["s", "s", "s", "t"], ["t", "t", "s", "z"], ["b", "a", "b", "c"], ["d", "d", "e", "f"])
    assert (design.unit, design.counts, design.left_out) == ("group", (3, 2), (0, 1))
    assert design.first_rows == ((1,), (0, 2), (3,))
    assert design.blocks == ((0, 0, 1), (1, 0))
    assert design.arrangements == 3 * 2
    a, b = design.units([[1.0], [5.0], [3.0], [7.0]], [[2.0], [4.0], [8.0], [99.0]])
    assert (a[:, 0].tolist(), b[:, 0].tolist()) == ([5.0, 2.0, 7.0], [3.0, 8.0])


@pytest.mark.parametrize(
    ("design", "says"),
    [
        (lambda: blocked(["s", None], ["s", "s"]), "Give every prompt of both sets a block, or none"),
        (lambda: blocked(["s", "s"], ["t", "t"]), "No block has prompts of both sets"),
        (lambda: blocked(["s", "t"], ["s", "s", "z"]), "The first set has 1 prompt; it needs at least 2"),
        (
            lambda: blocked(["s", "t"], ["s", "t"], ["g", "g"], ["h", "i"]),
            "The group 'g' lies in the blocks 's' and 't'",
        ),
        (
            lambda: blocked(["s", "t"], ["s", "t"], ["g", "h"], ["g", "h"]),
            "Groups found in both sets already compare like with like",
        ),
        (
            lambda: blocked(["s", "t"], ["s", "t"], first_pairs=["1", "2"], second_pairs=["1", "2"]),
            "Pairs already compare like with like",
        ),
        (
            lambda: two_sample_design(none(3), none(2), first_blocks=["s", "s"], second_blocks=["s", "s"]),
            "2 and 2 blocks for 3 and 2 prompts",
        ),
    ],
)
def test_blocks_that_make_no_design_are_refused_in_one_clear_sentence(design, says):
    with pytest.raises(StatsError) as caught:
        design()
    assert says in str(caught.value)


@for_each(
    "arguments, says",
    [
        ((["x", None], none(2)), "1 of 2 in the first set, 0 of 2 in the second"),
        ((["x", "y"], none(2)), "Give every prompt of both sets a group"),
        ((none(2), none(2), ["1", "2"], ["1", None]), "Give every prompt of both sets a pair id"),
        ((none(3), none(2), ["1", "1", "2"], ["1", "2"]), "'1' occurs 2 times in the first set"),
        ((none(1), none(2)), "The first set has 1 prompt; it needs at least 2"),
        ((["x", "x"], ["y", "z"]), "The first set has 1 group; it needs at least 2"),
        ((["x", "y"], ["y", "z"]), "Only 1 group occurs in both sets"),
        ((none(2), none(2), ["1", "2"], ["3", "4"]), "No pair occurs in both sets"),
        (
            (["g", "g"], ["g", "h"], ["1", "2"], ["1", "2"]),
            "joins a prompt of group 'g' with one of group 'h'",
        ),
        ((none(0), none(0)), "The first set has 0 prompts"),
        ((none(3), none(2), ["1", "2"], ["1", "2"]), "2 pair ids for 3 prompts in the first set"),
    ],
)
def test_what_cannot_be_a_design_is_refused_in_one_clear_sentence(arguments, says):
    with pytest.raises(StatsError) as caught:
        two_sample_design(*arguments)
    assert says in str(caught.value)


@quick
@given(st.data())
def test_order_of_prompts_changes_neither_units_nor_p(data):
    n = data.draw(st.integers(4, 9))
    groups = data.draw(st.sampled_from([none(n), [f"g{i // 2}" for i in range(n)]]))
    values = np.array(data.draw(st.lists(st.floats(-9, 9, width=32), min_size=n, max_size=n)))[:, None]
    order = data.draw(st.permutations(range(n)))
    others = none(n) if groups[0] is None else [f"h{i // 2}" for i in range(n)]
    plain = two_sample_design(groups, others)
    moved = two_sample_design([groups[i] for i in order], others)
    a, b = plain.units(values, values[::-1] + 1)
    c, d = moved.units(values[list(order)], values[::-1] + 1)
    assert np.array_equal(np.sort(a, axis=0), np.sort(c, axis=0))
    options = {
        "paired": False,
        "statistic": "mean",
        "alternative": "less",
        "seed": 1,
        "exact_limit": 0,
        "resamples": 99,
    }
    first = two_sample_test(a[:, 0], b[:, 0], **options, max_resamples=99)
    assert first == two_sample_test(c[:, 0], d[:, 0], **options, max_resamples=99)


def test_values_for_too_few_prompts_are_refused():
    with pytest.raises(StatsError, match="prompts up to number 5"):
        two_sample_design(none(5), none(5)).units(np.zeros((4, 1)), np.zeros((5, 1)))
