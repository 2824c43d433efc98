"""What a sentence says is done while the model runs: to which neurons, and how much."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from neuronclaims.sentences.changes.amounts import amounts_text
from neuronclaims.sentences.subjects.forms import Reference
from neuronclaims.sentences.subjects.layers import Layers
from neuronclaims.sentences.subjects.neurons import Neuron
from neuronclaims.sites import Site

DIRECTION = "direction"
"""The word that "adding 3 honesty at layer 10" leaves out before a direction."""


@dataclass(frozen=True, slots=True)
class Verb:
    """How a change is worded: the word before an amount, and what amount would leave everything as it is.

    ``amount_first`` says that the amount stands before the neurons, as in "adding 4 to neuron 3:17".
    """

    word: str
    before_amount: str | None = None
    amount_first: bool = False
    idle: float | None = None


VERBS: Mapping[str, Verb] = MappingProxyType(
    {
        verb.word: verb
        for verb in (
            Verb("ablating"),
            Verb("adding", "to", amount_first=True, idle=0.0),
            Verb("scaling", "by", idle=1.0),
            Verb("clamping", "to"),
            Verb("restoring"),
            Verb("corrupting"),
        )
    }
)
"""All that can be done, by the word that a sentence begins with."""


@dataclass(frozen=True, slots=True)
class ChangedPart:
    """Neurons of a site, whole layers of it, or what an entry of the file or a form such as "head 9:6" stands for.

    ``site`` is the one that the sentence names there, if any. ``said`` is what it names in the place of neurons; these
    and the site where they lie, ``at``, are there once the file is known. ``among`` are the layers from which one
    neuron is picked by what it does, where the sentence names none.

    >>> str(ChangedPart((), Layers((3, 4)), "mlp_out"))
    'mlp_out layers 3 to 4'
    """

    neurons: tuple[Neuron, ...]
    layers: Layers | None = None
    site: Site | None = None
    said: Reference | None = None
    at: Site | None = None
    among: Layers | None = None

    def __str__(self) -> str:
        named = f"{'neuron' if len(self.neurons) == 1 else 'neurons'} {', '.join(map(str, self.neurons))}"
        what = named if self.said is None else str(self.said)
        what = what if self.layers is None else str(self.layers)
        return what if self.site is None else f"{self.site} {what}"

    @property
    def whole(self) -> tuple[int, ...]:
        """The layers of which every neuron is changed."""
        return () if self.layers is None else self.layers.layers or ()

    @property
    def place(self) -> Site | None:
        """The site where it lies, None where that is the claim's."""
        return self.at if self.at is not None else self.site


@dataclass(frozen=True, slots=True)
class ModelChange:
    """What is done to which neurons, all of them together.

    ``verb`` is one of ``VERBS``. ``amounts`` are what is added, the factors, or the values held; a sentence with
    several, in rising order, is about a trend. ``parts`` are what is changed, with "and" between them.

    >>> str(ModelChange("adding", (ChangedPart((Neuron(3, 17),)),), (4.0,)))
    'adding 4 to neuron 3:17'
    >>> both = ChangedPart((Neuron(3, 17), Neuron(4, 2)), site="mlp_post"), ChangedPart((), Layers((5,)))
    >>> str(ModelChange("clamping", both, (0.0, 2.0)))
    'clamping mlp_post neurons 3:17, 4:2 and layer 5 to 0, 2'
    """

    verb: str
    parts: tuple[ChangedPart, ...]
    amounts: tuple[float, ...] = ()

    def __str__(self) -> str:
        verb = VERBS[self.verb]
        amounts = amounts_text(self.amounts)
        if verb.before_amount is None:
            return f"{verb.word} {self.subject}"
        if self.adds_direction:
            return f"{verb.word} {amounts} {self.subject.removeprefix(f'{DIRECTION} ')}"
        if verb.amount_first:
            return f"{verb.word} {amounts} {verb.before_amount} {self.subject}"
        return f"{verb.word} {self.subject} {verb.before_amount} {amounts}"

    @property
    def subject(self) -> str:
        """What is changed, in words."""
        return " and ".join(map(str, self.parts))

    @property
    def adds_direction(self) -> bool:
        """Whether a direction alone is added, which is said without "to"."""
        return self.verb == "adding" and len(self.parts) == 1 and self.subject.startswith(f"{DIRECTION} ")

    @property
    def site(self) -> Site | None:
        """The site of what is named first, None where that is the claim's."""
        return self.parts[0].place

    @property
    def neurons(self) -> tuple[Neuron, ...]:
        """The neurons at the site of what is named first."""
        there = (part for part in self.parts if part.layers is None and part.place in (self.site, None))
        return tuple(dict.fromkeys(neuron for part in there for neuron in part.neurons))

    @property
    def also(self) -> tuple[ChangedPart, ...]:
        """What else is changed: whole layers, and neurons of other sites."""
        return tuple(
            part for part in self.parts if part.layers is not None or part.place not in (self.site, None)
        )

    @property
    def single(self) -> bool:
        """Whether one neuron alone is changed, maybe one that is picked by what it does."""
        return self.among is not None or (len(self.neurons) == 1 and not self.mixed)

    @property
    def among(self) -> Layers | None:
        """The layers from which one neuron is picked by what it does; None where the sentence names what is changed."""
        return self.parts[0].among

    @property
    def named_alone(self) -> tuple[Neuron, ...]:
        """The neurons, heads and latents that the sentence names one by one, not those of a set or a direction."""
        return tuple(
            neuron
            for part in self.parts
            if part.said is None or part.said.noun in ("head", "latent")
            for neuron in part.neurons
        )

    @property
    def mixed(self) -> bool:
        """Whether more is changed than neurons of one site: whole layers, or neurons of several sites."""
        return bool(self.also)

    @property
    def leading(self) -> Neuron:
        """The first neuron or, of a whole layer, its first one."""
        return self.neurons[0] if self.neurons else Neuron(self.parts[0].whole[0], 0)

    @property
    def all_neurons(self) -> tuple[Neuron, ...]:
        """All neurons that are changed one by one."""
        return tuple(dict.fromkeys(neuron for part in self.parts for neuron in part.neurons))

    @property
    def written(self) -> tuple[Neuron, ...]:
        """The neurons that the sentence itself writes, not those of an entry it names."""
        return tuple(neuron for part in self.parts if part.said is None for neuron in part.neurons)

    def renamed(self, places: Mapping[Neuron, Neuron]) -> ModelChange:
        """Return the change with every neuron it writes replaced by the one in ``places``.

        >>> change = ModelChange("ablating", (ChangedPart((Neuron(3, 17),)),))
        >>> str(change.renamed({Neuron(3, 17): Neuron(4, 2)}))
        'ablating neuron 4:2'
        """

        def moved(part: ChangedPart) -> ChangedPart:
            return replace(part, neurons=tuple(places[neuron] for neuron in part.neurons))

        return replace(
            self, parts=tuple(part if part.said is not None else moved(part) for part in self.parts)
        )
