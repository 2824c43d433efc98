"""What other neurons do that get the same change: drawn at random for each text, of about the size of those named.

A whole layer changed neuron by neuron costs thousands of forwards per text. To say whether a neuron does more than
others do, a few suffice, if each text has its own: then no single one of them decides, and the mean over texts speaks
for the layer. For each text the ``NEAREST`` neurons of the same layer are found whose values there are most like those
of the neuron named, in their size and in how far they are changed; of these some are drawn. Seeds come from the text
and the change, so every machine draws alike, and a text that is added changes nothing of the others.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import ClassVar, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from neuronclaims.measurements.changing.needs import ChangeNeed
from neuronclaims.measurements.changing.outcomes.by_norm import ByNorm
from neuronclaims.measurements.changing.outcomes.reading import Floats, Reading
from neuronclaims.measurements.changing.outcomes.readings import Divergence, Loss
from neuronclaims.measurements.facts import ModelFacts
from neuronclaims.measurements.measurement import Description, Lengths, TextRequest

NEAREST = 32
"""Of how many neurons of the layer, those most like the one named in a text, its controls in it are drawn."""

PER_TEXT = 8
"""How many controls a text gets at most."""

PER_WHOLE_TEXT = 2
"""How many it gets at most where all its positions are turned into logits, which costs as much as many blocks."""

BUDGET = 4.0
"""How many forwards of the whole model a claim may cost per text, its controls included."""


def controls_per_text(facts: ModelFacts, layers: Sequence[int], texts: int = 1, most: int = PER_TEXT) -> int:
    """Return how many controls a text gets, 1 to ``most``, so that no text costs more than ``BUDGET`` forwards.

    ``layers`` are those in which neurons are changed, ``texts`` is 2 for pairs of texts. Spent already are a forward
    before the change for each text and one after it, and the look at how large the neurons are. A control costs only
    the blocks from the lowest changed layer on.

    >>> llama = ModelFacts("llama", "Llama", 32, {"mlp_post": 11008}, True)
    >>> [controls_per_text(llama, (layer,)) for layer in (0, 16, 31)], controls_per_text(llama, (0,), texts=2)
    ([1, 2, 8], 4)
    """
    spent = texts + 1 + (max(layers) + 1) / facts.layers
    each = (facts.layers - min(layers)) / facts.layers
    return max(1, min(most, int((BUDGET * texts - spent) / each + 1e-9)))


def most_controls(reading: Reading) -> int:
    """Return how many controls a text gets at most, by what is read of each.

    >>> from neuronclaims.measurements import Prediction
    >>> most_controls(Prediction(" an")), most_controls(Loss())
    (8, 2)
    """
    whole = reading.of if isinstance(reading, ByNorm) else reading
    return PER_WHOLE_TEXT if isinstance(whole, (Loss, Divergence)) else PER_TEXT


@dataclass(frozen=True, slots=True)
class ControlNeed(ChangeNeed):
    """The change of a ``ChangeNeed``, done to ``count`` lists of other neurons in the place of those named, per text.

    >>> from neuronclaims.measurements.changing.interventions import Zero
    >>> from neuronclaims.measurements.changing.needs import Prediction
    >>> from neuronclaims.tokens.spans import ALL_TOKENS
    >>> change = ChangeNeed(Zero(), "mlp_post", ((3, 17),), None, ALL_TOKENS, Prediction(" an"))
    >>> need = ControlNeed.instead(change, 2)
    >>> need.count, need.neurons
    (2, ((3, 17),))
    """

    count: int = 1

    @classmethod
    def instead(cls, change: ChangeNeed, count: int) -> ControlNeed:
        """Return the need of ``count`` controls of a change to some neurons."""
        return cls(**{field.name: getattr(change, field.name) for field in fields(ChangeNeed)}, count=count)

    def __str__(self) -> str:
        return json.dumps(["controls", self.count, self.change], ensure_ascii=True)

    @property
    def change(self) -> str:
        """The name of the change itself. Seeds are made of it and the text, so that more controls change none."""
        return ChangeNeed.__str__(self)

    def width(self, facts: ModelFacts) -> int:  # noqa: ARG002
        """Return how many numbers a row has: ``ControlColumns`` and the neurons drawn."""
        return self.count * (3 + len(self.neurons)) + 1

    def passes(self, facts: ModelFacts) -> tuple[str, float]:
        """Return the share of the model that lies above the lowest change, once for each control."""
        return "controls", self.count * (facts.layers - self.layers[0]) / facts.layers


class ControlColumns(NamedTuple):
    """What controls do, per text: what is read after each, and the share beside it, [texts, controls].

    ``size`` [texts] is the mean size of the values of the neurons named, ``sizes`` [texts, controls] of the controls'.
    """

    after: Floats
    beside_after: Floats
    size: Floats
    sizes: Floats

    @property
    def relative_sizes(self) -> Floats:
        """The sizes of the controls' values as multiples of those of the neurons named; NaN where these are 0."""
        return self.sizes / np.where(self.size > 0, self.size, np.nan)[:, None]


