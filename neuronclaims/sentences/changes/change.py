"""What a sentence says is done while the model runs: to which neurons, and how much."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from neuronclaims.sentences.changes.amounts import amounts_text
from neuronclaims.sentences.subjects.layers import Layers
from neuronclaims.sentences.subjects.neurons import Neuron
from neuronclaims.sites import Site


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
    """Neurons of a site, or whole layers of it; ``site`` is the one that the sentence names there, if any.

    >>> str(ChangedPart((), Layers((3, 4)), "mlp_out"))
    'mlp_out layers 3 to 4'
    """

    neurons: tuple[Neuron, ...]
    layers: Layers | None = None
    site: Site | None = None

    def __str__(self) -> str:
        named = f"{'neuron' if len(self.neurons) == 1 else 'neurons'} {', '.join(map(str, self.neurons))}"
        what = named if self.layers is None else str(self.layers)
        return what if self.site is None else f"{self.site} {what}"

    @property
    def whole(self) -> tuple[int, ...]:
        """The layers of which every neuron is changed."""
        return () if self.layers is None else self.layers.layers or ()


@dataclass(frozen=True, slots=True)
class ModelChange:
    """What is done to which neurons, all of them together.

    ``verb`` is one of ``VERBS``. ``amounts`` are what is added, the factors, or the values held; a sentence with
    several, in rising order, is about a trend. ``site`` is the one that the sentence names first, if it names one.
    ``layers`` stand in the place of the neurons where whole layers are changed, and ``also`` is what "and" adds.

    >>> str(ModelChange("adding", (Neuron(3, 17),), (4.0,)))
    'adding 4 to neuron 3:17'
    >>> str(ModelChange("clamping", (Neuron(3, 17), Neuron(4, 2)), (0.0, 2.0), site="mlp_post"))
    'clamping mlp_post neurons 3:17, 4:2 to 0, 2'
    """

    verb: str
    neurons: tuple[Neuron, ...]
    amounts: tuple[float, ...] = ()
    site: Site | None = None
    layers: Layers | None = None
    also: tuple[ChangedPart, ...] = ()

    def __str__(self) -> str:
        verb = VERBS[self.verb]
        amounts = amounts_text(self.amounts)
        if verb.before_amount is None:
            return f"{verb.word} {self.subject}"
        if verb.amount_first:
            return f"{verb.word} {amounts} {verb.before_amount} {self.subject}"
        return f"{verb.word} {self.subject} {verb.before_amount} {amounts}"

    @property
    def parts(self) -> tuple[ChangedPart, ...]:
        """What is changed, part by part."""
        return ChangedPart(self.neurons, self.layers, self.site), *self.also

    @property
    def subject(self) -> str:
        """What is changed, in words."""
        return " and ".join(map(str, self.parts))

    @property
    def single(self) -> bool:
        """Whether one neuron alone is changed."""
        return len(self.neurons) == 1 and not self.mixed

    @property
    def mixed(self) -> bool:
        """Whether more is changed than neurons of one site: whole layers, or neurons of several sites."""
        return self.layers is not None or bool(self.also)

    @property
    def leading(self) -> Neuron:
        """The first neuron named or, of a whole layer, its first one."""
        return self.neurons[0] if self.neurons else Neuron(self.parts[0].whole[0], 0)

    @property
    def all_neurons(self) -> tuple[Neuron, ...]:
        """All neurons named."""
        return tuple(neuron for part in self.parts for neuron in part.neurons)

    def renamed(self, places: Mapping[Neuron, Neuron]) -> ModelChange:
        """Return the change with every neuron it names replaced by the one in ``places``.

        >>> str(ModelChange("ablating", (Neuron(3, 17),)).renamed({Neuron(3, 17): Neuron(4, 2)}))
        'ablating neuron 4:2'
        """
        moved = [tuple(places[neuron] for neuron in part.neurons) for part in self.parts]
        along = zip(self.also, moved[1:], strict=True)
        return replace(self, neurons=moved[0], also=tuple(replace(part, neurons=new) for part, new in along))
