"""Measurements of the weights or the tokenizer alone; no text is run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from neuronclaims.measurements.facts import ModelFacts
from neuronclaims.measurements.measurement import Description, Lengths, TextRequest


@dataclass(frozen=True, slots=True)
class Congruence:
    """The product of output weights of MLP neurons with output weights of tokens; no text is run.

    With ``index`` None: every neuron of the layer with ``token``, float32 [1, width]; with ``token`` None: neuron
    ``index`` with every token, float32 [1, vocabulary]. ``fold_norm`` multiplies the neuron's weights by the scale of
    the final norm, ``centred`` takes the mean over the vocabulary from the token weights, ``cosine`` divides by both
    lengths. ``legacy_embed`` takes the input embedding for the token weights, as some published figures do.

    >>> Congruence(3, 17, None).request is None
    True
    """

    layer: int
    index: int | None
    token: str | None
    fold_norm: bool = True
    centred: bool = True
    cosine: bool = False
    legacy_embed: bool = False
    reader: ClassVar[str | None] = "neuronclaims.models.weights:of_weights"

    @property
    def request(self) -> TextRequest | None:
        """No text."""
        return None

    @property
    def description(self) -> Description:
        """The measurement in words."""
        return Description("output weights", layers=(self.layer,))

    @property
    def tokens_named(self) -> tuple[str, ...]:
        """The token, where one is named."""
        return () if self.token is None else (self.token,)

    def check(self, facts: ModelFacts) -> None:
        """Raise MeasurementError where a model of this shape has no such neuron, or predicts nothing."""
        facts.check_predicts()
        facts.check_place("mlp_post", self.layer, self.index)

    def check_lengths(self, lengths: Lengths) -> None:
        """Check nothing: no text is run."""


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The text of every token, by its id: an array [1, vocabulary] of str.

    >>> Vocabulary().description.head
    'the vocabulary'
    """

    reader: ClassVar[str | None] = "neuronclaims.models.weights:of_weights"

    @property
    def request(self) -> TextRequest | None:
        """No text."""
        return None

    @property
    def description(self) -> Description:
        """The measurement in words."""
        return Description("the vocabulary")

    @property
    def tokens_named(self) -> tuple[str, ...]:
        """No tokens."""
        return ()

    def check(self, facts: ModelFacts) -> None:
        """Check nothing: every model has one."""

    def check_lengths(self, lengths: Lengths) -> None:
        """Check nothing: no text is run."""
