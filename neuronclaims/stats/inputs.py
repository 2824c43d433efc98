"""Checks of the input of all tests and effects, and the error that they raise."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neuronclaims.errors import NeuronClaimsError

Alternative: TypeAlias = Literal["greater", "less", "two-sided"]
Floats: TypeAlias = NDArray[np.float64]
Bools: TypeAlias = NDArray[np.bool_]

ROOM = 4_000_000
"""How many values are copied at a time where many neurons are looked at: 32 MB for each temporary array."""
_LARGEST = 1e100


class StatsError(NeuronClaimsError):
    """An input that no test can use; the text says which, and what to do.

    >>> try:
    ...     vector([1.0, float("nan")], "The first set")
    ... except StatsError as error:
    ...     print("The first set" in str(error))
    True
    """


def vector(values: ArrayLike, name: str) -> Floats:
    """Return ``values`` as a finite float64 array [n].

    Raises StatsError for other shapes, for values that are not real numbers, and for NaN or infinity.
    """
    array = _floats(values, name)
    if array.ndim != 1:
        raise StatsError(
            f"{name} must be one value per unit, an array [n], but has shape {list(array.shape)}."
        )
    return _finite(array, name)


def matrix(values: ArrayLike, name: str) -> Floats:
    """Return ``values`` as a finite float64 array [n, m], one row per unit and one column per neuron."""
    array = _floats(values, name)
    if array.ndim != 2:
        raise StatsError(
            f"{name} must be units by neurons, an array [n, m], but has shape {list(array.shape)}."
        )
    return _finite(array, name)


def by_columns(work: Callable[..., Floats], *arrays: NDArray[Any]) -> Floats:
    """Return ``work`` of arrays [n, m], of some columns at a time: it gives each column [m] a number of its own.

    So a whole layer on thousands of prompts takes no more memory for temporary copies than ``ROOM`` values do.
    """
    step = max(1, ROOM // max(1, sum(len(array) for array in arrays)))
    width = arrays[0].shape[1]
    if width <= step:
        return work(*arrays)
    starts = range(0, width, step)
    return np.concatenate([work(*(array[:, start : start + step] for array in arrays)) for start in starts])


def to_unit(values: Floats) -> Floats:
    """Return columns [n, ...] divided by a power of two so that magnitudes are at most 1: digits stay as they are."""
    return np.asarray(np.ldexp(values, -np.frexp(np.abs(values).max(axis=0))[1]), dtype=np.float64)


def column_means(values: Floats) -> Floats:
    """Return the mean of each column [n, m], added up alike whatever other columns there are and however they lie."""
    return np.asarray(np.ascontiguousarray(values.T).mean(axis=1), dtype=np.float64)


def check_sizes(first: Floats, second: Floats, *, paired: bool) -> None:
    """Raise StatsError unless both samples have two units, the same columns and, if paired, one length."""
    if first.shape[1:] != second.shape[1:]:
        raise StatsError(
            f"The two sets have {first.shape[1]} and {second.shape[1]} neurons; they must have the same."
        )
    if paired and len(first) != len(second):
        raise StatsError(
            f"Paired values must match one to one, but there are {len(first)} and {len(second)}."
        )
    if min(len(first), len(second)) < 2:
        raise StatsError(
            f"Each set needs at least 2 units to be tested, but there are {len(first)} and {len(second)}."
        )


def sides(alternative: Alternative) -> int:
    """Return how many tails ``alternative`` looks at."""
    return 2 if alternative == "two-sided" else 1


def check_choice(value: str, allowed: Sequence[str], name: str) -> None:
    """Raise StatsError unless ``value`` is one of ``allowed``."""
    if value not in allowed:
        raise StatsError(f"{name} must be one of {', '.join(allowed)}, not {value!r}.")


def check_share(value: float, name: str) -> None:
    """Raise StatsError unless ``value`` lies strictly between 0 and 1."""
    if not 0.0 < value < 1.0:
        raise StatsError(f"{name} must lie strictly between 0 and 1, not {value!r}.")


def _floats(values: ArrayLike, name: str) -> Floats:
    array = np.asarray(values)
    if array.dtype.kind not in "buif":
        raise StatsError(f"{name} must be real numbers, not {array.dtype}.")
    return array.astype(np.float64, copy=False)


def _finite(array: Floats, name: str) -> Floats:
    bad = int(array.size - np.count_nonzero(np.isfinite(array)))
    if bad:
        raise StatsError(
            f"{name}: {bad} of {array.size} values are NaN or infinite. "
            "The model or the data is broken there; no test is made on such values."
        )
    if array.size and max(array.max(), -array.min()) > _LARGEST:
        raise StatsError(f"{name} has values beyond {_LARGEST:g}, too large to be squared and summed.")
    return array
