"""Random rotations of a layer, to see how well an arbitrary direction correlates with a neuron.

A rotation is signs, a cosine transform, an order, signs and a cosine transform once more: orthogonal, of any width,
in width times its logarithm steps and no memory (Ailon & Chazelle 2009 use such transforms for the same reason).
Comparing neurons with a randomly rotated basis follows Gurnee et al. 2024 (Universal Neurons in GPT2 Language Models).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class Rotation:
    """One random rotation of a layer of ``width`` neurons, the same for the same seed."""

    signs: NDArray[np.float32]
    order: NDArray[np.int64]

    @classmethod
    def of(cls, width: int, *seed: int) -> Rotation:
        """Draw a rotation."""
        rng = np.random.default_rng(seed)
        signs = rng.choice(np.array([-1.0, 1.0], np.float32), (2, width))
        return cls(signs, rng.permutation(width))

    def turned(self, values: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the values [tokens, width] along the axes of the rotated basis."""
        from scipy.fft import dct

        once = dct(values * self.signs[0], norm="ortho", axis=1)[:, self.order]
        return np.asarray(dct(once * self.signs[1], norm="ortho", axis=1), np.float32)
