"""An order of units, and signs of pairs, that many neurons can share and that nothing outside the values moves.

Random relabellings mark the i-th unit. For p to be a function of the values and the seed alone, the i-th
unit must be the same one however prompts or neurons were ordered, and whatever unit of measurement a neuron
has. So units are ordered by how often they hold the lowest, the second lowest, ... place among all units of
a neuron. With a single neuron that is the order of its values.

Where these frequencies agree (few units, few neurons), neurons are told apart by which units have which
place in them, then units by what places they have in which neurons, and so on until nothing more is told
apart: colour refinement, as in testing whether graphs are the same (Weisfeiler and Leman 1968). If units are
left, each of them is tried as the first, and the one is taken after which the table looks least. Units with
the same values stay equal, for which order means nothing, and so do units that exchanging some neurons for
one another would exchange too: which of them comes first, the order of neurons as given says, and another
order of such neurons exchanges their p. The same is left to that order where trying would take too long
(``_MOST_TRIES``).
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
Slabs: TypeAlias = Callable[[], Iterator[Floats]]
"""Makes the values, or differences, [n, some] of all neurons, some at a time."""

_MOST_TRIES = 400
"""How many units are tried as the next one before the rest is left in the order given."""


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
        return not self.open_units()

    def open_units(self) -> list[int]:
        """Return the units that share the first key shared by different ones, or whose turn is the first open."""
        kinds: dict[bytes, set[bytes]] = {}
        for key, digest in zip(self.keys, self.digests, strict=True):
            kinds.setdefault(key, set()).add(digest)
        turning = (self.turns == 0) & (self.first_signs != 0)
        unsettled = [key for key, turn in zip(self.keys, turning, strict=True) if turn or len(kinds[key]) > 1]
        return [unit for unit, key in enumerate(self.keys) if key == min(unsettled)] if unsettled else []

    def ways(self, unit: int) -> tuple[int, ...]:
        """Return how a unit may be turned."""
        return (int(self.turns[unit]),) if self.turns[unit] else (1, -1)

    def tried(self, unit: int, turn: int) -> _Units:
        """Return what is known when ``unit`` is put before others with its key, and turned that way."""
        keys, turns = self.keys.copy(), self.turns.copy()
        keys[unit] += b"first"
        turns[unit] = turn
        return _Units(keys, turns, self.digests, self.first_signs)


def canonical_order(units: int, slabs: Slabs) -> Whole:
    """Return the order of ``units`` units from the places of their values among those of each neuron."""
    held = np.zeros((units, units + 1), dtype=np.int64)
    for values in slabs():
        held += _frequencies(values)
    keys = [_text(row) for row in held]
    if len(set(keys)) == units:
        return np.array(sorted(range(units), key=keys.__getitem__), dtype=np.int64)
    turns = np.ones(units, dtype=np.int64)
    return _order(_refined(_Units(keys, turns, *_as_given(units, slabs, places)), slabs, places))


def canonical_signs(pairs: int, slabs: Slabs) -> tuple[Whole, Floats]:
    """Return the order of pairs, and in that order the sign [n] by which each is turned to its canonical side.

    Both follow from the places of the sizes of differences within each neuron, and their signs. Exchanging
    the two sets turns every sign and nothing else.
    """
    held, up = (np.zeros((pairs, pairs + 1), dtype=np.int64) for _ in range(2))
    for differences in slabs():
        ranks = signed_places(differences)
        for pair, row in enumerate(ranks):
            held[pair] += np.bincount(np.abs(row), minlength=pairs + 1)
            up[pair] += np.bincount(np.maximum(row, 0), minlength=pairs + 1)
    down = held - up
    sides = [(_text(above[1:]), _text(below[1:])) for above, below in zip(up, down, strict=True)]
    keys = [_text(row) + min(side) for row, side in zip(held, sides, strict=True)]
    turns = np.array([(above < below) - (above > below) for above, below in sides], dtype=np.int64)
    known = _Units(keys, turns, *_as_given(pairs, slabs, signed_places))
    known = _refined(known, slabs, signed_places)
    order = _order(known)
    turns = np.where(known.turns == 0, np.where(known.first_signs < 0, -1, 1), known.turns)
    return order, turns[order].astype(np.float64)


def _order(known: _Units) -> Whole:
    keys = list(zip(known.keys, known.digests, strict=True))
    return np.array(sorted(range(len(keys)), key=keys.__getitem__), dtype=np.int64)


def places(values: Floats) -> Whole:
    """Return the place of each value among the different values of its column [n, m], from 1."""
    order, rank = _ranked(values)
    found = np.empty_like(rank)
    np.put_along_axis(found, order, rank, axis=1)
    return np.ascontiguousarray(found.T)


def signed_places(differences: Floats) -> Whole:
    """Return the places of the sizes of ``differences`` [n, m], from 1, with their signs; 0 for a difference of 0."""
    return np.asarray(places(np.abs(differences)) * np.sign(differences).astype(np.int32), dtype=np.int32)


def _ranked(values: Floats) -> tuple[NDArray[np.int64], Whole]:
    """Return for each column of [n, m] the units in ascending order of their values [m, n], and their places."""
    rows = np.ascontiguousarray(values.T)
    order = np.argsort(rows, axis=1)
    ascending = np.take_along_axis(rows, order, axis=1)
    rank = np.ones(rows.shape, dtype=np.int64)
    np.cumsum(ascending[:, 1:] != ascending[:, :-1], axis=1, out=rank[:, 1:])
    rank[:, 1:] += 1
    return order, rank


def _frequencies(values: Floats) -> NDArray[np.int64]:
    """Return how often each unit has each place, 0 to n, in the columns of [n, m]: [n, n + 1]."""
    units = len(values)
    order, rank = _ranked(values)
    order *= units + 1
    order += rank
    return np.bincount(order.ravel(), minlength=units * (units + 1)).reshape(units, units + 1)


def _as_given(units: int, slabs: Slabs, rank: Callable[[Floats], Whole]) -> tuple[list[bytes], Whole]:
    """Return a digest of the places of each unit, turned by its first sign, and these signs [n]."""
    digests, first = [sha256() for _ in range(units)], np.zeros(units, dtype=np.int64)
    for values in slabs():
        ranks = rank(values)
        first = np.where(first == 0, _first_signs(ranks), first)
        for unit, row in enumerate(ranks):
            digests[unit].update((row * first[unit]).astype("<i4").tobytes())
    return [digest.digest() for digest in digests], first


def _text(counts: Whole) -> bytes:
    """Return counts as text that sorts early when low places are frequent."""
    return (np.iinfo(np.int64).max - counts).astype(">i8").tobytes()


def _first_signs(slab: Whole) -> Whole:
    where = np.argmax(slab != 0, axis=1)
    return np.asarray(np.sign(slab[np.arange(len(slab)), where]), dtype=np.int64)


def _refined(known: _Units, slabs: Slabs, rank: Callable[[Floats], Whole]) -> _Units:
    """Tell units apart, and turn pairs, by the company they keep, then by trying which comes first."""
    _settle(known, slabs, rank)
    left = _MOST_TRIES
    while units := known.open_units():
        units = sorted(units, key=known.digests.__getitem__)
        choices = [(unit, turn) for unit in units for turn in known.ways(unit)]
        left -= len(choices)
        if left < 0:
            break
        tries = [known.tried(*choice) for choice in choices]
        for tried in tries:
            _refine_once(tried, slabs, rank)
            _settle(tried, slabs, rank)
            _refine_once(tried, slabs, rank)  # so that keys tell of what was told apart last, too
        known = min(tries, key=lambda tried: sorted(tried.keys))
    return known


def _settle(known: _Units, slabs: Slabs, rank: Callable[[Floats], Whole]) -> None:
    parts = -1, -1
    while not known.told_apart():
        now = len(set(known.keys)), int(np.count_nonzero(known.turns))
        if now == parts:
            break
        parts = now
        _refine_once(known, slabs, rank)


def _refine_once(known: _Units, slabs: Slabs, rank: Callable[[Floats], Whole]) -> None:
    colours = np.array(
        [int.from_bytes(sha256(key).digest()[:8], "big") for key in known.keys], dtype=np.uint64
    )
    up, down = (np.zeros(len(colours), dtype=np.uint64) for _ in range(2))
    for values in slabs():
        slab = rank(values)
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
