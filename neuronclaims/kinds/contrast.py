"""Contrast: a neuron activates more, or less, for one prompt set than for another.

    neuron 11:365 activates more for hanoi than baseline by at least 0.5 sd

Tested by exchanging set labels between prompts (or groups; pairs flip signs) on the difference of means, studentised
when the sets differ in size. A bare number is in the activation's own unit, ``sd`` in pooled standard deviations.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from neuronclaims.kinds.kind import Finding, Plan, Side
from neuronclaims.kinds.two_sets import TwoSets, degenerate, effect_of, rank_of
from neuronclaims.language import Phrase

if TYPE_CHECKING:
    from neuronclaims.kinds.kind import Answers
    from neuronclaims.language import Amount, Claim, Neuron
    from neuronclaims.measurements import ModelFacts


@dataclass(frozen=True, slots=True)
class Contrast:
    """The sentence, in parts."""

    neuron: Neuron
    direction: Literal["more", "less"]
    first: str
    second: str
    by: Amount | None = None
    site: str | None = None

    def __str__(self) -> str:
        return PHRASE.render(self)

    @property
    def side(self) -> Side:
        """Return where the difference of means lies by this claim."""
        return "greater" if self.direction == "more" else "less"


PHRASE = Phrase(
    "[{site:site}] neuron {neuron:neuron} activates {direction:more|less} for {first:set} than {second:set} "
    "[by at least {by:amount}]",
    Contrast,
)
