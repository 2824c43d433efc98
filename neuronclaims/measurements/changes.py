"""Predictions after neurons were changed: patched from the clean text of a pair, ablated, steered."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from neuronclaims.measurements.errors import MeasurementError
from neuronclaims.measurements.facts import ModelFacts
from neuronclaims.measurements.interventions import Intervention, Patch, intervention_of
from neuronclaims.measurements.measurement import Description, Lengths, Need, TextRequest
from neuronclaims.sites import Site

Floats = NDArray[np.float64]

ChangedPositions: TypeAlias = Literal["all", "last"]
"""The positions at which a neuron is changed."""


@dataclass(frozen=True, slots=True)
class Pair:
    """Two texts of equally many tokens, between which a prediction changes.

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


@dataclass(frozen=True, slots=True)
class Prediction:
    """What is asked of the next-token logits after a text: the logit of ``token``, less that of ``against`` if given.

    Both are single tokens, written as they are in the vocabulary's text, a leading space included.

    >>> str(Prediction(" an", " a"))
    "' an' over ' a'"
    """

    token: str
    against: str | None = None

    def __str__(self) -> str:
        return f"{self.token!r}" if self.against is None else f"{self.token!r} over {self.against!r}"

    @property
    def tokens(self) -> tuple[str, ...]:
        """The tokens, one or two."""
        return (self.token,) if self.against is None else (self.token, self.against)


class RestorationColumns(NamedTuple):
    """The prediction on the clean text, on the corrupted text, and on it with the neurons patched: [pairs] each."""

    clean: Floats
    corrupted: Floats
    patched: Floats


class RestorationSweepColumns(NamedTuple):
    """The same, patched for each neuron of the layer alone: [pairs], [pairs] and [pairs, width]."""

    clean: Floats
    corrupted: Floats
    patched: Floats


class AblationColumns(NamedTuple):
    """The prediction and the probability of its token before and after, and the divergence in nats: [prompts] each."""

    before: Floats
    after: Floats
    probability_before: Floats
    probability_after: Floats
    divergence: Floats


class AblationSweepColumns(NamedTuple):
    """The prediction before, [prompts], and after changing each neuron of the layer alone, [prompts, width]."""

    before: Floats
    after: Floats


@dataclass(frozen=True, slots=True)
class Restoration:
    """What putting the clean text's values of some neurons into the run on the corrupted text does to a prediction.

    ``neurons`` are (layer, index), patched together. The answer is float32 [pairs, 3]; ``columns`` names them. This is
    activation patching (Vig et al. 2020, Meng et al. 2022).

    >>> pair = Pair("I ate an", "I ate the")
    >>> restoration = Restoration("mlp_post", ((3, 17),), Prediction(" apple"), (pair,))
    >>> restoration.columns(np.array([[3.0, 1.0, 2.5]], np.float32)).patched
    array([2.5])
    """

    site: Site
    neurons: tuple[tuple[int, int], ...]
    prediction: Prediction
    pairs: tuple[Pair, ...]
    positions: ChangedPositions = "all"
    reader: ClassVar[str | None] = None

    @property
    def request(self) -> TextRequest:
        """The predictions of each pair."""
        neurons = tuple(sorted(set(self.neurons)))
        need = ChangeNeed(Patch(), self.site, neurons, None, self.positions, self.prediction)
        return TextRequest(need, tuple(pair.item for pair in self.pairs))

    @property
    def description(self) -> Description:
        """The measurement in words."""
        layers = tuple(layer for layer, _ in self.neurons)
        return Description("restored neurons", self.site, layers=layers, texts=("pairs", self.pairs))

    @property
    def tokens_named(self) -> tuple[str, ...]:
        """The tokens of the prediction."""
        return self.prediction.tokens

    def columns(self, answer: NDArray[np.floating]) -> RestorationColumns:
        """Return the answer, or its means over units, by its columns."""
        return RestorationColumns(*answer.astype(np.float64).T)

    def check(self, facts: ModelFacts) -> None:
        """Leave it to the need."""

    def check_lengths(self, lengths: Lengths) -> None:
        """Check that the texts of each pair are of one length."""
        for pair in self.pairs:
            lengths.check_pair(pair.clean, pair.corrupted)


