"""Latents of dictionaries: what the section ``dictionaries:`` gives to sentences, and the words ``latent sae:1234``."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from neuronclaims.sentences.field_types import (
    Label,
    MisreadError,
    Pattern,
    Word,
    composed,
    expect_words,
    literal,
)
from neuronclaims.sentences.messages import quoted
from neuronclaims.sentences.names import is_name
from neuronclaims.sentences.subjects.forms import Bound
from neuronclaims.sentences.subjects.layers import Layers
from neuronclaims.sentences.subjects.neurons import Neuron
from neuronclaims.sites import Site

SECTION = "dictionaries"
EXPECTED = ("a latent such as sae:1234",)


@dataclass(frozen=True, slots=True)
class NamedDictionary:
    """A dictionary under the name that sentences call it: its layer, how many latents it has, and their site."""

    name: str
    layer: int
    latents: int
    site: Site


@dataclass(frozen=True, slots=True)
class LatentReference:
    """A latent that a sentence names, such as ``latent sae:1234``.

    >>> LatentReference("sae", 12).bound(NamedDictionary("sae", 8, 256, "resid_post>latents 8:0123"))
    Bound(neurons=(Neuron(layer=8, index=12),), site='resid_post>latents 8:0123', layers=None)
    """

    name: str
    index: int

    @property
    def section(self) -> str:
        """The section where the dictionary stands."""
        return SECTION

    @property
    def noun(self) -> str:
        """What it is called."""
        return "latent"

    def __str__(self) -> str:
        return f"latent {self.name}:{self.index}"

    def bound(self, entry: object) -> Bound:
        """Return the latent as a column of its layer; raise ValueError where the dictionary has no such latent."""
        assert isinstance(entry, NamedDictionary)
        if self.index >= entry.latents:
            raise ValueError(
                f"{quoted(self.name)} has latents 0 to {entry.latents - 1}; there is no latent {self.index}"
            )
        return Bound((Neuron(entry.layer, self.index),), entry.site)


@dataclass(frozen=True, slots=True)
class LatentsReference:
    """Several latents of a dictionary, such as ``sae:12, sae:80``; all of them where none is named.

    >>> str(LatentsReference("sae", (12, 80))), str(LatentsReference("sae"))
    ('sae:12, sae:80', 'sae')
    """

    name: str
    indices: tuple[int, ...] = ()

    @property
    def section(self) -> str:
        """The section where the dictionary stands."""
        return SECTION

    @property
    def noun(self) -> str:
        """What one of them is called."""
        return "latent"

    def __str__(self) -> str:
        return ", ".join(f"{self.name}:{index}" for index in self.indices) or self.name

    def bound(self, entry: object) -> Bound:
        """Return the latents; raise ValueError where the dictionary lacks one of them."""
        assert isinstance(entry, NamedDictionary)
        each = [LatentReference(self.name, index).bound(entry) for index in self.indices]
        layers = None if self.indices else Layers((entry.layer,))
        return Bound(tuple(one.neurons[0] for one in each), entry.site, layers)


@dataclass(frozen=True, slots=True)
class LatentForm:
    """The form ``latent sae:1234``: the name of a dictionary and the number of one of its latents, from 0."""

    @property
    def patterns(self) -> tuple[Pattern, ...]:
        """Return the word and the latent."""
        return ((*literal("latent"), Label(("sae:1234",), lambda text: _latent(text) is not None)),)

    def read(self, words: Sequence[Word]) -> tuple[LatentReference, int]:
        """Read the two words.

        >>> from neuronclaims.sentences.field_types import split_words
        >>> LatentForm().read(split_words("latent sae:1234 activates"))
        (LatentReference(name='sae', index=1234), 2)
        """
        if len(words) == 1:
            raise MisreadError(ahead=1, expected=EXPECTED)
        found = None if words[1].quoted else _latent(words[1].text)
        if found is not None:
            return found, 2
        text = words[1].text
        reason = None
        if text.isdigit():
            reason = f"a latent is one of a dictionary: write the name of the dictionary, such as sae:{text}"
        elif is_name(text) and not words[1].quoted:
            reason = f"a latent is a dictionary and a number, such as {text}:1234"
        raise MisreadError(reason, ahead=1, expected=EXPECTED)


@dataclass(frozen=True, slots=True)
class EveryLatentForm:
    """The form ``every latent of sae:12, sae:80``: latents of one dictionary, a comma after each but the last."""

    @property
    def patterns(self) -> tuple[Pattern, ...]:
        """Return a list of one and of two."""
        last = Label(("sae:1234",), lambda text: _latent(text) is not None)
        more = Label(("sae:1234,",), lambda text: text.endswith(",") and _latent(text[:-1]) is not None)
        return (*literal("every latent of"), last), (*literal("every latent of"), more, last)

    def read(self, words: Sequence[Word]) -> tuple[LatentsReference, int]:
        """Read latents until one has no comma after it.

        >>> from neuronclaims.sentences.field_types import split_words
        >>> EveryLatentForm().read(split_words("every latent of sae:12, sae:80 activates"))
        (LatentsReference(name='sae', indices=(12, 80)), 5)
        """
        expect_words(words, ("of",), 2)
        found: list[LatentReference] = []
        for at in range(3, len(words) + 1):
            if at == len(words):
                break
            text = words[at].text
            latent = None if words[at].quoted else _latent(text.removesuffix(","))
            if latent is None:
                raise MisreadError(ahead=at, expected=EXPECTED)
            if latent in found:
                raise MisreadError(f"{latent} is named twice", ahead=at)
            if found and latent.name != found[0].name:
                raise MisreadError("all of them must be latents of one dictionary", ahead=at)
            found.append(latent)
            if not text.endswith(","):
                return LatentsReference(latent.name, tuple(each.index for each in found)), at + 1
        raise MisreadError(ahead=len(words), expected=EXPECTED)


@dataclass(frozen=True, slots=True)
class SomeLatentForm:
    """The form ``some latent of sae``: the best of all latents of a dictionary, which p allows for."""

    @property
    def patterns(self) -> tuple[Pattern, ...]:
        """Return the words and the name."""
        return ((*literal("some latent of"), Label(("sae",), is_name)),)

    def read(self, words: Sequence[Word]) -> tuple[LatentsReference, int]:
        """Read the words and the name of a dictionary.

        >>> from neuronclaims.sentences.field_types import split_words
        >>> SomeLatentForm().read(split_words("some latent of sae activates"))
        (LatentsReference(name='sae', indices=()), 4)
        """
        expect_words(words, ("of",), 2)
        if len(words) < 4 or words[3].quoted or not is_name(words[3].text):
            raise MisreadError(ahead=3, expected=("the name of a dictionary",))
        return LatentsReference(composed(words[3].text)), 4


def _latent(text: str) -> LatentReference | None:
    name, _, index = text.rpartition(":")
    if not re.fullmatch("[0-9]{1,9}", index) or not is_name(name):
        return None
    return LatentReference(composed(name), int(index))
