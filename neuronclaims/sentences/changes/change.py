"""What a sentence says is done while the model runs: to which neurons, and how much."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from neuronclaims.sentences.changes.amounts import amounts_text
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
class ModelChange:
    """What is done to which neurons, all of them together.

    ``verb`` is one of ``VERBS``. ``amounts`` are what is added, the factors, or the values held; a sentence with
    several, in rising order, is about a trend. ``site`` is the one that the sentence names, if it names one.

    >>> str(ModelChange("adding", (Neuron(3, 17),), (4.0,)))
    'adding 4 to neuron 3:17'
    >>> str(ModelChange("clamping", (Neuron(3, 17), Neuron(4, 2)), (0.0, 2.0), site="mlp_post"))
    'clamping mlp_post neurons 3:17, 4:2 to 0, 2'
    """

    verb: str
    neurons: tuple[Neuron, ...]
    amounts: tuple[float, ...] = ()
    site: Site | None = None

    def __str__(self) -> str:
        verb = VERBS[self.verb]
        amounts = amounts_text(self.amounts)
        subject = self.subject if self.site is None else f"{self.site} {self.subject}"
        if verb.before_amount is None:
            return f"{verb.word} {subject}"
        if verb.amount_first:
            return f"{verb.word} {amounts} {verb.before_amount} {subject}"
        return f"{verb.word} {subject} {verb.before_amount} {amounts}"

    @property
    def subject(self) -> str:
        """What is changed, in words."""
        named = ", ".join(map(str, self.neurons))
        return f"{'neuron' if len(self.neurons) == 1 else 'neurons'} {named}"
