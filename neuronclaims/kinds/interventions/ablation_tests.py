"""How the parts of a claim of ablated neurons are tested: that a prediction changes or does not, and the harm."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from neuronclaims import stats
from neuronclaims.kinds.interventions.ablation_sentences import DENIED, SIDES
from neuronclaims.kinds.interventions.ablation_shown import change_of_outcome, divergence_of
from neuronclaims.kinds.interventions.predictions import mean_change, renamed
from neuronclaims.kinds.shared.null_figures import null_of
from neuronclaims.kinds.shared.requests import resamples_of
from neuronclaims.kinds.shared.selection import level_for, widened
from neuronclaims.kinds.shared.subjects import Bound, One
from neuronclaims.sentences.numbers import number_text

if TYPE_CHECKING:
    from neuronclaims.figures import Null
    from neuronclaims.kinds.interventions.ablation_values import Asked, Harmed, Measured
    from neuronclaims.kinds.kind import Answers, Family
    from neuronclaims.stats import Alternative, TestResult


@dataclass(frozen=True, slots=True)
class Part:
    """One of the things that a claim says: that a prediction changes, or that no harm is done."""

    one: One
    bound: Bound
    claimed: str | None
    unit: str
    counts: tuple[tuple[str, int], ...]
    needed: tuple[int, ...] | None
    doubts: tuple[str, ...] = ()
    nulls: tuple[Null, ...] = ()

    @property
    def rank(self) -> int:
        """How it would come out alone: 0 refuted, 1 inconclusive, 2 supported."""
        return self.bound.rank(self.one)


def change_of(asked: Asked, measured: Measured, family: Family) -> Part:
    """Test that the prediction changes as claimed, or by less than the margin."""
    if asked.denied is not None:
        return _unchanged(asked, measured, family)
    said = asked.claim.sentence
    side: Alternative = SIDES[said.direction]
    threshold = None if said.by is None else -said.by if side == "less" else said.by
    many = measured.searched if asked.searched else 1
    made = mean_change(measured.after, measured.before, change_of_outcome(asked), level_for(many))
    test = _flipped(asked, measured, side, family)
    return Part(
        One(said.neurons[0], widened(made, many), test),
        Bound(side, 0.0, threshold, family.alpha),
        None if said.by is None else f"{said.direction} it by at least {number_text(said.by)}",
        asked.units.unit,
        ((said.first, len(asked.units.rows)),),
        _needed(asked, measured, family, threshold=threshold, many=many),
    )


def _unchanged(asked: Asked, measured: Measured, family: Family) -> Part:
    said, margin = asked.claim.sentence, asked.margin
    result = stats.equivalence_test(
        measured.after,
        measured.before,
        margin=margin,
        scale="difference",
        paired=True,
        side=DENIED[said.direction],
        alpha=family.alpha,
    )
    return Part(
        One(said.neurons[0], renamed(result.estimate, change_of_outcome(asked)), result.test),
        Bound(result.side, 0.0, result.threshold, family.alpha),
        f"{said.direction} it by {number_text(margin)} or more",
        asked.units.unit,
        ((said.first, len(asked.units.rows)),),
        _needed(asked, measured, family, margin=margin),
    )


def _flipped(asked: Asked, measured: Measured, side: Alternative, family: Family) -> TestResult:
    resamples, seed = resamples_of(asked.claim.settings), asked.seed(asked.prompts)
    if not asked.searched:
        return stats.two_sample_test(
            measured.after,
            measured.before,
            exchange=stats.Exchange(paired=True, unit=asked.units.unit),
            statistic="mean",
            alternative=side,
            resampling=stats.Resampling(
                seed=seed, draws=resamples, max_draws=max(resamples, family.max_draws)
            ),
            level=family.level,
        )
    after = measured.all_after
    results = stats.max_statistic_tests(
        after,
        np.broadcast_to(measured.before[:, None], after.shape),
        exchange=stats.Exchange(paired=True, unit=asked.units.unit),
        statistic="mean",
        alternative=side,
        resampling=stats.Resampling(seed=seed, draws=resamples),
        level=family.level,
    )
    return results.one(measured.column(asked.claim.sentence.neurons[0]))


def harmless(asked: Asked, harmed: Harmed | None, answers: Answers, family: Family) -> tuple[Part, ...]:
    """Test that the mean divergence is below the limit; its interval, where it has one, must lie below it too.

    Harm that strikes few prompts escapes both too often: of log-normal divergences (sd of the logs 1) whose mean is
    just the limit, 15 % of sets of 10 pass and 11 % of sets of 40, not 2.5 %. No test of a mean without a bound on
    its values does away with that; the notes say so.
    """
    if harmed is None or harmed.at_most is None:
        return ()
    at_most = harmed.at_most
    values, resamples = harmed.divergences(answers), resamples_of(asked.claim.settings)
    estimate = divergence_of(values, harmed.name)
    test = stats.one_sample_test(
        values,
        null=at_most,
        alternative="less",
        unit=harmed.units.unit,
        resampling=stats.Resampling(
            seed=asked.seed(harmed.prompts), draws=resamples, max_draws=max(resamples, family.max_draws)
        ),
        level=family.level,
    )
    limits = np.full_like(values, at_most)
    doubts = stats.doubts(values, limits, paired=True, statistic="mean")
    part = Part(
        One(asked.claim.sentence.neurons[0], estimate, test),
        Bound("less", at_most, None if estimate.high is None else at_most, family.alpha),
        f"at most {number_text(at_most)} nats",
        harmed.units.unit,
        ((harmed.name, len(harmed.units.rows)),),
        None,
        tuple(f"On {harmed.name!r}: {doubt}" for doubt in doubts),
        null_of(
            values,
            limits,
            test,
            paired=True,
            statistic="mean",
            seed=asked.seed(harmed.prompts),
            name=f"{estimate.name} less {number_text(at_most)}",
        ),
    )
    return (part,)


def _needed(
    asked: Asked,
    measured: Measured,
    family: Family,
    *,
    threshold: float | None = None,
    margin: float | None = None,
    many: int = 1,
) -> tuple[int, ...] | None:
    """Return how many units would probably settle it, if the change is what it seems."""
    effect = stats.dz_estimate(measured.after, measured.before).value
    difference = float((measured.after - measured.before).mean())
    if effect is None or difference == 0:
        return None
    count, scale = len(asked.units.rows), abs(effect / difference)
    found = stats.units_needed(
        stats.PlannedClaim(
            statistic="mean",
            effect=effect,
            threshold=None if threshold is None else threshold * scale,
            margin=None if margin is None else margin * scale,
            side=SIDES[asked.claim.sentence.direction],
            paired=True,
            searched=many,
            level=family.level,
        ),
        (count, count),
    )
    return None if found is None else found[:1]
