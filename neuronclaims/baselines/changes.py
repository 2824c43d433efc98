"""How an effect changed between two rows of one claim, from the values of the same units under both models."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from neuronclaims.baselines.paired import ALPHA, Paired
from neuronclaims.baselines.rows import ONE_SET, SavedClaim, SavedValues, digest
from neuronclaims.results import Effect
from neuronclaims.stats import effect_change

if TYPE_CHECKING:
    from neuronclaims.baselines.paired import Sides
    from neuronclaims.baselines.rows import Scale
    from neuronclaims.stats import Change
    from neuronclaims.stats.effects.changes import ChangeScale

NOISE = {"float32": 1e-5, "float64": 1e-5, "float16": 2e-3, "bfloat16": 2e-2}
"""By how much of the largest value a value may differ when the same model is asked the same again, by number type."""

MOST = 0.05
"""The largest share of the largest value that is taken for noise, whatever was measured."""

DENIALS = ("within", "not greater", "not less")


def paired_values(old: SavedClaim, new: SavedClaim, *, down: float, up: float, noise: float) -> Paired | None:
    """Pair the values of two rows of one claim by unit; return None if the rows have values of different units.

    A difference in standard deviations that is not defined any more, for values that never vary, is looked at as a
    plain difference. Documents tell something of a prediction or do not, so there those are joined that tell under
    both models, if they are half of either's at least.
    """
    one, two = old.values, new.values
    if one is None or two is None or (one.of, one.scale, one.paired) != (two.of, two.scale, two.paired):
        return None
    order = _shared(one, two)
    if order is None or one.blocks != two.blocks:
        return None
    was, now = _sides(one, order), _sides(two, order)
    found = Paired(
        old=was,
        new=now,
        scale=_defined(one.scale, was, now, one),
        paired=one.paired or one.scale in ONE_SET,
        way=1,
        noise=_noise(one, two, noise),
        down=down,
        up=up,
        allowance=None,
        seed=int(digest([old.content, "drift"])[:16], 16),
        alpha=old.alpha or ALPHA,
        family=new.family or 1,
        blocks=one.blocks,
        left_out=len(one.first.keys() | two.first.keys()) - len(order[0]),
    )
    return _directed(found, old)


def same_values(old: SavedClaim, new: SavedClaim) -> bool:
    """Say whether two rows have the same values to the last digit that is kept."""
    one, two = old.values, new.values
    return one is not None and two is not None and replace(one, noise=None) == replace(two, noise=None)


def _noise(one: SavedValues, two: SavedValues, share: float) -> float:
    """Return the noise: as it was measured, or a share of the largest value of either run if that is larger."""
    # The numbers that values are correlated with are no measurements.
    other = () if one.scale == "correlation" else (*one.second.values(), *two.second.values())
    largest = max(map(abs, (*one.first.values(), *two.first.values(), *other)))
    # More than a little is no rounding but a continuation that went another way: units differ by that, not claims.
    return max(share * largest, min(MOST * largest, max(one.noise or 0.0, two.noise or 0.0)))


def noise_of(*dtypes: str) -> float:
    """Return which share of the largest value may change when a model is run again, for the coarsest number type."""
    return max(NOISE.get(dtype, NOISE["bfloat16"]) for dtype in dtypes)


def as_effect(change: Change, level: float = 0.95) -> Effect:
    """Return a change as results hold effects."""
    e = change.estimate(level)
    size = e.effect
    return Effect(e.name, e.value, e.low, e.high, e.level, e.method, size.key, size.short, size.signed)


def _directed(found: Paired, old: SavedClaim) -> Paired:
    """Return which direction favours the claim, and the change it tolerates if a share of its effect has no meaning."""
    strength = found.strength
    if old.side in DENIALS:
        change = found.change.value or 0.0
        ways = {"not greater": -1, "not less": 1, "within": -1 if strength + change > 0 else 1}
        way = ways[str(old.side)]
    else:
        way = {"greater": 1, "less": -1}.get(str(old.side), 1 if strength >= 0 else -1)
    # That a share is small is no effect of which a share could be lost.
    few = old.values is not None and old.values.scale in ONE_SET and old.side == "less"
    shown = old.verdict == "supported" and old.side not in DENIALS and not few
    return replace(found, way=way, allowance=None if shown else max(abs(strength), _half(old)))


def _half(row: SavedClaim) -> float:
    """Return half the width of a row's interval, 0 without one."""
    effect = row.effect
    if effect is None or effect.low is None or effect.high is None:
        return 0.0
    return (effect.high - effect.low) / 2


def _shared(one: SavedValues, two: SavedValues) -> tuple[list[str], list[str]] | None:
    """Return the units of both sets that have values in both runs, in the order of the first; None if too few."""
    first = [key for key in one.first if key in two.first]
    same = one.first.keys() == two.first.keys() and one.second.keys() == two.second.keys()
    if not same and (one.scale != "mean AUROC" or 2 * len(first) < max(len(one.first), len(two.first))):
        return None
    few = len(first) < 2 or (one.scale not in ONE_SET and len(one.second) < 2)
    return None if few else (first, list(one.second))


def _sides(values: SavedValues, order: tuple[list[str], list[str]]) -> Sides:
    first = np.array([values.first[key] for key in order[0]])
    if values.scale in ONE_SET:
        return first - ONE_SET[values.scale], np.zeros(len(first))
    return first, np.array([values.second[key] for key in order[1]])


def _defined(scale: Scale, was: Sides, now: Sides, values: SavedValues) -> ChangeScale:
    """Return on which scale the change stands."""
    if scale == "mean" or scale == "mean AUROC":
        return "difference"
    if scale == "sd":
        change = effect_change(was, now, scale=scale, paired=values.paired, blocks=values.blocks)
        return "difference" if change.value is None else scale
    return scale
