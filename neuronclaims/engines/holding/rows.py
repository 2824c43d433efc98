"""The rows of all needs of a run: in memory as far as that goes, and otherwise where they lie on disk.

What is over the bound is written as batches to the run cache, or to a folder of its own where there is no cache, and
read back from there. Arrays of rows that are too large are mapped from a file.
"""

from __future__ import annotations

import tempfile
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import IO

import numpy as np
from numpy.typing import NDArray

from neuronclaims.cache.context import Context
from neuronclaims.engines.holding.bound import give_back_freed
from neuronclaims.measurements import Measurement, ModelFacts
from neuronclaims.measurements.errors import CacheError
from neuronclaims.measurements.measurement import Need, TextRequest
from neuronclaims.measurements.plan import Wanted

Values = NDArray[np.float32]

_BESIDE = 200
"""Bytes that a row takes in memory beside its values, as an array of its own in a dict."""

_TIDY = 16
"""After so many batches the C library gives back what it keeps of freed memory."""


class Rows(Mapping[str, Values]):
    """The rows of one need, by text: ``held`` are in memory, of others it is known that they are on disk.

    That is one byte a text: ``numbers`` has the number of each text, for all needs.
    """

    def __init__(self, need: Need, table: RowTable, numbers: dict[str, int]) -> None:
        self.held: dict[str, Values] = {}
        self._need, self._table, self._numbers = need, table, numbers
        self._kept = bytearray()

    def __getitem__(self, item: str) -> Values:
        return self.held[item] if item in self.held else self._table.from_disk(self._need, [item])[item]

    def __contains__(self, item: object) -> bool:
        return item in self.held or self._is_kept(self._numbers.get(item))  # type: ignore[call-overload]

    def __iter__(self) -> Iterator[str]:
        yield from self.held
        for item, number in self._numbers.items():
            if self._is_kept(number) and item not in self.held:
                yield item

    def __len__(self) -> int:
        both = sum(1 for item in self.held if self._is_kept(self._numbers.get(item)))
        return len(self.held) + self._kept.count(1) - both

    def keep(self, items: Iterable[str]) -> None:
        """Learn that rows are on disk."""
        for item in items:
            number = self._numbers.setdefault(item, len(self._numbers))
            if number >= len(self._kept):
                self._kept.extend(bytes(len(self._numbers) - len(self._kept)))
            self._kept[number] = 1

    def let_go(self, items: Iterable[str]) -> None:
        """Take rows that are on disk out of memory."""
        self.keep(item for item in items if self.held.pop(item, None) is not None)

    def _is_kept(self, number: int | None) -> bool:
        return number is not None and number < len(self._kept) and self._kept[number] == 1


