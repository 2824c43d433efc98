"""Choose which neurons of a wide layer a figure shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

TALLEST, OTHERS = 40, 400
"""How many neurons a figure shows: those furthest from zero, and of the others as many, evenly spaced."""


def drawn_neurons(values: NDArray[np.float64], own: int | None = None) -> list[int]:
    """Return the indices to show of a layer's values [width], in order; ``own`` is always among them.

    >>> drawn_neurons(np.array([0.1, -3.0, 2.0]))
    [0, 1, 2]
    >>> many = np.zeros(10_000)
    >>> many[[7, 9_876]] = 5.0, -6.0
    >>> {7, 123, 9_876} <= set(drawn_neurons(many, own=123))
    True
    """
    tallest = np.argsort(-np.abs(values), kind="stable")[:TALLEST]
    spaced = np.linspace(0, len(values) - 1, OTHERS).astype(int)
    return sorted({*tallest.tolist(), *spaced.tolist(), *(() if own is None else (own,))})
