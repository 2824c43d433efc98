"""Directions and probes as subjects: ``direction honesty at layer 10``, ``probe truth``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, runtime_checkable

from neuronclaims.sentences.field_types import Label, MisreadError, Pattern, Word, composed, literal
from neuronclaims.sentences.names import is_name
from neuronclaims.sentences.subjects.forms import Bound

_LAYER = Label(("10",), lambda text: text.isascii() and text.isdigit() and len(text) < 7)
_NAME = Label(("honesty",), is_name)


@runtime_checkable
class HasLayers(Protocol):
    """What a claim file declares as a direction or as a probe."""

    def bound(self, layer: int | None) -> Bound:
        """Return its one number at a layer, as neuron 0 of it; raise ValueError where it is not of that layer."""
        ...


@dataclass(frozen=True, slots=True)
class DirectionReference:
    """A direction or a probe that a sentence names, and the layer that it names, if it names one.

    >>> str(DirectionReference("direction", "honesty", 10))
    'direction honesty at layer 10'
    """

    noun: Literal["direction", "probe"]
    name: str
    layer: int | None = None

    def __str__(self) -> str:
        at = "" if self.layer is None else f" at layer {self.layer}"
        return f"{self.noun} {self.name}{at}"

    @property
    def section(self) -> str:
        """The section where it is declared."""
        return f"{self.noun}s"

    def bound(self, entry: object) -> Bound:
        """Return the one number that it is of a layer, and its site."""
        assert isinstance(entry, HasLayers)
        return entry.bound(self.layer)


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
        """Return the rows of words without a layer and with one."""
        named = (*literal(self.noun), _NAME)
        return named, (*named, *literal("at layer"), _LAYER)

    def read(self, words: Sequence[Word]) -> tuple[DirectionReference, int]:
        """Read the name and, where "at layer" follows, the layer."""
        if len(words) < 2 or words[1].quoted or not is_name(words[1].text):
            raise MisreadError(ahead=1, expected=(f"the name of a {self.noun}",))
        name = composed(words[1].text)
        if len(words) < 3 or words[2].quoted or words[2].text != "at":
            return DirectionReference(self.noun, name), 2
        if len(words) < 4 or words[3].text != "layer":
            raise MisreadError(ahead=3, expected=("'layer'",), candidates=("layer",))
        if len(words) < 5 or words[4].quoted or not _LAYER.accepts(words[4].text):
            raise MisreadError(ahead=4, expected=("a layer such as 10",))
        return DirectionReference(self.noun, name, int(words[4].text)), 5
