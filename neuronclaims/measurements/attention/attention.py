"""How much the heads of a layer look at some tokens of each prompt, from some others."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

from neuronclaims.measurements.bases import CheckedByNeed
from neuronclaims.measurements.errors import MeasurementError
from neuronclaims.measurements.facts import ModelFacts
from neuronclaims.measurements.measurement import Description, Lengths, Need, TextRequest
from neuronclaims.tokens.attended import AttendedTokens, place_text
from neuronclaims.tokens.spans import ChangedTokens

ATTENTION = "attn_z"
"""The site that layers have where they have heads."""


@dataclass(frozen=True, slots=True)
class Attention(CheckedByNeed):
    """The attention of all heads of a layer to some tokens, from others: float32 [len(prompts), heads].

    A head gives each token weights over the tokens it looks at, which sum to 1. What counts is the sum of those over
    the tokens of ``to``, averaged over the tokens of ``origin`` that can look at any of them. Keys and values may be
    shared by several heads; weights are those of each head of queries.

    >>> asked = Attention(9, AttendedTokens.read("subject"), ChangedTokens("last"), ("Tom sleeps.",))
    >>> str(asked.request.need), asked.description.head
    ('attention/eager/9/subject from last', 'attention (eager), to subject from last')
    """

    layer: int
    to: AttendedTokens
    origin: ChangedTokens
    prompts: tuple[str, ...]

    @property
    def request(self) -> TextRequest:
        """The attention in each prompt."""
        return TextRequest(AttentionNeed(self.layer, self.to, self.origin), self.prompts)

    @property
    def description(self) -> Description:
        """The measurement in words."""
        rule = f"to {self.to} from {place_text(self.origin)}"
        return Description(
            "attention (eager)", rule=rule, layers=(self.layer,), texts=("prompts", self.prompts)
        )

    def check_lengths(self, lengths: Lengths) -> None:
        """Check that each prompt fits the model, and has the tokens."""
        for prompt in self.prompts:
            lengths.check_length(prompt)
            lengths.check_changed(prompt, self.origin)
            if self.to.at is not None:
                lengths.check_changed(prompt, self.to.at)


@dataclass(frozen=True, slots=True)
class AttentionNeed:
    """The attention of each head of a layer to some tokens, from others, computed by the implementation ``eager``."""

    layer: int
    to: AttendedTokens
    origin: ChangedTokens
    work: ClassVar[str] = "attention"
    text: ClassVar[str] = "prompt"
    worker: ClassVar[str] = "neuronclaims.models.running.attention.measuring:work"

    def __str__(self) -> str:
        return f"attention/eager/{self.layer}/{self.to} from {place_text(self.origin)}"

    @property
    def new_tokens(self) -> int:
        """No token is generated."""
        return 0

    @property
    def places(self) -> tuple[tuple[str, int], ...]:
        """No site: the weights are proven where they are measured."""
        return ()

    def width(self, facts: ModelFacts) -> int:
        """Return how many heads a layer has."""
        return facts.heads

    def check(self, facts: ModelFacts) -> None:
        """Raise MeasurementError where this model cannot answer."""
        check_head(facts, self.layer)

    def cost(self, needs: Sequence[Need], texts: int, facts: ModelFacts) -> Iterator[tuple[str, float]]:
        """Yield passes that end at the highest layer."""
        highest = max(need.layer for need in needs if isinstance(need, AttentionNeed))
        yield "attention", texts * (highest + 1) / facts.layers


def check_head(facts: ModelFacts, layer: int, index: int | None = None) -> None:
    """Raise MeasurementError unless the model has this layer with heads and, where given, this head."""
    if not facts.heads:
        raise MeasurementError(
            f"The configuration of {facts.name} ({facts.architecture}) names no one number of heads for all layers, so "
            "heads cannot be measured on it."
        )
    if not 0 <= layer < facts.layers:
        raise MeasurementError(f"{facts.name} has layers 0 to {facts.layers - 1}; there is no layer {layer}.")
    if layer in facts.lacking.get(ATTENTION, ()):
        raise MeasurementError(
            f"Layer {layer} of {facts.name} has no heads: {facts.lacking[ATTENTION][layer]}"
        )
    if index is not None and not 0 <= index < facts.heads:
        raise MeasurementError(
            f"{facts.name} has no head {layer}:{index}: a layer has {facts.heads}, 0 to {facts.heads - 1}."
        )


def layers_with_heads(facts: ModelFacts) -> tuple[int, ...]:
    """Return the layers that have heads, in order.

    >>> layers_with_heads(ModelFacts("demo", "GPT-2", 2, {"mlp_post": 512}, True, heads=4))
    (0, 1)
    """
    without = facts.lacking.get(ATTENTION, ())
    return tuple(layer for layer in range(facts.layers) if layer not in without)
