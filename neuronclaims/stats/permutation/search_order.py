"""An order of units, and signs of pairs, that many neurons can share and that nothing outside the values moves.

Random relabellings mark the i-th unit. For p to be a function of the values and the seed alone, the i-th
unit must be the same one however prompts or neurons were ordered, and whatever unit of measurement a neuron
has. So units are ordered by how often they hold the lowest, the second lowest, ... place among all units of
a neuron. With a single neuron that is the order of its values.

Two units in which these frequencies agree to the last neuron, or a pair whose positive and negative
differences have the same ones, are put in an order, or turned, by the first neurons as they were given. With
few units and some dozen neurons that can happen; then, and only with random relabellings, reordering the
neurons changes the draws.
"""

from __future__ import annotations

from hashlib import sha256
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from neuronclaims.stats.inputs import Floats

Whole: TypeAlias = NDArray[np.signedinteger[Any]]


def canonical_order(ranks: Whole) -> Whole:
    """Return the order of units, from their places [n, m] among the values of each neuron."""
    keys = [(_frequencies(row, len(ranks)), _digest(row)) for row in ranks]
    return np.array(sorted(range(len(keys)), key=keys.__getitem__), dtype=np.int64)


def canonical_signs(ranks: Whole, signs: NDArray[np.int8]) -> tuple[Whole, Floats]:
    """Return the order of pairs, and in that order the sign [n] by which each is turned to its canonical side.

    ``ranks`` [n, m] are places of the sizes of differences within each neuron, ``signs`` [n, m] the signs of
    the differences. How a pair is turned depends on how often its positive, and its negative
    differences have each rank; exchanging the two sets therefore turns every sign and nothing else.
    """
    keys, turns = [], []
    for row, sign in zip(ranks, signs, strict=True):
        up, down = _frequencies(row[sign > 0], len(ranks)), _frequencies(row[sign < 0], len(ranks))
        turn = _first_sign(sign) if up == down else 1 if up < down else -1
        keys.append((_frequencies(row, len(ranks)), min(up, down), _digest(row * sign * turn)))
        turns.append(turn)
    order = np.array(sorted(range(len(keys)), key=keys.__getitem__), dtype=np.int64)
    return order, np.array(turns, dtype=np.float64)[order]


def places(values: Floats) -> Whole:
    """Return the place of each value among the different values of its column [n, m], from 0."""
    rows = np.ascontiguousarray(values.T)
    order = np.argsort(rows, axis=1)
    ascending = np.take_along_axis(rows, order, axis=1)
    rank = np.zeros(rows.shape, dtype=np.int32)
    np.cumsum(ascending[:, 1:] != ascending[:, :-1], axis=1, out=rank[:, 1:])
    found = np.empty_like(rank)
    np.put_along_axis(found, order, rank, axis=1)
    return np.ascontiguousarray(found.T)


def _frequencies(ranks: Whole, units: int) -> bytes:
    """Return how often each rank occurs as text that sorts early when low ranks are frequent."""
    counts = np.bincount(ranks, minlength=units)
    return (np.iinfo(np.int64).max - counts).astype(">i8").tobytes()


def _digest(row: Whole) -> bytes:
    return sha256(row.astype("<i8").tobytes()).digest()


def _first_sign(signs: NDArray[np.int8]) -> int:
    other = signs[signs != 0]
    return int(other[0]) if len(other) else 1
