"""The number types in which activations are kept on disk: rounding to them, and their bytes.

What is kept is rounded when it is measured, so that a run that measures and one that reads judge the same numbers.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neuronclaims.measurements.activations import Pooled
from neuronclaims.measurements.measurement import Need
from neuronclaims.measurements.pools import BeyondPool, EachPool, MassivePool
from neuronclaims.models.options import PLAIN as PLAIN


def rounds(need: Need) -> bool:
    """Say whether values of a need are activations: counts, shares and tokens are never rounded."""
    return isinstance(need, Pooled) and not isinstance(need.pool, (BeyondPool, EachPool, MassivePool))


def rounded(need: Need, values: NDArray[np.float32], store: str) -> NDArray[np.float32]:
    """Return values rounded to what a number type keeps, as float32; to the nearest, and of two to the even one.

    They stay as they are where they are no activations, and where one of them is too large for the type.

    >>> from neuronclaims.measurements import Activations, TokenRule
    >>> need = Activations("mlp_post", 1, TokenRule("last", "prompt"), ("a",)).request.need
    >>> rounded(need, np.array([[0.1, 70000.0]], np.float32), "bfloat16").tolist()
    [[0.10009765625, 70144.0]]
    >>> rounded(need, np.array([[0.1, 70000.0]], np.float32), "float16").tolist()
    [[0.10000000149011612, 70000.0]]
    """
    if store == PLAIN or not rounds(need):
        return values
    with np.errstate(over="ignore", invalid="ignore"):
        if store == "float16":
            found = values.astype(np.float16).astype(np.float32)
        else:
            bits = np.ascontiguousarray(values).view(np.uint32)
            found = ((bits + (0x7FFF + ((bits >> 16) & 1))) & np.uint32(0xFFFF0000)).view(np.float32)
    found = np.where(np.isnan(values), np.float32(np.nan), found)
    return values if bool((np.isinf(found) & ~np.isinf(values)).any()) else found


def all_rounded(batch: Mapping[Need, NDArray[np.float32]], store: str) -> Mapping[Need, NDArray[np.float32]]:
    """Return the values of all needs of a batch, rounded to what a number type keeps."""
    return batch if store == PLAIN else {need: rounded(need, rows, store) for need, rows in batch.items()}


def packed(values: NDArray[np.float32], store: str) -> NDArray[Any] | None:
    """Return values as they are kept in a number type; None where it does not keep them exactly."""
    if store == "float16":
        with np.errstate(over="ignore"):
            found: NDArray[Any] = values.astype(np.float16)
    else:
        found = (np.ascontiguousarray(values).view(np.uint32) >> 16).astype(np.uint16)
    return found if np.array_equal(unpacked(found, store), values, equal_nan=True) else None


def unpacked(kept: NDArray[Any], store: str) -> NDArray[np.float32]:
    """Return what ``packed`` made, as float32."""
    if store == "float16":
        return kept.astype(np.float32)
    return (kept.astype(np.uint32) << 16).view(np.float32)
