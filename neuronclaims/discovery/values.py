"""Hold what was measured of all neurons on the half that is searched, one value per unit."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats: TypeAlias = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class UnitTable:
    """The values of m neurons in the units of both sets, [n1, m] and [n2, m]; rows match where they are ``paired``."""

    first: Floats
    second: Floats
    paired: bool

    @property
    def units(self) -> int:
        """How many units the smaller set has."""
        return min(len(self.first), len(self.second))

    def rows(self, first: NDArray[np.intp], second: NDArray[np.intp]) -> UnitTable:
        """Return some of the units; of pairs those of ``first``."""
        return replace(self, first=self.first[first], second=self.second[first if self.paired else second])

    def neurons(self, columns: NDArray[np.intp]) -> UnitTable:
        """Return some of the neurons."""
        return replace(self, first=self.first[:, columns], second=self.second[:, columns])


def variances(values: Floats) -> Floats:
    """Return the variance of each column [units, m]; 0 of a single unit."""
    return np.asarray(values.var(axis=0, ddof=1) if len(values) > 1 else np.zeros(values.shape[1]))
