"""How claims of outliers read: of a neuron beyond a bound or a massive one, or not, and of a layer within a band."""

from __future__ import annotations

from dataclasses import dataclass

from neuronclaims.sentences.neurons import Neuron
from neuronclaims.sentences.templates import FieldError, Template


def _check_share(share: float | None) -> None:
    if share is not None and not 0 < share < 1:
        message = "a share of 0% or 100% cannot be tested: it must lie between them"
        raise FieldError("share", message, "99%" if share == 1 else "1%")


def _check_bound(bound: float) -> None:
    if bound <= 0:
        raise FieldError("bound", "the distance from zero must be above 0")


@dataclass(frozen=True, slots=True)
class Outlier:
    """The sentence of a neuron beyond a bound, in parts."""

    neuron: Neuron
    bound: float
    share: float
    first: str
    site: str | None = None

    def __post_init__(self) -> None:
        _check_bound(self.bound)
        _check_share(self.share)

    def __str__(self) -> str:
        return OUTLIER_TEMPLATE.render(self)


@dataclass(frozen=True, slots=True)
class NoOutlier:
    """The sentence of a neuron that is seldom beyond a bound, in parts."""

    neuron: Neuron
    bound: float
    share: float
    first: str
    site: str | None = None

    def __post_init__(self) -> None:
        _check_bound(self.bound)
        _check_share(self.share)

    def __str__(self) -> str:
        return NO_OUTLIER_TEMPLATE.render(self)


@dataclass(frozen=True, slots=True)
class Massive:
    """The sentence of a massive neuron, in parts."""

    neuron: Neuron
    first: str
    share: float | None = None
    site: str | None = None

    def __post_init__(self) -> None:
        _check_share(self.share)

    def __str__(self) -> str:
        return MASSIVE_TEMPLATE.render(self)


@dataclass(frozen=True, slots=True)
class NotMassive:
    """The sentence of a neuron that is seldom massive, in parts."""

    neuron: Neuron
    share: float
    first: str
    site: str | None = None

    def __post_init__(self) -> None:
        _check_share(self.share)

    def __str__(self) -> str:
        return NOT_MASSIVE_TEMPLATE.render(self)


@dataclass(frozen=True, slots=True)
class Band:
    """The sentence of a layer within a band, in parts."""

    share: float
    layer: int
    bound: float
    first: str
    site: str | None = None

    def __post_init__(self) -> None:
        _check_bound(self.bound)
        _check_share(self.share)

    def __str__(self) -> str:
        return BAND_TEMPLATE.render(self)


OUTLIER_TEMPLATE = Template(
    "[{site:site}] neuron {neuron:neuron} is an outlier beyond {bound:number} in at least {share:share} "
    "of tokens in {first:set}",
    Outlier,
)
MASSIVE_TEMPLATE = Template(
    "[{site:site}] neuron {neuron:neuron} is massive [in at least {share:share} of prompts] in {first:set}",
    Massive,
)
NO_OUTLIER_TEMPLATE = Template(
    "[{site:site}] neuron {neuron:neuron} is not an outlier beyond {bound:number} in more than {share:share} "
    "of tokens in {first:set}",
    NoOutlier,
)
NOT_MASSIVE_TEMPLATE = Template(
    "[{site:site}] neuron {neuron:neuron} is not massive in more than {share:share} of prompts in {first:set}",
    NotMassive,
)
BAND_TEMPLATE = Template(
    "[{site:site}] at least {share:share} of layer {layer:count} lies within {bound:number} of zero in {first:set}",
    Band,
)
