"""One of many that a sentence does not name, such as ``some head of layers 2 to 3``: the one that does the most counts.

For what is changed: each of them is changed by itself, and p allows for all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from neuronclaims.sentences.field_types import (
    FieldType,
    Label,
    MisreadError,
    Pattern,
    Word,
    composed,
    expect_words,
    literal,
)
from neuronclaims.sentences.names import is_name
from neuronclaims.sentences.subjects.forms import Bound
from neuronclaims.sentences.subjects.head_names import SECTION as HEADS
from neuronclaims.sentences.subjects.latents import SECTION as DICTIONARIES
from neuronclaims.sentences.subjects.latents import NamedDictionary
from neuronclaims.sentences.subjects.layers import Layers, LayersField

Picked: TypeAlias = Literal["neuron", "head", "latent"]

_LAYERS: FieldType[Layers] = LayersField()
ALL_LAYERS = Layers(None)
_OF_LAYERS: tuple[Picked, ...] = ("neuron", "head")
_NOUNS = (*_OF_LAYERS, "latent")


@dataclass(frozen=True, slots=True)
class SomeReference:
    """One of the neurons or heads of some layers, or of the latents of a dictionary, that no sentence names.

    ``layers`` are those of neurons and heads, ``dictionary`` is that of latents.

    >>> str(SomeReference("head", Layers((2, 3)))), str(SomeReference("latent", dictionary="sae"))
    ('some head of layers 2 to 3', 'some latent of sae')
    """

    noun: Picked
    layers: Layers = ALL_LAYERS
    dictionary: str = ""

    @property
    def section(self) -> str:
        """The section where its site stands; empty for neurons, whose site the claim says."""
        return {"neuron": "", "head": HEADS, "latent": DICTIONARIES}[self.noun]

    @property
    def name(self) -> str:
        """The name of the entry there."""
        return self.dictionary or self.section

    def __str__(self) -> str:
        if self.dictionary:
            return f"some {self.noun} of {self.dictionary}"
        return f"some {self.noun}" if self.layers.layers is None else f"some {self.noun} of {self.layers}"

    def bound(self, entry: object) -> Bound:
        """Return the layers it may lie in, and their site."""
        if isinstance(entry, NamedDictionary):
            return Bound((), entry.site, Layers((entry.layer,)))
        return Bound((), entry if isinstance(entry, str) else None, self.layers)


@dataclass(frozen=True, slots=True)
class SomeForm:
    """The forms ``some head``, ``some head of layers 2 to 3``, the same of neurons, and ``some latent of sae``."""

    @property
    def patterns(self) -> tuple[Pattern, ...]:
        """Return the rows of words; of layers one form stands for all."""
        every = (Label(_OF_LAYERS, _OF_LAYERS.__contains__),)
        one = next(row for row in _LAYERS.patterns if row[0].accepts("layer"))
        return (
            (*literal("some"), *every),
            (*literal("some"), *every, *literal("of"), *one),
            (*literal("some latent of"), Label(("sae",), is_name)),
        )

    def read(self, words: Sequence[Word]) -> tuple[SomeReference, int]:
        """Read what it is one of, and where that lies.

        >>> from neuronclaims.sentences.field_types import split_words
        >>> found, used = SomeForm().read(split_words("some head of layers 2 to 3 lowers"))
        >>> str(found), used
        ('some head of layers 2 to 3', 7)
        """
        noun = next((each for each in _NOUNS if len(words) > 1 and _is(words[1], each)), None)
        if noun is None:
            expected = tuple(f"'{each}'" for each in _NOUNS)
            raise MisreadError(ahead=1, expected=expected, candidates=_NOUNS)
        if noun == "latent":
            expect_words(words, ("of",), 2)
            if len(words) < 4 or words[3].quoted or not is_name(words[3].text):
                raise MisreadError(ahead=3, expected=("the name of a dictionary",))
            return SomeReference("latent", dictionary=composed(words[3].text)), 4
        picked: Picked = "head" if noun == "head" else "neuron"
        if len(words) < 3 or not _is(words[2], "of"):
            return SomeReference(picked), 2
        if len(words) == 3:
            raise MisreadError(ahead=3, expected=_LAYERS.expected)
        try:
            layers, used = _LAYERS.read(words[3:])
        except MisreadError as misread:
            raise misread.shifted(3, _LAYERS.expected) from None
        return SomeReference(picked, layers), 3 + used


def _is(word: Word, text: str) -> bool:
    return not word.quoted and word.text == text
