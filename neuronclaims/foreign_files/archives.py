"""Read members of zip archives that others wrote, one after the other, within bounds. Nothing is unpacked onto a disk.

A small archive may unpack to terabytes, list millions of members, or name the same bytes again and again.
"""

from __future__ import annotations

import io
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo

from neuronclaims.foreign_files.bounded import MEGABYTE, ForeignFileError, check_file

LARGEST = 500 * MEGABYTE
"""The most bytes of an archive."""

LARGEST_LIST = 20 * MEGABYTE
"""The most bytes of the list of members, at least 46 for each."""

ZSTANDARD = 93
"""The number of the compression that ``zipfile`` cannot undo before Python 3.14."""

_HEADER, _ENCRYPTED = 30, 1


class NotUnpackedError(ForeignFileError):
    """An archive that is packed in a way that is not read, or not here."""


@dataclass(frozen=True, slots=True)
class Archive:
    """An open archive: its members by name, the last of each name, as ``zipfile`` takes it."""

    path: Path
    file: BinaryIO
    members: Mapping[str, ZipInfo]

    def read(self, name: str, most: int = 50 * MEGABYTE) -> bytes:
        """Return the bytes of a member; raise ForeignFileError for one that is broken or has more than ``most``."""
        member, shown = self.members[name], ascii(name[:100])
        if member.file_size > most or member.compress_size > most:
            size = max(member.file_size, member.compress_size) / MEGABYTE
            found = f"a member of {size:,.0f} MB ({shown})"
            raise ForeignFileError(
                f"{self.path} has {found}, and at most {most / MEGABYTE:,.0f} MB are read."
            )
        if member.flag_bits & _ENCRYPTED:
            raise ForeignFileError(f"{self.path} is encrypted ({shown}).")
        try:
            data = _unpacked(self._packed(member), member)
        except NotUnpackedError as error:
            raise NotUnpackedError(f"{self.path} is packed {error}.") from None
        except (zlib.error, OSError, ValueError, MemoryError) as error:
            raise ForeignFileError(f"{self.path} is broken ({shown}): {error}.") from None
        if len(data) != member.file_size or zlib.crc32(data) != member.CRC:
            raise ForeignFileError(f"{self.path} is broken: {shown} unpacks to something else than it says.")
        return data

    def _packed(self, member: ZipInfo) -> bytes:
        """Return the bytes as they stand in the archive, behind a header of their own."""
        self.file.seek(member.header_offset)
        header = self.file.read(_HEADER)
        before = sum(int.from_bytes(header[start : start + 2], "little") for start in (26, 28))
        self.file.seek(member.header_offset + _HEADER + before)
        return self.file.read(member.compress_size)


@contextmanager
def open_archive(path: Path) -> Iterator[Archive]:
    """Open a zip archive for reading; raise ForeignFileError for what is none, or is out of bounds.

    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     with ZipFile(Path(folder) / "x.zip", "w") as file:
    ...         file.writestr("samples/1.json", "{}")
    ...     with open_archive(Path(folder) / "x.zip") as archive:
    ...         archive.read("samples/1.json")
    b'{}'
    """
    check_file(path, LARGEST)
    with _Bounded(path, "rb") as raw, io.BufferedReader(raw) as file:
        try:
            with ZipFile(raw) as listed:
                members = {member.filename: member for member in listed.infolist()}
        except (BadZipFile, NotImplementedError, ValueError, OSError) as error:
            raise ForeignFileError(f"{path} is no zip archive, or not all of it: {error}.") from None
        yield Archive(path, file, members)


class _Bounded(io.FileIO):
    """A file of which ``zipfile`` reads no list of members that is too long."""

    def read(self, size: int | None = -1, /) -> bytes:
        if size is not None and size > LARGEST_LIST:
            raise ValueError(f"its list of members has {size / MEGABYTE:,.0f} MB")
        return super().read(-1 if size is None else size)


def _unpacked(packed: bytes, member: ZipInfo) -> bytes:
    size, how = member.file_size, member.compress_type
    if how == ZIP_STORED:
        return packed
    if how == ZIP_DEFLATED:
        return zlib.decompressobj(-zlib.MAX_WBITS).decompress(packed, size + 1)
    if how != ZSTANDARD:
        raise NotUnpackedError(f"in a way that is not read (number {how})")
    try:
        from pyarrow import decompress
    except ImportError:
        advice = 'pip install "neuronclaims[data]"'
        raise NotUnpackedError(f"with Zstandard, which is read with pyarrow: {advice}") from None
    return bytes(decompress(packed, size, codec="zstd", asbytes=True)) if size else b""
