"""How an effect changed between two rows of one claim, from the values of the same units under both models."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from neuronclaims import stats
from neuronclaims.baselines.rows import Row, Scale, Values, digest
from neuronclaims.results import Effect
from neuronclaims.stats import effect_change

if TYPE_CHECKING:
    from neuronclaims.stats import Change

    Sides = tuple[NDArray[np.float64], NDArray[np.float64]]

NOISE = {"float32": 1e-5, "float64": 1e-5, "float16": 2e-3, "bfloat16": 2e-2}
"""By how much of the largest value a value may differ when the same model is asked the same again, by number type."""

MOST = 0.05
"""The largest share of the largest value that is taken for noise, whatever was measured."""

DENIALS = ("within", "not greater", "not less")
DRAWS = 9_999


@dataclass(frozen=True, slots=True)
class Paired:
    """The values of one claim's units in two runs, in one order of units: each two arrays, [n1] and [n2].

    ``way`` is 1 where a rise of the effect favours the claim, else -1; ``noise`` is what a value may move by when it is
    measured again; ``down`` and ``up`` are the shares of the effect by which it may fall and rise.
    """

    old: Sides
    new: Sides
    scale: Scale
    paired: bool
    way: int
    noise: float
    down: float
    up: float
    allowance: float | None
    seed: int

    @property
    def identical(self) -> bool:
        """Whether all values are the same to the last digit that is kept."""
        return all(np.array_equal(was, now) for was, now in zip(self.old, self.new, strict=True))

    @property
    def within_noise(self) -> bool:
        """Whether no value moved by more than measuring again may move it."""
        moved = (np.abs(now - was).max() for was, now in zip(self.old, self.new, strict=True))
        return bool(max(moved) <= self.noise)

    @property
    def change(self) -> Change:
        """The change of the effect."""
        return self._less(1.0)

    @property
    def floor(self) -> float:
        """The most by which noise alone can change the effect, on its scale."""
        reach = 2 * self.noise
        if self.scale == "difference":
            return reach
        a, b = self.old
        if self.scale == "auroc":
            return float((np.abs(a[:, None] - b[None, :]) <= reach).mean())
        spread = np.std(a - b) if self.paired else np.sqrt((a.var() + b.var()) / 2)
        return reach / float(spread) if spread > 0 else 0.0

    def p_fell(self) -> float:
        """Return the p of "the effect fell at all", noise aside."""
        return self._beyond(1.0, "below", self.floor)

    def p_rose(self) -> float:
        """Return the p of "the effect rose at all", noise aside."""
        return self._beyond(1.0, "above", self.floor)

    def p_weaker(self) -> float:
        """Return the p of "the effect fell by more than its margin"."""
        return self._beyond(*self._margin("below"))

    def p_stronger(self) -> float:
        """Return the p of "the effect rose by more than its margin"."""
        return self._beyond(*self._margin("above"))

    def p_held(self) -> float:
        """Return the p of "the effect neither fell nor rose by its margin": the larger of two one-sided tests."""
        keep, _, low = self._margin("below")
        more, _, high = self._margin("above")
        up, down = self._sides()
        return max(self._less(keep).p(up, -self.way * low), self._less(more).p(down, self.way * high))

    def _margin(self, side: Literal["above", "below"]) -> tuple[float, Literal["above", "below"], float]:
        """Return by what the old effect is multiplied, and what is allowed beyond it: a share, or an amount."""
        share = self.down if side == "below" else self.up
        if self.allowance is not None:
            return 1.0, side, max(share * self.allowance, self.floor)
        if share * abs(self.strength) < self.floor:
            return 1.0, side, self.floor
        return (1 - share if side == "below" else 1 + share), side, 0.0

    @property
    def strength(self) -> float:
        """The old effect, less the value that says nothing."""
        found = effect_change(self.old, self.old, scale=self.scale, paired=self.paired, keep=2.0).value
        return 0.0 if found is None else -found

    def _sides(self) -> tuple[Literal["above", "below"], Literal["above", "below"]]:
        return ("above", "below") if self.way > 0 else ("below", "above")

    def _less(self, keep: float) -> Change:
        return effect_change(self.old, self.new, scale=self.scale, paired=self.paired, keep=keep)

    def _beyond(self, keep: float, side: Literal["above", "below"], allowed: float) -> float:
        """Return the p of "what is left is on ``side``, in the claim's favour or not, by more than is allowed"."""
        favoured, against = self._sides()
        where = favoured if side == "above" else against
        bound = allowed if where == "above" else -allowed
        if self.scale != "difference":
            return self._less(keep).p(where, bound)
        first, second = (now - keep * was for was, now in zip(self.old, self.new, strict=True))
        test = stats.two_sample_test(
            first - bound,
            second,
            paired=self.paired,
            statistic="mean",
            alternative="greater" if where == "above" else "less",
            seed=self.seed,
            resamples=DRAWS,
            max_resamples=DRAWS,
        )
        return 1.0 if test.degenerate and not test.statistic else test.p_value


def paired_values(old: Row, new: Row, *, down: float, up: float, noise: float) -> Paired | None:
    """Join two rows of one claim by their units; None where they do not have the values of the same units.

    A difference in standard deviations that is not defined any more, for values that never vary, is looked at as a
    plain difference.
    """
    one, two = old.values, new.values
    if one is None or two is None or one.blocks is not None or not _alike(one, two):
        return None
    was, now = _sides(one, one), _sides(two, one)
    scale = one.scale
    if scale == "sd" and effect_change(was, now, scale=scale, paired=one.paired).value is None:
        scale = "difference"
    found = Paired(
        old=was,
        new=now,
        scale=scale,
        paired=one.paired,
        way=1,
        noise=_noise(one, two, noise),
        down=down,
        up=up,
        allowance=None,
        seed=int(digest([old.content, "drift"])[:16], 16),
    )
    return _directed(found, old)


def same_values(old: Row, new: Row) -> bool:
    """Say whether two rows have the same values to the last digit that is kept."""
    one, two = old.values, new.values
    return one is not None and two is not None and replace(one, noise=None) == replace(two, noise=None)


def _noise(one: Values, two: Values, share: float) -> float:
    """Return the larger of what was measured to be noise, and of a share of the largest value in either run."""
    largest = max(
        map(abs, (*one.first.values(), *one.second.values(), *two.first.values(), *two.second.values()))
    )
    # More than a little is no rounding but a continuation that went another way: units differ by that, not claims.
    return max(share * largest, min(MOST * largest, max(one.noise or 0.0, two.noise or 0.0)))


def noise_of(*dtypes: str) -> float:
    """Return the share of the largest value that is noise when a model is asked again, for the coarsest number type."""
    return max(NOISE.get(dtype, NOISE["bfloat16"]) for dtype in dtypes)


def as_effect(change: Change, level: float = 0.95) -> Effect:
    """Return a change as results hold effects."""
    e = change.estimate(level)
    return Effect(e.name, e.value, e.low, e.high, e.level, e.method)


def _directed(found: Paired, old: Row) -> Paired:
    """Settle which way favours the claim, and how much change it bears where a share of its effect says nothing."""
    strength = found.strength
    if old.side in DENIALS:
        change = effect_change(found.old, found.new, scale=found.scale, paired=found.paired).value or 0.0
        ways = {"not greater": -1, "not less": 1, "within": -1 if strength + change > 0 else 1}
        way = ways[str(old.side)]
    else:
        way = {"greater": 1, "less": -1}.get(str(old.side), 1 if strength >= 0 else -1)
    shown = old.verdict == "supported" and old.side not in DENIALS
    return replace(found, way=way, allowance=None if shown else max(abs(strength), _half(old)))


def _half(row: Row) -> float:
    """Return half the width of a row's interval, 0 without one."""
    effect = row.effect
    if effect is None or effect.low is None or effect.high is None:
        return 0.0
    return (effect.high - effect.low) / 2


def _alike(one: Values, two: Values) -> bool:
    return (
        (one.of, one.scale, one.paired) == (two.of, two.scale, two.paired)
        and one.first.keys() == two.first.keys()
        and one.second.keys() == two.second.keys()
    )


def _sides(values: Values, order: Values) -> Sides:
    return (
        np.array([values.first[key] for key in order.first]),
        np.array([values.second[key] for key in order.second]),
    )
