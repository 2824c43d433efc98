"""The values of one claim's units under two models, in pairs, and tests of the change of its effect."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from neuronclaims import stats
from neuronclaims.stats import effect_change
from neuronclaims.stats.effects.changes import moving_together

if TYPE_CHECKING:
    from neuronclaims.stats import Change
    from neuronclaims.stats.effects.changes import ChangeScale

    Sides = tuple[NDArray[np.float64], NDArray[np.float64]]
    Way = Literal["above", "below"]

ALPHA = 0.05
"""The level of a claim whose row tells none."""

DRAWS, MOST = 9_999, 99_999
"""Random arrangements of a test, and the most that are drawn where p is near a limit of its family."""


@dataclass(frozen=True, slots=True)
class Paired:
    """The values of one claim's units in two runs, in one order of units: each two arrays, [n1] and [n2].

    The second are zeros where there is one set alone. ``way`` is 1 where a rise of the effect favours the claim, else
    -1; ``noise`` is what a value may move by when it is measured again; ``down`` and ``up`` are the shares of the
    effect by which it may fall and rise. ``family`` claims are looked at together, at level ``alpha``. ``left_out``
    counts units that only one of the runs has a value for.
    """

    old: Sides
    new: Sides
    scale: ChangeScale
    paired: bool
    way: int
    noise: float
    down: float
    up: float
    allowance: float | None
    seed: int
    alpha: float = ALPHA
    family: int = 1
    blocks: tuple[tuple[int, ...], tuple[int, ...]] | None = None
    left_out: int = 0

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
        if self.scale in ("difference", "share"):
            return reach
        a, b = self.old
        if self.scale == "auroc":
            return float((np.abs(a[:, None] - b[None, :]) <= reach).mean())
        if self.scale == "correlation":
            return float((np.abs(a[:, None] - a[None, :]) <= reach).mean() - 1 / len(a))
        if self.scale == "ratio":
            return self.noise * (1 + abs(self.strength)) / abs(float(b.mean()) or np.inf)
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
        fell, rose = self._less(keep).p(up, -self.way * low), self._less(more).p(down, self.way * high)
        return max(fell, rose, self._unseen("below"), self._unseen("above"))

    @property
    def strength(self) -> float:
        """The old effect, less the value that says nothing."""
        found = effect_change(
            self.old, self.old, scale=self.scale, paired=self.paired, keep=2.0, blocks=self.blocks
        ).value
        return 0.0 if found is None else -found

    def _margin(self, side: Way) -> tuple[float, Way, float]:
        """Return the factor of the old effect and the amount allowed beyond it: the margin is a share, or an amount."""
        share = self.down if side == "below" else self.up
        if self.allowance is not None:
            return 1.0, side, max(share * self.allowance, self.floor)
        if share * abs(self.strength) < self.floor:
            return 1.0, side, self.floor
        return (1 - share if side == "below" else 1 + share), side, 0.0

    def _unseen(self, side: Way) -> float:
        """Return how likely it is that so few units moved to ``side`` if the margin's share moves; 0 on other scales.

        Of units that are each in or out, ten may all stay where one in five is lost: no spread of theirs shows it.
        """
        if self.scale != "share":
            return 0.0
        keep, _, allowed = self._margin(side)
        lost = (side == "below") == (self.way > 0)
        (was, _), (now, _) = (self.old, self.new) if lost else (self.new, self.old)
        bound = min(1.0, allowed or abs(1 - keep) * abs(self.strength))
        step = moving_together(np.concatenate([was, now]))
        return _at_most(float(np.maximum(was - now, 0).sum()) / step, len(was) / step, bound)

    def _sides(self) -> tuple[Way, Way]:
        return ("above", "below") if self.way > 0 else ("below", "above")

    def _less(self, keep: float) -> Change:
        return effect_change(
            self.old, self.new, scale=self.scale, paired=self.paired, keep=keep, blocks=self.blocks
        )

    def _beyond(self, keep: float, side: Way, allowed: float) -> float:
        """Return the p of "the change goes to ``side`` by more than is allowed"."""
        favoured, against = self._sides()
        where = favoured if side == "above" else against
        bound = allowed if where == "above" else -allowed
        # Signs may be flipped of what moves as often to one side as to the other: for shares that is the change itself.
        if self.scale == "difference" or (self.scale == "share" and keep == 1):
            return self._exchanged(keep, where, bound)
        return self._less(keep).p(where, bound)

    def _exchanged(self, keep: float, where: Way, bound: float) -> float:
        first, second = (now - keep * was for was, now in zip(self.old, self.new, strict=True))
        test = stats.two_sample_test(
            first - bound,
            second,
            exchange=stats.Exchange(paired=self.paired, blocks=self.blocks),
            statistic="mean",
            alternative="greater" if where == "above" else "less",
            resampling=stats.Resampling(seed=self.seed, draws=DRAWS, max_draws=MOST),
            level=stats.Level(alpha=self.alpha, family=self.family),
        )
        return 1.0 if test.degenerate and not test.statistic else test.p_value


def _at_most(moved: float, units: float, share: float) -> float:
    """Return P(X <= moved) of a binomial X, between whole numbers by its continuous form."""
    from scipy.special import betainc

    return 1.0 if moved >= units or share <= 0 else float(betainc(units - moved, moved + 1, 1 - share))
