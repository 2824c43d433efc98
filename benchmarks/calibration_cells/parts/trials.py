"""Many data sets through the library's tests: data sets as columns, relabellings shared per block."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from calibration_cells.cell import blocks, random, stream
from calibration_cells.parts.draws import Floats
from neuronclaims import stats

Bools = NDArray[np.bool_]
Make = Callable[[np.random.Generator, int], tuple[Floats, Floats]]
"""Gives two samples [n1, d] and [n2, d] of d data sets."""
DRAWN = 999
"""Random relabellings where there are too many to list. Their p is exact for any number of them."""


@dataclass(frozen=True, slots=True)
class Trials:
    """The p-values of many data sets, and the least p there can be.

    ``relabelled`` are the two-sided ones of relabelling alone, and ``advised`` tells where Welch's t-test was
    asked as well, because the smaller set varies more.
    """

    two_sided: Floats
    greater: Floats
    relabelled: Floats
    advised: Bools
    step: float
    one_sided_step: float


def tested(make: Make, repetitions: int, seed: int, *parts: object, **options: Any) -> Trials:
    """Draw ``repetitions`` data sets and test each in both ways."""
    statistic, exchange = options.get("statistic", "mean"), _exchange(options)
    limit = int(options.get("exact_limit", 20_000))
    found = []
    for number, size in blocks(repetitions):
        first, second = make(random(seed, *parts, number), size)
        found.append(
            stats.two_sample_tests(
                first,
                second,
                exchange=exchange,
                statistic=statistic,
                alternative="two-sided",
                resampling=stats.Resampling(
                    stream(seed, *parts, number, "relabelling"), draws=DRAWN, exact_limit=limit
                ),
            )
        )
    step = found[0].smallest_p
    return Trials(
        np.concatenate([one.p_value for one in found]),
        np.concatenate([one.p_greater for one in found]),
        np.concatenate([one.p_value if one.p_permutation is None else one.p_permutation for one in found]),
        np.concatenate([_advised(one) for one in found]),
        step,
        step / 2,
    )


def _exchange(options: dict[str, Any]) -> stats.Exchange:
    return stats.Exchange(options.get("paired", False), blocks=options.get("blocks"))


def _advised(found: stats.TestResults) -> Bools:
    none = np.zeros(len(found.p_value), dtype=np.bool_)
    return none if found.welch_guard is None else found.welch_guard


def tested_singly(make: Make, repetitions: int, seed: int, *parts: object, **options: Any) -> Floats:
    """Draw data sets and test each alone, as a claim is: exact rank laws, more draws where p is in doubt."""
    statistic, exchange = options.get("statistic", "mean"), _exchange(options)
    most = int(options.get("max_resamples", 999_999))
    p = []
    for number, size in blocks(repetitions):
        first, second = make(random(seed, *parts, number), size)
        for column in range(size):
            own = stream(seed, *parts, number, column)
            p.append(
                stats.two_sample_test(
                    first[:, column],
                    second[:, column],
                    exchange=exchange,
                    statistic=statistic,
                    alternative="two-sided",
                    resampling=stats.Resampling(own, max_draws=most),
                ).p_value
            )
    return np.array(p)
