"""State what a claim says of the difference of two sets, and what p its prompts can reach."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from neuronclaims import stats
from neuronclaims.kinds.kind import Attainable, Statement
from neuronclaims.stats.distributions.skewed_mean import unseen_p
from neuronclaims.stats.rule import boundaries

if TYPE_CHECKING:
    from neuronclaims.stats import Alternative, Planning, Side, TwoSampleDesign
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
    bound. ``instead`` is what to claim where the standard deviation that a number is counted in is not known.
    ``of_changes`` says that values are changes, whose means are never shown by a few prompts, number or not.

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
    instead: str = ""
    of_changes: bool = False

    @property
    def margin_side(self) -> MarginSide:
        """The side of a claim of "does not"."""
        return MARGIN_SIDES[self.alternative]

    @property
    def side(self) -> Side:
        """The side of the threshold on which the effect lies by this claim."""
        return self.alternative if self.margin is None else self.margin_side

    @property
    def boundaries(self) -> tuple[float, ...]:
        """What the claim puts between true and false."""
        return boundaries(self.side, self.null, self.threshold)

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

    def planning(self, design: TwoSampleDesign) -> Planning | None:
        """Return what a design can show of stated effects; None within blocks, of which no more is known."""
        if design.blocks is not None:
            return None
        plain, number = self.scale == "difference", None
        if self.margin is None and not plain:
            number = self.threshold
        return stats.Planning(
            stats.PlannedClaim(
                statistic=self.statistic,
                effect=self.null,
                side=self.alternative,
                paired=design.paired,
                threshold=number,
                # In the values' own unit a margin is of no known size in sd: some are stated instead.
                margin=1.0 if plain and self.margin is not None else self.margin,
                standardised=self.scale == "sd",
                numbered=bool(self.shift) or self.of_changes,
                each=design.prompts / min(design.counts),
            ),
            design.counts,
            design.unit,
            self._of(design),
        )

    def _of(self, design: TwoSampleDesign) -> str:
        """Return the words that follow a stated effect: what its sd is of, and the number it is counted from."""
        words = ["of the differences"] if design.paired and self.statistic == "mean" else []
        if self.exchanged and self.threshold is not None:
            words.append(f"beyond {abs(self.threshold):g}")
        return " ".join(words)

    def smallest_p(self, design: TwoSampleDesign) -> float:
        """Return the least p that a design can give; 0 if it depends on the values.

        >>> design = stats.two_sample_design([None] * 3, [None] * 3)
        >>> TwoSampleHypothesis("mean", "difference", "greater").smallest_p(design)
        0.1
        """
        return self.attainable(design, "").smallest_p

    def attainable(self, design: TwoSampleDesign, size: str) -> Attainable:
        """Return what the clearest data of a design allow; ``size`` says in words how many units there are."""
        planning = self.planning(design)
        if planning is not None:
            return Attainable.of(planning, size)
        least = design.smallest_p("two-sided") if self.exchanged else 0.0
        if self.scale == "difference" and (self.shift or self.of_changes or self.margin is not None):
            least = max(least, unseen_p(design.prompts))
        one_sided = self.side != "two-sided" or self.threshold is not None
        return Attainable(least, size, against=least if one_sided else 1.0)