@dataclass(frozen=True, slots=True)
class RestorationSweep:
    """The same for every neuron of one layer, each alone: float32 [pairs, 2 + width], the last ones per neuron.

    >>> sweep = RestorationSweep("mlp_post", 3, Prediction(" apple"), (Pair("I ate an", "I ate the"),))
    >>> sweep.request.need.places
    (('mlp_post', 3),)
    """

    site: Site
    layer: int
    prediction: Prediction
    pairs: tuple[Pair, ...]
    positions: ChangedPositions = "all"
    reader: ClassVar[str | None] = None

    @property
    def request(self) -> TextRequest:
        """The predictions of each pair."""
        need = ChangeNeed(Patch(), self.site, (), self.layer, self.positions, self.prediction)
        return TextRequest(need, tuple(pair.item for pair in self.pairs))

    @property
    def description(self) -> Description:
        """The measurement in words."""
        return Description("restored neurons", self.site, layers=(self.layer,), texts=("pairs", self.pairs))

    @property
    def tokens_named(self) -> tuple[str, ...]:
        """The tokens of the prediction."""
        return self.prediction.tokens

    def columns(self, answer: NDArray[np.floating]) -> RestorationSweepColumns:
        """Return the answer by its columns."""
        rows = answer.astype(np.float64)
        return RestorationSweepColumns(rows[:, 0], rows[:, 1], rows[:, 2:])

    def check(self, facts: ModelFacts) -> None:
        """Leave it to the need."""

    def check_lengths(self, lengths: Lengths) -> None:
        """Check that the texts of each pair are of one length."""
        for pair in self.pairs:
            lengths.check_pair(pair.clean, pair.corrupted)


@dataclass(frozen=True, slots=True)
class Ablation:
    """What changing the values of some neurons at all positions does to a prediction, and to everything else.

    ``neurons`` are (layer, index), changed together. ``replacement`` is what they hold instead, an intervention or its
    word; ``reference`` are the texts over whose positions a mean is taken or values are drawn, where it takes any. The
    answer is float32 [prompts, 5]; ``columns`` names them. The divergence is that of the next-token distributions
    before from those after (Kullback-Leibler, nats), averaged over the positions that hold text.

    >>> Ablation("mlp_post", ((3, 17),), "zero", Prediction(" an"), ("I ate",)).replacement
    Zero()
    """

    site: Site
    neurons: tuple[tuple[int, int], ...]
    replacement: Intervention
    prediction: Prediction
    prompts: tuple[str, ...]
    reference: tuple[str, ...] = ()
    reader: ClassVar[str | None] = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "replacement", intervention_of(self.replacement))

    @property
    def request(self) -> TextRequest:
        """The predictions of each prompt."""
        neurons, reference = tuple(sorted(set(self.neurons))), tuple(sorted(set(self.reference)))
        need = ChangeNeed(self.replacement, self.site, neurons, None, "all", self.prediction, reference)
        return TextRequest(need, self.prompts)

    @property
    def description(self) -> Description:
        """The measurement in words."""
        layers = tuple(layer for layer, _ in self.neurons)
        return Description("ablated neurons", self.site, layers=layers, texts=("prompts", self.prompts))

    @property
    def tokens_named(self) -> tuple[str, ...]:
        """The tokens of the prediction."""
        return self.prediction.tokens

    def columns(self, answer: NDArray[np.floating]) -> AblationColumns:
        """Return the answer, or its means over units, by its columns."""
        return AblationColumns(*answer.astype(np.float64).T)

    def check(self, facts: ModelFacts) -> None:
        """Leave it to the need."""

    def check_lengths(self, lengths: Lengths) -> None:
        """Check that each prompt fits the model."""
        for prompt in self.prompts:
            lengths.check_length(prompt)


