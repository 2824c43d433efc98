"""The fields of sentences about attention: which tokens are looked at, and from which."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from neuronclaims.sentences.field_types import FieldType, Label, MisreadError, Pattern, Word
from neuronclaims.tokens.attended import ENDS, RELATIONS, AttendedTokens, place_text, read_origin
from neuronclaims.tokens.rule_words import TokensError
from neuronclaims.tokens.spans import ChangedTokens

_LONGEST = 6
"""Words of a name of tokens, for the check of ambiguity."""

_PART = Label(("subject", "last", '"Hanoi"'), lambda text: text not in ENDS)

Places = TypeVar("Places", AttendedTokens, ChangedTokens)


@dataclass(frozen=True, slots=True)
class TokensField(Generic[Places]):
    """A field for tokens: as many words as stand before the next "from", "than", "in", "for" or "with".

    >>> from neuronclaims.sentences.field_types import split_words
    >>> found, used = ATTENDED.read(split_words("last of subject from last in ioi"))
    >>> str(found), used
    ('last of subject', 3)
    """

    parse: Callable[[str], Places]
    text: Callable[[Places], str]
    shape: str
    expected: tuple[str, ...]
    candidates: tuple[str, ...] = ()

    @property
    def patterns(self) -> tuple[Pattern, ...]:
        """Return rows of one word, of two and so on."""
        return tuple((_PART,) * count for count in range(1, _LONGEST + 1))

    def read(self, words: Sequence[Word]) -> tuple[Places, int]:
        """Read the words up to the next that ends a name of tokens."""
        used = next(
            (place for place, word in enumerate(words) if not word.quoted and word.text in ENDS), len(words)
        )
        if not used:
            raise MisreadError
        starts, written = list[int](), ""
        for word in words[:used]:
            starts.append(len(written) + bool(written))
            written = f"{written} {word.text}" if written else word.text
        try:
            return self.parse(written), used
        except TokensError as error:
            ahead = max(place for place, start in enumerate(starts) if start <= error.offset)
            raise MisreadError(error.message, error.suggestion, ahead) from None

    def write(self, value: Places) -> str:
        """Return the tokens as they are written."""
        return self.text(value)


ATTENDED: TokensField[AttendedTokens] = TokensField(
    AttendedTokens.read,
    str,
    "TOKENS",
    ("the tokens looked at, such as 'subject', 'bos', 'last of \"Hanoi\"' or 'the previous token'",),
    RELATIONS,
)
ORIGIN: TokensField[ChangedTokens] = TokensField(
    read_origin,
    place_text,
    "TOKENS",
    ("the tokens that look, such as 'last', 'all of prompt' or 'last of subject'",),
)
FIELDS: dict[str, FieldType] = {"attended": ATTENDED, "origin": ORIGIN}
"""The types of field that the templates of these kinds have of their own."""
