"""How the share that restored neurons recover is tested: that it is as large as claimed, or smaller than a margin."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from neuronclaims import stats
from neuronclaims.kinds.interventions.predictions import renamed
from neuronclaims.kinds.shared.requests import percent, resamples_of
from neuronclaims.kinds.shared.selection import LEVEL, level_for, widened

if TYPE_CHECKING:
    from neuronclaims.kinds.interventions.restoration_values import Asked, Measured
    from neuronclaims.kinds.kind import Family
    from neuronclaims.stats import Alternative, Estimate, RatioTest, Side

RECOVERED = stats.EffectSize("share_recovered", "share recovered", scale="ratio")


@dataclass(frozen=True, slots=True)
class Judged:
    """What is claimed of the share, and what was found: as for ``kinds.kind.Finding``."""

    estimate: Estimate
    tested: RatioTest
    claimed: str
    side: Side
    null: float
    threshold: float | None
    needed: tuple[int, ...] | None


def judged(asked: Asked, measured: Measured, family: Family) -> Judged:
    """Bound the share recovered, and test it against the one claimed or against the margin."""
    return _denied(asked, measured, family) if asked.denies else _claimed(asked, measured, family)


def _claimed(asked: Asked, measured: Measured, family: Family) -> Judged:
    share, many = asked.number, measured.searched if asked.searched else 1
    level = level_for(many)
    made = stats.ratio_of_means_estimate(measured.tops, measured.bottoms, level=level)
    return Judged(
        estimate=widened(renamed(made, RECOVERED), many),
        tested=_flipped(asked, measured, family, level),
        claimed=f"at least {percent(share)}",
        side="greater",
        null=share,
        threshold=None if made.low is None else share,
        needed=_needed(asked, measured, family, "greater", min(family.alpha, (1 - LEVEL) / 2), many),
    )


def _denied(asked: Asked, measured: Measured, family: Family) -> Judged:
    """Test that the share is below the margin, by the t-test that Fieller's interval turns round."""
    margin, level = asked.number, 1 - 2 * family.alpha
    made = stats.ratio_of_means_estimate(measured.tops, measured.bottoms, level=level)
    tested = stats.ratio_t_test(
        measured.tops,
        measured.bottoms,
        threshold=margin,
        alternative="less",
        unit=asked.units.unit,
        confidence=level,
    )
    return Judged(
        estimate=renamed(made, RECOVERED),
        tested=tested,
        claimed=f"not {percent(margin)} or more",
        side="not greater",
        null=0.0,
        threshold=margin,
        needed=_needed(asked, measured, family, "less", family.alpha),
    )


def _flipped(asked: Asked, measured: Measured, family: Family, level: float) -> RatioTest:
    share, resamples = asked.number, resamples_of(asked.claim.settings)
    alone = stats.ratio_test(
        measured.tops,
        measured.bottoms,
        threshold=share,
        alternative="greater",
        unit=asked.units.unit,
        confidence=level,
        resampling=stats.Resampling(
            seed=asked.seed, draws=resamples, max_draws=max(resamples, family.max_draws)
        ),
        level=family.level,
    )
    if not asked.searched:
        return alone
    gains = measured.all_gains
    results = stats.max_statistic_tests(
        gains,
        np.broadcast_to(share * measured.bottoms[:, None], gains.shape),
        exchange=stats.Exchange(paired=True, unit=asked.units.unit),
        statistic="mean",
        alternative="greater",
        resampling=stats.Resampling(seed=asked.seed, draws=resamples),
        level=family.level,
    )
    return replace(alone, test=results.one(measured.column(asked.claim.sentence.neurons[0])))


def _needed(
    asked: Asked, measured: Measured, family: Family, side: Alternative, alpha: float, many: int = 1
) -> tuple[int, ...] | None:
    """Return how many units would probably do, for the test and for the interval, which is two-sided."""
    effect = stats.dz_estimate(measured.tops, asked.number * measured.bottoms).value
    if effect is None:
        return None
    count = len(asked.units.rows)
    found = stats.units_needed(
        stats.PlannedClaim(
            statistic="mean",
            effect=effect,
            side=side,
            paired=True,
            searched=many,
            level=stats.Level(alpha=alpha, family=family.size),
        ),
        (count, count),
    )
    return None if found is None else found[:1]
