"""What names of prompt sets, pairs, directions and other entries of a claim file are made of."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from neuronclaims.sentences.field_types import Label, MisreadError, Pattern, Word, composed

NAME_SIGNS = r"[^\x00-,./:-@\[-^`{-\xa0\u2000-\u206f\u3000\ufe00-\ufe0f\ufeff\ufff0-\uffff]"
"""What names and ids are made of, as a pattern for Python and for editors: letters of any script, digits, _ and -."""

IDENTIFIER = re.compile(rf"(?![0-9-]){NAME_SIGNS}+")
"""The name of a prompt set, of pairs or of a direction, as far as a pattern can tell."""


def is_name(text: str) -> bool:
    """Say whether a text can name a prompt set, pairs or a direction: letters of any script, digits, ``_``, ``-``.

    >>> [name for name in ("hanoi", "Αθήνα", "河内", "café-2", "2nd", "a b", "→") if is_name(name)]
    ['hanoi', 'Αθήνα', '河内', 'café-2']
    """
    whole = composed(text).replace("-", "_")
    return whole.isidentifier() and IDENTIFIER.fullmatch(text) is not None


@dataclass(frozen=True, slots=True)
class SetsField:
    """One prompt set or more, such as ``tulip, violent``: no name twice, in the order of the sentence.

    >>> from neuronclaims.sentences.field_types import split_words
    >>> SetsField().read(split_words("tulip, violent in at least 60% of prompts"))
    (('tulip', 'violent'), 2)
    """

    expected: tuple[str, ...] = ("names of prompt sets such as 'tulip, violent'",)
    shape: str = "SET, ..."
    candidates: tuple[str, ...] = ()

    @property
    def patterns(self) -> tuple[Pattern, ...]:
        """Return one name, and two."""
        last = Label(("tulip",), is_name)
        first = Label(("tulip,",), lambda text: text.endswith(",") and is_name(text[:-1]))
        return (last,), (first, last)

    def read(self, words: Sequence[Word]) -> tuple[tuple[str, ...], int]:
        """Read names for as long as a comma follows them."""
        names: list[str] = []
        for place, word in enumerate(words):
            more = word.text.endswith(",") and not word.quoted
            name = word.text[:-1] if more else word.text
            if word.quoted or not is_name(name):
                raise MisreadError(ahead=place)
            if composed(name) in names:
                raise MisreadError(f"the set {name!r} is named twice", ahead=place)
            names.append(composed(name))
            if not more:
                return tuple(names), place + 1
        raise MisreadError("after a comma another set is named", ahead=len(words) - 1)

    def write(self, value: tuple[str, ...]) -> str:
        """Return the names with commas between."""
        return ", ".join(value)

    def named(self, value: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
        """Return the prompt sets that a value names."""
        return tuple(("sets", name) for name in value)
