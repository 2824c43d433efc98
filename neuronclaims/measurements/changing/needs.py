"""What is predicted, before and after some neurons are changed, and what is needed of each text for it.

The measurements that ask for it are ``ablations`` and ``restorations``; ``ChangedPrediction`` is their base.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

from neuronclaims.measurements.changing.along import ChangedAlong
from neuronclaims.measurements.changing.interventions import Intervention
from neuronclaims.measurements.changing.outcomes.by_norm import ByNorm
from neuronclaims.measurements.changing.outcomes.reading import AblationColumns, Floats, Reading
from neuronclaims.measurements.changing.outcomes.readings import Prediction, Written
from neuronclaims.measurements.errors import MeasurementError
from neuronclaims.measurements.facts import ModelFacts
from neuronclaims.measurements.measurement import Need
from neuronclaims.measurements.views.view import check_writable
from neuronclaims.tokens.spans import ChangedTokens


@dataclass(frozen=True, slots=True)
class Pair:
    """Two texts between which a prediction changes; of equally many tokens, unless only some are changed.

    >>> Pair("I ate an", "I ate the").item
    '["I ate an", "I ate the"]'
    """

    clean: str
    corrupted: str

    @property
    def item(self) -> str:
        """The pair as one text."""
        return json.dumps([self.clean, self.corrupted], ensure_ascii=True)

    @classmethod
    def of_item(cls, item: str) -> Pair:
        """Return the pair that ``item`` made one text.

        >>> Pair.of_item(Pair("a", "b").item)
        Pair(clean='a', corrupted='b')
        """
        return cls(*json.loads(item))


class RestorationColumns(NamedTuple):
    """The prediction on the clean text, on the corrupted text, and on it with the neurons patched: [pairs] each."""

    clean: Floats
    corrupted: Floats
    patched: Floats


@dataclass(frozen=True, slots=True)
class ChangeNeed:
    """What is read before and after a change to some neurons together or, in a sweep, to each of a layer alone.

    ``reference`` are the texts that the intervention takes values from, ``at`` says at which tokens values change;
    ``also`` is what changes with the neurons, in the same way: whole layers, and neurons of other sites.
    """

    intervention: Intervention
    site: str
    neurons: tuple[tuple[int, int], ...]
    sweep: int | None
    at: ChangedTokens
    prediction: Reading
    reference: tuple[str, ...] = ()
    also: tuple[ChangedAlong, ...] = ()
    work: ClassVar[str] = "changed"
    text: ClassVar[str] = "changed text"
    worker: ClassVar[str] = "neuronclaims.models.running.changing.changes:work"

    def __str__(self) -> str:
        named = " ".join(f"{layer}:{index}" for layer, index in self.neurons)
        which = named if self.sweep is None else f"each of {self.sweep}"
        parts = [str(self.intervention), self.site, which, str(self.at), *self.prediction.parts]
        if self.also:
            parts.append(" and ".join(["", *map(str, self.also)]))
        if self.reference:
            parts.append(hashlib.sha256(json.dumps(self.reference).encode()).hexdigest()[:32])
        return json.dumps(parts, ensure_ascii=True)

    @property
    def new_tokens(self) -> int:
        """How many tokens are generated at most, before and after the change."""
        return 2 * self.prediction.limit if isinstance(self.prediction, Written) else 0

    @property
    def samples(self) -> int:
        """How many texts are generated after each."""
        return self.prediction.samples if isinstance(self.prediction, Written) else 1

    @property
    def pairs(self) -> bool:
        """Whether its items are pairs of texts."""
        return self.intervention.takes == "pairs"

    @property
    def layers(self) -> tuple[int, ...]:
        """The layers changed, from below."""
        return tuple(sorted({layer for _, layer in self.places}))

    @property
    def places(self) -> tuple[tuple[str, int], ...]:
        """The sites and layers changed."""
        if self.sweep is not None:
            return ((self.site, self.sweep),)
        along = {place for each in self.also for place in each.places}
        return tuple(sorted({(self.site, layer) for layer, _ in self.neurons} | along))

    def columns_at(self, place: tuple[str, int]) -> list[int] | slice:
        """Return the neurons that change at a site of a layer, in order; a slice of all for a whole layer."""
        found = {index for layer, index in self.neurons if (self.site, layer) == place}
        for each in self.also:
            columns = each.columns(place)
            if columns is None:
                return slice(None)
            found.update(columns)
        return sorted(found)

    def width(self, facts: ModelFacts) -> int:
        """Return how many numbers a row has: as the measurements say."""
        if self.sweep is not None:
            return (2 if self.pairs else 1) + facts.width_of(self.site)
        if isinstance(self.prediction, Written):
            return 2 * self.prediction.numbers
        return len((RestorationColumns if self.pairs else AblationColumns)._fields)

    def check(self, facts: ModelFacts) -> None:
        """Raise MeasurementError where this model cannot answer."""
        facts.check_predicts()
        if (self.sweep is not None or self.pairs) and not isinstance(self.prediction, Prediction):
            raise MeasurementError(
                f"Of pairs, and of each neuron of a layer alone, predictions of tokens are read, not the "
                f"{self.prediction}."
            )
        if isinstance(self.prediction, Written) and self.prediction.limit < 1:
            raise MeasurementError("A continuation needs a length: say how many new tokens, at least 1.")
        if isinstance(self.prediction, ByNorm):
            facts.check_place("final_norm", facts.layers - 1)
        if self.sweep is not None:
            facts.check_place(self.site, self.sweep)
        elif not self.places:
            raise MeasurementError("No neuron is named that could be changed.")
        for layer, index in self.neurons:
            facts.check_place(self.site, layer, index)
        for site, _ in self.places:
            check_writable(site)
        for each in self.also:
            each.check(facts)
        if self.intervention.takes == "reference" and not self.reference:
            raise MeasurementError(
                f"To replace values by {self.intervention}, texts to take them from are needed."
            )

    def passes(self, facts: ModelFacts) -> tuple[str, float]:
        """Return what this change is called in a plan, and how many passes of one text it takes."""
        if self.sweep is None:
            return "changed predictions", 1.0
        return "sweeps", facts.width_of(self.site) * (facts.layers - self.sweep) / facts.layers

    def cost(self, needs: Sequence[Need], texts: int, facts: ModelFacts) -> Iterator[tuple[str, float]]:
        """Yield what is run before anything is changed, once for all needs, and each change."""
        yield "changed predictions", texts * (2 if self.pairs else 1)  # of pairs, both texts are run
        for need in needs:
            if isinstance(need, ChangeNeed):
                what, passes = need.passes(facts)
                yield what, texts * passes


class ChangedPrediction:
    """What is common to the measurements of a prediction that a change to neurons moves: the need says the rest."""

    __slots__ = ()

    reader: ClassVar[str | None] = None
    what: ClassVar[str]
    """What was done, for errors and plans, such as "ablated neurons"."""

    prediction: Reading

    @property
    def need(self) -> ChangeNeed:
        """What is needed of each text: each measurement says its own."""
        raise NotImplementedError

    @property
    def tokens_named(self) -> tuple[str, ...]:
        """The tokens that are predicted."""
        return self.prediction.tokens

    def check(self, facts: ModelFacts) -> None:
        """Leave it to the need."""
