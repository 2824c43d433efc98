"""State what a claim says of the difference of two sets, and what p its prompts can reach."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from neuronclaims import stats
from neuronclaims.kinds.kind import Statement

if TYPE_CHECKING:
    from neuronclaims.stats import Alternative, Estimate, Level, Side, TwoSampleDesign
    from neuronclaims.stats.effects.margins import MarginSide, Scale
    from neuronclaims.stats.permutation.relabelling import Statistic

MARGIN_SIDES: Mapping[Alternative, MarginSide] = {
    "greater": "not greater",
    "less": "not less",
    "two-sided": "within",
}
"""What is claimed where one of the alternatives is denied."""


@dataclass(frozen=True, slots=True)
class TwoSampleHypothesis:
    """What a claim says of the effect that two sets have on a value.

    ``statistic`` is what the test is on, ``scale`` what the claim's number is measured on. ``null`` and ``threshold``
    are those of ``stats.decide``; ``claimed`` is the number in the sentence's own words. ``alternative`` is the side
    that is claimed. For "does not" it is the side that is denied: there is a ``margin``, and ``threshold`` is its
    bound.

    >>> TwoSampleHypothesis("mean", "sd", "greater", 0.0, 0.5, "not more by 0.5 sd or more", margin=0.5).side
    'not greater'
    """

    statistic: Statistic
    scale: Scale
    alternative: Alternative
    null: float = 0.0
    threshold: float | None = None
    claimed: str | None = None
    margin: float | None = None

    @property
    def margin_side(self) -> MarginSide:
        """The side of a claim of "does not"."""
        return MARGIN_SIDES[self.alternative]

    @property
    def side(self) -> Side:
        """The side of the threshold on which the effect lies by this claim."""
        return self.alternative if self.margin is None else self.margin_side

    @property
    def statement(self) -> Statement:
        """What the claim states, for its finding."""
        return Statement(self.side, self.null, self.threshold, self.claimed)

    @property
    def exchanged(self) -> bool:
        """Whether exchanging labels tests the claim's boundary: no effect, or a difference in the values' own unit."""
        return self.margin is None and (self.threshold is None or self.scale == "difference")

    @property
    def shift(self) -> float:
        """What is taken off the first set's values before labels are exchanged: the difference claimed, rounded.

        A number of 24 bits, as values have, so that taking it off loses no ties.
        """
        return float(np.float32(self.threshold)) if self.exchanged and self.threshold is not None else 0.0

    def smallest_p(self, design: TwoSampleDesign) -> float:
        """Return the least p that a design can give; 0 if it depends on the values.

        >>> design = stats.two_sample_design([None] * 3, [None] * 3)
        >>> TwoSampleHypothesis("mean", "difference", "greater").smallest_p(design)
        0.1
        """
        if self.exchanged:
            return design.smallest_p("two-sided")
        if self.margin is None or design.blocks is not None:
            return 0.0
        least = stats.smallest_margin_p(
            *design.counts,
            margin=self.margin,
            scale=self.scale,
            paired=design.paired,
            side=self.margin_side,
        )
        return min(1.0, 2 * least)

    def units_needed(
        self, effects: Mapping[Scale, Estimate], design: TwoSampleDesign, level: Level
    ) -> tuple[int, int] | None:
        """Return how many units of each set would probably settle the claim, if the estimate is the true effect.

        None where more would not do. ``effects`` are the estimates on all scales.
        """
        effect = effects["auroc" if self.statistic == "auroc" else "sd"].value
        if effect is None:
            return None
        scale = 1.0
        if self.scale == "difference":
            difference = effects["difference"].value
            if not difference or not effect:
                return None
            scale = abs(effect / difference)  # from the value's own unit to standard deviations
        threshold = None if self.margin is not None or self.threshold is None else self.threshold * scale
        return stats.units_needed(
            stats.PlannedClaim(
                statistic=self.statistic,
                effect=effect,
                threshold=threshold,
                margin=None if self.margin is None else self.margin * scale,
                standardised=self.scale == "sd",
                side=self.alternative,
                paired=design.paired,
                level=level,
            ),
            design.counts,
        )
