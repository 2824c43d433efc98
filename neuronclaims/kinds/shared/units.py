"""Return the values per unit behind an effect, each with a hash of its unit's prompts."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from neuronclaims import stats
from neuronclaims.kinds.shared.memoize import memoize
from neuronclaims.kinds.shared.requests import plain
from neuronclaims.kinds.shared.two_samples import ESTIMATES
from neuronclaims.results import UnitValues, ValueScale
from neuronclaims.stats.numbers.rank_correlation import Ranked

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from neuronclaims.claim_files.claims import Prompt, PromptPair
    from neuronclaims.stats import TwoSampleDesign
    from neuronclaims.stats.effects.margins import Scale

    Rows = Sequence[Sequence[int]]
    Floats = NDArray[np.float64]

KEY = 12
"""Digits of a unit's hash: among 10,000 units two are alike by chance once in five million times."""


def of_two_sets(
    of: str,
    scale: Scale,
    design: TwoSampleDesign,
    prompts: tuple[Sequence[Prompt], Sequence[Prompt]],
    values: tuple[Floats, Floats],
    sources: Sequence[tuple[object, int]] = (),
) -> UnitValues:
    """Return the values [n1] and [n2] of the units that a design exchanges between two sets."""
    keys = unit_keys(prompts[0], design.first_rows), unit_keys(prompts[1], design.second_rows)
    blocks = None
    if design.blocks is not None:
        first, second = (tuple(map(int, side)) for side in design.blocks)
        blocks = first, second
    sides = plain(values[0]), plain(values[1])
    return UnitValues(of, scale, design.paired, keys, sides, blocks, tuple(sources))


def of_changes(of: str, prompts: Sequence[Prompt], rows: Rows, after: Floats, before: Floats) -> UnitValues:
    """Return the predictions after and before a change, [units] each; the effect is their mean difference."""
    keys = unit_keys(prompts, rows)
    return UnitValues(of, "difference", True, (keys, keys), (plain(after), plain(before)))


def of_numbers(of: str, prompts: Sequence[Prompt], rows: Rows, values: Floats, numbers: Floats) -> UnitValues:
    """Return the values [units] of one set, each beside the number of its unit; the effect is their correlation."""
    keys = unit_keys(prompts, rows)
    return UnitValues(of, "correlation", True, (keys, keys), (plain(values), plain(numbers)))


def of_one_set(
    of: str, scale: ValueScale, prompts: Sequence[Prompt], rows: Rows, values: Floats
) -> UnitValues:
    """Return the values [units] of one set, whose mean is the effect."""
    return UnitValues(of, scale, False, (unit_keys(prompts, rows), ()), (plain(values), ()))


def unit_key(texts: Iterable[str]) -> str:
    """Return the hash of the prompts of one unit, in any order.

    >>> unit_key(["one", "two"]) == unit_key(["two", "one"])
    True
    """
    digest = hashlib.sha256()
    for text in sorted(texts):
        data = text.encode("utf-8", "surrogatepass")
        digest.update(len(data).to_bytes(8, "little") + data)
    return digest.hexdigest()[:KEY]


def pair_text(pair: PromptPair) -> str:
    """Return the one text that stands for both of a pair where a unit is hashed: no other pair has it."""
    return f"{len(pair.clean)}:{pair.clean}{pair.corrupted}"


@memoize
def unit_keys(prompts: Sequence[Prompt], rows: Rows) -> tuple[str, ...]:
    """Return the hash of every unit; ``rows`` are the places of each unit's prompts."""
    return tuple(unit_key(prompts[place].text for place in row) for row in rows)


def fit_to_keep(found: UnitValues | None, value: float | None) -> UnitValues | None:
    """Return values that a baseline may keep: one per unit, and the effect ``value`` can be computed from them."""
    if found is None:
        return None
    whole = all(
        len(set(keys)) == len(keys) == len(values)
        for keys, values in zip(found.keys, found.values, strict=True)
    )
    again = _again(found) if whole else None
    if not whole or (value is None) != (again is None):
        return None
    if value is None or again is None:  # a difference in sd of values that never vary
        return found
    return found if math.isclose(value, again, rel_tol=1e-6, abs_tol=1e-12) else None


def _again(found: UnitValues) -> float | None:
    sides = [np.asarray(side) for side in found.values]
    if found.scale == "correlation":
        again = Ranked.of(sides[0], sides[1])
        return again.correlation if again.varies else None
    if found.scale == "ratio":
        return stats.ratio_of_means_estimate(*sides).value
    if found.scale == "mean" or found.scale == "share" or found.scale == "mean AUROC":
        return float(sides[0].mean())
    independent, paired, blocked = ESTIMATES[found.scale]
    if found.blocks is not None:
        return blocked(*sides, found.blocks).value
    return (paired if found.paired else independent)(*sides).value
