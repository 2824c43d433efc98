"""The noise with which the next token of a text is drawn: the same in any batch and on any machine.

Gumbel noise is added to what a model predicts, and the largest is taken: that is a draw from the softmax (Gumbel 1954;
Maddison et al. 2014, "A* sampling"). It comes from a counter (Philox), keyed by what is continued.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


class GumbelNoise:
    """An endless row of standard Gumbel numbers, the same on every machine for the same seed, number and tokens.

    >>> GumbelNoise(0, 0, (5, 7)).gumbel(2).round(3).tolist() == GumbelNoise(0, 0, (5, 7)).gumbel(2).round(3).tolist()
    True
    """

    def __init__(self, seed: int, number: int, tokens: Sequence[int]) -> None:
        told = f"{seed}/{number}/{','.join(map(str, tokens))}"
        key = int.from_bytes(hashlib.sha256(told.encode()).digest()[:16], "big")
        self._bits = np.random.Philox(key=key)

    def gumbel(self, size: int) -> NDArray[np.float64]:
        """Return the next ``size`` numbers."""
        # From the raw bits, which NumPy promises not to change; the half keeps 0 and 1 out.
        uniform = ((self._bits.random_raw(size) >> np.uint64(11)).astype(np.float64) + 0.5) * 2.0**-53
        return np.asarray(-np.log(-np.log(uniform)))
