"""Draw units again, with replacement: which units each bootstrap resample takes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from neuronclaims.stats.permutation.arrangements import raw_words

Indices: TypeAlias = NDArray[np.intp]


def resampled_indices(sizes: Sequence[int], seed: int, start: int, stop: int) -> list[Indices]:
    """Return which units resamples ``start`` to ``stop`` take: an array [stop - start, n_i] per sample.

    Each resample uses as many raw words of PCG64 as there are units, sample after sample, each word modulo
    the size (a bias of n / 2^64).

    >>> [rows.shape for rows in resampled_indices([3, 5], seed=1, start=0, stop=2)]
    [(2, 3), (2, 5)]
    """
    width = sum(sizes)
    words = raw_words(seed, start * width, (stop - start) * width).reshape(-1, width)
    ends = np.cumsum(sizes)
    return [
        (words[:, end - size : end] % np.uint64(size)).astype(np.intp)
        for size, end in zip(sizes, ends, strict=True)
    ]
