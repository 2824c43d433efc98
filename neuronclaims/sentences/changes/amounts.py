"""How much is changed: one number, or several in rising order, a comma after each but the last."""

from __future__ import annotations

from collections.abc import Sequence

from neuronclaims.sentences.field_types import Label, MisreadError, Pattern, Word
from neuronclaims.sentences.numbers import NUMBER, number_text

EXPECTED = ("a number such as 4",)


def _is_number(text: str) -> bool:
    try:
        NUMBER.parse(Word(text, 0, text.startswith('"')))
    except MisreadError:
        return False
    return True


_LAST = Label(("0.8",), _is_number)
_MORE = Label(("0.8,",), lambda text: text.endswith(",") and _is_number(text[:-1]))
PATTERNS: tuple[Pattern, ...] = ((_LAST,), (_MORE, _LAST))
"""One number, and a list of two."""


def read_amounts(words: Sequence[Word], at: int) -> tuple[tuple[float, ...], int]:
    """Read numbers from place ``at`` on; return them, and the place after them. Raises MisreadError.

    >>> from neuronclaims.sentences.field_types import split_words
    >>> read_amounts(split_words("by 1, 2.5, 4 raises"), 1)
    ((1.0, 2.5, 4.0), 4)
    """
    found: list[float] = []
    while True:
        if at >= len(words):
            raise MisreadError(ahead=at, expected=EXPECTED)
        word = words[at]
        more = not word.quoted and word.text.endswith(",")
        try:
            number = NUMBER.parse(Word(word.text[:-1], word.start) if more else word)
        except MisreadError as misread:
            raise misread.shifted(at, EXPECTED) from None
        if found and number <= found[-1]:
            rule = "is named twice" if number in found else "must stand before the larger ones"
            raise MisreadError(f"{number_text(number)} {rule}: amounts are given in rising order", ahead=at)
        found.append(number)
        at += 1
        if not more:
            return tuple(found), at


def amounts_text(amounts: Sequence[float]) -> str:
    """Return amounts as a sentence has them.

    >>> amounts_text((1.0, 2.5))
    '1, 2.5'
    """
    return ", ".join(map(number_text, amounts))
