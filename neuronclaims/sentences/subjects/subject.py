"""The subject of a claim and its field: one neuron, every neuron of a list, or some neuron of a layer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeVar

from neuronclaims.sentences.field_types import FieldType, MisreadError, Pattern, Word, expect_words, literal
from neuronclaims.sentences.subjects.layers import Layers, LayersField
from neuronclaims.sentences.subjects.neurons import ONE_NEURON, Neuron, NeuronsField, one_neuron

T = TypeVar("T")

_NEURONS: FieldType[tuple[Neuron, ...]] = NeuronsField()
_LAYERS: FieldType[Layers] = LayersField()
_MEANT = {
    **dict.fromkeys(("each", "all", "both", "neurons"), "every neuron of"),
    **dict.fromkeys(("any", "a", "one"), "some neuron"),
}


@dataclass(frozen=True, slots=True)
class Subject:
    """The subject of a claim: one neuron, every one of ``neurons``, or some neuron of ``layers``.

    ``layers`` is given for "some" alone, and then says all layers where the sentence names none.
    """

    how: Literal["one", "every", "some"]
    neurons: tuple[Neuron, ...]
    layers: Layers | None = None

    def __str__(self) -> str:
        named = ", ".join(str(neuron) for neuron in self.neurons)
        if self.layers is None:
            return f"neuron {named}" if self.how == "one" else f"every neuron of {named}"
        return "some neuron" if self.layers.layers is None else f"some neuron of {self.layers}"


@dataclass(frozen=True, slots=True)
class SubjectField:
    """The field for the subject of a claim.

    ``neuron 11:365``; ``every neuron of 11:365, 11:680``; ``some neuron of layer 11``; ``some neuron``. A word ``of``
    after ``some neuron`` always begins its layers.

    >>> from neuronclaims.sentences.field_types import split_words
    >>> SubjectField().read(split_words("some neuron of layer 11 activates"))
    (Subject(how='some', neurons=(), layers=Layers(layers=(11,))), 5)
    """

    expected: tuple[str, ...] = ("'neuron'", "'every neuron of'", "'some neuron'")
    shape: str = "neuron LAYER:INDEX"
    candidates: tuple[str, ...] = ("neuron", "every neuron of", "some neuron")

    @property
    def patterns(self) -> tuple[Pattern, ...]:
        """Return the patterns of the four forms, with all forms of their lists."""
        every, some = literal("every neuron of"), literal("some neuron")
        return (
            *((*literal("neuron"), *one) for one in ONE_NEURON.patterns),
            *((*every, *neurons) for neurons in _NEURONS.patterns),
            *((*some, *literal("of"), *layers) for layers in _LAYERS.patterns),
            some,
        )

    def read(self, words: Sequence[Word]) -> tuple[Subject, int]:
        """Read one of the four forms."""
        opening = "" if words[0].quoted else words[0].text
        if opening == "neuron":
            return _one(words), 2
        if opening == "every":
            expect_words(words, ("neuron", "of"), 1)
            neurons, used = _rest(_NEURONS, words, 3)
            return Subject("every", neurons), used
        if opening != "some":
            raise MisreadError(suggestion=_MEANT.get(opening))
        expect_words(words, ("neuron",), 1)
        if len(words) == 2 or words[2].text != "of":
            return Subject("some", (), Layers(None)), 2
        layers, used = _rest(_LAYERS, words, 3)
        return Subject("some", (), layers), used

    def write(self, value: Subject) -> str:
        """Return the subject in words."""
        return str(value)


def _one(words: Sequence[Word]) -> Subject:
    if len(words) == 1:
        raise MisreadError(ahead=1, expected=ONE_NEURON.expected)
    if words[1].text.endswith(",") and len(words) > 2:
        raise MisreadError("several neurons are claimed with 'every neuron of 11:365, 11:680'", ahead=1)
    try:
        return Subject("one", (one_neuron(words[1]),))
    except MisreadError as misread:
        raise misread.shifted(1, ONE_NEURON.expected) from None


def _rest(field: FieldType[T], words: Sequence[Word], used: int) -> tuple[T, int]:
    """Read the words after the first ones with another field."""
    if len(words) == used:
        raise MisreadError(ahead=used, expected=field.expected)
    try:
        value, more = field.read(words[used:])
    except MisreadError as misread:
        raise misread.shifted(used, field.expected) from None
    return value, used + more
