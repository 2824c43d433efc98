"""What a change does to the neurons it is made to: the intervention, and the words for it in notes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from neuronclaims.kinds.interventions.changed.sentence import AblationOptions, ChangedPredictionOptions
from neuronclaims.measurements.changing.interventions import Add, Clamp, Intervention, Scale, intervention_of
from neuronclaims.sentences.changes.change import VERBS, ModelChange
from neuronclaims.sentences.numbers import number_text

HELD: Mapping[str, str] = MappingProxyType(
    {
        "zero": "Ablated {}s hold 0",
        "mean": "Ablated {}s hold their mean over the tokens of {!r}",
        "resample": "Ablated {}s hold values drawn from the tokens of {!r}",
    }
)
"""What notes say of ablated neurons, by the replacement."""


@dataclass(frozen=True, slots=True)
class ChangeMade:
    """One intervention, and how notes say it.

    ``done`` is what was done with the neurons in one word, ``held`` what they hold, as a sentence without its end.
    ``reference`` names the prompt set that values are taken from, where any are; ``amount`` is how much, if that
    is said.

    >>> from neuronclaims.sentences.changes.change import ChangedPart
    >>> [made] = ChangeMade.each_of(ModelChange("adding", (ChangedPart(()),), (4.0,)), ChangedPredictionOptions())
    >>> made.intervention, made.done, made.held
    (Add(amount=4.0), 'steered', "4 is added to the neurons' own values")
    """

    verb: str
    done: str
    intervention: Intervention
    held: str
    reference: str | None = None
    amount: float | None = None

    @classmethod
    def each_of(
        cls, change: ModelChange, options: ChangedPredictionOptions, noun: str = "neuron"
    ) -> tuple[ChangeMade, ...]:
        """Return what a sentence's change is with a claim's options, once for each amount that changes anything.

        ``noun`` is what is changed.
        """
        if isinstance(options, AblationOptions):
            return (cls._ablated(options, noun),)
        done, make, held = _DONE[change.verb]
        return tuple(
            cls(change.verb, done, make(amount), held.format(noun, number_text(amount)), amount=amount)
            for amount in change.amounts
            if amount != VERBS[change.verb].idle
        )

    @property
    def size(self) -> float:
        """How far the amount is from one that changes nothing; 0 where there is no amount."""
        return 0.0 if self.amount is None else abs(self.amount - (VERBS[self.verb].idle or 0.0))

    @classmethod
    def _ablated(cls, options: AblationOptions, noun: str) -> ChangeMade:
        replacement, named = options.replacement, options.reference
        if replacement == "zero":
            named = None
        held = HELD[replacement].format(noun, named)
        return cls("ablating", "ablated", intervention_of(replacement), held, named)


_DONE: Mapping[str, tuple[str, Callable[[float], Intervention], str]] = MappingProxyType(
    {
        "adding": ("steered", Add, "{1} is added to the {0}s' own values"),
        "scaling": ("scaled", Scale, "The {0}s' own values are multiplied by {1}"),
        "clamping": ("clamped", Clamp, "The {0}s hold {1}"),
    }
)
"""What is done, the intervention of an amount, and what notes say, by the verb."""
