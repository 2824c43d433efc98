"""Heads of attention as the subject of a claim: ``head 9:6``, ``every head of 9:6, 9:9``, ``some head of layer 9``."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from neuronclaims.sentences.field_types import (
    FieldType,
    Label,
    MisreadError,
    Pattern,
    Word,
    expect_words,
    literal,
)
from neuronclaims.sentences.messages import quoted
from neuronclaims.sentences.subjects.layers import Layers, LayersField
from neuronclaims.sentences.subjects.neurons import Neuron
from neuronclaims.sentences.subjects.subject import Subject

_HEAD = re.compile(r"([0-9]{1,9}):([0-9]{1,9})")
_NEARLY = re.compile(
    r"(?:layer|blocks?|[la])?[._]?([0-9]{1,9})(?:[.:/;,_-]+(?:head|h)?|h)([0-9]{1,9})", re.IGNORECASE
)
_LAYERS: FieldType[Layers] = LayersField()
_A_HEAD = "a head such as 9:6"
_LAST = Label(("9:6",), lambda text: bool(_HEAD.fullmatch(text)))
_MORE = Label(("9:6,",), lambda text: text.endswith(",") and bool(_HEAD.fullmatch(text[:-1])))
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
            (*literal("head"), _LAST),
            (*every, _LAST),
            (*every, _MORE, _LAST),
            *((*some, *literal("of"), *layers) for layers in _LAYERS.patterns),
            some,
        )

    def read(self, words: Sequence[Word]) -> tuple[HeadSubject, int]:
        """Read one of the four forms."""
        opening = "" if words[0].quoted else words[0].text
        if opening == "head":
            if len(words) > 2 and words[1].text.endswith(","):
                raise MisreadError("several heads are claimed with 'every head of 9:6, 9:9'", ahead=1)
            return HeadSubject("one", (_one(words, 1),)), 2
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
        head = _one(words, at, words[at].text[:-1] if more else None)
        if head in found:
            raise MisreadError(f"head {head} is named twice", ahead=at)
        found.append(head)
        at += 1
        if not more:
            return HeadSubject("every", tuple(found)), at


def _one(words: Sequence[Word], at: int, text: str | None = None) -> Neuron:
    """Read ``layer:head`` at a place; raise MisreadError with what was probably meant."""
    if at >= len(words):
        raise MisreadError(ahead=at, expected=(_A_HEAD,))
    written = words[at].text if text is None else text
    if words[at].quoted:
        raise MisreadError(ahead=at, expected=(_A_HEAD,))
    if exact := _HEAD.fullmatch(written):
        return Neuron(int(exact[1]), int(exact[2]))
    if nearly := _NEARLY.fullmatch(written):
        meant = f"{int(nearly[1])}:{int(nearly[2])}"
        raise MisreadError(f"a head is written layer:head, not {quoted(written)}", meant, at)
    if re.fullmatch(r"[0-9]+:?", written):
        raise MisreadError(f"{quoted(written)} is a layer without a head; a head is layer:head", ahead=at)
    raise MisreadError(ahead=at, expected=(_A_HEAD,))
