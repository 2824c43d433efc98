"""The field for a change: "ablating neurons 1:2, 3:4", "adding 4 to neuron 3:17", "scaling neuron 3:17 by 2"."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from types import MappingProxyType

from neuronclaims.sentences.binding import Bindable, Named
from neuronclaims.sentences.changes.amounts import PATTERNS, read_amounts
from neuronclaims.sentences.changes.change import VERBS, ModelChange, Verb
from neuronclaims.sentences.changes.parts import (
    NEURONS,
    bind_part,
    check_sites,
    direction_patterns,
    part_patterns,
    read_direction,
    read_parts,
)
from neuronclaims.sentences.field_types import MisreadError, Pattern, Word, expect_words, literal
from neuronclaims.sentences.numbers import number_text
from neuronclaims.sentences.subjects.head_names import HeadReference
from neuronclaims.sentences.subjects.picked import SomeReference
from neuronclaims.sites import Site

MEANT: Mapping[str, str] = MappingProxyType(
    {
        **dict.fromkeys(
            ("zeroing", "silencing", "removing", "deleting", "disabling", "lesioning"), "ablating"
        ),
        **dict.fromkeys(("steering", "increasing", "boosting"), "adding"),
        **dict.fromkeys(("multiplying", "amplifying", "rescaling"), "scaling"),
        **dict.fromkeys(("setting", "fixing", "pinning", "holding"), "clamping"),
        **dict.fromkeys(("patching", "denoising", "recovering"), "restoring"),
        **dict.fromkeys(("noising", "unpatching"), "corrupting"),
    }
)
"""Other words for what is done, and the verb that says it."""


@dataclass(frozen=True, slots=True)
class ChangeField:
    """The field for all changes of one verb, from the verb on.

    >>> from neuronclaims.sentences.field_types import split_words
    >>> change, used = ChangeField("scaling").read(split_words("scaling mlp_post neuron 3:17 by 2 raises"))
    >>> str(change), used
    ('scaling mlp_post neuron 3:17 by 2', 6)
    """

    verb: str

    @property
    def said(self) -> Verb:
        """How the verb's changes are worded."""
        return VERBS[self.verb]

    @property
    def expected(self) -> tuple[str, ...]:
        """Return the verb, quoted."""
        return (f"'{self.verb}'",)

    @property
    def shape(self) -> str:
        """Return how a list of templates shows it: ``scaling [SITE] neuron|neurons LAYER:INDEX, ... by NUMBER``."""
        said, subject = self.said, f"[SITE] neuron|neurons {NEURONS.shape}"
        if said.before_amount is None:
            return f"{self.verb} {subject}"
        if said.amount_first:
            return f"{self.verb} NUMBER {said.before_amount} {subject}"
        return f"{self.verb} {subject} {said.before_amount} NUMBER"

    @property
    def candidates(self) -> tuple[str, ...]:
        """Return the verb."""
        return (self.verb,)

    @property
    def patterns(self) -> tuple[Pattern, ...]:
        """Return the rows of words, among them those with one amount and two, one part and two."""
        said = self.said
        subjects = part_patterns()
        if said.before_amount is None:
            rows: list[tuple[Pattern, ...]] = [(subject,) for subject in subjects]
        else:
            link, (one, two) = literal(said.before_amount), PATTERNS
            both = [*((one, subject) for subject in subjects), (two, subjects[0])]
            rows = [
                (amount, link, subject) if said.amount_first else (subject, link, amount)
                for amount, subject in both
            ]
            if said.amount_first:
                rows += [(one, direction) for direction in direction_patterns()]
        return tuple((*literal(self.verb), *chain(*row)) for row in rows)

    def read(self, words: Sequence[Word]) -> tuple[ModelChange, int]:
        """Read the verb, the neurons and, where the verb takes one, the amount."""
        said = self.said
        if words[0].quoted or words[0].text != self.verb:
            raise MisreadError(suggestion=self._meant(words))
        amounts: tuple[float, ...] = ()
        at = 1
        if said.amount_first:
            amounts, at = self._amounts(words, at)
            direction = read_direction(words, at)
            if direction is not None:
                part, at = direction
                return ModelChange(self.verb, (part,), amounts), at
            expect_words(words[: at + 1], (str(said.before_amount),), at)
            at += 1
        parts, at = read_parts(words, at)
        if said.before_amount is not None and not said.amount_first:
            expect_words(words[: at + 1], (said.before_amount,), at)
            amounts, at = self._amounts(words, at + 1)
        said_heads = [part.said for part in parts if isinstance(part.said, (HeadReference, SomeReference))]
        if self.verb in ("adding", "clamping") and any(each.noun == "head" for each in said_heads):
            rule = "a head gives many numbers, so there is no one number to add or to hold: scale it, or ablate it"
            raise MisreadError(rule, ahead=at - 1)
        return ModelChange(self.verb, parts, amounts), at

    def _meant(self, words: Sequence[Word]) -> str | None:
        """Return what the words were to say if their first one is another word for this verb."""
        if words[0].quoted or MEANT.get(words[0].text) != self.verb:
            return None
        if not self.said.amount_first:
            return self.verb
        try:
            parts, at = read_parts(words, 1)
            expect_words(words[: at + 1], ("by",), at)
            amounts, _ = self._amounts(words, at + 1)
        except MisreadError:
            return self.verb
        return str(ModelChange(self.verb, parts, amounts))

    def write(self, value: ModelChange) -> str:
        """Return the change in words."""
        return str(value)

    def named(self, value: ModelChange) -> tuple[Named, ...]:
        """Return the entries of the file that the change names."""
        said = (part.said for part in value.parts)
        return tuple(Named(each.section, each.name) for each in said if each is not None and each.section)

    def bound(self, value: ModelChange, entries: Bindable) -> ModelChange:
        """Return the change with the neurons of the entries it names; raise ValueError where one does not fit."""
        parts = tuple(bind_part(part, entries) for part in value.parts)
        check_sites(parts)
        return replace(value, parts=parts)

    def site_of(self, value: ModelChange) -> Site | None:
        """Return the site that what is named first has by itself, None where the sentence or the claim says it."""
        return value.parts[0].at

    def _amounts(self, words: Sequence[Word], at: int) -> tuple[tuple[float, ...], int]:
        """Read amounts; raise MisreadError where the only one leaves everything as it is."""
        amounts, after = read_amounts(words, at)
        if amounts == (self.said.idle,):
            text = number_text(amounts[0])
            raise MisreadError(f"{text} leaves everything as it is", ahead=at)
        return amounts, after
