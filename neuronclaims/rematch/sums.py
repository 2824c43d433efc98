"""Pearson correlations of some neurons with all neurons of a layer, from running sums over tokens."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

STILL = 1e-12
"""A variance below this share of the mean square is rounding: the neuron says the same at every token."""


class Sums:
    """Sums over tokens of a few neurons (``x``), of a whole layer (``y``), and of their products, in float64.

    They take as much memory as ``x`` has neurons times the width of ``y``, however many tokens are added. Values are
    shifted by the means of the first tokens, so that a large mean costs no digits.
    """

    def __init__(self) -> None:
        self.tokens = 0

    def add(self, x: NDArray[np.float32], y: NDArray[np.float32]) -> None:
        """Add the values of some tokens: ``x`` is [tokens, few], ``y`` [tokens, width]."""
        if not len(x):
            return
        one, many = x.astype(np.float64), y.astype(np.float64)
        if not self.tokens:
            self._start(one, many)
        self.tokens += len(one)
        one -= self._shift_x
        many -= self._shift_y
        self._x += one.sum(0)
        self._y += many.sum(0)
        self._xx += (one * one).sum(0)
        self._yy += (many * many).sum(0)
        self._xy += one.T @ many

    def correlations(self) -> NDArray[np.float64]:
        """Return Pearson's r of every ``x`` with every ``y``, [few, width]; 0 where either never changes."""
        covariance = self._xy - np.outer(self._x, self._y) / self.tokens
        x, y = (
            self._squares(self._x, self._xx, self._shift_x),
            self._squares(self._y, self._yy, self._shift_y),
        )
        scale = np.sqrt(np.outer(x, y))
        r = np.divide(covariance, scale, out=np.zeros_like(covariance), where=scale > 0)
        return np.asarray(np.clip(r, -1.0, 1.0))

    def still(self) -> NDArray[np.bool_]:
        """Say which ``x`` never change."""
        return np.asarray(self._squares(self._x, self._xx, self._shift_x) == 0)

    def scales(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return mean and standard deviation of every ``y`` (that of a neuron that never changes is 0)."""
        squares = self._squares(self._y, self._yy, self._shift_y)
        return self._shift_y + self._y / self.tokens, np.sqrt(squares / self.tokens)

    def _start(self, one: NDArray[np.float64], many: NDArray[np.float64]) -> None:
        self._shift_x, self._shift_y = one.mean(0), many.mean(0)
        self._x, self._xx = np.zeros(one.shape[1]), np.zeros(one.shape[1])
        self._y, self._yy = np.zeros(many.shape[1]), np.zeros(many.shape[1])
        self._xy = np.zeros((one.shape[1], many.shape[1]))

    def _squares(
        self, total: NDArray[np.float64], squares: NDArray[np.float64], shift: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Return the sums of squared deviations from the mean, 0 for what is rounding alone."""
        about = squares - total * total / self.tokens
        level = squares + self.tokens * shift * shift
        return np.asarray(np.where(about > STILL * level, about, 0.0))
