"""A view of another package, in one file: the first numbers of a token's values, doubled."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from neuronclaims.measurements import ModelFacts
from neuronclaims.measurements.errors import MeasurementError


@dataclass(frozen=True)
class Doubled:
    """The first ``count`` numbers, doubled."""

    count: int
    layer: int | None = None
    smooth: bool = True
    worker: ClassVar[str] = "viewed:running"
    noun: ClassVar[str] = "double"
    words: ClassVar[str] = "doubles"

    def __str__(self) -> str:
        return f"doubled {self.count} {'' if self.layer is None else self.layer}"

    def number_words(self, layer: int, index: int) -> str:
        return f"double {layer}:{index}"

    def width(self, facts: ModelFacts) -> int:
        return self.count

    def check(self, facts: ModelFacts) -> None:
        if self.count > 99:
            raise MeasurementError("Nothing has so many.")


class RunningDoubled:
    def __init__(self, count: int) -> None:
        self._count = count

    def read(self, values):
        return values[..., : self._count] * 2

    def write(self, values, before, after):
        values = values.clone()
        values[..., : self._count] += (after - before) / 2
        return values


def running(ready, view, layer):
    assert 0 <= layer < ready.facts.layers
    return RunningDoubled(view.count)
