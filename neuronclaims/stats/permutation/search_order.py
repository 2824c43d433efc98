"""An order of units, and signs of pairs, that many neurons can share and that nothing outside the values moves.

Random relabellings mark the i-th unit. For p to be a function of the values and the seed alone, the i-th
unit must be the same one however prompts or neurons were ordered, and whatever unit of measurement a neuron
has. So units are ordered by how often they hold the lowest, the second lowest, ... place among all units of
a neuron. With a single neuron that is the order of its values.

Where these frequencies agree (few units, few neurons), neurons are told apart by which units have which
place in them, then units by what places they have in which neurons, and so on until nothing more is told
apart: colour refinement, as in testing whether graphs are the same (Weisfeiler and Leman 1968). What it leaves
equal are units with the same values, for which order means nothing, units that exchanging some neurons for
one another would exchange too, and some highly regular tables. Those stand in the order, or are turned the
way, that the first neurons as they were given say.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from neuronclaims.stats.inputs import Floats

Whole: TypeAlias = NDArray[np.signedinteger[Any]]
Words: TypeAlias = NDArray[np.uint64]
Slabs: TypeAlias = Callable[[], Iterator[Whole]]
"""Makes places [n, some neurons], neurons some at a time; those of differences have their signs (``signed_places``)."""


@dataclass(slots=True)
class _Units:
    """What is known of each unit [n].

    ``keys`` are texts by which units sort; ``turns`` say whether signs are taken as they are (1), the other
    way round (-1), or that this is open (0). ``first_signs`` are the first ones as given, and ``digests``
    sum up the values turned by them.
    """

    keys: list[bytes]
    turns: Whole
    digests: list[bytes]
    first_signs: Whole

    def told_apart(self) -> bool:
        """Tell whether no order and no turn is open that would matter."""
        different = set(zip(self.keys, self.digests, strict=True))
        return len(set(self.keys)) == len(different) and not np.any(
            (self.turns == 0) & (self.first_signs != 0)
        )


def canonical_order(units: int, slabs: Slabs) -> Whole:
    """Return the order of ``units`` units, from their places [n, m] among the values of each neuron, from 1."""
    return canonical_signs(units, slabs)[0]


def canonical_signs(pairs: int, slabs: Slabs) -> tuple[Whole, Floats]:
    """Return the order of pairs, and in that order the sign [n] by which each is turned to its canonical side.

    Places are those of the sizes of differences within each neuron, with the signs of the differences.
    Exchanging the two sets turns every sign and nothing else.
    """
    known = _by_frequencies(pairs, slabs)
    if not known.told_apart():
        _refine(known, slabs)
    keys = list(zip(known.keys, known.digests, strict=True))
    order = np.array(sorted(range(pairs), key=keys.__getitem__), dtype=np.int64)
    turns = np.where(known.turns == 0, np.where(known.first_signs < 0, -1, 1), known.turns)
    return order, turns[order].astype(np.float64)


def places(values: Floats) -> Whole:
    """Return the place of each value among the different values of its column [n, m], from 1."""
    rows = np.ascontiguousarray(values.T)
    order = np.argsort(rows, axis=1)
    ascending = np.take_along_axis(rows, order, axis=1)
    rank = np.ones(rows.shape, dtype=np.int32)
    np.cumsum(ascending[:, 1:] != ascending[:, :-1], axis=1, out=rank[:, 1:])
    rank[:, 1:] += 1
    found = np.empty_like(rank)
    np.put_along_axis(found, order, rank, axis=1)
    return np.ascontiguousarray(found.T)


def signed_places(differences: Floats) -> Whole:
    """Return the places of the sizes of ``differences`` [n, m], from 1, with their signs; 0 for a difference of 0."""
    return np.asarray(places(np.abs(differences)) * np.sign(differences).astype(np.int32), dtype=np.int32)


def _by_frequencies(units: int, slabs: Slabs) -> _Units:
    held, up = (np.zeros((units, units + 1), dtype=np.int32) for _ in range(2))
    digests, first = [sha256() for _ in range(units)], np.zeros(units, dtype=np.int64)
    for slab in slabs():
        first = np.where(first == 0, _first_signs(slab), first)
        signed = bool((slab < 0).any())
        for unit, row in enumerate(slab):
            counts = np.bincount(np.abs(row), minlength=units + 1)
            held[unit] += counts
            up[unit] += np.bincount(np.maximum(row, 0), minlength=units + 1) if signed else counts
            digests[unit].update((row * first[unit]).astype("<i4").tobytes())
    down = held - up
    sides = [(_text(above[1:]), _text(below[1:])) for above, below in zip(up, down, strict=True)]
    return _Units(
        [_text(row) + min(side) for row, side in zip(held, sides, strict=True)],
        np.array([(above < below) - (above > below) for above, below in sides], dtype=np.int64),
        [digest.digest() for digest in digests],
        first,
    )


def _text(counts: Whole) -> bytes:
    """Return counts as text that sorts early when low places are frequent."""
    return (np.iinfo(np.int32).max - counts).astype(">i4").tobytes()


def _first_signs(slab: Whole) -> Whole:
    where = np.argmax(slab != 0, axis=1)
    return np.asarray(np.sign(slab[np.arange(len(slab)), where]), dtype=np.int64)


def _refine(known: _Units, slabs: Slabs) -> None:
    """Tell units apart, and turn pairs, by the company they keep, as far as that goes."""
    parts = len(set(known.keys)), int(np.count_nonzero(known.turns))
    while not known.told_apart():
        _refine_once(known, slabs)
        now = len(set(known.keys)), int(np.count_nonzero(known.turns))
        if now == parts:
            return
        parts = now


def _refine_once(known: _Units, slabs: Slabs) -> None:
    colours = np.array(
        [int.from_bytes(sha256(key).digest()[:8], "big") for key in known.keys], dtype=np.uint64
    )
    up, down = (np.zeros(len(colours), dtype=np.uint64) for _ in range(2))
    for slab in slabs():
        size, side = np.abs(slab).astype(np.uint64), (np.sign(slab) * known.turns[:, None]).astype(np.uint64)
        # Sums of mixed words do not depend on the order of what is added.
        neurons = _mix(colours[:, None] + _mix(size) + _mix(_mix(side))).sum(axis=0, dtype=np.uint64)
        seen = _mix(_mix(neurons) + size)
        up += np.where(slab > 0, seen, np.uint64(0)).sum(axis=1, dtype=np.uint64)
        down += np.where(slab < 0, seen, np.uint64(0)).sum(axis=1, dtype=np.uint64)
    opened = np.where(up < down, 1, np.where(up > down, -1, 0))
    turned = np.where(known.turns != 0, known.turns, opened)
    ahead, behind = np.where(turned < 0, down, up), np.where(turned < 0, up, down)
    known.turns = turned
    known.keys = [
        key + int(a).to_bytes(8, "big") + int(b).to_bytes(8, "big")
        for key, a, b in zip(known.keys, ahead, behind, strict=True)
    ]


def _mix(words: Words) -> Words:
    """Scatter words (the finaliser of splitmix64: Steele, Lea and Flood 2014)."""
    mixed = words + np.uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(mixed ^ (mixed >> np.uint64(31)), dtype=np.uint64)