@dataclass(frozen=True, slots=True)
class AblationSweep:
    """The prediction before, and after changing each neuron of one layer alone: float32 [prompts, 1 + width].

    >>> sweep = AblationSweep("mlp_post", 3, "zero", Prediction(" an"), ("I ate",))
    >>> sweep.columns(np.array([[2.0, 1.0, 1.5]], np.float32)).after
    array([[1. , 1.5]])
    """

    site: Site
    layer: int
    replacement: Intervention
    prediction: Prediction
    prompts: tuple[str, ...]
    reference: tuple[str, ...] = ()
    reader: ClassVar[str | None] = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "replacement", intervention_of(self.replacement))

    @property
    def request(self) -> TextRequest:
        """The predictions of each prompt."""
        reference = tuple(sorted(set(self.reference)))
        need = ChangeNeed(self.replacement, self.site, (), self.layer, "all", self.prediction, reference)
        return TextRequest(need, self.prompts)

    @property
    def description(self) -> Description:
        """The measurement in words."""
        return Description(
            "ablated neurons", self.site, layers=(self.layer,), texts=("prompts", self.prompts)
        )

    @property
    def tokens_named(self) -> tuple[str, ...]:
        """The tokens of the prediction."""
        return self.prediction.tokens

    def columns(self, answer: NDArray[np.floating]) -> AblationSweepColumns:
        """Return the answer by its columns."""
        rows = answer.astype(np.float64)
        return AblationSweepColumns(rows[:, 0], rows[:, 1:])

    def check(self, facts: ModelFacts) -> None:
        """Leave it to the need."""

    def check_lengths(self, lengths: Lengths) -> None:
        """Check that each prompt fits the model."""
        for prompt in self.prompts:
            lengths.check_length(prompt)


@dataclass(frozen=True, slots=True)
class ChangeNeed:
    """A prediction before and after a change to some neurons together or, in a sweep, to each of a layer alone.

    ``reference`` are the texts that the intervention takes values from.
    """

    intervention: Intervention
    site: str
    neurons: tuple[tuple[int, int], ...]
    sweep: int | None
    positions: ChangedPositions
    prediction: Prediction
    reference: tuple[str, ...] = ()
    work: ClassVar[str] = "changed"
    text: ClassVar[str] = "changed text"
    worker: ClassVar[str] = "neuronclaims.models.running.changes:work"

    def __str__(self) -> str:
        named = " ".join(f"{layer}:{index}" for layer, index in self.neurons)
        which = named if self.sweep is None else f"each of {self.sweep}"
        token, against = self.prediction.token, self.prediction.against
        parts = [str(self.intervention), self.site, which, self.positions, token, against]
        if self.reference:
            parts.append(hashlib.sha256(json.dumps(self.reference).encode()).hexdigest()[:32])
        return json.dumps(parts, ensure_ascii=True)

    @property
    def new_tokens(self) -> int:
        """No token is generated."""
        return 0

    @property
    def pairs(self) -> bool:
        """Whether its items are pairs of texts."""
        return self.intervention.takes == "pairs"

    @property
    def layers(self) -> tuple[int, ...]:
        """The layers changed, from below."""
        return (
            (self.sweep,) if self.sweep is not None else tuple(sorted({layer for layer, _ in self.neurons}))
        )

    @property
    def places(self) -> tuple[tuple[str, int], ...]:
        """The sites and layers changed."""
        return tuple((self.site, layer) for layer in self.layers)

    def width(self, facts: ModelFacts) -> int:
        """Return how many numbers a row has: as the measurements say."""
        if self.sweep is not None:
            return (2 if self.pairs else 1) + facts.widths[self.site]
        return len((RestorationColumns if self.pairs else AblationColumns)._fields)

    def check(self, facts: ModelFacts) -> None:
        """Raise MeasurementError where this model cannot answer."""
        facts.check_predicts()
        if self.sweep is not None:
            facts.check_place(self.site, self.sweep)
        elif not self.neurons:
            raise MeasurementError("No neuron is named that could be changed.")
        for layer, index in self.neurons:
            facts.check_place(self.site, layer, index)
        if self.intervention.takes == "reference" and not self.reference:
            raise MeasurementError(
                f"To replace values by {self.intervention}, texts to take them from are needed."
            )

    def cost(self, needs: Sequence[Need], texts: int, facts: ModelFacts) -> Iterator[tuple[str, float]]:
        """Yield what is run before anything is changed, once for all needs, and each change; a sweep as its share."""
        changes = [need for need in needs if isinstance(need, ChangeNeed)]
        before = 2 if self.pairs else 1  # of pairs, both texts are run
        yield "changed predictions", texts * (before + sum(need.sweep is None for need in changes))
        for need in changes:
            if need.sweep is not None:
                share = (facts.layers - need.sweep) / facts.layers
                yield "sweeps", texts * facts.widths[need.site] * share
