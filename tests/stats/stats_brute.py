"""Permutation p-values by listing every relabelling in exact fractions: slow, short, and beyond doubt."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from itertools import combinations, product

Exact = Sequence[Fraction]


def relabellings(a: Exact, b: Exact, paired: bool) -> Iterator[tuple[list[Fraction], list[Fraction]]]:
    if paired:
        for flips in product((False, True), repeat=len(a)):
            yield (
                [y if flip else x for x, y, flip in zip(a, b, flips, strict=True)],
                [x if flip else y for x, y, flip in zip(a, b, flips, strict=True)],
            )
        return
    pooled = [*a, *b]
    for chosen in combinations(range(len(pooled)), len(a)):
        inside = set(chosen)
        yield [pooled[i] for i in chosen], [x for i, x in enumerate(pooled) if i not in inside]


def difference(a: Exact, b: Exact) -> Fraction:
    return sum(a, Fraction(0)) / len(a) - sum(b, Fraction(0)) / len(b)


def auroc(a: Exact, b: Exact) -> Fraction:
    wins = sum(2 * (x > y) + (x == y) for x in a for y in b)
    return Fraction(wins, 2 * len(a) * len(b))


def signed_squared_welch(a: Exact, b: Exact) -> tuple[int, Fraction]:
    """t |t| as (sign of infinity, finite part), which sorts as t does."""
    gap = difference(a, b)
    error = sum((_variance(x) / len(x) for x in (a, b)), Fraction(0))
    if error == 0:
        return (gap > 0) - (gap < 0), Fraction(0)
    return 0, gap * abs(gap) / error


def p_values(a: Sequence[float], b: Sequence[float], statistic: str, paired: bool) -> tuple[float, float]:
    exact_a, exact_b = [Fraction(float(x)) for x in a], [Fraction(float(x)) for x in b]
    measure: Callable[[Exact, Exact], object] = difference
    if statistic == "auroc":
        measure = auroc
    elif not paired and len(a) != len(b):
        measure = signed_squared_welch
    seen = measure(exact_a, exact_b)
    values = [measure(*sets) for sets in relabellings(exact_a, exact_b, paired)]
    total = len(values)
    return sum(v >= seen for v in values) / total, sum(v <= seen for v in values) / total  # type: ignore[operator]


def _variance(values: Exact) -> Fraction:
    mean = sum(values, Fraction(0)) / len(values)
    return sum(((x - mean) ** 2 for x in values), Fraction(0)) / (len(values) - 1)
