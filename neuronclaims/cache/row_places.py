"""Where the rows of many texts lie: found by the first half of their hashes, in 24 bytes a text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

_DIGITS = 32
"""Digits of a row's hash that are compared: two of a billion texts are alike by chance once in 10^20 times."""


class RowPlaces:
    """Different texts, each found by the hash of its row.

    >>> places = RowPlaces(["b", "a"], ["1" * 64, "f" * 64])
    >>> [int(place) for place in places.of(["f" * 64, "1" * 64, "2" * 64, "no hash"])]
    [1, 0, -1, -1]
    """

    def __init__(self, texts: Sequence[str], hashes: Iterable[str]) -> None:
        self.texts = texts
        found = _halves(hashes)
        self._order = np.argsort(found, kind="stable")
        self._hashes = found[self._order]

    def of(self, hashes: Iterable[str]) -> NDArray[np.intp]:
        """Return the places of the texts with some hashes; -1 for a hash that none has."""
        wanted = _halves(hashes)
        if not len(self._hashes):
            return np.full(len(wanted), -1, dtype=np.intp)
        at = np.minimum(np.searchsorted(self._hashes, wanted), len(self._hashes) - 1)
        return np.where(self._hashes[at] == wanted, self._order[at], -1)


def _halves(hashes: Iterable[str]) -> NDArray[np.bytes_]:
    """Return the first digits of each hash as 16 bytes; what is no hash becomes one that no text has."""
    return np.frombuffer(b"".join(map(_half, hashes)), dtype="S16")


def _half(row: str) -> bytes:
    try:
        found = bytes.fromhex(row[:_DIGITS])
    except ValueError:
        found = b""
    return found if len(found) == _DIGITS // 2 else bytes(_DIGITS // 2)
