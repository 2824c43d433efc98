"""One finished batch on disk: a safetensors file that says what its rows are and whether it is whole.

Layout: one float32 tensor [rows, width] per need, named by ``str(need)``; the header's metadata hold
``format``, ``context`` (model, options and code the values come from), ``rows`` (a content hash per row) and
``checksums`` (per tensor, over its name, its rows and its bytes). A file is written under a temporary name,
synced and renamed, and never changed after that.
"""

from __future__ import annotations

import hashlib
import json
import os
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

FORMAT = "neuronclaims-activations-1"
SUFFIX = ".safetensors"


class DamagedShardError(Exception):
    """A shard is cut short, altered, or not one of ours."""


@dataclass(frozen=True, slots=True)
class Shard:
    """The header of one shard: its rows by content hash, and the checksum of each of its tensors."""

    path: Path
    rows: tuple[str, ...]
    checksums: Mapping[str, str]

    def load(self, name: str) -> NDArray[np.float32]:
        """Return one tensor [rows, width]; raise DamagedShardError unless its checksum agrees."""
        from safetensors import safe_open

        try:
            with safe_open(str(self.path), framework="np") as file:
                values = np.asarray(file.get_tensor(name))
        except Exception as error:
            raise DamagedShardError(f"{name} cannot be read") from error
        if values.dtype != np.float32 or values.ndim != 2 or len(values) != len(self.rows):
            raise DamagedShardError(f"{name} has the wrong shape or type")
        if _checksum(name, self.rows, values) != self.checksums[name]:
            raise DamagedShardError(f"the checksum of {name} does not agree")
        return values


def read_header(path: Path, context: str) -> Shard:
    """Return the header of a shard of ``context``; raise DamagedShardError if it is broken or foreign."""
    from safetensors import safe_open

    try:
        with safe_open(str(path), framework="np") as file:
            notes = file.metadata() or {}
            names = set(file.keys())
        if notes.get("format") != FORMAT or notes.get("context") != context:
            raise DamagedShardError("it was not written for this model, these options and this code")
        rows, checksums = tuple(json.loads(notes["rows"])), json.loads(notes["checksums"])
        if not rows or set(checksums) != names:
            raise DamagedShardError("its header is inconsistent")
    except DamagedShardError:
        raise
    except Exception as error:
        raise DamagedShardError("its header cannot be read") from error
    return Shard(path, rows, checksums)


def context_of(path: Path, folder: str) -> str:
    """Return the context a shard was written for; raise DamagedShardError where it lies in another's ``folder``."""
    from safetensors import safe_open

    try:
        with safe_open(str(path), framework="np") as file:
            context = (file.metadata() or {}).get("context", "")
    except Exception as error:
        raise DamagedShardError("its header cannot be read") from error
    if not folder or not context.startswith(folder):
        raise DamagedShardError("it was not written for this model, these options and this code")
    return str(context)


def write(
    folder: Path, context: str, rows: Sequence[str], tensors: Mapping[str, NDArray[np.float32]]
) -> Shard:
    """Write one shard and return its header. The name follows from the content; OSError passes through."""
    from safetensors.numpy import save

    checksums = {name: _checksum(name, rows, values) for name, values in tensors.items()}
    notes = {
        "format": FORMAT,
        "context": context,
        "rows": json.dumps(list(rows)),
        "checksums": json.dumps(checksums),
    }
    data = save({name: np.ascontiguousarray(values) for name, values in tensors.items()}, metadata=notes)
    path = folder / (
        hashlib.sha256(json.dumps([*rows, *sorted(checksums.items())]).encode()).hexdigest()[:32] + SUFFIX
    )
    draft = folder / f"{uuid.uuid4().hex}.tmp"
    try:
        with draft.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
    _sync_folder(folder)
    return Shard(path, tuple(rows), checksums)


def _checksum(name: str, rows: Sequence[str], values: NDArray[np.float32]) -> str:
    digest = hashlib.blake2b(json.dumps([name, list(rows), list(values.shape)]).encode(), digest_size=16)
    digest.update(np.ascontiguousarray(values).data)
    return digest.hexdigest()


def _sync_folder(folder: Path) -> None:
    # So that the rename survives a power cut; not every system can open a folder.
    if os.name == "posix":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