class Changing(Protocol):
    """A measurement of what a change to some neurons does, such as ``Ablation`` and ``Restoration``."""

    @property
    def need(self) -> ChangeNeed:
        """The change."""
        ...

    @property
    def request(self) -> TextRequest:
        """The change and its texts."""
        ...

    @property
    def description(self) -> Description:
        """The measurement in words."""
        ...

    @property
    def tokens_named(self) -> tuple[str, ...]:
        """The tokens of the prediction."""
        ...

    def check_lengths(self, lengths: Lengths) -> None:
        """Check the texts."""
        ...


@dataclass(frozen=True, slots=True)
class Controls:
    """What random neurons do in the place of those that ``of`` changes: for each text ``count`` lists of its own.

    A list has as many neurons of each layer as are named, none of these among them. The answer is float32 [texts,
    width]; ``columns`` names it, ``neurons`` says which were drawn.

    >>> from neuronclaims.measurements import Ablation, Prediction
    >>> controls = Controls(Ablation("mlp_post", ((3, 17),), "zero", Prediction(" an"), ("I ate",)), 2)
    >>> answer = np.array([[1.0, 2.0, 0.1, 0.2, 0.7, 0.6, 0.8, 5, 9]], np.float32)
    >>> controls.columns(answer).after, controls.neurons(answer).tolist()
    (array([[1., 2.]]), [[[5], [9]]])
    """

    reader: ClassVar[str | None] = None
    of: Changing
    count: int

    @property
    def need(self) -> ControlNeed:
        """What is needed of each text."""
        return ControlNeed.instead(self.of.need, self.count)

    @property
    def request(self) -> TextRequest:
        """The controls of each text."""
        return TextRequest(self.need, self.of.request.items)

    @property
    def description(self) -> Description:
        """The measurement in words."""
        own = self.of.description
        return replace(own, what=f"controls of {own.what}")

    @property
    def tokens_named(self) -> tuple[str, ...]:
        """The tokens of the prediction."""
        return self.of.tokens_named

    def check(self, facts: ModelFacts) -> None:
        """Leave it to the need."""

    def check_lengths(self, lengths: Lengths) -> None:
        """Check the texts as those of the change itself."""
        self.of.check_lengths(lengths)

    def columns(self, answer: NDArray[np.floating]) -> ControlColumns:
        """Return the answer, or its means over units, by its columns."""
        rows, k = answer.astype(np.float64), self.count
        return ControlColumns(rows[:, :k], rows[:, k : 2 * k], rows[:, 2 * k], rows[:, 2 * k + 1 : 3 * k + 1])

    def neurons(self, answer: NDArray[np.floating]) -> NDArray[np.int64]:
        """Return the indices drawn [texts, controls, neurons]; their layers are those of the need's neurons."""
        drawn = answer[:, 3 * self.count + 1 :].astype(np.int64)
        return drawn.reshape(len(answer), self.count, len(self.need.neurons))

    def names(self, answer: NDArray[np.floating]) -> tuple[str, ...]:
        """Return the neurons of each control in words, those of the first text first.

        >>> from neuronclaims.measurements import Ablation, Prediction
        >>> controls = Controls(Ablation("mlp_post", ((3, 17), (4, 2)), "zero", Prediction(" an"), ("I ate",)), 1)
        >>> controls.names(np.array([[1.0, 0.1, 0.7, 0.6, 5, 9]], np.float32))
        ('3:5, 4:9',)
        """
        layers = [layer for layer, _ in self.need.neurons]
        lists = self.neurons(answer).reshape(-1, len(layers)).tolist()
        return tuple(
            ", ".join(f"{layer}:{index}" for layer, index in zip(layers, drawn, strict=True))
            for drawn in lists
        )
