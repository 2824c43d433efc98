"""Named sets of neurons: what the section ``neurons:`` of a claim file holds, and how a sentence names them."""

from __future__ import annotations

from dataclasses import dataclass

from neuronclaims.sentences.subjects.forms import Bound
from neuronclaims.sentences.subjects.neurons import Neuron
from neuronclaims.sites import Site

SECTION = "neurons"
RESERVED = ("layer", "layers", "all", "every", "each", "any")
"""Words that a set cannot have for its name: after "some neuron of" they begin layers, or are meant to."""


@dataclass(frozen=True, slots=True)
class NeuronSet:
    """A named list of different neurons, in the order of the file.

    ``site`` is where they lie, None where the claims say it. ``origin`` says where they come from, such as
    ``lape.csv``; it is empty where they stand in the claim file. ``labels`` holds for each neuron what else its row
    says, by column.
    """

    name: str
    neurons: tuple[Neuron, ...]
    site: Site | None = None
    origin: str = ""
    labels: tuple[tuple[tuple[str, str], ...], ...] = ()

    @property
    def key(self) -> list[str]:
        """What a claim about the set rests on: its site and its neurons, whatever their order and their labels."""
        return [self.site or "", *map(str, sorted(self.neurons))]


@dataclass(frozen=True, slots=True)
class SetReference:
    """A set of neurons that a sentence names.

    >>> SetReference("german").bound(NeuronSet("german", (Neuron(3, 17),))).neurons
    (Neuron(layer=3, index=17),)
    """

    name: str

    @property
    def section(self) -> str:
        """The section where the set stands."""
        return SECTION

    @property
    def noun(self) -> str:
        """What its members are called."""
        return "neuron"

    def __str__(self) -> str:
        return self.name

    def bound(self, entry: object) -> Bound:
        """Return the neurons of the set."""
        assert isinstance(entry, NeuronSet)
        return Bound(entry.neurons, entry.site)
