"""Directions and probes as subjects: ``direction honesty at layer 10``, ``probe truth``.

What is changed may be a direction in several layers, ``direction honesty at layers 8 to 12``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, runtime_checkable

from neuronclaims.sentences.field_types import (
    FieldType,
    Label,
    MisreadError,
    Pattern,
    Word,
    composed,
    literal,
)
from neuronclaims.sentences.names import is_name
from neuronclaims.sentences.subjects.forms import Bound
from neuronclaims.sentences.subjects.layers import Layers, LayersField

_LAYERS: FieldType[Layers] = LayersField()
_NAME = Label(("honesty",), is_name)


@runtime_checkable
class HasLayers(Protocol):
    """What a claim file declares as a direction or as a probe."""

    def bound(self, layers: tuple[int, ...]) -> Bound:
        """Return its one number at each layer, as neuron 0 of it; no layers stand for the one that it is of.

        Raises ValueError where it is not of these layers.
        """
        ...


@dataclass(frozen=True, slots=True)
class DirectionReference:
    """A direction or a probe that a sentence names, and the layers that it names, if it names any.

    >>> str(DirectionReference("direction", "honesty", Layers((10,))))
    'direction honesty at layer 10'
    """

    noun: Literal["direction", "probe"]
    name: str
    layers: Layers | None = None

    def __str__(self) -> str:
        at = "" if self.layers is None else f" at {self.layers}"
        return f"{self.noun} {self.name}{at}"

    @property
    def section(self) -> str:
        """The section where it is declared."""
        return f"{self.noun}s"

    def bound(self, entry: object) -> Bound:
        """Return the one number that it is of each layer, and its site."""
        assert isinstance(entry, HasLayers)
        named = () if self.layers is None else self.layers.layers
        if named is None:
            raise ValueError(
                f"which layers a model has is not known here: write them, '{self.name} at layers 0 to 5'"
            )
        return entry.bound(named)


@dataclass(frozen=True, slots=True)
class DirectionForm:
    """The form of a direction or a probe, which begins with that word.

    >>> from neuronclaims.sentences.field_types import split_words
    >>> found, used = DirectionForm("direction").read(split_words("direction honesty at layer 10 activates"))
    >>> str(found), used
    ('direction honesty at layer 10', 5)
    """

    noun: Literal["direction", "probe"]

    @property
    def patterns(self) -> tuple[Pattern, ...]:
        """Return the rows of words without a layer, with one, and with several."""
        named = (*literal(self.noun), _NAME)
        one, _, several, *_ = _LAYERS.patterns
        return named, (*named, *literal("at"), *one), (*named, *literal("at"), *several)

    def read(self, words: Sequence[Word]) -> tuple[DirectionReference, int]:
        """Read the name and, where "at" follows, the layer or the layers."""
        if len(words) < 2 or words[1].quoted or not is_name(words[1].text):
            raise MisreadError(ahead=1, expected=(f"the name of a {self.noun}",))
        name = composed(words[1].text)
        if len(words) < 3 or words[2].quoted or words[2].text != "at":
            return DirectionReference(self.noun, name), 2
        if len(words) < 4 or words[3].quoted or words[3].text not in ("layer", "layers", "all"):
            raise MisreadError(ahead=3, expected=("'layer'", "'layers'"), candidates=("layer", "layers"))
        try:
            layers, used = _LAYERS.read(words[3:])
        except MisreadError as misread:
            raise misread.shifted(3) from None
        return DirectionReference(self.noun, name, layers), 3 + used
