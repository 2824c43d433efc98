"""Shares of tokens or prompts, one per unit: their mean with an interval, and a test against the share claimed.

Flipping signs would be no test here: where nine of ten tokens are claimed, prompts that all have ten of ten lie on one
side by nature, and by chance one time in three. So the test is a score test over units, beside Gaffke's interval,
which holds for all shares; and where a prompt's tokens may be all alike it never gives a smaller p than prompts that
count as one draw each would.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np

from neuronclaims import stats
from neuronclaims.kinds.kind import ClaimError, Statement
from neuronclaims.kinds.shared.requests import percent, plural
from neuronclaims.measurements.arrays.blocks import blocks, give_back
from neuronclaims.sentences.templates import FieldError
from neuronclaims.stats.distributions.bounded_mean import mean_above_p, mean_below_p, mean_limits

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from neuronclaims.claim_files.claims import Prompt
    from neuronclaims.stats import EffectSize, Estimate, Planning, TestResult
    from neuronclaims.stats.designs import Unit


_ROOM = 500_000
"""The most values that are averaged at once; this changes no number."""

ShareSide: TypeAlias = Literal["greater", "less"]
"""On which side of the share claimed the mean share lies by the claim."""


def check_share(share: float | None, lowest: str = "1%", highest: str = "99%", field: str = "share") -> None:
    """Raise FieldError for a share of 0 or 1, which cannot be tested; suggest the nearest one that can."""
    if share is not None and not 0 < share < 1:
        message = "a share of 0% or 100% cannot be tested: it must lie between them"
        raise FieldError(field, message, highest if share == 1 else lowest)


def share_statement(side: ShareSide, share: float, threshold: float | None = None) -> Statement:
    """Return what is claimed of a share: that it exceeds the one named, or stays below it."""
    words = f"at {'least' if side == 'greater' else 'most'} {percent(share)}"
    return Statement(side, share, threshold, words)


@dataclass(frozen=True, slots=True)
class PromptUnits:
    """The units of one set: its prompts, or their groups; ``rows`` are the places of each unit's prompts.

    >>> PromptUnits("group", ((0, 2), (1,))).means(np.array([[1.0], [5.0], [3.0]], dtype=np.float32)).tolist()
    [[2.0], [5.0]]
    """

    unit: Unit
    rows: tuple[tuple[int, ...], ...]

    @classmethod
    def of(cls, prompts: Sequence[Prompt]) -> PromptUnits:
        """Take groups as units where all prompts have one; raise ClaimError for fewer than two units."""
        groups = [prompt.group for prompt in prompts if prompt.group is not None]
        if len(groups) == len(prompts):
            members: dict[str, list[int]] = {name: [] for name in groups}
            for place, name in enumerate(groups):
                members[name].append(place)
            made = cls("group", tuple(tuple(rows) for rows in members.values()))
        else:
            made = cls("prompt", tuple((place,) for place in range(len(prompts))))
        if len(made.rows) < 2:
            raise ClaimError(f"A share needs at least 2 prompts or groups, but there is {made.size}.")
        return made

    @property
    def size(self) -> str:
        """How many there are, in words."""
        return plural(len(self.rows), self.unit)

    def means(self, values: NDArray[np.float32]) -> NDArray[np.float64]:
        """Average the values of prompts [prompts, m] within units: [units, m]."""
        wide = values.astype(np.float64)
        if self.single:
            return wide[[rows[0] for rows in self.rows]] + 0.0  # -0 becomes 0, as in a mean
        return np.array([wide[list(rows)].mean(axis=0) for rows in self.rows])

    @property
    def single(self) -> bool:
        """Whether each unit is one prompt, whose values are its means."""
        return all(len(rows) == 1 for rows in self.rows)


@dataclass(frozen=True, slots=True, eq=False)
class UnitMeans:
    """Values of prompts [prompts, width], averaged within units, of which one column or the mean over units is taken.

    Nothing of the size of the values is made: they may be mapped from a file. ``seen`` is what is averaged of them.

    >>> values = np.array([[1.0, 0.0], [5.0, 2.0], [3.0, 4.0]], dtype=np.float32)
    >>> means = UnitMeans(PromptUnits("group", ((0, 2), (1,))), values)
    >>> means.column(0).tolist(), means.over_units.tolist()
    ([2.0, 5.0], [3.5, 2.0])
    """

    units: PromptUnits
    values: NDArray[np.float32]
    seen: Callable[[NDArray[np.float32]], NDArray[np.float32]] = np.asarray

    @property
    def width(self) -> int:
        """How many columns there are."""
        return int(self.values.shape[1])

    def column(self, index: int) -> NDArray[np.float64]:
        """Return one column, averaged within units: [units]."""
        own = self.seen(np.concatenate([block[:, index] for block in blocks(self.values)]))
        return self.units.means(np.stack([own, own], axis=1))[
            :, 0
        ]  # two columns: summed in the order of rows

    @property
    def over_units(self) -> NDArray[np.float64]:
        """The mean over units of every column: [width]."""
        rows = self.units.rows
        step, single = max(1, _ROOM // max(1, self.width)), self.units.single
        total = np.empty((0, self.width))
        for start in range(0, len(rows), step):
            part = rows[start : start + step]
            if single:
                block = [self.seen(self.values[[each[0] for each in part]]).astype(np.float64) + 0.0]
            else:
                block = [
                    self.seen(self.values[list(each)]).astype(np.float64).mean(axis=0, keepdims=True)
                    for each in part
                ]
            # With the sum so far as a row, so that rows are added one by one, as without blocks.
            total = np.add.reduce(np.concatenate([total, *block]), axis=0, keepdims=True)
            give_back(self.values)
        return np.asarray(total[0] / len(rows))


def planned_share(
    units: PromptUnits, null: float, side: ShareSide, *, counted: bool, alike: bool = True
) -> Planning:
    """Return what so many units can show of a share: of prompts that are ``counted``, or the mean of shares of tokens.

    ``alike`` is that of ``mean_share_test``. Groups are planned as if their prompts went together.
    """
    count = len(units.rows)
    claim = stats.PlannedClaim(
        "share" if counted else "mean share", null, side, paired=True, threshold=null, alike=alike
    )
    return stats.Planning(claim, (count, count), units.unit)


def mean_share(shares: NDArray[np.float64], effect: EffectSize, level: float = 0.95) -> Estimate:
    """Return the mean of shares [units] with Gaffke's interval, which holds for all laws within 0 and 1.

    Where every share is 0 or 1 it is Clopper and Pearson's (docs/adr/0045-skewed-values.md).

    >>> effect = stats.EffectSize("share_of_tokens", "share of tokens", scale="share")
    >>> made = mean_share(np.array([0.5, 0.75, 1.0, 0.75]), effect)
    >>> made.value, made.low > 0, made.high <= 1
    (0.75, True, True)
    """
    shares, mean = np.clip(np.sort(shares), 0.0, 1.0), float(shares.mean())
    low, high = mean_limits(shares, level)

    def tails(bound: float) -> tuple[float, float]:
        return mean_above_p(shares, bound), mean_below_p(shares, bound)

    return stats.Estimate(
        effect, mean, min(low, mean), max(high, mean), level, "Gaffke interval over units", tails
    )


def smallest_share_p(units: int, null: float, *, alike: bool, side: ShareSide = "greater") -> float:
    """Return the least p that ``mean_share_test`` can give: every unit has a share of 1, or of 0 for ``less``.

    Where all tokens of a unit may go one way it is at least null^units:

    >>> smallest_share_p(10, 0.75, alike=True) >= 0.75**10
    True
    """
    return _p_above(1.0, 0.0, units, null if side == "greater" else 1 - null, alike)


def mean_share_test(
    shares: NDArray[np.float64], *, null: float, alike: bool, unit: str, side: ShareSide = "greater"
) -> TestResult:
    """Test that the mean of shares [units] lies above ``null``, or below it, by the dual of their score interval.

    The variance is that of the shares as a part of the largest that their mean allows, at least 1/(2 units) of it, and
    Student's t is taken for the distance from ``null`` (docs/adr/0011-searching-a-grid.md). ``alike`` says that all
    tokens of a unit may go one way. p is then at least null^units, the chance that so many units all have a share of
    1, and at least that of the binomial with as many draws as give this variance: where every share is 0 or 1 it is
    the exact binomial p, where the score test alone was wrong up to 9 % of the time at 5 %.
    """
    mean, n = float(shares.mean()), len(shares)
    variance = float(shares.var(ddof=1))
    greater, less = (
        _p_above(mean, variance, n, null, alike),
        _p_above(1 - mean, variance, n, 1 - null, alike),
    )
    return stats.TestResult(
        statistic=mean,
        p_value=greater if side == "greater" else less,
        p_greater=greater,
        p_less=less,
        alternative=side,
        exact=True,  # nothing is drawn at random
        arrangements=0,
        smallest_p=smallest_share_p(n, null, alike=alike, side=side),
        standard_error=0.0,
        resolved=True,
        degenerate=False,
        method=f"score test of the mean share of {n} {unit}s",
    )


def _p_above(mean: float, variance: float, units: int, null: float, alike: bool) -> float:
    from scipy.special import betainc, stdtr

    room = mean * (1 - mean)
    dispersion = max(variance / room if room > 0 else 0.0, 1 / (2 * units))
    t = (mean - null) / math.sqrt(null * (1 - null) * dispersion / units)
    p = float(stdtr(units - 1, -t))
    if not alike:
        return min(1.0, max(p, null**units))
    seen = variance * (units - 1) / units / room if room > 0 else 1.0
    draws = units / max(seen, 1 / (2 * units))
    binomial = float(betainc(mean * draws, (1 - mean) * draws + 1, null)) if mean > 0 else 1.0
    return min(1.0, max(p, binomial, null**units))
