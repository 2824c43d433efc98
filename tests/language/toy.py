"""Two kinds of sentence as any kind of claim would declare them, and one that has every type of hole."""

from __future__ import annotations

from dataclasses import dataclass

from neuronclaims.language import Amount, FieldError, Neuron, Phrase


@dataclass(frozen=True, slots=True)
class Contrast:
    neuron: Neuron
    direction: str
    first: str
    second: str
    by: Amount | None = None
    site: str | None = None


@dataclass(frozen=True, slots=True)
class Separation:
    neuron: Neuron
    first: str
    second: str
    auroc: float | None = None
    site: str | None = None

    def __post_init__(self) -> None:
        if self.auroc is not None and not 0 <= self.auroc <= 1:
            raise FieldError("auroc", "an AUROC lies between 0 and 1")


@dataclass(frozen=True, slots=True)
class Everything:
    neurons: tuple[Neuron, ...]
    verb: str
    token: str
    place: str
    count: int | None = None
    share: float | None = None
    number: float | None = None
    by: Amount | None = None
    site: str | None = None


CONTRAST = Phrase(
    "[{site:site}] neuron {neuron:neuron} activates {direction:more|less} for {first:set} than {second:set} "
    "[by at least {by:amount}]",
    Contrast,
)
SEPARATION = Phrase(
    "[{site:site}] neuron {neuron:neuron} separates {first:set} from {second:set} "
    "[with AUROC at least {auroc:number}]",
    Separation,
)
EVERYTHING = Phrase(
    "ablating [{site:site}] neurons {neurons:neurons} {verb:lowers|raises} {token:token} in {place:set} "
    "[among the top {count:count} in {share:share} of prompts] [beyond {number:number}] [by {by:amount}]",
    Everything,
)
PHRASES = (CONTRAST, SEPARATION)
