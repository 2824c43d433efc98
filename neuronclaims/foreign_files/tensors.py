"""Read safetensors files: check the header, which says which tensors there are and where, and read one of them.

The header is a stranger's text. A wrong offset would read another tensor's bytes, a huge one would fill the memory.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeGuard

from neuronclaims.errors import NeuronClaimsError
from neuronclaims.foreign_files.bounded import ForeignFileError, check_file, parse_json
from neuronclaims.foreign_files.witness import saw

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

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

_READ = {"F64": "<f8", "F32": "<f4", "F16": "<f2", "BF16": "<u2"}
"""The number types that are read as numbers, as NumPy calls them."""

SHOWN = 20
"""How many names of tensors a message lists."""


@dataclass(frozen=True, slots=True)
class TensorPlace:
    """Where a tensor lies: its file, number type and shape, its first byte and the one behind its last."""

    path: Path
    dtype: str
    shape: tuple[int, ...]
    start: int
    stop: int


def read_header(path: Path) -> dict[str, TensorPlace]:
    """Return the tensors of a safetensors file by name; raise ForeignFileError where the header is wrong."""
    saw(path)
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
        why = str(error).rstrip(".")
        raise ForeignFileError(f"{path} is not a safetensors file, or not all of it: {why}.") from None


def read_tensors(path: Path, names: Iterable[str]) -> dict[str, NDArray[np.float32]]:
    """Return some tensors of a safetensors file of at most 1 GB as float32 numbers.

    Raises ForeignFileError for a name that is not there, numbers that are not floating-point ones of 16 bits or more,
    and numbers that are not finite.
    """
    check_file(path)
    places = read_header(path)
    return {name: _read(path, name, places) for name in names}


def _read(path: Path, name: str, places: Mapping[str, TensorPlace]) -> NDArray[np.float32]:
    import numpy as np  # which who knows headers alone does without

    place = places.get(name)
    if place is None:
        there = ", ".join(repr(each[:60]) for each in sorted(places)[:SHOWN]) or "none"
        raise ForeignFileError(f"{path} has no tensor {name!r}: it has {there}.")
    if place.dtype not in _READ:
        raise ForeignFileError(
            f"{name!r} in {path} holds numbers of the type {place.dtype}, not {', '.join(_READ)}."
        )
    with path.open("rb") as file:
        file.seek(place.start)
        raw = np.frombuffer(file.read(place.stop - place.start), _READ[place.dtype])
    if raw.size != math.prod(place.shape):
        raise ForeignFileError(f"{path} changed while it was read. Try again when nothing writes to it.")
    if place.dtype == "BF16":  # the upper half of a float32
        raw = (raw.astype(np.uint32) << np.uint32(16)).view(np.float32)
    with np.errstate(over="ignore"):  # said below
        found = np.asarray(raw.reshape(place.shape), dtype=np.float32)
    if not np.isfinite(found).all():
        raise ForeignFileError(f"{name!r} in {path} holds numbers that are not finite, or too large.")
    return found


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
