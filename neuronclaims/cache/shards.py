"""One finished batch on disk: a safetensors file that describes its rows and has checksums.

Layout: one float32 tensor [rows, width] per need, named by ``str(need)``; the header's metadata hold
``format``, ``context`` (model, options and code the values come from), ``rows`` (a content hash per row) and
``checksums`` (per tensor, over its name, its rows and its bytes). In format 2 they hold ``types`` as well: the number
type of each tensor that is kept in another one, float16, or bfloat16 as the bits of 16-bit integers. A file is written
under a temporary name, synced and renamed, and never changed after that.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neuronclaims.cache.layout import SUFFIX, is_file
from neuronclaims.cache.number_types import packed, unpacked
from neuronclaims.cache.whole import write_whole
from neuronclaims.errors import NeuronClaimsError
from neuronclaims.foreign_files import parse_json

FORMAT, PACKED = "neuronclaims-activations-1", "neuronclaims-activations-2"
_BITS = {"float16": np.float16, "bfloat16": np.uint16}
LARGEST = 1 << 29
"""The most bytes that one tensor of a shard may have; what is written has a few millions."""


class DamagedShardError(Exception):
    """A shard that is cut short, altered, or from another program."""


@dataclass(frozen=True, slots=True)
class Shard:
    """The header of one shard: its rows by content hash, the checksum of each of its tensors, and their number types.

    Those that ``types`` does not name are float32.
    """

    path: Path
    rows: tuple[str, ...]
    checksums: Mapping[str, str]
    types: Mapping[str, str] = field(default_factory=dict)

    def load(self, name: str) -> NDArray[np.float32]:
        """Return one tensor [rows, width]; raise DamagedShardError unless its checksum agrees."""
        from safetensors import safe_open

        try:
            with safe_open(str(self.path), framework="np") as file:
                if math.prod(file.get_slice(name).get_shape()) * 4 > LARGEST:
                    raise DamagedShardError(f"{name} is too large")
                values = np.asarray(file.get_tensor(name))
        except DamagedShardError:
            raise
        except Exception as error:
            raise DamagedShardError(f"{name} cannot be read") from error
        kept_as = self.types.get(name, "")
        if (
            values.dtype != _BITS.get(kept_as, np.float32)
            or values.ndim != 2
            or len(values) != len(self.rows)
        ):
            raise DamagedShardError(f"{name} has the wrong shape or type")
        if _checksum(name, self.rows, values, kept_as) != self.checksums[name]:
            raise DamagedShardError(f"the checksum of {name} does not agree")
        return unpacked(values, kept_as) if kept_as else values


def read_header(path: Path, context: str) -> Shard:
    """Return the header of a shard of ``context``; raise DamagedShardError if it is broken or foreign."""
    notes, names = _header(path)
    if notes.get("format") not in (FORMAT, PACKED) or notes.get("context") != context:
        raise DamagedShardError("it was not written for this model, these options and this code")
    try:
        rows, checksums = (parse_json(notes[name], f"the list of {name}") for name in ("rows", "checksums"))
        types = parse_json(notes["types"], "the list of types") if notes["format"] == PACKED else {}
    except (KeyError, NeuronClaimsError) as error:
        raise DamagedShardError("its header cannot be read") from error
    if not (isinstance(rows, list) and rows and isinstance(checksums, dict) and set(checksums) == names):
        raise DamagedShardError("its header is inconsistent")
    known_rows = tuple(row for row in rows if isinstance(row, str))
    sums = {name: each for name, each in checksums.items() if isinstance(each, str)}
    if len(known_rows) != len(rows) or len(sums) != len(checksums):
        raise DamagedShardError("its header is inconsistent")
    kept_as = {name: each for name, each in types.items() if each in _BITS} if isinstance(types, dict) else {}
    if kept_as != types or not kept_as.keys() <= names:
        raise DamagedShardError("its number types are not known")
    return Shard(path, known_rows, sums, {name: str(each) for name, each in kept_as.items()})


def context_of(path: Path, folder: str) -> str:
    """Return the context a shard was written for; raise DamagedShardError where it lies in another's ``folder``."""
    context = _header(path)[0].get("context", "")
    if not folder or not context.startswith(folder):
        raise DamagedShardError("it was not written for this model, these options and this code")
    return context


def _header(path: Path) -> tuple[dict[str, str], set[str]]:
    """Return the notes of a shard and the names of its tensors."""
    from safetensors import safe_open

    if not is_file(path):  # a pipe would be waited for, a link leads elsewhere
        raise DamagedShardError("it is no regular file")
    try:
        with safe_open(str(path), framework="np") as file:
            return file.metadata() or {}, set(file.keys())
    except Exception as error:
        raise DamagedShardError("its header cannot be read") from error


def write(
    folder: Path,
    context: str,
    rows: Sequence[str],
    tensors: Mapping[str, NDArray[np.float32]],
    types: Mapping[str, str] | None = None,
) -> Shard:
    """Write one shard and return its header. The name follows from the content; OSError passes through.

    ``types`` are the number types in which single tensors are kept; one that this would change stays float32.
    """
    from safetensors.numpy import save

    made = {name: packed(tensors[name], kept_as) for name, kept_as in (types or {}).items()}
    small = {name: values for name, values in made.items() if values is not None}
    types = {name: (types or {})[name] for name in small}
    whole: dict[str, NDArray[Any]] = {**tensors, **small}
    checksums = {name: _checksum(name, rows, values, types.get(name, "")) for name, values in whole.items()}
    notes = {
        "format": PACKED if types else FORMAT,
        "context": context,
        "rows": json.dumps(list(rows)),
        "checksums": json.dumps(checksums),
        **({"types": json.dumps(types)} if types else {}),
    }
    data = save({name: np.ascontiguousarray(values) for name, values in whole.items()}, metadata=notes)
    path = folder / (
        hashlib.sha256(json.dumps([*rows, *sorted(checksums.items())]).encode()).hexdigest()[:32] + SUFFIX
    )
    write_whole(path, data)
    return Shard(path, tuple(rows), checksums, types)


def _checksum(name: str, rows: Sequence[str], values: NDArray[Any], kept_as: str = "") -> str:
    about = [name, list(rows), list(values.shape), *([kept_as] if kept_as else [])]
    digest = hashlib.blake2b(json.dumps(about).encode(), digest_size=16)
    digest.update(np.ascontiguousarray(values).data)
    return digest.hexdigest()
