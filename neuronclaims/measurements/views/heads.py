"""Heads of attention as a viewed site: what each of them gives, a stretch of the numbers at ``attn_z``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from neuronclaims.measurements.attention.attention import ATTENTION, check_head
from neuronclaims.measurements.errors import MeasurementError
from neuronclaims.measurements.facts import ModelFacts
from neuronclaims.measurements.views.view import ViewedSite


@dataclass(frozen=True, slots=True)
class Heads:
    """What the heads of queries give before their output projection: for each head as many numbers as it is wide.

    >>> from neuronclaims.measurements.facts import ModelFacts
    >>> facts = ModelFacts("demo", "GPT-2", 2, {"attn_z": 128}, True, heads=4)
    >>> HEADS, facts.width_of(HEADS)
    ('attn_z>heads', 4)
    """

    worker: ClassVar[str] = "neuronclaims.models.running.views.heads:running"
    noun: ClassVar[str] = "head"

    def __str__(self) -> str:
        return "heads"

    @property
    def words(self) -> str:
        """Return what they are, for people."""
        return f"heads of {ATTENTION}"

    def number_words(self, layer: int, index: int) -> str:
        """Return the head as sentences write it."""
        return f"head {layer}:{index}"

    @property
    def layer(self) -> int | None:
        """No one layer: every layer that has heads."""
        return None

    @property
    def smooth(self) -> bool:
        """Rounding moves them a little only."""
        return True

    def width(self, facts: ModelFacts) -> int:
        """Return how many heads a layer has."""
        return facts.heads

    def check(self, facts: ModelFacts) -> None:
        """Raise MeasurementError where the numbers at the base are not equally many for each head."""
        check_head(facts, 0 if not facts.layers_at(ATTENTION) else facts.layers_at(ATTENTION)[0])
        if facts.widths[ATTENTION] % facts.heads:
            raise MeasurementError(
                f"{facts.name} has {facts.widths[ATTENTION]} numbers at {ATTENTION}, which are not equally many "
                f"for each of its {facts.heads} heads."
            )


HEADS = ViewedSite(ATTENTION, Heads())
"""The heads of every layer."""
