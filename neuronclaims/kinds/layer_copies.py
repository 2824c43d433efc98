"""The memory that judging takes where a kind of claim copies whole layers, beyond what a run is allowed to hold.

Kinds that read a layer block by block say so (``by_blocks = True``), and take next to nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from neuronclaims.kinds.registry import kind_of
from neuronclaims.kinds.shared.subjects.selection import searches
from neuronclaims.measurements import Activations

if TYPE_CHECKING:
    from neuronclaims.claim_files.claims import Claim
    from neuronclaims.measurements import Measurement, ModelFacts

WIDER, SEARCHING = 2, 8
"""Layers are copied in float64, twice what they have been measured in; a search makes so many copies more of them."""

EACH_TEXT = 20_000
"""Bytes that drawing takes for each text of a claim, measured on 8,000 and 16,000 of them."""


class LayerCopies:
    """The bytes that judging takes for some claims of one file on one model; copies are made once and then shared."""

    def __init__(self, facts: ModelFacts) -> None:
        self._facts = facts
        self._layers: dict[Activations, int] = {}
        self._most = 0

    def add(self, claim: Claim, needs: Sequence[Measurement]) -> int:
        """Take a claim with what it needs; return the bytes that all claims so far take at most at once."""
        total, most = self._with(claim, needs)
        self._layers |= _layers(claim, needs, self._facts)
        self._most = most
        return total

    def of(self, claim: Claim, needs: Sequence[Measurement]) -> int:
        """Return the bytes that a claim would take, beside the claims so far."""
        return self._with(claim, needs)[0]

    @property
    def total(self) -> int:
        """The bytes that all claims so far take at most at once."""
        return WIDER * sum(self._layers.values()) + self._most

    def _with(self, claim: Claim, needs: Sequence[Measurement]) -> tuple[int, int]:
        own = _layers(claim, needs, self._facts)
        texts = len(
            {text for items in {id(each.prompts): each.prompts for each in own}.values() for text in items}
        )
        beside = EACH_TEXT * texts + (SEARCHING * sum(own.values()) if searches(claim) else 0)
        most = max(self._most, beside)
        return WIDER * sum((self._layers | own).values()) + most, most


def _layers(claim: Claim, needs: Iterable[Measurement], facts: ModelFacts) -> dict[Activations, int]:
    """Return the bytes of each whole layer that a claim's kind copies."""
    if getattr(kind_of(claim.sentence), "by_blocks", False):
        return {}
    found = (each for each in needs if isinstance(each, Activations))
    return {each: 4 * len(each.prompts) * each.request.need.width(facts) for each in found}
