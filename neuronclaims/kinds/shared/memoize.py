"""Work on prompt sets that every claim on them would do again, kept for as long as the sets are in use."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec, TypeVar, cast

P = ParamSpec("P")
T = TypeVar("T")

MOST = 256
"""How many results are kept of one function: the latest."""


def by_identity(make: Callable[P, T]) -> Callable[P, T]:
    """Keep what a function returns for the very same objects; equal ones are worked out anew, and so are lists.

    For arguments that never change and are long to compare, such as sets of a thousand prompts, given by position.
    They are held on to with the result, so that no other object can take their place.
    """
    known: OrderedDict[tuple[int, ...], tuple[tuple[Any, ...], T]] = OrderedDict()
    work: Callable[..., T] = make

    @wraps(make)
    def kept(*args: Any, **kwargs: Any) -> T:
        key = tuple(map(id, args))
        if key not in known or kwargs:
            if kwargs or any(isinstance(arg, list) for arg in args):
                return work(*args, **kwargs)
            known[key] = args, work(*args)
            if len(known) > MOST:
                known.popitem(last=False)
        known.move_to_end(key)
        return known[key][1]

    return cast("Callable[P, T]", kept)
