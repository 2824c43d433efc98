"""Effects in standard deviations whose intervals hold for values of any shape (docs/adr/0044-amounts-in-sd.md)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from neuronclaims.stats.distributions.shapes import Shape
from neuronclaims.stats.effects.estimate import Caution, Estimate, limits
from neuronclaims.stats.effects.within_blocks import Blocks, block_codes
from neuronclaims.stats.inputs import Floats, to_unit

METHOD = "noncentral t interval, widened for the shape of the values"


INSTEAD = "an AUROC, or an amount in the values' own unit"
"""What can be claimed of values whose standard deviation is not known."""


def of_any_shape(
    estimate: Estimate,
    first: Floats,
    second: Floats,
    *,
    paired: bool = False,
    blocks: Blocks | None = None,
    marks: Sequence[float] = (),
    instead: str = INSTEAD,
) -> Estimate:
    """Return Hedges' g (or dz, or g within blocks) of values [n1] and [n2] with an interval for any shape of them.

    ``estimate`` is the one by normal theory; it is returned where it has no interval. Where a few values make the
    spread so uncertain that an interval has no end, there is none. Where that, or the size or shape of the sets, keeps
    the effect from being shown to lie beyond one of the ``marks``, a caution says so, and what to claim ``instead``.

    >>> from neuronclaims.stats import hedges_g_estimate
    >>> a, b = np.linspace(1, 4, 20), np.linspace(0, 3, 20)
    >>> plain = hedges_g_estimate(a, b)
    >>> wide = of_any_shape(plain, a, b)
    >>> plain.low > wide.low, wide.value == plain.value
    (True, True)
    """
    if estimate.value is None or estimate.low is None or estimate.high is None:
        return estimate
    shape = shape_of(first, second, paired=paired, blocks=blocks)
    low, high = limits(shape.tails, estimate.value, estimate.high - estimate.low, estimate.level)
    if math.isinf(low) or math.isinf(high):
        skewed = _caution("skewed", 1.0, instead)
        return replace(
            estimate, low=None, high=None, method=f"{METHOD}: it has no end", tails=None, caution=skewed
        )
    finest = 1e-12 * (estimate.high - estimate.low)  # a limit next to 0 is 0: no number is tested there
    low, high = (0.0 if abs(limit) <= finest else limit for limit in (low, high))
    made = replace(estimate, low=low, high=high, method=METHOD, tails=shape.tails)
    beyond = [mark for mark in marks if mark * (estimate.value - mark) > 0]
    if not beyond:
        return made
    if not shape.bounded:
        return replace(made, caution=_caution("skewed", 1.0, instead))
    held = shape.floor > 0 and max(2 * min(shape.tails(mark)) for mark in beyond) <= shape.floor
    return replace(made, caution=_caution("few", shape.floor, instead)) if held else made


def _caution(key: str, least_p: float, instead: str) -> Caution:
    why = {
        "skewed": "The values are too skewed or spiky, for so few, to show how large their standard deviation is",
        "few": "So few values do not show whether they are skewed, and so how large their standard deviation is",
    }[key]
    more = "take more prompts, or claim" if key == "few" else "claim"
    return Caution(key, f"{why}: {more} {instead}.", least_p)


def shape_of(first: Floats, second: Floats, *, paired: bool = False, blocks: Blocks | None = None) -> Shape:
    """Return what values [n1] and [n2], or their differences where ``paired``, say of amounts in sd."""
    if paired:
        return _of_pairs(np.sort(first - second))
    if blocks is None:
        return _of_sets(np.sort(first), np.sort(second), None)
    return _of_sets(first, second, blocks)


def units_of(n1: int, n2: int, *, paired: bool) -> tuple[float, float]:
    """Return how many values in two equal sets tell as much of a shape, and how many count for the farther distance.

    >>> units_of(20, 20, paired=False), units_of(20, 20, paired=True)
    ((40.0, 40.0), (20.0, 8.0))
    """
    if paired:
        return float(n1), n1 / 2.5
    return 4 * n1 * n2 / (n1 + n2), 4 * n1 * n2 / (n1 + n2)


def _of_pairs(differences: Floats) -> Shape:
    values, n = to_unit(differences), len(differences)
    mean = float(values.mean())
    residuals = values - mean
    spread = math.sqrt(float((residuals**2).sum()) / (n - 1))
    units, far_units = units_of(n, n, paired=True)
    weights = np.full(n, 1 / n)
    return Shape.of(
        ((residuals / spread, weights),),
        effect=mean / spread,
        size=math.sqrt(n),
        df=n - 1.0,
        units=units,
        far_units=far_units,
    )


def _of_sets(first: Floats, second: Floats, blocks: Blocks | None) -> Shape:
    n1, n2 = len(first), len(second)
    codes = None if blocks is None else block_codes(blocks, (n1, n2))
    code = np.zeros(n1 + n2, dtype=np.int64) if codes is None else np.concatenate(codes)
    values = to_unit(np.concatenate([first, second]))
    indicator = np.concatenate([np.ones(n1), np.zeros(n2)])
    for block in range(1 + int(code.max())):
        inside = code == block
        values[inside] -= values[inside].mean()
        indicator[inside] -= indicator[inside].mean()
    size = float((indicator**2).sum())
    weights = indicator / size
    difference = float(weights @ values)
    residuals = values - indicator * difference
    df = n1 + n2 - 2.0 - int(code.max())
    spread = math.sqrt(float((residuals**2).sum()) / df)
    residuals = residuals / spread
    return Shape.of(
        ((residuals[:n1], weights[:n1]), (residuals[n1:], weights[n1:])),
        effect=difference / spread,
        size=math.sqrt(size),
        df=df,
        units=4 * size,
        far_units=4 * size,
    )
