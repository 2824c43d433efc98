"""Tokens of a text by their place, and the field for them: ``token 5``, ``tokens 1 to 30``."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from neuronclaims.sentences.field_types import Label, MisreadError, Pattern, Word, expect_words, literal

_POSITION = re.compile(r"[0-9]{1,6}")
_RANGE = re.compile(r"([0-9]{1,6})(?:-|–|\.\.|:)([0-9]{1,6})")
_A_POSITION = "the number of a token, such as 5"


@dataclass(frozen=True, slots=True)
class TokenPositions:
    """Tokens of a text from ``first`` to ``last``, both included, counted from 1."""

    first: int
    last: int

    def __str__(self) -> str:
        return f"token {self.first}" if self.first == self.last else f"tokens {self.first} to {self.last}"


@dataclass(frozen=True, slots=True)
class PositionsField:
    """Tokens of a text, counted from 1: ``token 5``, ``tokens 1 to 30``.

    >>> from neuronclaims.sentences.field_types import split_words
    >>> PositionsField().read(split_words("tokens 1 to 30"))
    (TokenPositions(first=1, last=30), 4)
    """

    expected: tuple[str, ...] = ("tokens such as 'tokens 1 to 30'",)
    shape: str = "TOKENS"
    candidates: tuple[str, ...] = ("token", "tokens")

    @property
    def patterns(self) -> tuple[Pattern, ...]:
        """Return one token, and a range."""
        number = (Label(("5",), lambda text: bool(_POSITION.fullmatch(text))),)
        return (*literal("token"), *number), (*literal("tokens"), *number, *literal("to"), *number)

    def read(self, words: Sequence[Word]) -> tuple[TokenPositions, int]:
        """Read ``token N`` or ``tokens N to M``."""
        if words[0].quoted or words[0].text not in self.candidates:
            raise MisreadError
        first = _position(words, 1)
        if words[0].text == "token":
            if len(words) > 2 and words[2].text == "to":
                raise MisreadError("several tokens are written 'tokens 1 to 30'", "tokens")
            return TokenPositions(first, first), 2
        expect_words(words, ("to",), 2)
        last = _position(words, 3)
        if last < first:
            raise MisreadError("the earlier token comes first", f"{last} to {first}", 1)
        return TokenPositions(first, last), 4

    def write(self, value: TokenPositions) -> str:
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
