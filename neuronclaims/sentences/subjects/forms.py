"""Forms of subjects besides neurons: those that name an entry of the claim file, or have a site of their own.

A form reads its words and gives a reference. When the sections of the file are known, the reference takes its neurons
and their site from the entry it names.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from neuronclaims.sentences.field_types import Pattern, Word
from neuronclaims.sentences.subjects.layers import Layers
from neuronclaims.sentences.subjects.neurons import Neuron
from neuronclaims.sites import Site


@dataclass(frozen=True, slots=True)
class Bound:
    """What a reference stands for: columns of layers, called neurons, and their site (None: the claim's).

    ``layers`` are those of which every column counts, where a claim is about some of them.
    """

    neurons: tuple[Neuron, ...]
    site: Site | None = None
    layers: Layers | None = None


class Reference(Protocol):
    """What a sentence says of an entry of the file, such as a set of neurons or a latent of a dictionary.

    Its text is its words in the canonical sentence. ``section`` and ``name`` are empty where no entry is needed.
    """

    @property
    def section(self) -> str:
        """The section where the entry stands."""

    @property
    def name(self) -> str:
        """The name of the entry."""

    @property
    def noun(self) -> str:
        """What one of those it stands for is called, such as "neuron" or "latent"."""

    def bound(self, entry: object) -> Bound:
        """Return what it stands for; raise ValueError with a sentence where the entry does not fit."""
        ...


class SubjectForm(Protocol):
    """A form that begins with a word of its own, such as ``latent sae:1234``."""

    @property
    def patterns(self) -> tuple[Pattern, ...]:
        """Return the rows of words it reads, its first word included."""

    def read(self, words: Sequence[Word]) -> tuple[Reference, int]:
        """Return the reference that the first words hold, and how many words those are; raise MisreadError."""
        ...