class RowTable(Mapping[Need, Rows]):
    """The rows of every need. At most ``bound`` bytes of them are held: half as they come, half as arrays of answers.

    ``context`` is where batches are written; where it is None they are written to a folder of this table when the bound
    is reached, which ``close`` removes. Rows of needs in ``pinned`` always stay in memory: they are read one by one.
    """

    def __init__(self, context: Context | None, bound: int) -> None:
        self.pinned: set[Need] = set()
        self._context, self._half = context, bound // 2
        self._own: tempfile.TemporaryDirectory[str] | None = None
        self._rows: dict[Need, Rows] = {}
        self._numbers: dict[str, int] = {}
        self._held = self._stacked = 0
        self._batches: deque[tuple[tuple[str, ...], Mapping[Need, Values]]] = deque()
        self._on_disk = self._added = 0

    def __getitem__(self, need: Need) -> Rows:
        return self._rows[need]

    def __iter__(self) -> Iterator[Need]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)

    def rows(self, need: Need) -> Rows:
        """Return the rows of a need; none yet where nobody asked for it."""
        return self._rows.setdefault(need, Rows(need, self, self._numbers))

    def read(self, wanted: Wanted, facts: ModelFacts) -> None:
        """Take what the cache has of some texts."""
        if self._context is None:
            return
        for need, found in self._context.parts(wanted, facts):
            size, rows = sum(row.nbytes + _BESIDE for row in found.values()), self.rows(need)
            if need in self.pinned or self._held + size <= self._half:
                rows.held.update(found)
                self._held += 0 if need in self.pinned else size
            else:
                rows.keep(found)

    def pin(self, measurements: Iterable[Measurement]) -> None:
        """Keep in memory what the readers of some measurements look up row by row."""
        requests = (each.request for each in measurements if each.reader is not None)
        self.pinned |= {request.need for request in requests if request is not None}

    def begin(self) -> None:
        """Begin a run: batches are counted anew, and what reading and counting took is given back."""
        give_back_freed()
        self._batches.clear()
        self._on_disk = 0

    def add(self, items: tuple[str, ...], values: Mapping[Need, Values]) -> None:
        """Take a finished batch; the values stay in memory until ``written`` is told."""
        for need, rows in values.items():
            self.rows(need).held.update(zip(items, rows, strict=True))
        loose = {need: rows for need, rows in values.items() if need not in self.pinned}
        self._held += _size(loose)
        self._batches.append((items, loose))
        self._added += 1
        if self._added % _TIDY == 0:
            give_back_freed()
        if self._context is None and self._held > self._half:
            context = self._folder()
            for batch_items, batch in self._batches:
                if batch:
                    context.write(batch_items, batch)
            self._let_go(len(self._batches))

    def written(self, many: int) -> None:
        """Learn that the first ``many`` batches of this run are on disk; over the bound they leave the memory."""
        if self._held > self._half:
            self._let_go(many - self._on_disk)

    def from_disk(self, need: Need, items: Iterable[str]) -> dict[str, Values]:
        """Return rows that are on disk; raise CacheError where they are not there any more."""
        found = {item: row for part in self._parts(need, items) for item, row in part.items()}
        if missing := [item for item in items if item not in found]:
            raise self._lost(len(missing))
        return found

    def stacked(self, request: TextRequest, width: int) -> Values:
        """Return the rows of a request [texts, width], read-only; those that are too many are mapped from a file."""
        rows, items = self[request.need], request.items
        size = len(items) * width * 4
        if not items:
            array = np.empty((0, width), np.float32)
        elif request.need in self.pinned or (
            self._stacked + size <= self._half and all(item in rows.held for item in items)
        ):
            self._stacked += size
            array = np.stack([rows.held[item][:width] for item in items])
        else:
            return self._mapped(request.need, items, width)
        array.flags.writeable = False
        return array

    def close(self) -> None:
        """Remove the folder of this table, if it made one."""
        if self._own is not None:
            self._own.cleanup()

    def _let_go(self, many: int) -> None:
        for _ in range(min(many, len(self._batches))):
            items, values = self._batches.popleft()
            for need in values:
                self[need].let_go(items)
            self._held -= _size(values)
            self._on_disk += 1

    def _mapped(self, need: Need, items: tuple[str, ...], width: int) -> Values:
        """Write rows to a file without a name, in order, and map it."""
        rows = self[need]
        places: dict[str, int | list[int]] = {}  # a list where a text stands in several places
        for place, item in enumerate(items):
            first = places.setdefault(item, place)
            if isinstance(first, list):
                first.append(place)
            elif first != place:
                places[item] = [first, place]
        kept = [item for item in places if item not in rows.held]
        try:
            file = tempfile.TemporaryFile(dir=self._beside())  # noqa: SIM115  # its map outlives it
            file.truncate(len(items) * width * 4)
            _put(file, {item: rows.held[item] for item in places if item in rows.held}, places, width)
            left = len(kept)
            for part in self._parts(need, kept) if kept else ():
                _put(file, part, places, width)
                left -= len(part)
            file.flush()
        except OSError as error:
            raise CacheError(
                f"Values that are more than --claims-memory allows cannot be written to a file in {self._beside()}: "
                f"{error.strerror or error}. Make room there, or allow more memory."
            ) from None
        if left:
            raise self._lost(left)
        return np.memmap(file, np.float32, "r", shape=(len(items), width))

    def _parts(self, need: Need, items: Iterable[str]) -> Iterator[dict[str, Values]]:
        if self._context is not None:
            for _, part in self._context.parts({need: items}):
                yield part

    def _folder(self) -> Context:
        """Return the context of a folder of this table's own, which holds what no cache holds."""
        if self._context is None:
            self._own = tempfile.TemporaryDirectory(prefix="neuronclaims-")
            self._context = Context(Path(self._own.name), "0" * 64)
        return self._context

    def _beside(self) -> Path:
        return self._folder().root

    def _lost(self, many: int) -> CacheError:
        return CacheError(
            f"{many:,} rows that were just written to the run cache in {self._beside()} are gone. Let nothing clear it "
            "while claims are measured, and run again."
        )


def _put(
    file: IO[bytes], part: Mapping[str, Values], places: Mapping[str, int | list[int]], width: int
) -> None:
    for item, row in part.items():
        own = places[item]
        for place in own if isinstance(own, list) else (own,):
            file.seek(place * width * 4)
            file.write(np.ascontiguousarray(row[:width]).data)


def _size(values: Mapping[Need, Values]) -> int:
    return sum(rows.nbytes + len(rows) * _BESIDE for rows in values.values())
