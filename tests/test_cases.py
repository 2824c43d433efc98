"""Many cases in one test fail if one of them fails, and say which."""

from __future__ import annotations

import itertools

import pytest
from cases import for_each, pairwise


def test_every_case_is_tried_and_the_message_names_all_that_failed() -> None:
    tried = []

    @for_each("letter", "ab")
    @for_each("number, other", [(1, 2), (3, 4)])
    def check(letter: str, number: int, other: int, more: str) -> None:
        tried.append((letter, number, other, more))
        assert number == 1
        if letter == "b":
            with pytest.raises(ValueError, match="never"):
                pass

    with pytest.raises(AssertionError) as caught:
        check(more="x")
    assert tried == [("a", 1, 2, "x"), ("a", 3, 4, "x"), ("b", 1, 2, "x"), ("b", 3, 4, "x")]
    lines = str(caught.value).splitlines()
    assert lines[0] == "3 of 4 cases failed"
    assert {line.partition(":")[0] for line in lines if line.startswith("letter=")} == {
        "letter='a', number=3, other=4",
        "letter='b', number=1, other=2",
        "letter='b', number=3, other=4",
    }


def test_fixtures_and_marks_go_with_cases(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import pytest
        from cases import for_each

        @pytest.mark.parametrize("way", ["here", "there"])
        @for_each("number", [1, 2])
        def test_it(number, tmp_path, way):
            assert tmp_path.is_dir()
            assert (number, way) != (2, "there")

        @for_each("number", [1, 2])
        def test_no_case_skips(number):
            pytest.skip("quietly")
        """
    )
    result = pytester.runpytest_inprocess("-p", "no:cacheprovider", "-p", "no:xdist")
    result.assert_outcomes(passed=1, failed=2)
    result.stdout.fnmatch_lines(["*1 of 2 cases failed*", "*a case may not skip: number=1*"])


def test_a_list_without_a_case_is_no_test() -> None:
    with pytest.raises(AssertionError, match="no case of number"):
        for_each("number", [])


def test_every_two_values_meet_in_pairs_and_far_fewer_than_in_the_product() -> None:
    options = ["abcd", [1, 2, 3], [True, False], "xy"]
    chosen = pairwise(*options)
    assert len(set(chosen)) == len(chosen) < 20 < 4 * 3 * 2 * 2
    for i, j in itertools.combinations(range(len(options)), 2):
        assert {(row[i], row[j]) for row in chosen} == set(itertools.product(options[i], options[j]))
