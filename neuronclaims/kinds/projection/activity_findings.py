"""What claims about the activity of a direction have in common: their design, and what a finding tells."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from neuronclaims.kinds.kind import Finding, Sample, Statement
from neuronclaims.kinds.shared.designs import design_of, left_out
from neuronclaims.kinds.shared.requests import in_order, seed_of
from neuronclaims.results import Selection, UnitValues

if TYPE_CHECKING:
    from neuronclaims.claim_files.claims import Claim
    from neuronclaims.figures import Figure
    from neuronclaims.kinds.projection.activity_maps import Activity, Maps
    from neuronclaims.stats import Estimate, Side, TestResult, TwoSampleDesign


FAR = 100.0
"""How many standard deviations of the neutral prompts are more than prompts that vary would give."""


def design_for(claim: Claim) -> TwoSampleDesign:
    """Settle what is exchanged between the sentence's two sets."""
    said = claim.sentence
    return design_of(in_order(claim.sets[said.first]), in_order(claim.sets[said.second]))


def seed_for(claim: Claim) -> int:
    """Return a seed made of the prompts, as for other claims about the same two sets."""
    said = claim.sentence
    sets = in_order(claim.sets[said.first]), in_order(claim.sets[said.second])
    return seed_of(claim.settings, sets, "two sets")


def names_of(activity: Activity) -> tuple[str, str]:
    """Return the names of the two sets."""
    said = activity.claim.sentence
    return said.first, said.second


def finding_of(
    activity: Activity,
    maps: Maps,
    design: TwoSampleDesign,
    estimate: Estimate,
    test: TestResult,
    *,
    side: Side,
    threshold: float | None = None,
    claimed: str | None = None,
    others: tuple[Estimate, ...],
    needed: tuple[int, int] | None,
    notes: tuple[str, ...],
    figures: tuple[Figure, ...] = (),
    nulls: tuple[Figure, ...] = (),
    units: UnitValues | None = None,
) -> Finding:
    """Put together what both sentences tell of their direction."""
    names, direction = names_of(activity), activity.direction
    fitted_on = len({prompt.text for prompt in (*direction.first, *direction.second)})
    made = f"The direction ({direction.method}) was fitted on {fitted_on:,} other prompts, none of them tested here."
    raw = activity.claim.settings.options.score == "raw" and len(maps.layers) > 1
    loud = ("Raw projections grow with the size of the states: layers with large states count for more.",)
    return Finding(
        estimate=estimate,
        statement=Statement(side, 0.0, threshold, claimed),
        test=test,
        sample=Sample(
            design.unit,
            ((names[0], design.counts[0]), (names[1], design.counts[1])),
            paired=design.paired,
            needed=needed,
        ),
        selection=Selection("discovered", direction.names, prompts=fitted_on, what="direction"),
        others=others,
        notes=(
            made,
            *(loud if raw else ()),
            *_far(activity, maps),
            *maps.note(names),
            *left_out(design),
            *notes,
        ),
        figures=(*figures, maps.surface(names, activity.scale), *nulls),
        units=units,
    )


def _far(activity: Activity, maps: Maps) -> tuple[str, ...]:
    """Say where neutral prompts are so much alike that standard deviations of theirs are no scale."""
    if activity.claim.settings.options.score != "z":
        return ()
    sizes = np.nan_to_num(np.abs(np.concatenate([maps.first, maps.second]))).max(axis=(0, 2))
    place = int(sizes.argmax())
    if sizes[place] <= FAR:
        return ()
    return (
        f"At layer {maps.layers[place]} scores lie up to {sizes[place]:,.0f} standard deviations of the neutral "
        "prompts from their mean. These prompts hardly differ there, so it counts for more than other layers: give the "
        "direction neutral prompts that vary more.",
    )
