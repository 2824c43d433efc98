"""Remember what was computed for prompt sets, so that claims on the same sets do not compute it again."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar, cast

P = ParamSpec("P")
T = TypeVar("T")

MOST = 256
"""How many results of one function are remembered: the latest."""


def memoize(make: Callable[P, T]) -> Callable[P, T]:
    """Remember what a function returned for the same objects (by identity), given by position.

    Arguments are known by identity, because it takes long to compare sets of a thousand prompts; equal objects are
    worked out anew. They must never change, so nothing is remembered for lists. The arguments are held with the
    result, so that no other object can get the identity of one of them.

    >>> calls = []
    >>> @memoize
    ... def total(numbers: tuple[int, ...]) -> int:
    ...     calls.append(numbers)
    ...     return sum(numbers)
    >>> numbers = (1, 2, 3)
    >>> total(numbers), total(numbers), len(calls)
    (6, 6, 1)
    """
    known: OrderedDict[tuple[int, ...], tuple[tuple[object, ...], T]] = OrderedDict()
    work = cast("Callable[..., T]", make)

    @wraps(make)
    def remembering(*args: object, **kwargs: object) -> T:
        if kwargs or any(isinstance(arg, list) for arg in args):
            return work(*args, **kwargs)
        key = tuple(map(id, args))
        if key not in known:
            known[key] = args, work(*args)
            if len(known) > MOST:
                known.popitem(last=False)
        known.move_to_end(key)
        return known[key][1]

    return cast("Callable[P, T]", remembering)
