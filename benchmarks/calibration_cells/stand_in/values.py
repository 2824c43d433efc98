"""Values such as neurons have, each with what is true of it: its mean, its spread, its AUROC when it is lifted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import ndtr, stdtrit

Floats = NDArray[np.float64]

_Z = np.linspace(-8.2, 8.2, 8201)
_WEIGHTS = np.exp(-_Z * _Z / 2) / np.exp(-_Z * _Z / 2).sum()
"""A standard normal variable as a fine grid: what is true of values is summed over it, not simulated."""


@dataclass(frozen=True, slots=True)
class Population:
    """One sort of values: made of a standard normal draw, after ``lift`` was added to it.

    ``some``: the share of prompts that a lift affects, by ``step`` each; the others it leaves alone.
    """

    name: str
    of: Callable[[Floats], Floats]
    some: float = 1.0
    step: float = 0.0

    def draw(self, rng: np.random.Generator, shape: tuple[int, ...], lift: float = 0.0) -> Floats:
        """Return values of a shape."""
        z = rng.standard_normal(shape)
        if self.step:
            return z + self.step * (rng.random(shape) < self.some * lift)
        return self.of(z + lift)

    def law(self, lift: float = 0.0) -> tuple[Floats, Floats]:
        """Return a grid of values and the probability of each."""
        if not self.step:
            return self.of(_Z + lift), _WEIGHTS
        share = min(self.some * lift, 1.0)
        return np.r_[_Z, _Z + self.step], np.r_[(1 - share) * _WEIGHTS, share * _WEIGHTS]

    def mean(self, lift: float = 0.0) -> float:
        """Return the mean."""
        values, weights = self.law(lift)
        return float(weights @ values)

    def sd(self, lift: float = 0.0) -> float:
        """Return the standard deviation."""
        values, weights = self.law(lift)
        return float(np.sqrt(weights @ (values - weights @ values) ** 2))

    def auroc(self, lift: float) -> float:
        """Return the AUROC of lifted values against those that are not; ties count half."""
        (first, p), (second, q) = self.law(lift), self.law()
        order = np.argsort(second, kind="stable")
        second, below = second[order], np.r_[0.0, np.cumsum(q[order])]
        low, high = (below[np.searchsorted(second, first, side)] for side in ("left", "right"))
        return float(p @ (low + high)) / 2

    def lift_to(self, auroc: float) -> float:
        """Return the lift that gives an AUROC."""
        return _lift_to(self, auroc)

    def difference(self, lift: float) -> float:
        """Return the difference of means that a lift makes."""
        return self.mean(lift) - self.mean()

    def standardised(self, lift: float) -> float:
        """Return that difference in pooled standard deviations, of sets of one size."""
        return self.difference(lift) / float(np.sqrt((self.sd(lift) ** 2 + self.sd() ** 2) / 2))


@cache
def _lift_to(population: Population, auroc: float) -> float:
    highest = 1 / population.some if population.step else 8.0
    return float(brentq(lambda lift: population.auroc(lift) - auroc, 0.0, highest, xtol=1e-9))


def _t3(z: Floats) -> Floats:
    return np.asarray(stdtrit(3, np.clip(ndtr(z), 1e-15, 1 - 1e-15)))


def _gelu(z: Floats) -> Floats:
    return np.asarray((z - 0.5) * ndtr(z - 0.5))


NORMAL = Population("normal", lambda z: z)
T3 = Population("heavy tails (t3)", _t3)
LOGNORMAL = Population("lognormal", np.exp)
RELU = Population("ReLU, 90 % zeros", lambda z: np.maximum(z - 1.2815515655446004, 0.0))
GELU = Population("GELU", _gelu)
ONE_IN_FIVE = Population("one in five affected", lambda z: z, some=0.2, step=5.0)
ALL = (NORMAL, T3, LOGNORMAL, RELU, GELU, ONE_IN_FIVE)
