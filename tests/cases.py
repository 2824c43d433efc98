"""Many cases in one test: every case is tried, and one message names each that failed.

A test of pytest's own costs about a millisecond and a line, whatever it does; a rule for a thousand cases is one test.
"""

from __future__ import annotations

import functools
import inspect
import itertools
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

import pytest

Test = TypeVar("Test", bound=Callable[..., None])
SHOWN = 20
"""As many failures are listed; the others are counted."""


def for_each(names: str, values: Iterable[Any]) -> Callable[[Test], Test]:
    """Run a test for each value, as ``pytest.mark.parametrize`` does, but as one test that lists what failed.

    Two of them one above the other give every combination. The cases share the test's fixtures. None may skip: leave
    out of ``values`` what makes no case.
    """
    called = [name.strip() for name in names.split(",")]
    rows = [(value,) if len(called) == 1 else tuple(value) for value in values]
    assert rows, f"no case of {names}"

    def decorate(test: Test) -> Test:
        inner, before = getattr(test, "for_each", (test, [{}]))
        cases = [dict(zip(called, row, strict=True)) | case for row in rows for case in before]

        @functools.wraps(inner)
        def run(**fixtures: Any) -> None:
            failed: list[tuple[dict[str, Any], BaseException]] = []
            for case in cases:
                try:
                    inner(**case, **fixtures)
                except pytest.skip.Exception as error:
                    raise TypeError(f"a case may not skip: {text(case)}") from error
                except (Exception, pytest.fail.Exception) as error:
                    failed.append((case, error))
            if failed:
                lines = [f"{text(case)}: {type(error).__name__}: {error}" for case, error in failed[:SHOWN]]
                more = [f"and {len(failed) - SHOWN} more"] if len(failed) > SHOWN else []
                raise AssertionError(
                    "\n".join([f"{len(failed)} of {len(cases)} cases failed", *lines, *more])
                ) from failed[0][1]

        parameters = inspect.signature(inner).parameters
        given = {name for case in cases for name in case}
        assert given <= set(parameters), f"{inner.__name__} does not take {given - set(parameters)}"
        rest = [each for name, each in parameters.items() if name not in given]
        run.__signature__ = inspect.Signature(rest)  # type: ignore[attr-defined]
        run.for_each = (inner, cases)  # type: ignore[attr-defined]
        return run  # type: ignore[return-value]

    return decorate


def text(case: dict[str, Any]) -> str:
    """Say in one line which case it is."""
    shown = (f"{name}={repr(value) if len(repr(value)) < 80 else repr(value)[:77] + '...'}"
             for name, value in case.items())  # fmt: skip
    return ", ".join(shown)


def pairwise(*options: Sequence[Any]) -> list[tuple[Any, ...]]:
    """Choose few combinations of options in which every two values of any two options meet at least once.

    Each combination is the one of the full product that has most pairs not met so far, the first of these: the same
    choice every time.
    """
    places = [range(len(values)) for values in options]
    product = list(itertools.product(*places))
    left = {
        (i, a, j, b)
        for i, j in itertools.combinations(range(len(options)), 2)
        for a in places[i]
        for b in places[j]
    }

    def met(row: tuple[int, ...]) -> set[tuple[int, int, int, int]]:
        return {(i, row[i], j, row[j]) for i, j in itertools.combinations(range(len(row)), 2)}

    chosen = []
    while left:
        best = max(product, key=lambda row: len(met(row) & left))
        left -= met(best)
        chosen.append(tuple(values[place] for values, place in zip(options, best, strict=True)))
    return chosen
