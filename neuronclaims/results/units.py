"""Hold the values that an effect was made of, one per exchangeable unit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

ValueScale: TypeAlias = Literal[
    "difference", "sd", "auroc", "ratio", "mean", "share", "mean AUROC", "correlation"
]
"""What an effect is of the values it was made of."""


@dataclass(frozen=True, slots=True)
class UnitValues:
    """The values that an effect was made of: one per exchangeable unit, of two sets or of one.

    ``of`` is the key of what the values are: values are compared only where it is the same, and baselines keep it, so
    it is never taken from a label and never worded anew. ``keys`` name the units by a hash of their prompts, ``values``
    are in the same order; of one set alone, the second are empty. ``paired`` says whether each unit has a value in
    both. ``blocks`` are numbers of blocks, None where there are none. ``sources`` are the measurements the values come
    from, each with its column.

    ``scale`` says how the effect comes out of the values: a ``difference`` of means, one in ``sd``, an ``auroc``, the
    ``ratio`` of the means of pairs, the rank ``correlation`` of values with numbers, or, of one set, the ``mean`` of
    its values, of 0 and 1 (``share``) or of areas (``mean AUROC``). Values whose effect does not come out of them again
    are not kept.

    Raises ValueError for another scale, a ratio of values that are no pairs, and pairs with a value missing.

    >>> UnitValues("x", "ratio", False, (("a",), ("b",)), ((1.0,), (2.0,)))
    Traceback (most recent call last):
        ...
    ValueError: the values of a ratio must be in pairs
    """

    of: str
    scale: ValueScale
    paired: bool
    keys: tuple[tuple[str, ...], tuple[str, ...]]
    values: tuple[tuple[float, ...], tuple[float, ...]]
    blocks: tuple[tuple[int, ...], tuple[int, ...]] | None = None
    sources: tuple[tuple[object, int], ...] = ()

    def __post_init__(self) -> None:
        if self.scale not in get_args(ValueScale):
            raise ValueError(f"values have a scale among {get_args(ValueScale)}, not {self.scale!r}")
        if self.scale in ("ratio", "correlation") and not self.paired:
            raise ValueError(f"the values of a {self.scale} must be in pairs")
        if self.paired and len(self.values[0]) != len(self.values[1]):
            raise ValueError(f"there are {len(self.values[0])} and {len(self.values[1])} values in pairs")
