"""What is kept by identity is never given for another object."""

from __future__ import annotations

from neuronclaims.kinds.shared.memoize import MOST, memoize


def test_the_same_objects_are_worked_out_once_and_equal_ones_anew():
    calls: list[tuple[int, ...]] = []

    @memoize
    def doubled(numbers: tuple[int, ...]) -> tuple[int, ...]:
        calls.append(numbers)
        return tuple(2 * number for number in numbers)

    one, equal = (tuple(range(1, 3)) for _ in range(2))
    assert doubled(one) is doubled(one)
    assert doubled(equal) == doubled(one)
    assert doubled(equal) is not doubled(one)
    assert len(calls) == 2


def test_an_object_made_where_a_forgotten_one_was_gets_its_own_result():
    @memoize
    def first(numbers: tuple[int, ...]) -> int:
        return numbers[0]

    assert [first((number,)) for number in range(3 * MOST)] == list(range(3 * MOST))


def test_a_list_that_has_changed_is_read_again():
    total = memoize(sum)
    numbers = [1, 2]
    assert total(numbers) == 3
    numbers.append(4)
    assert total(numbers) == 7
