"""The exact law of rank sums under relabelling, ties included, without listing relabellings.

Ranks are small whole numbers, so the number of relabellings behind every possible sum follows from adding
one unit at a time (the classical recursion of Mann and Whitney, here over doubled mid-ranks). The law
depends on the pattern of ties alone; recent ones are kept.
"""

from __future__ import annotations

import math
from functools import lru_cache
from itertools import accumulate

import numpy as np

from neuronclaims.stats.inputs import Floats

_WORK_LIMIT = 30_000_000
"""Additions up to which the law is made (about 30 ms)."""


def subset_tails(weights: tuple[int, ...], size: int, target: int) -> tuple[float, float] | None:
    """Count the choices of ``size`` of the whole-number ``weights`` with sum >= target, and <= target.

    Counts are exact below 2^53 and correct to about 15 digits above. None when the law would take too long
    to make.
    """
    least = min(weights)
    step = math.gcd(*(weight - least for weight in weights)) or 1
    reduced = tuple(sorted((weight - least) // step for weight in weights))
    width = sum(reduced[-size:]) + 1
    if len(weights) * size * width > _WORK_LIMIT or len(weights) > 1000:
        return None
    return _tails(_subset_law(reduced, size, width), (target - least * size) // step)


def blocked_subset_tails(
    weights: tuple[int, ...], sizes: tuple[int, ...], chosen: tuple[int, ...], target: int
) -> tuple[float, float] | None:
    """Count as ``subset_tails`` the choices of ``chosen[b]`` weights from each run of ``sizes[b]`` of them.

    Blocks are independent, so the law of the whole sum is the convolution of theirs.
    """
    ends = list(accumulate(sizes))
    parts = [weights[end - size : end] for end, size in zip(ends, sizes, strict=True)]
    least = [min(part) for part in parts]
    step = math.gcd(*(weight - low for part, low in zip(parts, least, strict=True) for weight in part)) or 1
    reduced = [
        tuple(sorted((weight - low) // step for weight in part))
        for part, low in zip(parts, least, strict=True)
    ]
    widths = [sum(part[-count:]) + 1 for part, count in zip(reduced, chosen, strict=True)]
    work = sum(map(math.prod, zip(sizes, chosen, widths, strict=True))) + sum(widths) ** 2
    if work > _WORK_LIMIT or len(weights) > 1000:
        return None
    law = np.ones(1)
    for part, count, width in zip(reduced, chosen, widths, strict=True):
        law = np.convolve(law, _subset_law(part, count, width))
    base = sum(low * count for low, count in zip(least, chosen, strict=True))
    return _tails(law, (target - base) // step)


def sign_tails(weights: tuple[int, ...], target: int) -> tuple[float, float] | None:
    """Count the subsets of the whole-number ``weights``, none negative, with sum >= target, and <= target.

    None when the law would take too long to make.
    """
    step = math.gcd(*weights) or 1
    reduced = tuple(sorted(weight // step for weight in weights))
    width = sum(reduced) + 1
    if len(weights) * width > _WORK_LIMIT or len(weights) > 1000:
        return None
    return _tails(_sign_law(reduced, width), target // step)


def _tails(law: Floats, target: int) -> tuple[float, float]:
    return float(law[target:].sum()), float(law[: target + 1].sum())


@lru_cache(maxsize=64)
def _subset_law(weights: tuple[int, ...], size: int, width: int) -> Floats:
    ways = np.zeros((size + 1, width))
    ways[0, 0] = 1.0
    for weight in weights:
        # Downwards over the number of units already taken, all at once: the right side still is the old law.
        ways[1:, weight:] += ways[:-1, : width - weight].copy()
    return np.asarray(ways[size], dtype=np.float64)


@lru_cache(maxsize=64)
def _sign_law(weights: tuple[int, ...], width: int) -> Floats:
    ways = np.zeros(width)
    ways[0] = 1.0
    for weight in weights:
        moved = ways[: width - weight].copy()
        ways[weight:] += moved
    return ways
