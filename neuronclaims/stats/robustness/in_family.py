"""What a correction makes of another p of one claim, where those of the other claims stay as they are."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from neuronclaims.stats.inputs import Floats


@dataclass(frozen=True, eq=False)
class InFamily:
    """A correction, for one claim: ``times`` is what it multiplies the claim's p by.

    By Holm's correction that is less for a larger p, which comes later among the ``others``, the p of the other claims
    of a family of ``size``; None for any other correction.

    >>> InFamily(3.0).of(0.01), InFamily(3.0, 3, [0.02, 0.03]).of(0.01), InFamily(3.0, 3, [0.02, 0.03]).of(0.04)
    (0.03, 0.03, 0.06)
    """

    times: float
    size: int = 0
    others: Sequence[float] | None = None

    @classmethod
    def by_holm(cls, p: float, adjusted: float, family: Sequence[float], size: int) -> InFamily:
        """Return the correction of one p of a ``family`` of ``size``, which made it ``adjusted``.

        Where another correction than Holm's did, p is multiplied as it was.
        """
        others = sorted(family)
        if p in others:
            others.remove(p)
            found = cls(0.0, size, others)
            if math.isclose(found.of(p), adjusted, rel_tol=1e-9):
                return found
        return cls(adjusted / p if p > 0 else 1.0)

    def of(self, p: float) -> float:
        """Return the corrected p."""
        if self.others is None:
            return min(1.0, self.times * p)
        before = int(np.searchsorted(self._sorted, p, "left"))
        return min(1.0, max(float(self._steps[before]), (self.size - before) * p))

    @cached_property
    def _sorted(self) -> Floats:
        return np.sort(np.asarray(self.others, dtype=np.float64))

    @cached_property
    def _steps(self) -> Floats:
        """The corrected p of those that come before, at each place; 0 where none does."""
        counts = self.size - np.arange(len(self._sorted))
        return np.concatenate([[0.0], np.maximum.accumulate(counts * self._sorted)])
