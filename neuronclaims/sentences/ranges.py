"""Holes for stretches of a model or of a text: ``layers 10 to 25``, ``tokens 1 to 30``."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from neuronclaims.sentences.field import Label, MisreadError, Pattern, Word, expect_words, literal
from neuronclaims.sentences.search import ALL, Search, parse_search
from neuronclaims.sentences.values import Positions

_NUMBERS = re.compile(r"[0-9]{1,4}(?:,[0-9]{1,4})*,?")
_POSITION = re.compile(r"[0-9]{1,6}")
_RANGE = re.compile(r"([0-9]{1,6})(?:-|–|\.\.|:)([0-9]{1,6})")
_A_LAYER = "the number of a layer, such as 11"
_A_POSITION = "the number of a token, such as 5"

_NUMBER = (Label(("11",), lambda text: bool(_NUMBERS.fullmatch(text)) and not text.endswith(",")),)
_MORE = (Label(("11,",), lambda text: bool(_NUMBERS.fullmatch(text)) and text.endswith(",")),)


@dataclass(frozen=True, slots=True)
class LayersHole:
    """Layers as ``searched:`` names them: ``layer 11``, ``layers 10 to 25``, ``layers 3, 5 and 9``, ``all layers``."""

    expected: tuple[str, ...] = ("layers such as 'layers 10 to 25'",)
    shape: str = "LAYERS"
    candidates: tuple[str, ...] = ("layer", "layers", ALL)

    @property
    def patterns(self) -> tuple[Pattern, ...]:
        """One layer, a range, a list of two, and all."""
        one, more = literal("layer"), literal("layers")
        ranges = (*more, *_NUMBER, *literal("to"), *_NUMBER)
        lists = (*more, *_MORE, *_NUMBER), (*more, *_NUMBER, *literal("and"), *_NUMBER)
        return (*one, *_NUMBER), (*more, *_NUMBER), ranges, *lists, literal(ALL)

    def read(self, words: Sequence[Word]) -> tuple[Search, int]:
        """Read as many words as name layers."""
        if words[0].text == "all":
            expect_words(words, ("layers",), 1)
            return Search(None), 2
        if words[0].quoted or words[0].text not in ("layer", "layers"):
            everywhere = words[0].text in ("every", "each", "any")
            raise MisreadError(suggestion=ALL if everywhere else None)
        used = _layers_end(words)
        return parse_search(" ".join(word.text for word in words[:used])), used

    def write(self, value: Search) -> str:
        """Return the layers in words."""
        return str(value)


def _layers_end(words: Sequence[Word]) -> int:
    """Return how many words, from ``layer`` on, belong to a list of layers."""
    at = 1
    while True:
        first = _layer(words, at)
        at += 1
        more = first.endswith(",")
        if not more and at < len(words) and words[at].text == "to":
            last = _layer(words, at + 1)
            low, high = int(first.split(",")[-1]), int(last.split(",")[0])
            if high < low:
                raise MisreadError("the lower layer comes first", f"{high} to {low}", at - 1)
            at, more = at + 2, last.endswith(",")
        if not more and at + 1 < len(words) and words[at].text == "and" and words[at + 1].text[:1].isdigit():
            at, more = at + 1, True
        if not more:
            return at


def _layer(words: Sequence[Word], at: int) -> str:
    if at < len(words) and not words[at].quoted:
        text = words[at].text
        if _NUMBERS.fullmatch(text):
            return text
        if found := _RANGE.fullmatch(text):
            low, high = sorted(map(int, found.groups()))
            raise MisreadError("a range is written in words", f"{low} to {high}", at)
    raise MisreadError(ahead=at, expected=(_A_LAYER,))


@dataclass(frozen=True, slots=True)
class PositionsHole:
    """Tokens of a text, counted from 1: ``token 5``, ``tokens 1 to 30``."""

    expected: tuple[str, ...] = ("tokens such as 'tokens 1 to 30'",)
    shape: str = "TOKENS"
    candidates: tuple[str, ...] = ("token", "tokens")

    @property
    def patterns(self) -> tuple[Pattern, ...]:
        """One token, and a range."""
        number = (Label(("5",), lambda text: bool(_POSITION.fullmatch(text))),)
        return (*literal("token"), *number), (*literal("tokens"), *number, *literal("to"), *number)

    def read(self, words: Sequence[Word]) -> tuple[Positions, int]:
        """Read ``token N`` or ``tokens N to M``."""
        if words[0].quoted or words[0].text not in self.candidates:
            raise MisreadError
        first = _position(words, 1)
        if words[0].text == "token":
            if len(words) > 2 and words[2].text == "to":
                raise MisreadError("several tokens are written 'tokens 1 to 30'", "tokens")
            return Positions(first, first), 2
        expect_words(words, ("to",), 2)
        last = _position(words, 3)
        if last < first:
            raise MisreadError("the earlier token comes first", f"{last} to {first}", 1)
        return Positions(first, last), 4

    def write(self, value: Positions) -> str:
        """Return the positions in words."""
        return str(value)


def _position(words: Sequence[Word], at: int) -> int:
    if at < len(words) and not words[at].quoted:
        text = words[at].text
        if found := _RANGE.fullmatch(text):
            low, high = sorted(map(int, found.groups()))
            raise MisreadError("a range is written in words", f"{max(low, 1)} to {high}", at)
        if _POSITION.fullmatch(text):
            if int(text) == 0:
                raise MisreadError("tokens are counted from 1", "1", at)
            return int(text)
    raise MisreadError(ahead=at, expected=(_A_POSITION,))
