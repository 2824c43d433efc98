"""Measure the numerical noise: how much values change when the same texts are measured in different batches.

The second time texts are batched in another order, with other neighbours, more padding and one row more, which changes
the order of sums in the machine and nothing else. So what moves is rounding; a difference between two models no
larger than this is none. Where rounding decides which token is generated, whole continuations move, and that counts.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neuronclaims.cache.run_cache import RunCache
from neuronclaims.engines.measure import measure
from neuronclaims.measurements import Measurement
from neuronclaims.models.options import Progress, RunOptions
from neuronclaims.models.sources import Source


@dataclass(frozen=True, slots=True, eq=False)
class Noise:
    """The noise floor of one measurement: per column of its answer, the largest absolute difference over its rows.

    ``columns`` is float64 [columns of the answer]; for activations a column is a neuron.
    """

    columns: NDArray[np.float64]

    @property
    def largest(self) -> float:
        """The largest absolute difference of any value of the measurement."""
        return float(self.columns.max(initial=0.0))


def noise_floor(
    source: Source,
    measurements: Sequence[Measurement],
    *,
    cache: RunCache | None = None,
    options: RunOptions | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> dict[Measurement, Noise]:
    """Measure everything again in an equivalent way, and return by how much each measurement changed.

    Values of both times are kept in the cache, each under its own context, so a new prompt is measured twice and a
    warm call imports no torch. What is read off weights or tokenizer alone does not move; continuations, which are no
    numbers, are left out. Raises as ``measure``.
    """
    options = options or RunOptions()
    first = measure(source, measurements, cache=cache, options=options, progress=progress)
    measurements = [each for each in measurements if each.reader is None or each.request is None]
    of_texts = [measurement for measurement in measurements if measurement.request is not None]
    otherwise = replace(options, again=True)
    second = measure(source, of_texts, cache=cache, options=otherwise, progress=progress)
    return {
        measurement: Noise(_apart(first[measurement], second.get(measurement)))
        for measurement in dict.fromkeys(measurements)
    }


def _apart(first: NDArray[Any], second: NDArray[Any] | None) -> NDArray[np.float64]:
    """Return the largest difference of every column [columns]; blocks of rows, so that no copy of all is made."""
    largest = np.zeros(first.shape[1])
    if second is not None and second is not first:
        for start in range(0, len(first), 256):
            part = slice(start, start + 256)
            with np.errstate(invalid="ignore"):
                apart = np.abs(first[part].astype(np.float64) - second[part])
            apart[~np.isfinite(apart)] = 0  # what is no number does not move: no claim is judged by it
            np.maximum(largest, apart.max(0, initial=0.0), out=largest)
    largest.flags.writeable = False
    return largest
