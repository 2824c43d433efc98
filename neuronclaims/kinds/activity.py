"""Activity of a direction in a region: whether states point further along it for one prompt set than for another.

    honesty activity is lower for lie than truth
    honesty activity is higher for truth than lie in layers 10 to 25 over tokens 1 to 30

The direction is fitted at each layer on prompts of its own, by the claim's token rule; scores are projections in
standard deviations of the neutral prompts' scores of the same layer and positions (see ``score``). A prompt's value is
the mean over the layers named (all, where none are) and those of the tokens named that it has; where no tokens are
named, the claim's token rule gives its state. Sets are compared as in a contrast.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from neuronclaims import stats
from neuronclaims.figures import Distributions, Row
from neuronclaims.kinds.activity_findings import design_for, finding_of, names_of, seed_for
from neuronclaims.kinds.activity_maps import Activity, Maps
from neuronclaims.kinds.asking import plain, resamples_of
from neuronclaims.kinds.designs import size_of
from neuronclaims.kinds.effects import effects_of
from neuronclaims.kinds.kind import PATIENCE, ClaimError, Finding, Reach
from neuronclaims.kinds.two_set_values import Values
from neuronclaims.language import Phrase

if TYPE_CHECKING:
    from neuronclaims.kinds.kind import Answers, Family
    from neuronclaims.language import Claim, Positions, Search
    from neuronclaims.measurements import Measurement, ModelFacts
    from neuronclaims.stats import TestResult, TwoSampleDesign


@dataclass(frozen=True, slots=True)
class Region:
    """The sentence about a region named beforehand, in parts."""

    direction: str
    comparison: Literal["higher", "lower"]
    first: str
    second: str
    layers: Search | None = None
    positions: Positions | None = None

    def __str__(self) -> str:
        return REGION_PHRASE.render(self)


REGION_PHRASE = Phrase(
    "{direction:direction} activity is {comparison:higher|lower} for {first:set} than {second:set} "
    "[in {layers:layers}] [over {positions:positions}]",
    Region,
    options=("score",),
)


class RegionKind:
    """A direction that is more, or less, active for one set in a region named beforehand."""

    name, phrase = "activity", REGION_PHRASE

    def reach(self, claim: Claim) -> Reach:
        """Say how small p could get with these prompts."""
        design = design_for(claim)
        return Reach(design.smallest_p(_side(claim)), size_of(design))

    def exchange(self, claim: Claim) -> Hashable | None:  # noqa: ARG002
        """Say that such a claim is tested alone."""
        return None

    def needs(self, claim: Claim, facts: ModelFacts) -> tuple[Measurement, ...]:
        """Ask for the region's layers."""
        return self._activity(claim).needs(facts)

    def judge(self, claim: Claim, answers: Answers, family: Family) -> Finding:
        """Compare the region's mean between the sets."""
        activity, design = self._activity(claim), design_for(claim)
        maps = activity.maps(answers)
        values = _values(activity, maps, design)
        effects = effects_of(values, design)
        difference, others = effects["difference"], (effects["sd"], effects["auroc"])
        needed = None
        if effects["sd"].value is not None:
            needed = _needed(effects["sd"].value, claim, design, family)
        names = (claim.sentence.first, claim.sentence.second)
        rows = Row(names[0], plain(values.first)), Row(names[1], plain(values.second))
        doubts = stats.doubts(values.first, values.second, paired=design.paired, statistic="mean")
        return finding_of(
            activity,
            maps,
            design,
            difference,
            _region_test(claim, values, design, family),
            side=_side(claim),
            others=others,
            needed=needed,
            notes=doubts,
            figures=(Distributions(activity.scale, rows),),
        )

    def _activity(self, claim: Claim) -> Activity:
        return Activity.of(claim, claim.sentence.layers, claim.sentence.positions)


def _side(claim: Claim) -> Literal["greater", "less"]:
    return "greater" if claim.sentence.comparison == "higher" else "less"


def _values(activity: Activity, maps: Maps, design: TwoSampleDesign) -> Values:
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
    return Values(first[:, 0], second[:, 0], first, second, 1)


def _region_test(claim: Claim, values: Values, design: TwoSampleDesign, family: Family) -> TestResult:
    resamples = resamples_of(claim.settings)
    return stats.two_sample_test(
        values.first,
        values.second,
        paired=design.paired,
        statistic="mean",
        alternative=_side(claim),
        seed=seed_for(claim),
        resamples=resamples,
        alpha=family.alpha,
        family=family.size,
        unit=design.unit,
        blocks=design.blocks,
        max_resamples=max(PATIENCE[-1], resamples),
        patience=family.patience,
    )


def _needed(effect: float, claim: Claim, design: TwoSampleDesign, family: Family) -> tuple[int, int] | None:
    return stats.units_needed(
        statistic="mean",
        effect=effect,
        threshold=None,
        margin=None,
        standardised=False,
        side=_side(claim),
        counts=design.counts,
        paired=design.paired,
        alpha=family.alpha,
        family=family.size,
    )


REGION = RegionKind()
