"""The text of a file and the places in it: decode bytes, and turn an index into a line and a column."""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from pathlib import Path

from neuronclaims.claim_files.errors import ClaimFileError, Place, Problem
from neuronclaims.claim_files.prompt_folders import PromptFolders
from neuronclaims.foreign_files import ForeignFileError, read_bytes
from neuronclaims.sentences.messages import closest, quoted

MOST_BESIDE = 1_000
"""How many names beside a missing file are looked at for the one that is meant."""

LARGEST_FILE = 5_000_000
"""The most bytes a claim file or a file of prompts may have."""

_BOM = "\ufeff"
_LINE_END = re.compile(r"\r\n|\r|\n")
_UNREADABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffc\U00010000-\U0010ffff]")
ODD = re.compile("[\ufeff\ufffd]")
"""Characters that stand in a text only since something went wrong with it before."""

_WHY_ODD = {
    "\ufeff": "is a byte order mark inside the text, as where two files were joined; remove it",
    "\ufffd": "stands where a text was decoded wrongly before; put back what stood there",
}


@dataclass(frozen=True)
class SourceText:
    """The text of a file and the path it is known by. Indices count characters from 0.

    ``folders`` are those that files named in it may be read from.
    """

    path: str
    text: str
    folders: PromptFolders | None = None

    @cached_property
    def lines(self) -> list[str]:
        """Return all lines without their ends; lines end as editors see it (LF, CRLF, CR)."""
        return _LINE_END.split(self.text)

    @cached_property
    def _starts(self) -> list[int]:
        return [0, *(match.end() for match in _LINE_END.finditer(self.text))]

    def place(self, index: int) -> Place:
        """Return the place of the character at ``index``."""
        line = bisect_right(self._starts, index)
        return Place(self.path, line, index - self._starts[line - 1] + 1)

    def line_start(self, line: int) -> int:
        """Return the index at which a line (from 1) begins; past the last line, the end of the text."""
        return self._starts[line - 1] if line <= len(self._starts) else len(self.text)

    def line_span(self, line: int) -> tuple[int, int]:
        """Return the index and the width of a line (from 1)."""
        return self.line_start(line), max(1, len(self.lines[line - 1]))

    def problem(
        self,
        index: int,
        message: str,
        *,
        width: int = 1,
        suggestion: str | None = None,
        allowed: tuple[str, ...] = (),
    ) -> Problem:
        """Return a problem with the ``width`` characters at ``index``, cut to their line."""
        place = self.place(index)
        excerpt = self.lines[place.line - 1]
        fitting = max(1, min(width, len(excerpt) - place.column + 1))
        return Problem(place, message, excerpt, fitting, suggestion, allowed)


def read_source(file: Path, name: str, folders: PromptFolders | None = None) -> SourceText:
    """Read a UTF-8 text file, known as ``name`` in messages, with or without a byte order mark.

    Raises ClaimFileError when it cannot be opened, is no regular file, is too large, is not UTF-8, or holds
    characters that no text has.
    """
    data = _bytes(file, name)
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise _error(name, "the file is UTF-16; save it as UTF-8")
    try:
        text = data.decode("utf-8").removeprefix(_BOM)
    except UnicodeDecodeError as error:
        raise _not_utf8(data, error.start, name) from None
    return checked_source(text, name, folders)


def checked_source(text: str, name: str, folders: PromptFolders | None = None) -> SourceText:
    """Return a text that comes from no file, known as ``name``; raise ClaimFileError as ``read_source`` does."""
    source = SourceText(name, text, folders)
    if len(text) > LARGEST_FILE:
        raise _error(
            name, f"the text has {len(text) / 1e6:.1f} million characters; put its prompts into files"
        )
    if strange := unreadable(text):
        raise ClaimFileError([source.problem(strange.start(), odd(strange[0]))])
    return source


def unreadable(text: str) -> re.Match[str] | None:
    """Return the first character that no text has."""
    return _UNREADABLE.search(text)


def odd(character: str) -> str:
    r"""Say why a character is refused.

    >>> odd("\ufeff")
    'the character U+FEFF is a byte order mark inside the text, as where two files were joined; remove it'
    """
    why = _WHY_ODD.get(character, "cannot stand in a text file; remove it")
    return f"the character U+{ord(character):04X} {why}"


def _bytes(file: Path, name: str) -> bytes:
    try:
        if not file.is_file():
            raise _error(name, _no_file(file))
        size = file.stat().st_size
        if size > LARGEST_FILE:
            limit = f"{LARGEST_FILE / 1e6:g} MB"
            raise _error(name, f"the file has {size / 1e6:.1f} MB; the most that is read is {limit}")
        return read_bytes(file, LARGEST_FILE)
    except ForeignFileError as error:  # it changed while it was looked at
        raise _error(name, f"the file cannot be read: {error}") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise _error(name, f"the file cannot be read: {reason}") from None


def _no_file(file: Path) -> str:
    """Say what is wrong with a path where no file is, and which file beside it may be meant."""
    if file.is_dir():
        return "this is a folder: name a file in it"
    if file.exists():
        return "not a regular file"
    beside = (
        [each.name for each in islice(file.parent.iterdir(), MOST_BESIDE)] if file.parent.is_dir() else []
    )
    near = closest(file.name, sorted(beside))
    return f"there is no such file; did you mean {quoted(near)}?" if near else "there is no such file"


def _not_utf8(data: bytes, offset: int, name: str) -> ClaimFileError:
    """Return the place of the first byte that is not UTF-8, with the part of its line that can be decoded."""
    before = data[:offset].decode("utf-8").removeprefix(_BOM)
    start = data.rfind(b"\n", 0, offset) + 1
    end = data.find(b"\n", offset)
    line = data[start : end if end >= 0 else len(data)].decode("utf-8", errors="replace").rstrip("\r")
    place = SourceText(name, before).place(len(before))
    message = f"byte {offset} (0x{data[offset]:02x}) is not UTF-8; save the file as UTF-8"
    return ClaimFileError([Problem(place, message, line.removeprefix(_BOM))])


def _error(name: str, message: str) -> ClaimFileError:
    return ClaimFileError([Problem(Place(name, 1, 1), message)])
