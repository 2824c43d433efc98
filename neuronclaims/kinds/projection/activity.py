"""Activity of a direction in a region: whether states point further along it for one prompt set than for another.

    honesty activity is lower for lie than truth
    honesty activity is higher for truth than lie in layers 10 to 25 over tokens 1 to 30
    honesty activity is not lower for lie than truth                                       (margin: 0.5 sd)
    honesty activity does not differ between lie and truth in layers 10 to 25              (margin: 0.5 sd)

The direction is fitted at each layer on prompts of its own, by the claim's token rule; scores are projections in
standard deviations of the neutral prompts' scores of the same layer and positions (see ``score``). A prompt's value is
the mean over the layers named (all, where none are) and those of the tokens named that it has; where no tokens are
named, the claim's token rule gives its state. Sets are compared as in a contrast, "does not" against the margin: in
``sd`` of the two sets' prompts (Hedges' g; for pairs dz) or, as a bare number, in the score's own unit. It says that of
the region's mean alone: what is higher at some layers and lower at others may cancel.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from neuronclaims import stats
from neuronclaims.figures import Distributions, Figure, Row
from neuronclaims.kinds.kind import Attainable, ClaimError, Finding
from neuronclaims.kinds.projection.activity_findings import design_for, finding_of, names_of, seed_for
from neuronclaims.kinds.projection.activity_maps import Activity, Maps
from neuronclaims.kinds.projection.activity_sentences import ALIKE_TEMPLATE, REGION_TEMPLATE
from neuronclaims.kinds.projection.activity_tests import hypothesis_of, judged
from neuronclaims.kinds.shared.designs import size_of
from neuronclaims.kinds.shared.null_figures import null_of
from neuronclaims.kinds.shared.requests import plain
from neuronclaims.kinds.shared.two_samples import LayerSamples, NeuronSamples
from neuronclaims.kinds.shared.unit_names import continuations_needed, names_of_units
from neuronclaims.kinds.shared.units import of_two_sets
from neuronclaims.sentences.templates import Template

if TYPE_CHECKING:
    from neuronclaims.claim_files.claims import Claim
    from neuronclaims.kinds.kind import Answers, Family
    from neuronclaims.measurements import Measurement, ModelFacts
    from neuronclaims.stats import TestResult, TwoSampleDesign


MEAN = "This is about the mean over the region: what is higher in one part of it and lower in another may cancel."


@dataclass(frozen=True, slots=True)
class RegionKind:
    """A direction that is more, or less, active for one set in a region named beforehand, or is not."""

    name: str
    template: Template

    def attainable(self, claim: Claim) -> Attainable:
        """Say how small p could get with these prompts."""
        design = design_for(claim)
        return Attainable(hypothesis_of(claim).smallest_p(design), size_of(design))

    def joint_test_key(self, claim: Claim) -> Hashable | None:  # noqa: ARG002
        """Say that such a claim is tested alone."""
        return None

    def needs(self, claim: Claim, facts: ModelFacts) -> tuple[Measurement, ...]:
        """Ask for the region's layers."""
        self.attainable(claim)
        activity, settings = self._activity(claim), claim.settings
        units = zip(activity.sets, _rows(design_for(claim)), strict=True)
        texts = [need for prompts, rows in units for need in continuations_needed(settings, prompts, rows)]
        return *activity.needs(facts), *texts

    def judge(self, claim: Claim, answers: Answers, family: Family) -> Finding:
        """Compare the region's mean between the sets."""
        activity, design = self._activity(claim), design_for(claim)
        maps = activity.maps(answers)
        values = _values(activity, maps, design)
        asked, found = hypothesis_of(claim), judged(claim, values, family)
        names = (claim.sentence.first, claim.sentence.second)
        rows = tuple(
            Row(name, plain(side), names_of_units(claim.settings, prompts, answers, which))
            for name, side, prompts, which in zip(
                names, (values.first, values.second), activity.sets, _rows(design), strict=True
            )
        )
        doubts = stats.doubts(values.first, values.second, paired=design.paired, statistic="mean")
        return finding_of(
            activity,
            maps,
            design,
            found.estimate,
            found.test,
            side=asked.side,
            threshold=asked.threshold,
            claimed=asked.claimed,
            others=found.others,
            needed=found.needed,
            notes=doubts if asked.margin is None else (MEAN, *doubts),
            figures=(Distributions(activity.scale, rows),),
            nulls=_null(claim, values, found.test, design),
            units=of_two_sets(
                activity.scale, asked.scale, design, activity.sets, (values.first, values.second)
            ),
        )

    def _activity(self, claim: Claim) -> Activity:
        return Activity.of(claim, claim.sentence.layers, claim.sentence.positions)


def _rows(design: TwoSampleDesign) -> tuple[Sequence[Sequence[int]], Sequence[Sequence[int]]]:
    return design.first_rows, design.second_rows


def _null(
    claim: Claim, values: NeuronSamples, test: TestResult, design: TwoSampleDesign
) -> tuple[Figure, ...]:
    if hypothesis_of(claim).margin is not None:
        return ()
    first, second, seed = values.first, values.second, seed_for(claim)
    return null_of(
        first, second, test, paired=design.paired, statistic="mean", seed=seed, blocks=design.blocks
    )


def _values(activity: Activity, maps: Maps, design: TwoSampleDesign) -> NeuronSamples:
    """Average each prompt over the cells it has, and units over their prompts."""
    for name, grid, prompts in zip(names_of(activity), (maps.first, maps.second), activity.sets, strict=True):
        short = ~np.isfinite(grid).any(axis=(1, 2))
        if short.any():
            text = prompts[int(short.argmax())].text
            raise ClaimError(
                f"{int(short.sum())} prompts of {name!r} have no token at {activity.positions}, such as {text!r}. "
                "Name earlier tokens, or take longer prompts."
            )
    first, second = design.units(
        *(np.nanmean(grid, axis=(1, 2))[:, None] for grid in (maps.first, maps.second))
    )
    return LayerSamples(first, second, design).neuron(0)


REGION = RegionKind("activity", REGION_TEMPLATE)
ALIKE = RegionKind("activity alike", ALIKE_TEMPLATE)
