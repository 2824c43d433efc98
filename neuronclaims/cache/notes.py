"""Notes in the run cache: plain data by name, each with a checksum, that may be lost at any time and are never trusted.

A note that is damaged, foreign, too large, a link, or written by somebody else is no note.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from hashlib import blake2b, sha256
from pathlib import Path
from typing import TYPE_CHECKING

from neuronclaims.cache import layout
from neuronclaims.cache.trust import written_by_others
from neuronclaims.cache.whole import prepare_root, write_whole
from neuronclaims.errors import NeuronClaimsError
from neuronclaims.foreign_files import MEGABYTE, Json, read_bytes

if TYPE_CHECKING:
    from neuronclaims.cache.run_cache import RunCache

LARGEST, LARGEST_UNPACKED = 64 * MEGABYTE, 500 * MEGABYTE
"""The most bytes of a note as it lies there, compressed, and as it is; what is larger is not kept."""

MOST_NOTES, MOST_BYTES = 1_000, 1_000 * MEGABYTE
"""How many notes there are at most, and how large they are together: those used longest ago make room."""

_DIGITS = 64


@dataclass(frozen=True, slots=True)
class Notes:
    """The notes of a run cache; there are none, and none is kept, where that cache is not used."""

    cache: RunCache

    def recall(self, name: Sequence[str]) -> dict[str, Json] | None:
        """Return what was kept under a name, None where nothing is that can be read."""
        path = self._path(name)
        if path is None or not layout.is_file(path):
            return None
        if not self.cache.trust and written_by_others([path]) is not None:
            return None
        with suppress(OSError, NeuronClaimsError, ValueError, zlib.error):
            found = content_of(path)
            os.utime(path)  # by which `prune` knows what is in use
            return found
        return None

    def keep(self, name: Sequence[str], content: dict[str, Json]) -> None:
        """Keep plain data under a name, in place of what was there; what cannot be kept is not."""
        import orjson

        path = self._path(name)
        if path is None:
            return
        with suppress(OSError, NeuronClaimsError, TypeError):  # only a convenience; TypeError: no plain data
            data = orjson.dumps(content)
            packed = zlib.compress(data, 1)  # claims on the same prompts say much alike: to a tenth
            if len(data) > LARGEST_UNPACKED or len(packed) > LARGEST:
                return
            prepare_root(path.parent.parent)
            layout.check_plain(path.parent.parent, path.parent.name)
            path.parent.mkdir(mode=layout.FOLDER_MODE, exist_ok=True)
            write_whole(path, checksum(packed) + b"\n" + packed)
            self._make_room(path)

    def _path(self, name: Sequence[str]) -> Path | None:
        folder = self.cache.verdicts
        return None if folder is None else folder / f"{_hash(name)}{layout.NOTE_SUFFIX}"

    def _make_room(self, newest: Path) -> None:
        known = [path for path in layout.files(newest.parent, layout.NOTED) if path != newest]
        stats = sorted((path.lstat().st_mtime, path.lstat().st_size, path) for path in known)
        size = newest.lstat().st_size + sum(each for _, each, _ in stats)
        for place, (_, own, path) in enumerate(stats):
            if size <= MOST_BYTES and len(stats) - place < MOST_NOTES:
                break
            path.unlink(missing_ok=True)
            size -= own


def content_of(path: Path) -> dict[str, Json]:
    """Return what a note holds; raise ValueError or zlib.error where it is none of ours, or ForeignFileError."""
    import orjson

    data = read_bytes(path, LARGEST + _DIGITS + 1)
    said, body = data[:_DIGITS], data[_DIGITS + 1 :]
    if data[_DIGITS : _DIGITS + 1] != b"\n" or said != checksum(body):
        raise ValueError("its checksum does not agree")
    unpacking = zlib.decompressobj()
    found = orjson.loads(unpacking.decompress(body, LARGEST_UNPACKED))
    if not isinstance(found, dict):
        raise ValueError("it holds no JSON object")
    return found


def checksum(data: bytes) -> bytes:
    """Return the first line of a note that holds some bytes."""
    return blake2b(data, digest_size=_DIGITS // 2).hexdigest().encode()


def _hash(name: Sequence[str]) -> str:
    parts = "\0".join(name).encode("utf-8", "surrogatepass")
    return sha256(parts).hexdigest()[:32]
