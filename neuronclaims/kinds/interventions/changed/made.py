"""What a change does to the neurons it is made to: the intervention, and the words for it in notes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from neuronclaims.kinds.interventions.changed.sentence import AblationOptions, ChangedPredictionOptions
from neuronclaims.kinds.kind import ClaimError
from neuronclaims.measurements.changing.interventions import Add, Clamp, Intervention, Scale, intervention_of
from neuronclaims.sentences.changes.change import ModelChange
from neuronclaims.sentences.numbers import number_text

HELD: Mapping[str, str] = MappingProxyType(
    {
        "zero": "Ablated neurons hold 0",
        "mean": "Ablated neurons hold their mean over the tokens of {!r}",
        "resample": "Ablated neurons hold values drawn from the tokens of {!r}",
    }
)
"""What notes say of ablated neurons, by the replacement."""


@dataclass(frozen=True, slots=True)
class ChangeMade:
    """One intervention, and how notes say it.

    ``done`` is what was done with the neurons in one word, ``held`` what they hold, as a sentence without its end.
    ``reference`` names the prompt set that values are taken from, where any are.

    >>> made = ChangeMade.of(ModelChange("adding", (), (4.0,)), ChangedPredictionOptions())
    >>> made.intervention, made.done, made.held
    (Add(amount=4.0), 'steered', "4 is added to the neurons' own values")
    """

    verb: str
    done: str
    intervention: Intervention
    held: str
    reference: str | None = None

    @classmethod
    def of(cls, change: ModelChange, options: ChangedPredictionOptions) -> ChangeMade:
        """Return what the change of a sentence is with a claim's options; raise ClaimError where texts are missing."""
        if isinstance(options, AblationOptions):
            return cls._ablated(options)
        (amount,) = change.amounts
        done, make, held = _DONE[change.verb]
        return cls(change.verb, done, make(amount), held.format(number_text(amount)))

    @classmethod
    def _ablated(cls, options: AblationOptions) -> ChangeMade:
        replacement, named = options.replacement, options.reference
        if replacement == "zero":
            named = None
        elif named is None:
            raise ClaimError(
                f"Values are to be replaced by 'replacement: {replacement}', and nothing says from which prompts "
                "these are taken. Name a prompt set, such as 'reference: baseline'."
            )
        held = HELD[replacement].format(named)
        return cls("ablating", "ablated", intervention_of(replacement), held, named)


_DONE: Mapping[str, tuple[str, Callable[[float], Intervention], str]] = MappingProxyType(
    {
        "adding": ("steered", Add, "{} is added to the neurons' own values"),
        "scaling": ("scaled", Scale, "The neurons' own values are multiplied by {}"),
        "clamping": ("clamped", Clamp, "The neurons hold {}"),
    }
)
"""What is done, the intervention of an amount, and what notes say, by the verb."""
