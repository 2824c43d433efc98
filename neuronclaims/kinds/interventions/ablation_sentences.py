"""How claims of ablated neurons read: a prediction is lower, or higher, without them; or it is not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal, TypeAlias

from neuronclaims.kinds.interventions.predictions import Noun, check_noun
from neuronclaims.sentences.neurons import Neuron
from neuronclaims.sentences.numbers import number_text
from neuronclaims.sentences.templates import FieldError, Template

if TYPE_CHECKING:
    from neuronclaims.stats import Alternative
    from neuronclaims.stats.effects.margins import MarginSide

Change: TypeAlias = Literal["lowers", "raises", "does not lower", "does not raise", "does not change"]

SIDES: Mapping[Change, Alternative] = MappingProxyType(
    {
        "lowers": "less",
        "raises": "greater",
        "does not lower": "less",
        "does not raise": "greater",
        "does not change": "two-sided",
    }
)
"""The side of no change that is claimed or denied."""

DENIED: Mapping[Change, MarginSide] = MappingProxyType(
    {"does not lower": "not less", "does not raise": "not greater", "does not change": "within"}
)
"""Where the change lies, seen from the margin, by a claim of "does not"."""


@dataclass(frozen=True, slots=True)
class Ablating:
    """The sentence of ablated neurons, in parts; several are ablated together."""

    noun: Noun
    neurons: tuple[Neuron, ...]
    direction: Change
    token: str
    first: str
    against: str | None = None
    by: float | None = None
    site: str | None = None

    def __post_init__(self) -> None:
        check_noun(self.noun, self.neurons)
        if self.by is None:
            return
        if self.direction in DENIED:
            message = "a claim of 'does not' names no number; the change that would matter is its margin"
            raise FieldError("by", message, f"margin: {number_text(self.by)}")
        if self.by <= 0:
            raise FieldError("by", "the least change claimed must be above 0: the direction is said in words")

    def __str__(self) -> str:
        return TEMPLATE.render(self)


TEMPLATE = Template(
    "ablating [{site:site}] {noun:neuron|neurons} {neurons:neurons} "
    "{direction:lowers|raises|does not lower|does not raise|does not change} {token:token} "
    "[over {against:token}] in {first:texts} [by at least {by:number}]",
    Ablating,
    options=("margin", "replacement", "reference", "outcome", "damage"),
    margin="'margin: 0.5', the change that would matter, in logits (with 'outcome: probability': in probability)",
)
