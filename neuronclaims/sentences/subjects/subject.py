"""The subject of a claim and its field: one neuron, every one of several, a part of them, or some neuron of a layer."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeVar

from neuronclaims.sentences.binding import Bindable, Named
from neuronclaims.sentences.field_types import (
    FieldType,
    Label,
    MisreadError,
    Pattern,
    Word,
    composed,
    expect_words,
    literal,
)
from neuronclaims.sentences.names import is_name
from neuronclaims.sentences.numbers import COUNT, SHARE
from neuronclaims.sentences.subjects.forms import Reference
from neuronclaims.sentences.subjects.known_forms import FORMS, GROUPS
from neuronclaims.sentences.subjects.layers import Layers, LayersField
from neuronclaims.sentences.subjects.neuron_sets import RESERVED, SetReference
from neuronclaims.sentences.subjects.neurons import ONE_NEURON, Neuron, NeuronsField, one_neuron
from neuronclaims.sites import Site

T = TypeVar("T")

_NEURONS: FieldType[tuple[Neuron, ...]] = NeuronsField()
_LAYERS: FieldType[Layers] = LayersField()
_MEANT = {
    **dict.fromkeys(("each", "all", "both", "neurons"), "every neuron of"),
    **dict.fromkeys(("any", "a", "one"), "some neuron"),
}
_SEVERAL = ("neurons such as '11:365, 11:680'", "the name of a set of neurons")
_SET: Pattern = (Label(("german_neurons",), lambda text: is_name(text) and text not in RESERVED),)
_LEAST: tuple[Pattern, ...] = tuple(
    (*literal("at least"), *pattern, *literal("of")) for field in (SHARE, COUNT) for pattern in field.patterns
)


@dataclass(frozen=True, slots=True)
class Subject:
    """The subject of a claim: one neuron, every one of ``neurons``, a part of them, or some neuron of ``layers``.

    ``layers`` is given for "some" alone, and then says all layers where the sentence names none. "part" claims of at
    least the ``share`` of the neurons, or of at least ``count`` of them. ``said`` is what the sentence names in the
    place of neurons, such as a set: its neurons and their ``site`` are there once the file is known.
    ``noun`` is what one of them is called.
    """

    how: Literal["one", "every", "some", "part"]
    neurons: tuple[Neuron, ...]
    layers: Layers | None = None
    share: float | None = None
    count: int | None = None
    said: Reference | None = None
    site: Site | None = None

    @property
    def noun(self) -> str:
        """What one of those it is about is called."""
        return "neuron" if self.said is None else self.said.noun

    def __str__(self) -> str:
        named = ", ".join(str(neuron) for neuron in self.neurons) if self.said is None else str(self.said)
        if self.layers is not None:
            of = (
                self.said
                if self.said is not None
                else self.layers
                if self.layers.layers is not None
                else None
            )
            return f"some {self.noun}" if of is None else f"some {self.noun} of {of}"
        if self.how == "part":
            if self.share is not None:
                return f"at least {SHARE.write(self.share)} of {named}"
            return f"some {self.noun} of {named}" if self.count == 1 else f"at least {self.count} of {named}"
        if self.how == "every":
            return f"every {self.noun} of {named}"
        return f"{self.noun} {named}" if self.said is None else named

    @property
    def plural(self) -> bool:
        """Whether the verb after it stands in the plural: at least 60% of them *activate*."""
        return self.how == "part" and self.count != 1

    @property
    def least(self) -> int:
        """How many of its neurons the claim is about at least.

        >>> Subject("part", (Neuron(1, 2), Neuron(1, 3), Neuron(1, 4)), share=0.6).least
        2
        """
        if self.share is not None:
            return max(1, math.ceil(round(self.share * len(self.neurons), 9)))
        return len(self.neurons) if self.count is None else self.count


@dataclass(frozen=True, slots=True)
class SubjectField:
    """The field for the subject of a claim.

    ``neuron 11:365``; ``every neuron of 11:365, 11:680`` or ``of german_neurons``, a set; ``at least 60% of
    german_neurons``; ``some neuron of german_neurons``; ``some neuron of layer 11``; ``some neuron``. A word ``of``
    after ``some neuron`` always begins its layers or a set.

    >>> from neuronclaims.sentences.field_types import split_words
    >>> SubjectField().read(split_words("some neuron of layer 11 activates"))[0].layers
    Layers(layers=(11,))
    >>> str(SubjectField().read(split_words("at least 60% of german activate"))[0])
    'at least 60% of german'
    """

    expected: tuple[str, ...] = ("'neuron'", "'every neuron of'", "'some neuron'", "'at least'")
    shape: str = "neuron LAYER:INDEX"
    candidates: tuple[str, ...] = ("neuron", "every neuron of", "some neuron", *FORMS, *GROUPS)

    @property
    def patterns(self) -> tuple[Pattern, ...]:
        """Return the patterns of all forms, with all forms of their lists."""
        some, several = literal("some neuron"), (*_NEURONS.patterns, _SET)
        return (
            *((*literal("neuron"), *one) for one in ONE_NEURON.patterns),
            *((*literal("every neuron of"), *neurons) for neurons in several),
            *((*least, *neurons) for least in _LEAST for neurons in several),
            *((*some, *literal("of"), *which) for which in (*_LAYERS.patterns, *several)),
            some,
            *(pattern for form in (*FORMS.values(), *GROUPS.values()) for pattern in form.patterns),
        )

    def read(self, words: Sequence[Word]) -> tuple[Subject, int]:
        """Read one of the forms."""
        opening = "" if words[0].quoted else words[0].text
        if opening == "neuron":
            return _one(words), 2
        if opening in FORMS:
            said, used = FORMS[opening].read(words)
            return _unbound(Subject("one", (), said=said)), used
        if len(words) > 1 and f"{opening} {words[1].text}" in GROUPS:
            said, used = GROUPS[f"{opening} {words[1].text}"].read(words)
            return (
                Subject("some", (), Layers(None), said=said)
                if opening == "some"
                else Subject("every", (), said=said)
            ), used
        if opening == "every":
            expect_words(words, ("neuron", "of"), 1)
            return _several(Subject("every", ()), words, 3)
        if opening == "at":
            return _part(words)
        if opening != "some":
            raise MisreadError(suggestion=_MEANT.get(opening))
        expect_words(words, ("neuron",), 1)
        if len(words) == 2 or words[2].text != "of":
            return Subject("some", (), Layers(None)), 2
        if len(words) > 3 and words[3].text not in RESERVED and _names_several(words[3]):
            return _several(Subject("part", (), count=1), words, 3)
        layers, used = _rest(_LAYERS, words, 3)
        return Subject("some", (), layers), used

    def write(self, value: Subject) -> str:
        """Return the subject in words."""
        return str(value)

    def named(self, value: Subject) -> tuple[Named, ...]:
        """Return the entry of the file that it names, if it names one."""
        return (Named(value.said.section, value.said.name),) if value.said and value.said.section else ()

    def bound(self, value: Subject, entries: Bindable) -> Subject:
        """Return the subject with the neurons of the entry it names."""
        assert value.said is not None
        found = value.said.bound(entries[value.said.section][value.said.name])
        made = replace(value, neurons=found.neurons, site=found.site, layers=found.layers or value.layers)
        if value.how == "one" and len(found.neurons) > 1:
            raise ValueError(f"a claim about '{value.said}' would be about several numbers: name one layer")
        _check_count(made, found.neurons)
        return made

    def site_of(self, value: Subject) -> Site | None:
        """Return the site of the entry it names."""
        return value.site


def _one(words: Sequence[Word]) -> Subject:
    if len(words) == 1:
        raise MisreadError(ahead=1, expected=ONE_NEURON.expected)
    if words[1].text.endswith(",") and len(words) > 2:
        raise MisreadError("several neurons are claimed with 'every neuron of 11:365, 11:680'", ahead=1)
    try:
        return Subject("one", (one_neuron(words[1]),))
    except MisreadError as misread:
        raise misread.shifted(1, ONE_NEURON.expected) from None


def _unbound(subject: Subject) -> Subject:
    """Return a subject with what its words alone stand for, where they need no entry of the file."""
    if subject.said is None or subject.said.section:
        return subject
    found = subject.said.bound(None)
    return replace(subject, neurons=found.neurons, site=found.site)


def _part(words: Sequence[Word]) -> tuple[Subject, int]:
    """Read ``at least 60% of`` or ``at least 3 of``, and neurons or a set."""
    expect_words(words, ("least",), 1)
    expected = (*SHARE.expected, *COUNT.expected)
    if len(words) == 2:
        raise MisreadError(ahead=2, expected=expected)
    try:
        whole = words[2].text.isdigit()
        made = (
            Subject("part", (), count=COUNT.parse(words[2]))
            if whole
            else Subject("part", (), share=SHARE.parse(words[2]))
        )
    except MisreadError as misread:
        raise misread.shifted(2, expected) from None
    if made.count == 0 or made.share == 0:
        raise MisreadError("at least one neuron is claimed", "1", 2)
    if made.count == 1:
        raise MisreadError("at least one of them is 'some neuron of ...'", ahead=2)
    expect_words(words, ("of",), 3)
    return _several(made, words, 4)


def _names_several(word: Word) -> bool:
    return not word.quoted and (is_name(word.text) or word.text[:1].isdigit())


def _several(subject: Subject, words: Sequence[Word], used: int) -> tuple[Subject, int]:
    """Read the neurons of a subject, or the name of their set, from place ``used`` on."""
    if len(words) > used and not words[used].quoted and is_name(words[used].text):
        return replace(subject, said=SetReference(composed(words[used].text))), used + 1
    try:
        neurons, after = _rest(_NEURONS, words, used)
    except MisreadError as misread:
        misread.expected = _SEVERAL if misread.expected == _NEURONS.expected else misread.expected
        raise
    made = replace(subject, neurons=neurons)
    try:
        _check_count(made, neurons)
    except ValueError as error:
        raise MisreadError(str(error), ahead=2) from None
    return made, after


def _check_count(subject: Subject, neurons: Sequence[Neuron]) -> None:
    """Raise ValueError where at least so many are claimed as are not there."""
    if subject.count is not None and subject.count > len(neurons):
        raise ValueError(f"at least {subject.count} are claimed, but there are only {len(neurons)} neurons")


def _rest(field: FieldType[T], words: Sequence[Word], used: int) -> tuple[T, int]:
    """Read the words after the first ones with another field."""
    if len(words) == used:
        raise MisreadError(ahead=used, expected=field.expected)
    try:
        value, more = field.read(words[used:])
    except MisreadError as misread:
        raise misread.shifted(used, field.expected) from None
    return value, used + more
