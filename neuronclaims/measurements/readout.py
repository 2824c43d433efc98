"""How a neuron goes with the model's own top prediction, document by document."""

from __future__ import annotations

import json
from dataclasses import dataclass
from itertools import pairwise

from neuronclaims.measurements import ModelFacts, Readout
from neuronclaims.measurements.need import Asked, Work, check_place, check_predicts
from neuronclaims.models.errors import MeasurementError


@dataclass(frozen=True, slots=True)
class ReadOut:
    """One neuron, one token, and the edges of the bins its values are counted in."""

    site: str
    layer: int
    index: int
    token: str
    edges: tuple[float, ...]
    legacy_embed: bool = False

    def __str__(self) -> str:
        legacy = ["legacy_embed"] if self.legacy_embed else []
        return json.dumps(["readout", self.site, self.layer, self.index, self.token, self.edges, *legacy])

    @property
    def work(self) -> Work:
        """Return which worker answers it."""
        return "readout"

    def width(self, facts: ModelFacts) -> int:
        """Return how many numbers a row has, whatever the model."""
        del facts
        return 3 + 2 * (len(self.edges) + 1)

    def check(self, facts: ModelFacts) -> None:
        """Raise MeasurementError where this model cannot answer."""
        check_predicts(facts)
        check_place(facts, self.site, self.layer, self.index)
        if any(low >= high for low, high in pairwise(self.edges)):
            raise MeasurementError("The edges of the bins must rise.")


def readout(asked: Readout) -> Asked:
    """Return what reading out a neuron needs of each document."""
    need = ReadOut(asked.site, asked.layer, asked.index, asked.token, asked.edges, asked.legacy_embed)
    return Asked(need, asked.documents)
