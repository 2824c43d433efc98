"""Restoration: how much of a prediction returns when neurons get back their values of the clean text.

    restoring mlp_post neuron 31:892 recovers at least 30% of " an" over " a" in tree_fruit
    restoring neurons 11:197, 11:373 recovers at least 50% of " an" over " a" in tree_fruit
    restoring neurons 11:197, 11:373 does not recover " an" over " a" in tree_fruit       (margin: 0.1)

The share is sum(restored - corrupted) / sum(clean - corrupted) over pairs of texts, or over their groups, with
Fieller's interval; it is tested by flipping the signs of (restored - corrupted) - share x (clean - corrupted). "Does
not" says that the share lies below the margin, which is a share too; it is tested by Student's t of the same
differences, as Fieller's interval is. A pair whose clean and corrupted predictions hardly differ holds nothing that
could be restored: a claim on it is refused. Controls are the other neurons of the layer or, for several neurons that
are restored together, lists of others drawn at random.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import TYPE_CHECKING

import numpy as np

from neuronclaims import stats
from neuronclaims.kinds.interventions.predictions import place_of, swept, who_of
from neuronclaims.kinds.interventions.restoration_shown import (
    controls_of,
    figures_of,
    notes_of,
    others_of,
)
from neuronclaims.kinds.interventions.restoration_tests import judged
from neuronclaims.kinds.interventions.restoration_values import TEMPLATE, Asked, Measured
from neuronclaims.kinds.kind import Attainable, Finding, Sample, Statement
from neuronclaims.kinds.outliers.outlier_dimensions import (
    largest_share,
    outlier_note,
    shares_of,
    sizes_asked,
)
from neuronclaims.kinds.shared.margins import check_not_searched
from neuronclaims.kinds.shared.neurons import rank_of
from neuronclaims.kinds.shared.null_figures import null_of, null_of_search
from neuronclaims.kinds.shared.requests import percent, plain
from neuronclaims.kinds.shared.selection import selection_notes, selection_of
from neuronclaims.kinds.shared.units import unit_key
from neuronclaims.results import UnitValues

if TYPE_CHECKING:
    from neuronclaims.claim_files.claims import Claim
    from neuronclaims.figures import Null
    from neuronclaims.kinds.interventions.restoration_values import RestorationOptions, Restoring
    from neuronclaims.kinds.kind import Answers, Family
    from neuronclaims.measurements import Measurement, ModelFacts
    from neuronclaims.stats import TestResult


class RestorationKind:
    """Neurons whose values bring back a share of a prediction."""

    name, template = "restoration", TEMPLATE

    def attainable(self, claim: Claim[Restoring, RestorationOptions]) -> Attainable:
        """Say how small p could get with these pairs; for "does not" that depends on their spread.

        Raises ClaimError for a claim of "does not" with a margin that will not do, or about a neuron that was searched.
        """
        asked = Asked.of(claim)
        if not asked.denies:
            return Attainable(asked.units.smallest_p, asked.units.size)
        check_not_searched(claim, who_of(claim))
        count = len(asked.units.rows)
        least = stats.smallest_margin_p(
            count, count, margin=asked.number, scale="difference", paired=True, side="not greater"
        )
        return Attainable(least, asked.units.size)

    def joint_test_key(self, claim: Claim[Restoring, RestorationOptions]) -> Hashable | None:  # noqa: ARG002
        """Say that such a claim is tested alone."""
        return None

    def needs(
        self, claim: Claim[Restoring, RestorationOptions], facts: ModelFacts
    ) -> tuple[Measurement, ...]:
        """Ask for the neurons restored together, and for others as controls."""
        self.attainable(claim)
        asked = Asked.of(claim)
        layers = swept(claim, facts)
        sizes = sizes_asked(claim.sentence.neurons, claim.settings, [pair.clean for pair in asked.pairs])
        return asked.joint, *sizes, *asked.lists(facts), *(asked.sweep(layer) for layer in layers)

    def judge(self, claim: Claim[Restoring, RestorationOptions], answers: Answers, family: Family) -> Finding:
        """Bound the share recovered, and test it against the one claimed."""
        asked = Asked.of(claim)
        measured = Measured.of(asked, answers)
        found, controls = judged(asked, measured, family), controls_of(measured)
        selection = selection_of(claim, who_of(claim), measured.searched if asked.searched else 1)
        neurons = claim.sentence.neurons
        gains = measured.layers[neurons[0].layer].mean(axis=0) if len(neurons) == 1 else None
        sizes = shares_of(neurons, answers)
        rank = None if gains is None else rank_of(neurons[0].index, gains, "share recovered")
        return Finding(
            estimate=found.estimate,
            statement=Statement(found.side, found.null, found.threshold, found.claimed),
            test=found.tested.test,
            sample=Sample(
                asked.units.unit, ((claim.sentence.pairs, len(asked.units.rows)),), needed=found.needed
            ),
            selection=selection,
            others=(*others_of(measured), *controls.others, largest_share(sizes)),
            rank=rank,
            notes=(
                *selection_notes(selection),
                *place_of(rank),
                *controls.notes(len(neurons)),
                *outlier_note(sizes),
                *notes_of(asked, measured),
            ),
            figures=(
                *figures_of(asked, measured, found.estimate, gains),
                *_null(asked, measured, found.tested.test),
                *controls.figures,
            ),
            denominator_positive=found.tested.denominator_positive,
            units=_units(asked, measured),
        )


def _units(asked: Asked, measured: Measured) -> UnitValues:
    """Return what was recovered per unit, and what there was to recover: the effect is the ratio of their sums."""
    settings, pairs = asked.claim.settings, asked.pairs
    texts = tuple(f"{len(pair.clean)}:{pair.clean}{pair.corrupted}" for pair in pairs)
    keys = tuple(unit_key(texts[place] for place in row) for row in asked.units.rows)
    named = ", ".join(map(str, asked.claim.sentence.neurons))
    of = f"{settings.site} {named} restored: {asked.prediction}"
    return UnitValues(of, "ratio", True, (keys, keys), (plain(measured.tops), plain(measured.bottoms)))


def _null(asked: Asked, measured: Measured, test: TestResult) -> tuple[Null, ...]:
    if asked.denies:
        return ()
    due = asked.number * measured.bottoms
    if asked.searched:
        gains = measured.all_gains
        column, lost = (
            measured.column(asked.claim.sentence.neurons[0]),
            np.broadcast_to(due[:, None], gains.shape),
        )
        return null_of_search(gains, lost, column, test, paired=True, statistic="mean", seed=asked.seed)
    name = f"mean of what was recovered less {percent(asked.number)} of what was lost"
    return null_of(measured.tops, due, test, paired=True, statistic="mean", seed=asked.seed, name=name)


KIND = RestorationKind()
