"""Restoration and corruption: how much of a prediction neurons bring back, and how much goes without them.

    restoring mlp_post neuron 31:892 recovers at least 30% of " an" over " a" in tree_fruit
    restoring neurons 11:197, 11:373 recovers " an" over " a" in tree_fruit
    restoring neuron 31:892 recovers at least 30% of " an" over " a" in tree_fruit for at least 80% of pairs
    restoring neurons 11:197, 11:373 does not recover " an" over " a" in tree_fruit       (margin: 0.1)
    corrupting neurons 11:197, 11:373 removes at least 50% of " an" over " a" in tree_fruit

Restored neurons get their values of the clean text while the corrupted one runs: they suffice for what returns.
Corrupted ones get those of the corrupted text while the clean one runs: they are needed for what is lost. The share is
sum(restored - corrupted) / sum(clean - corrupted) over pairs of texts, or over their groups, or
sum(clean - changed) / sum(clean - corrupted), with Fieller's interval; it is tested by flipping the signs of
(restored - corrupted) - share x (clean - corrupted), where a sentence that names no share claims more than 0. "Does
not" says that the share lies below the margin, which is a share too; it is tested by Student's t of the same
differences, as Fieller's interval is. A pair whose clean and corrupted predictions hardly differ holds nothing that
could be restored: a claim on it is refused. Controls are random neurons of about the same size, drawn for each pair
anew; with "more than random neurons do" the claim is of the share beyond theirs.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from neuronclaims import stats
from neuronclaims.kinds.interventions.before_after import mean_change
from neuronclaims.kinds.interventions.changed_share import (
    changed_share,
    changed_share_statement,
    changed_share_test,
    planned_changed_share,
)
from neuronclaims.kinds.interventions.controls.random_neurons import beyond_controls, with_tail
from neuronclaims.kinds.interventions.controls.standing import Standing
from neuronclaims.kinds.interventions.restoration_request import (
    RestorationData,
    RestorationRequest,
)
from neuronclaims.kinds.interventions.restoration_sentence import Corrupting, Restoring, patching_template
from neuronclaims.kinds.interventions.restoration_shown import (
    clearest,
    figures_of,
    notes_of,
    null_of,
    picked_note,
)
from neuronclaims.kinds.kind import Attainable, Finding, Sample, Statement
from neuronclaims.kinds.shared.requests import percent
from neuronclaims.kinds.shared.subjects.neurons import rank_of
from neuronclaims.kinds.shared.subjects.parts import set_tables
from neuronclaims.kinds.shared.subjects.selection import (
    LEVEL,
    level_for,
    widened,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from neuronclaims.kinds.interventions.restoration_request import PatchingClaim
    from neuronclaims.kinds.kind import Answers, Family
    from neuronclaims.measurements import Measurement, ModelFacts
    from neuronclaims.sentences.templates import Template
    from neuronclaims.stats import Estimate, RatioTest

MEDIAN = stats.EffectSize("median_share", "median of single pairs' shares")
CLEAN_LESS_CORRUPTED = stats.EffectSize("clean_less_corrupted", "clean minus corrupted (logits)")


@dataclass(frozen=True, slots=True)
class RecoveredShare:
    """The share recovered, and its test against what is claimed of it."""

    estimate: Estimate
    tested: RatioTest
    statement: Statement


@dataclass(frozen=True, slots=True)
class RestorationKind:
    """Judge claims that neurons' values of another text bring back a share of a prediction, or take it away."""

    name: str
    template: Template[Any]

    def attainable(self, claim: PatchingClaim) -> Attainable:
        """Say what these pairs allow; for "does not" that depends on their spread.

        Raises ClaimError for a claim of "does not" with a margin that will not do.
        """
        request = RestorationRequest.of(claim)
        units, number = request.units, request.number
        often = claim.sentence.often
        if often is not None:
            return Attainable.of(planned_changed_share(units, often), units.size)
        if not request.denies:
            of = f"of the pairs beyond {percent(number)}" if number else "of the pairs"
            return Attainable.of(units.planning("greater", of), units.size)
        return Attainable.of(units.planning("greater", "of the pairs", number), units.size)

    def joint_test_key(self, claim: PatchingClaim) -> Hashable | None:  # noqa: ARG002
        """Say that such a claim is tested alone."""
        return None

    def needs(self, claim: PatchingClaim, facts: ModelFacts) -> tuple[Measurement, ...]:
        """Ask for the neurons restored together, and for others as controls."""
        self.attainable(claim)
        request = RestorationRequest.of(claim)
        named = () if request.picks else (request.together,)
        return *named, *request.controls(facts)

    def judge(self, claim: PatchingClaim, answers: Answers, family: Family) -> Finding:
        """Bound the share recovered, and test it against the one claimed."""
        request = RestorationRequest.of(claim)
        data = RestorationData.of(request, answers)
        leading = data.neuron
        found = _recovered(data, family)
        swept = data.sweeps.layers.get(leading.layer)
        gains = None if swept is None else swept.mean(axis=0)
        rank = None if gains is None else rank_of(leading.index, gains, f"share {request.way.did}")
        standing = Standing.of(claim, answers, data.controls, rank, searched=data.change.many)
        counts = ((claim.sentence.pairs, len(request.units.rows)),)
        return Finding(
            estimate=found.estimate,
            statement=found.statement,
            test=found.tested.test,
            sample=Sample(request.units.unit, counts),
            selection=standing.selection,
            others=(*_beside(data), *standing.others),
            rank=rank,
            notes=(*standing.notes, *picked_note(data), *notes_of(data)),
            figures=(
                *clearest(data),
                *figures_of(data, gains, recovered_in_all(data)),
                *null_of(data, found.tested.test),
                *standing.figures,
                *set_tables(claim),
            ),
            denominator_positive=found.tested.denominator_positive,
            units=data.kept,
        )


