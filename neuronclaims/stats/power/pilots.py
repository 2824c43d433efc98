"""Power by simulation: resample pilot values, test and judge them as the claim would be."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neuronclaims.stats.inputs import (
    Floats,
    StatsError,
    check_share,
    check_sizes,
    to_unit,
    vector,
)
from neuronclaims.stats.power.judge import Judge, PilotClaim
from neuronclaims.stats.power.question import Sizes
from neuronclaims.stats.power.sizes import first_enough, smallest_units
from neuronclaims.stats.seeds import seed_from

Counts: TypeAlias = NDArray[np.int64]
_TOGETHER = 250
"""Data sets that share their relabellings; the next ones get fresh ones, so that no draw weighs on all."""
_LARGEST = 10_000
"""Most units per simulated set: beyond, the analytic power is as good."""
_FURTHEST = 2_000
"""Most units per set a search by simulation looks at."""
_NEXT = 2
"""How many larger sizes must reach the power too before a size is believed: simulated power wobbles."""


@dataclass(frozen=True, slots=True)
class SimulatedPower:
    """How often each verdict came out in ``repetitions`` data sets of ``counts`` units drawn from pilot values.

    ``supported`` is a share with its 95 % Clopper-Pearson interval [``low``, ``high``], which speaks of the
    simulation's error only: not of how well the pilot values stand for those to come.
    """

    counts: Sizes
    repetitions: int
    supported: float
    low: float
    high: float
    refuted: float
    inconclusive: float


def simulated_power(
    first_pilot: ArrayLike,
    second_pilot: ArrayLike,
    claim: PilotClaim,
    *,
    counts: Sizes,
    seed: int,
    repetitions: int = 2000,
) -> SimulatedPower:
    """Return how often a claim would be supported, refuted or left open with ``counts`` units per set.

    ``first_pilot`` [n1] and ``second_pilot`` [n2] (aligned in pairs) stand for all values to come: units
    are drawn from them with replacement. Each data set is tested by ``two_sample_tests`` and judged by the rule
    of ``decide``, p against alpha / ``family``, Holm's worst case.
    Differences from a real verdict: at most 20,000 arrangements are enumerated, otherwise drawn, and p counts
    as resolved.

    With few pilot values the answer is rough: what they do not hold can never be drawn. Raises StatsError for
    values or sizes no test can be made on.

    >>> first, second = [3, 4, 5, 6], [1, 2, 3, 4]
    >>> claim = PilotClaim("mean", side="greater", paired=False)
    >>> found = simulated_power(first, second, claim, counts=(12, 12), seed=0, repetitions=200)
    >>> found.supported > 0.9
    True
    """
    first, second, scale = _pilots(first_pilot, second_pilot, claim.paired)
    judge = Judge(claim, scale)
    return _Simulation(first, second, judge, seed, repetitions).at(counts)


def simulated_units_needed(
    first_pilot: ArrayLike,
    second_pilot: ArrayLike,
    claim: PilotClaim,
    *,
    counts: Sizes,
    power: float = 0.8,
    seed: int,
    repetitions: int = 2000,
) -> Sizes | None:
    """Return the smallest sizes, in the ratio of ``counts``, whose simulated power reaches ``power``.

    Arguments as for ``simulated_power``; the same random numbers serve all sizes, and the next two sizes must
    reach the power too. None when 2,000 units per set do not.

    >>> first, second = [3, 4, 5, 6], [1, 2, 3, 4]
    >>> claim = PilotClaim("mean", side="greater", paired=False)
    >>> simulated_units_needed(first, second, claim, counts=(4, 4), seed=0, repetitions=200)
    (8, 8)
    """
    check_share(power, "power")
    first, second, scale = _pilots(first_pilot, second_pilot, claim.paired)
    judge = Judge(claim, scale)
    simulation, seen = _Simulation(first, second, judge, seed, repetitions), dict[Sizes, float]()

    def enough(n1: int, n2: int) -> bool:
        for k in range(_NEXT + 1):
            sizes = n1 + k * n1 // min(n1, n2), n2 + k * n2 // min(n1, n2)
            if sizes not in seen:
                seen[sizes] = simulation.at(sizes).supported
            if seen[sizes] < power:
                return False
        return True

    least = smallest_units(alternative=claim.side, counts=counts, paired=claim.paired, level=claim.level)
    if least is None:
        return None
    return first_enough(counts, claim.paired, enough, least=max(2, min(least)), most=_FURTHEST)


@dataclass(frozen=True, slots=True)
class _Simulation:
    """Pilot values in an order of their own, and how data sets drawn from them are judged."""

    first: Floats
    second: Floats
    judge: Judge
    seed: int
    repetitions: int

    def at(self, counts: Sizes) -> SimulatedPower:
        """Draw and judge data sets of ``counts`` units."""
        _check(counts, self.judge.claim.paired, self.repetitions)
        verdicts = [
            self.judge.verdicts(
                *_drawn(self.first, self.second, counts, self.judge.claim.paired, self.seed, start, stop),
                seed=seed_from(str(start), purpose="simulated tests", run_seed=self.seed),
            )
            for start, stop in pairwise([*range(0, self.repetitions, _TOGETHER), self.repetitions])
        ]
        supported, refuted = (sum(int(part[which].sum()) for part in verdicts) for which in (0, 1))
        low, high = _share_interval(supported, self.repetitions)
        return SimulatedPower(
            counts=counts,
            repetitions=self.repetitions,
            supported=supported / self.repetitions,
            low=low,
            high=high,
            refuted=refuted / self.repetitions,
            inconclusive=(self.repetitions - supported - refuted) / self.repetitions,
        )


def _pilots(first: ArrayLike, second: ArrayLike, paired: bool) -> tuple[Floats, Floats, float]:
    """Return pilot values in an order of their own, divided by a power of two, and that power."""
    a, b = vector(first, "The first pilot"), vector(second, "The second pilot")
    check_sizes(a, b, paired=paired)
    if paired:
        order = np.lexsort((b, a))
        a, b = a[order], b[order]
    else:
        a, b = np.sort(a), np.sort(b)
    pooled = to_unit(np.concatenate([a, b]))
    exponent = int(np.frexp(max(np.abs(a).max(), np.abs(b).max()))[1])
    return pooled[: len(a)], pooled[len(a) :], 2.0**exponent


def _check(counts: Sizes, paired: bool, repetitions: int) -> None:
    if min(counts) < 2 or max(counts) > _LARGEST or repetitions < 1:
        raise StatsError(
            f"Simulation takes 2 to {_LARGEST:,} units per set and at least one repetition, "
            f"not {counts[0]} and {counts[1]} units and {repetitions} repetitions."
        )
    if paired and counts[0] != counts[1]:
        raise StatsError(f"Pairs have one unit in each set, so {counts[0]} and {counts[1]} do not match.")


def _drawn(
    first: Floats, second: Floats, counts: Sizes, paired: bool, seed: int, start: int, stop: int
) -> tuple[Floats, Floats]:
    """Draw the data sets number ``start`` to ``stop``, as columns; a larger size begins with the same units."""
    generator = np.random.PCG64(seed_from("pilot", purpose="simulated units", run_seed=seed))
    generator.advance(start * 2 * _LARGEST)
    rows: tuple[list[Counts], list[Counts]] = ([], [])
    for _ in range(stop - start):
        for which, (pilot, count) in enumerate(zip((first, second), counts, strict=True)):
            words = np.asarray(generator.random_raw(count), dtype=np.uint64)
            # The upper 32 of 64 random bits, times n, less the lower 32 bits: below n, even to within n / 2^32.
            rows[which].append(
                ((words >> np.uint64(32)) * np.uint64(len(pilot)) >> np.uint64(32)).astype(np.int64)
            )
            generator.advance(_LARGEST - count)
    chosen = [np.stack(part, axis=1) for part in rows]
    return first[chosen[0]], second[chosen[0] if paired else chosen[1]]


def _share_interval(count: int, total: int) -> tuple[float, float]:
    """Return the 95 % Clopper-Pearson interval of a share."""
    from scipy.special import betaincinv

    low = float(betaincinv(count, total - count + 1, 0.025)) if count else 0.0
    high = float(betaincinv(count + 1, total - count, 0.975)) if count < total else 1.0
    return low, high
