"""The prediction after neurons got back their values of the clean text of a pair: activation patching."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

from neuronclaims.measurements.changing.along import ChangedAlong
from neuronclaims.measurements.changing.interventions import Patch
from neuronclaims.measurements.changing.needs import (
    ChangedPrediction,
    ChangeNeed,
    Pair,
    RestorationColumns,
)
from neuronclaims.measurements.changing.outcomes.reading import Floats
from neuronclaims.measurements.changing.outcomes.readings import Prediction
from neuronclaims.measurements.measurement import Description, Lengths, TextRequest
from neuronclaims.sites import Site
from neuronclaims.tokens.spans import ALL_TOKENS, ChangedTokens, changed_of


class RestorationSweepColumns(NamedTuple):
    """The prediction on clean and on corrupted texts, [pairs], and patched for each neuron alone, [pairs, width]."""

    clean: Floats
    corrupted: Floats
    patched: Floats


class ChangedPairs(ChangedPrediction):
    """A change in the corrupted texts of pairs, to the values of the clean texts."""

    __slots__ = ()

    what: ClassVar[str] = "restored neurons"
    pairs: tuple[Pair, ...]
    at: ChangedTokens

    def __post_init__(self) -> None:
        object.__setattr__(self, "at", changed_of(self.at))

    @property
    def request(self) -> TextRequest:
        """The predictions of each pair."""
        return TextRequest(self.need, tuple(pair.item for pair in self.pairs))

    @property
    def description(self) -> Description:
        """The measurement in words."""
        need = self.need
        where = "" if self.at == ALL_TOKENS else f"at {self.at}"
        return Description(self.what, need.site, where, need.layers, ("pairs", self.pairs))

    def check_lengths(self, lengths: Lengths) -> None:
        """Check that the texts of each pair fit the model, and that their changed tokens stand for one another."""
        for pair in self.pairs:
            lengths.check_pair(pair.clean, pair.corrupted, self.at)


@dataclass(frozen=True, slots=True)
class Restoration(ChangedPairs):
    """What putting the clean text's values of some neurons into the run on the corrupted text does to a prediction.

    ``neurons`` are (layer, index), patched together at the tokens ``at``, each with the value at the clean text's token
    that stands for it. The answer is float32 [pairs, 3]; ``columns`` names them. This is activation patching (Vig et
    al. 2020, Meng et al. 2022).

    >>> pair = Pair("I ate an", "I ate the")
    >>> restoration = Restoration("mlp_post", ((3, 17),), Prediction(" apple"), (pair,))
    >>> restoration.columns(np.array([[3.0, 1.0, 2.5]], np.float32)).patched
    array([2.5])
    """

    site: Site
    neurons: tuple[tuple[int, int], ...]
    prediction: Prediction
    pairs: tuple[Pair, ...]
    at: ChangedTokens = ALL_TOKENS
    also: tuple[ChangedAlong, ...] = ()

    @property
    def need(self) -> ChangeNeed:
        """The predictions needed of each pair."""
        neurons = tuple(sorted(set(self.neurons)))
        return ChangeNeed(Patch(), self.site, neurons, None, self.at, self.prediction, also=self.also)

    def columns(self, answer: NDArray[np.floating]) -> RestorationColumns:
        """Return the answer, or its means over units, by its columns."""
        return RestorationColumns(*answer.astype(np.float64).T)


@dataclass(frozen=True, slots=True)
class RestorationSweep(ChangedPairs):
    """What patching each neuron of one layer alone does: float32 [pairs, 2 + width], the last ones per neuron.

    >>> sweep = RestorationSweep("mlp_post", 3, Prediction(" apple"), (Pair("I ate an", "I ate the"),))
    >>> sweep.request.need.places
    (('mlp_post', 3),)
    """

    site: Site
    layer: int
    prediction: Prediction
    pairs: tuple[Pair, ...]
    at: ChangedTokens = ALL_TOKENS

    @property
    def need(self) -> ChangeNeed:
        """The predictions needed of each pair."""
        return ChangeNeed(Patch(), self.site, (), self.layer, self.at, self.prediction)

    def columns(self, answer: NDArray[np.floating]) -> RestorationSweepColumns:
        """Return the answer by its columns."""
        rows = answer.astype(np.float64)
        return RestorationSweepColumns(rows[:, 0], rows[:, 1], rows[:, 2:])