def _recovered(data: RestorationData, family: Family) -> RecoveredShare:
    """Bound the share recovered, and test it against the one claimed or against the margin."""
    often = data.request.claim.sentence.often
    if often is not None:
        return _recovered_often(data, often)
    return _denied(data) if data.request.denies else _claimed(data, family)


def _claimed(data: RestorationData, family: Family) -> RecoveredShare:
    request, change = data.request, data.change
    share, confidence = request.number, level_for(change.many)
    tested = stats.ratio_test(
        data.gained,
        data.lost,
        threshold=share,
        alternative="two-sided",
        unit=request.units.unit,
        confidence=confidence,
        resampling=change.resampling(family),
        level=family.level,
    )
    searched = change.search_test(family)
    if searched is not None:
        tested = replace(tested, test=searched)
    made = recovered_in_all(data)
    if not share:
        return RecoveredShare(made, tested, Statement("greater", 0.0))
    threshold = None if made.low is None else share
    said = with_tail(f"at least {percent(share)}", request.claim.sentence.compared)
    return RecoveredShare(made, tested, Statement("greater", share, threshold, said))


def _recovered_often(data: RestorationData, often: float) -> RecoveredShare:
    """Test in how many pairs, or groups by their mean, so much is recovered."""
    units, many = data.request.units, data.change.many
    as_claimed = _as_claimed(data)
    test = changed_share_test(as_claimed, often, units, many)
    estimate = changed_share(as_claimed, units, many, data.sweeps.noun)
    return RecoveredShare(estimate, stats.RatioTest(test, 0.0, True), changed_share_statement(often, units))


def _as_claimed(data: RestorationData) -> NDArray[np.bool_]:
    """Tell for each unit whether as much returns as is claimed, or anything at all where no share is named."""
    number = data.request.number
    enough = data.gained >= number * data.lost if number else data.gained > 0
    return (data.lost > 0) & enough


def recovered_in_all(data: RestorationData) -> Estimate:
    """Return the ratio of what is recovered to what was lost, with its interval."""
    made = stats.ratio_of_means_estimate(data.gained, data.lost, level=level_for(data.change.many))
    return widened(
        replace(made, effect=data.request.effect).of_prompts(data.request.units.texts),
        data.change.many,
        data.sweeps.noun,
    )


def _denied(data: RestorationData) -> RecoveredShare:
    """Test the share against the margin, by the t-test that Fieller's interval turns round."""
    margin, confidence = data.request.number, LEVEL
    made = stats.ratio_of_means_estimate(data.gained, data.lost, level=confidence)
    tested = stats.ratio_t_test(
        data.gained,
        data.lost,
        threshold=margin,
        alternative="two-sided",
        unit=data.request.units.unit,
        confidence=confidence,
    )
    return RecoveredShare(
        replace(made, effect=data.request.effect).of_prompts(data.request.units.texts),
        tested,
        Statement(
            "not greater",
            0.0,
            margin,
            with_tail(f"not {percent(margin)} or more", data.request.claim.sentence.compared),
        ),
    )


def _beside(data: RestorationData) -> tuple[Estimate, ...]:
    """Return the median of single shares, and by how much the predictions differ."""
    summary = stats.ratio_summary(data.moved, data.clean - data.corrupted)
    columns = (data.clean, data.corrupted, data.patched)
    clean, corrupted, patched = map(data.request.units.means, columns)
    often, way = data.request.claim.sentence.often is not None, data.request.way
    return (
        *((recovered_in_all(data),) if often else ()),
        *_beside_controls(data),
        stats.Estimate(MEDIAN, summary.median, None, None, LEVEL, "counted"),
        mean_change(clean, corrupted, CLEAN_LESS_CORRUPTED),
        mean_change(*((patched, corrupted) if way.restores else (clean, patched)), way.changed),
    )


def _beside_controls(data: RestorationData) -> tuple[Estimate, ...]:
    """Return the share beyond that of the controls or, where that is claimed, the share itself."""
    controls, effect = data.controls, data.request.way.effect
    if controls is None:
        return ()
    gained = data.own if controls.claimed else data.own - controls.mean
    made = stats.ratio_of_means_estimate(gained, data.lost, level=LEVEL)
    return (replace(made, effect=effect if controls.claimed else beyond_controls(effect, controls.noun)),)


RESTORATION = RestorationKind("restoration", patching_template("restoring", Restoring))
CORRUPTION = RestorationKind("corruption", patching_template("corrupting", Corrupting))
