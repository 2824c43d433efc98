"""Heads of attention as the subject of a claim: ``head 9:6``, ``every head of 9:6, 9:9``, ``some head of layer 9``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from neuronclaims.sentences.field_types import (
    FieldType,
    MisreadError,
    Pattern,
    Word,
    expect_words,
    literal,
)
from neuronclaims.sentences.subjects.head_names import LAST, MORE, one_head
from neuronclaims.sentences.subjects.layers import Layers, LayersField
from neuronclaims.sentences.subjects.neurons import Neuron
from neuronclaims.sentences.subjects.subject import Subject

_LAYERS: FieldType[Layers] = LayersField()
_MEANT = {
    **dict.fromkeys(("each", "all", "both", "heads"), "every head of"),
    **dict.fromkeys(("any", "a", "one"), "some head"),
}


@dataclass(frozen=True, slots=True)
class HeadSubject(Subject):
    """Heads as the subject of a claim: each is a layer and, as ``index``, its number among the heads of queries there.

    >>> str(HeadSubject("every", (Neuron(9, 6), Neuron(9, 9))))
    'every head of 9:6, 9:9'
    """

    @property
    def noun(self) -> str:
        """What one of them is called."""
        return "head"


@dataclass(frozen=True, slots=True)
class HeadsField:
    """The field for heads as the subject of a claim.

    >>> from neuronclaims.sentences.field_types import split_words
    >>> str(HeadsField().read(split_words("some head of layers 9 to 10 attends"))[0])
    'some head of layers 9 to 10'
    """

    expected: tuple[str, ...] = ("'head'", "'every head of'", "'some head'")
    shape: str = "head LAYER:HEAD"
    candidates: tuple[str, ...] = ("head", "every head of", "some head")

    @property
    def patterns(self) -> tuple[Pattern, ...]:
        """Return the patterns of the four forms, with lists of one and of two."""
        every, some = literal("every head of"), literal("some head")
        return (
            (*literal("head"), LAST),
            (*every, LAST),
            (*every, MORE, LAST),
            *((*some, *literal("of"), *layers) for layers in _LAYERS.patterns),
            some,
        )

    def read(self, words: Sequence[Word]) -> tuple[HeadSubject, int]:
        """Read one of the four forms."""
        opening = "" if words[0].quoted else words[0].text
        if opening == "head":
            if len(words) > 2 and words[1].text.endswith(","):
                raise MisreadError("several heads are claimed with 'every head of 9:6, 9:9'", ahead=1)
            return HeadSubject("one", (one_head(words, 1),)), 2
        if opening == "every":
            expect_words(words, ("head", "of"), 1)
            return _listed(words, 3)
        if opening != "some":
            raise MisreadError(suggestion=_MEANT.get(opening))
        expect_words(words, ("head",), 1)
        if len(words) == 2 or words[2].text != "of":
            return HeadSubject("some", (), Layers(None)), 2
        if len(words) == 3:
            raise MisreadError(ahead=3, expected=_LAYERS.expected)
        try:
            layers, used = _LAYERS.read(words[3:])
        except MisreadError as misread:
            raise misread.shifted(3, _LAYERS.expected) from None
        return HeadSubject("some", (), layers), 3 + used

    def write(self, value: HeadSubject) -> str:
        """Return the heads in words."""
        return str(value)


def _listed(words: Sequence[Word], at: int) -> tuple[HeadSubject, int]:
    found: list[Neuron] = []
    while True:
        more = at < len(words) and words[at].text.endswith(",")
        head = one_head(words, at, words[at].text[:-1] if more else None)
        if head in found:
            raise MisreadError(f"head {head} is named twice", ahead=at)
        found.append(head)
        at += 1
        if not more:
            return HeadSubject("every", tuple(found)), at
