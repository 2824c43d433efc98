"""Latents of dictionaries: what the section ``dictionaries:`` gives to sentences, and the words ``latent sae:1234``."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from neuronclaims.sentences.field_types import Label, MisreadError, Pattern, Word, composed, literal
from neuronclaims.sentences.messages import quoted
from neuronclaims.sentences.names import is_name
from neuronclaims.sentences.subjects.forms import Bound
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
    Bound(neurons=(Neuron(layer=8, index=12),), site='resid_post>latents 8:0123')
    """

    name: str
    index: int

    @property
    def section(self) -> str:
        """The section where the dictionary stands."""
        return SECTION

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


def _latent(text: str) -> LatentReference | None:
    name, _, index = text.rpartition(":")
    if not re.fullmatch("[0-9]{1,9}", index) or not is_name(name):
        return None
    return LatentReference(composed(name), int(index))
