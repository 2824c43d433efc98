"""Sketch a distribution in one line of text, so that two lines, one above the other, can be compared."""

from __future__ import annotations

from collections.abc import Sequence

from neuronclaims.figures import Distributions

BLOCKS = " ▁▂▃▄▅▆▇█"
ASCII = " .:-=+*#@"


def sketch(figure: Distributions, bins: int = 16, ascii_only: bool = False) -> list[tuple[str, str]]:
    """Return (label, histogram) for each row of a figure, on bins all rows share.

    Heights are shares of the row, on one scale, so that rows with different numbers of values compare. A value that
    fell into a bin is never drawn as nothing.
    """
    values = [value for row in figure.rows for value in row.values]
    low, high = min(values), max(values)
    shares = [_shares(row.values, low, high, bins) for row in figure.rows]
    top = max(max(row) for row in shares)
    ramp = ASCII if ascii_only else BLOCKS
    return [
        (row.label, "".join(block(share / top, ramp) for share in heights))
        for row, heights in zip(figure.rows, shares, strict=True)
    ]


def _shares(values: Sequence[float], low: float, high: float, bins: int) -> list[float]:
    counts = [0] * bins
    for value in values:
        place = int((value - low) / (high - low) * bins) if high > low else 0
        counts[min(place, bins - 1)] += 1
    return [count / len(values) for count in counts]


def block(height: float, ramp: str, least: int = 0) -> str:
    """Return the character for a height from 0 to 1; heights above 0 are visible, at least as step ``least``."""
    lowest = least if height <= 0 else 1
    return ramp[max(lowest, round(min(max(height, 0.0), 1.0) * (len(ramp) - 1)))]
