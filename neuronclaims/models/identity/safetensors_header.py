"""Read and check the header of a safetensors file: which tensors it holds, and where.

The header is a stranger's text. A wrong offset would read another tensor's bytes, a huge one would fill the memory.
"""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeGuard

from neuronclaims.errors import NeuronClaimsError
from neuronclaims.foreign_files import parse_json
from neuronclaims.measurements.errors import ModelError

LARGEST = 100_000_000
"""The most bytes a header may have, as in the safetensors library."""

_BITS = {
    **dict.fromkeys(("BOOL", "U8", "I8", "F8_E4M3", "F8_E5M2", "F8_E8M0"), 8),
    **dict.fromkeys(("U16", "I16", "F16", "BF16"), 16),
    **dict.fromkeys(("U32", "I32", "F32"), 32),
    **dict.fromkeys(("U64", "I64", "F64", "C64"), 64),
    "F4": 4,
    "F6_E2M3": 6,
    "F6_E3M2": 6,
}


@dataclass(frozen=True, slots=True)
class TensorPlace:
    """Where a tensor lies: its file, number type and shape, its first byte and the one behind its last."""

    path: Path
    dtype: str
    shape: tuple[int, ...]
    start: int
    stop: int


def read_header(path: Path) -> dict[str, TensorPlace]:
    """Return the tensors of a safetensors file by name; raise ModelError where the header cannot be right."""
    try:
        if not path.is_file():  # a pipe would wait for ever
            raise ValueError("it is not a regular file")
        with path.open("rb") as file:
            whole = os.fstat(file.fileno()).st_size
            size = int.from_bytes(file.read(8), "little")
            if whole < 8 or size > min(whole - 8, LARGEST):
                raise ValueError("the header is longer than the file, or than any header may be")
            header = parse_json(file.read(size), "the header", once=True)
        if not isinstance(header, dict) or not isinstance(header.get("__metadata__", {}), dict):
            raise ValueError("the header or its metadata are no JSON object")
        found = {
            name: _place(path, name, told, 8 + size, whole)
            for name, told in header.items()
            if name != "__metadata__"
        }
        _check_apart(found)
        return found
    except (OSError, ValueError, NeuronClaimsError) as error:
        raise ModelError(
            f"{path} is not a safetensors file, or not all of it: {str(error).rstrip('.')}. Fetch the model again."
        ) from None


def _place(path: Path, name: str, told: Any, behind: int, whole: int) -> TensorPlace:
    if not isinstance(told, Mapping):
        raise ValueError(f"the entry of {name!r} is no JSON object")
    dtype, shape, offsets = told.get("dtype"), told.get("shape"), told.get("data_offsets")
    if not (isinstance(dtype, str) and dtype in _BITS):
        raise ValueError(f"{name!r} has the unknown number type {str(dtype)[:20]!r}")
    if not (_whole(shape) and _whole(offsets) and len(offsets) == 2):
        raise ValueError(f"the shape or the offsets of {name!r} are no whole numbers")
    start, stop = offsets
    if not (start <= stop <= whole - behind) or math.prod(shape) * _BITS[dtype] != 8 * (stop - start):
        raise ValueError(f"the offsets of {name!r} do not fit its shape or the file")
    return TensorPlace(path, dtype, tuple(shape), behind + start, behind + stop)


def _check_apart(places: Mapping[str, TensorPlace]) -> None:
    stop = 0
    for name, place in sorted(places.items(), key=lambda item: (item[1].start, item[1].stop)):
        if place.start < stop:
            raise ValueError(f"the bytes of {name!r} overlap those of another tensor")
        stop = max(stop, place.stop)


def _whole(values: Any) -> TypeGuard[list[int]]:
    return isinstance(values, list) and all(
        isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1 << 62 for value in values
    )
