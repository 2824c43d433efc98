"""Pools: ways to turn the positions of a text into one number per neuron, one object each.

The text of a pool is part of the cache's names, so it never changes. What computes a pool stands where models run.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from neuronclaims.measurements.errors import MeasurementError


@dataclass(frozen=True, slots=True)
class LastPool:
    """The value at the last position."""

    def __str__(self) -> str:
        return "last"


@dataclass(frozen=True, slots=True)
class TokenPool:
    """The value at one position, counted from 1, or from -1 backwards.

    >>> str(TokenPool(1)), str(TokenPool(3)), str(TokenPool(-2))
    ('first', 'token 3', 'token -2')
    """

    number: int

    def __str__(self) -> str:
        return "first" if self.number == 1 else f"token {self.number}"


@dataclass(frozen=True, slots=True)
class MeanPool:
    """The mean of the values."""

    def __str__(self) -> str:
        return "mean"


@dataclass(frozen=True, slots=True)
class MaxPool:
    """The largest value."""

    def __str__(self) -> str:
        return "max"


@dataclass(frozen=True, slots=True)
class BeyondPool:
    """The share of positions at which a value's size is at least ``bound``.

    >>> str(BeyondPool(6.0)), str(BeyondPool(0.25))
    ('beyond 6', 'beyond 0.25')
    """

    bound: float

    def __str__(self) -> str:
        return f"beyond {repr(float(self.bound) + 0.0).removesuffix('.0')}"


@dataclass(frozen=True, slots=True)
class MassivePool:
    """The share of positions with a massive activation.

    That is one above 100 and at least 1,000 times the median size of its position's values (Sun et al. 2024).
    """

    def __str__(self) -> str:
        return "massive"


@dataclass(frozen=True, slots=True)
class EachPool:
    """No pooling: the number of positions, then the values of the first ``positions``, padded with zeros."""

    positions: int

    def __str__(self) -> str:
        return f"each {self.positions}"


@dataclass(frozen=True, slots=True)
class LegacyGrowingPool:
    """A mean in which position j of N, counted from 0, weighs N - 1 - j.

    So did a published log, in which every step of a generation recorded all tokens so far once more.
    """

    def __str__(self) -> str:
        return "legacy_growing"


Pool: TypeAlias = (
    "LastPool | TokenPool | MeanPool | MaxPool | BeyondPool | MassivePool | EachPool | LegacyGrowingPool"
)

WORDS: Mapping[str, Pool] = {
    str(pool): pool
    for pool in (LastPool(), TokenPool(1), MeanPool(), MaxPool(), MassivePool(), LegacyGrowingPool())
}
"""The pools that one word names, as claim files write them."""


def pool_of(text: str | Pool) -> Pool:
    """Return the pool that a text names; raise MeasurementError for any other text.

    >>> pool_of("beyond 6")
    BeyondPool(bound=6.0)
    """
    if not isinstance(text, str):
        return text
    word, _, number = text.partition(" ")
    try:
        if word == "beyond":
            return BeyondPool(float(number))
        if word == "each" and 1 <= int(number) <= 99_999:
            return EachPool(int(number))
        if word == "token" and int(number):
            return LastPool() if int(number) == -1 else TokenPool(int(number))
        return WORDS[text]
    except (KeyError, ValueError):
        raise MeasurementError(
            f"No token rule {text!r}: use first, last, mean, max or token N of prompt, generated or emitting."
        ) from None
