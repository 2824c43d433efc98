"""Texts as tokens that wait for their batch: in two to four bytes a token, and where they are many in a file."""

from __future__ import annotations

import hashlib
from array import array
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from tempfile import SpooledTemporaryFile
from types import MappingProxyType

from neuronclaims.measurements.errors import CacheError
from neuronclaims.models.running.encode import Encoded
from neuronclaims.prompts import is_chat
from neuronclaims.tokens.spans import Span

_HELD = 4 << 20
"""The most bytes that are held in memory; more go to a file of the system's temporary folder, which has no name."""

_NO_SPANS: Mapping[Span, tuple[int, ...]] = MappingProxyType({})


class Waiting:
    """Prompts as tokens, in their order; all of them have the same spans.

    Beside each one's tokens are kept the places of those that do not count, and of its spans. Raises CacheError where
    the disk is full.
    """

    def __init__(self, rows: Iterable[Encoded]) -> None:
        self.prompts: list[str] = []
        self.lengths = array("I")
        self._spans: tuple[Span, ...] = ()
        self._starts, self._beside = array("Q", [0]), array("I")
        self._keys = bytearray()
        self._file = SpooledTemporaryFile(max_size=_HELD)  # noqa: SIM115  # read until the last batch is run
        try:
            for row in rows:
                self._add(row)
        except OSError as error:
            raise CacheError(
                "The tokens of a large set cannot be written to the folder of temporary files: "
                f"{error.strerror or error}. Make room there, or set TMPDIR."
            ) from None

    @property
    def rows(self) -> list[Packed]:
        """The prompts, each by itself."""
        return [Packed(self, place) for place in range(len(self.prompts))]

    def key(self, place: int) -> bytes:
        """Return a hash of what tells a prompt from others for a model, and for who reads its spans."""
        return bytes(self._keys[16 * place : 16 * place + 16])

    def encoded(self, place: int) -> Encoded:
        """Return a prompt that can be run."""
        start, stop = self._starts[place], self._starts[place + 1]
        self._file.seek(start)
        data, size = self._file.read(stop - start), 4 * self._beside[place]
        beside, length = array("I", data[:size]), self.lengths[place]
        ids = array("H" if len(data) - size == 2 * length else "I", data[size:])
        counts, at = [True] * length, 0
        found: list[tuple[int, ...]] = []
        while at < len(beside):
            found.append(tuple(beside[at + 1 : at + 1 + beside[at]]))
            at += 1 + beside[at]
        for token in found[0]:
            counts[token] = False
        spans = dict(zip(self._spans, found[1:], strict=True)) if self._spans else _NO_SPANS
        return Encoded(self.prompts[place], tuple(ids), tuple(counts), spans)

    def _add(self, row: Encoded) -> None:
        self._spans = tuple(row.spans)
        ids = array("H" if max(row.ids) < 1 << 16 else "I", row.ids)
        apart = [place for place, counts in enumerate(row.counts) if not counts]
        spans = array("I", [each for places in row.spans.values() for each in (len(places), *places)])
        beside = array("I", [len(apart), *apart]) + spans
        key = hashlib.blake2b(digest_size=16)
        for part in (f"{ids.typecode}{len(ids)} {is_chat(row.prompt)}".encode(), ids, spans):
            key.update(part)
        self._keys += key.digest()
        self.prompts.append(row.prompt)
        self.lengths.append(len(ids))
        self._beside.append(len(beside))
        self._starts.append(self._starts[-1] + 4 * len(beside) + ids.itemsize * len(ids))
        self._file.write(beside.tobytes() + ids.tobytes())


@dataclass(frozen=True, slots=True)
class Packed:
    """A prompt that waits, by its place."""

    waiting: Waiting
    place: int

    @property
    def prompt(self) -> str:
        """The text, or what stands for it."""
        return self.waiting.prompts[self.place]

    @property
    def length(self) -> int:
        """How many tokens there are."""
        return self.waiting.lengths[self.place]

    @property
    def key(self) -> bytes:
        """A hash of what tells prompts apart that a model, and the spans asked for, tell apart."""
        return self.waiting.key(self.place)

    @property
    def encoded(self) -> Encoded:
        """The prompt that can be run."""
        return self.waiting.encoded(self.place)
