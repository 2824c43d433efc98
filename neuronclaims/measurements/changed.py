"""Predictions after neurons were changed: restored from another text, or ablated."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass

from neuronclaims.measurements import (
    Ablation,
    AblationSweep,
    ModelFacts,
    Pair,
    Prediction,
    Restoration,
    RestorationSweep,
)
from neuronclaims.measurements.need import Asked, Work, check_place, check_predicts
from neuronclaims.models.errors import MeasurementError


@dataclass(frozen=True, slots=True)
class Changed:
    """A prediction before and after a change to some neurons together or, in a sweep, to each of a layer alone.

    ``change`` is ``restored`` or the replacement of an ablation, ``reference`` the texts that one is taken from.
    """

    change: str
    site: str
    neurons: tuple[tuple[int, int], ...]
    sweep: int | None
    positions: str
    prediction: Prediction
    reference: tuple[str, ...] = ()

    def __str__(self) -> str:
        which = (
            f"each of {self.sweep}"
            if self.sweep is not None
            else " ".join(f"{layer}:{index}" for layer, index in self.neurons)
        )
        parts = [
            self.change,
            self.site,
            which,
            self.positions,
            self.prediction.token,
            self.prediction.against,
        ]
        if self.reference:
            parts.append(hashlib.sha256(json.dumps(self.reference).encode()).hexdigest()[:32])
        return json.dumps(parts, ensure_ascii=True)

    @property
    def work(self) -> Work:
        """Return which worker answers it."""
        return "changed"

    @property
    def layers(self) -> tuple[int, ...]:
        """The layers changed, from below."""
        return (
            (self.sweep,) if self.sweep is not None else tuple(sorted({layer for layer, _ in self.neurons}))
        )

    def width(self, facts: ModelFacts) -> int:
        """Return how many numbers a row has: as the measurements say."""
        restored = self.change == "restored"
        if self.sweep is not None:
            return (2 if restored else 1) + facts.widths[self.site]
        return 3 if restored else 5

    def check(self, facts: ModelFacts) -> None:
        """Raise MeasurementError where this model cannot answer."""
        check_predicts(facts)
        if self.sweep is not None:
            check_place(facts, self.site, self.sweep)
        elif not self.neurons:
            raise MeasurementError("No neuron is named that could be changed.")
        for layer, index in self.neurons:
            check_place(facts, self.site, layer, index)
        if self.change in ("mean", "resample") and not self.reference:
            raise MeasurementError(f"To replace values by {self.change}, texts to take them from are needed.")


def pair_item(pair: Pair) -> str:
    """Return a pair of texts as one."""
    return json.dumps([pair.clean, pair.corrupted], ensure_ascii=True)


def item_pair(item: str) -> Pair:
    """Return the pair of texts that ``pair_item`` made one."""
    return Pair(*json.loads(item))


def restoration(asked: Restoration) -> Asked:
    """Return what restoring some neurons together needs of each pair."""
    need = Changed(
        "restored", asked.site, tuple(sorted(set(asked.neurons))), None, asked.positions, asked.prediction
    )
    return Asked(need, tuple(map(pair_item, asked.pairs)))


def restoration_sweep(asked: RestorationSweep) -> Asked:
    """Return what restoring each neuron of a layer needs of each pair."""
    need = Changed("restored", asked.site, (), asked.layer, asked.positions, asked.prediction)
    return Asked(need, tuple(map(pair_item, asked.pairs)))


def ablation(asked: Ablation) -> Asked:
    """Return what ablating some neurons together needs of each prompt."""
    neurons = tuple(sorted(set(asked.neurons)))
    reference = tuple(sorted(set(asked.reference)))
    return Asked(
        Changed(asked.replacement, asked.site, neurons, None, "all", asked.prediction, reference),
        asked.prompts,
    )


def ablation_sweep(asked: AblationSweep) -> Asked:
    """Return what ablating each neuron of a layer needs of each prompt."""
    reference = tuple(sorted(set(asked.reference)))
    return Asked(
        Changed(asked.replacement, asked.site, (), asked.layer, "all", asked.prediction, reference),
        asked.prompts,
    )
