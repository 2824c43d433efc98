"""The words of a token rule, taken one after the other, and what is said of those that cannot be read."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import cast

from neuronclaims.errors import NeuronClaimsError
from neuronclaims.sentences.messages import closest, quoted
from neuronclaims.tokens.spans import SPECIAL, WORDS, WRITTEN, Part, Span

POOLS = ("first", "last", "mean", "max")
SPANS = (*WORDS, 'a text in quotes such as "Hanoi"', 'every "Hanoi"', "a column of the prompt file")
EXAMPLES = (
    "last of prompt",
    "mean of prompt",
    "max of prompt",
    "first of prompt",
    "token 3 of prompt",
    "mean of generated",
    "last of generated",
    "mean of emitting",
    "last of user",
    'last of "Hanoi"',
    'mean of every "Hanoi"',
    "last of subject",
    "first after subject",
    "value at bos",
)
"""Token rules for lists of what is allowed, which is more than can be listed."""

_PIECE = re.compile(r'"(?:[^"\\]|\\.)*"|\S+', re.DOTALL)
_NUMBER = re.compile(r"[+-]?\d{1,6}")
_COLUMN = re.compile(r"[^\W\d][\w.-]*")


_MEANT = {
    "average": "mean",
    "avg": "mean",
    "maximum": "max",
    "final": "last",
    "initial": "first",
    "second": "token 2",
}
"""Words for pools that are none."""

_MISSPELT = 0.8
"""How alike a word and a span's name must be for a slip; ``answer`` is no ``user``, and columns are often called so."""


class TokensError(NeuronClaimsError):
    """A token rule that is not understood, with its place in characters; ``suggestion`` is shown and never taken."""

    def __init__(
        self,
        message: str,
        offset: int = 0,
        width: int = 1,
        suggestion: str | None = None,
        allowed: Sequence[str] = (),
    ) -> None:
        super().__init__(message)
        self.message, self.offset, self.width = message, offset, width
        self.suggestion, self.allowed = suggestion, tuple(allowed)


@dataclass(slots=True)
class RuleWords:
    """The words of a rule, a quoted text as one, and the place of the next."""

    text: str
    found: list[tuple[str, int]]
    place: int = 0

    @classmethod
    def of(cls, text: str) -> RuleWords:
        """Return the words of a rule; raise TokensError where there are none."""
        found = [(match[0], match.start()) for match in _PIECE.finditer(text)]
        if not found:
            raise TokensError("nothing is written here", allowed=EXAMPLES)
        return cls(text, found)

    @property
    def ahead(self) -> str:
        """The next word; empty at the end."""
        return self.found[self.place][0] if self.place < len(self.found) else ""

    def take(self) -> str:
        """Return the next word, and go on behind it."""
        word, self.place = self.ahead, self.place + 1
        return word

    def wrong(self, message: str, suggestion: str | None = None, allowed: Sequence[str] = ()) -> TokensError:
        """Return the error that is about the next word."""
        return self.wrong_at(self.place, message, suggestion, allowed)

    def wrong_at(
        self, place: int, message: str, suggestion: str | None = None, allowed: Sequence[str] = ()
    ) -> TokensError:
        """Return the error that is about the word at a place."""
        word, start = self.found[place] if place < len(self.found) else ("", len(self.text))
        return TokensError(message, start, max(1, len(word)), suggestion, allowed)

    def expect(self, word: str, whole: str | None = None) -> None:
        """Take a word that must come next; at the end ``whole`` is what was probably meant."""
        if self.ahead == word:
            self.place += 1
            return
        if not self.ahead:
            raise self.wrong(f"{quoted(word)} is missing at the end", whole, EXAMPLES)
        raise self.wrong(
            f"{quoted(word)} is expected here, not {quoted(self.ahead)}",
            self._meant(word),
            EXAMPLES,
        )

    def _meant(self, word: str) -> str:
        """Return what should stand for the next word, which is not the one expected: it, or it and what it lacks."""
        names_tokens = self.ahead in WORDS or self.ahead.startswith('"')
        return f"{word} {self.ahead}" if names_tokens else word

    def which(self, allowed: Sequence[str]) -> str:
        """Read a pool, or which token of a span."""
        word = self.ahead
        if word not in allowed:
            near = _MEANT.get(word) or closest(word, allowed)
            raise self.wrong(f"{quoted(word)} is no way to take tokens", near, EXAMPLES)
        self.take()
        if word != "token":
            return word
        if not _NUMBER.fullmatch(self.ahead):
            raise self.wrong(
                "a number is expected here, such as 3, or -2 for the last but one",
                None,
                EXAMPLES,
            )
        number = int(self.ahead)
        if number == 0:
            raise self.wrong("tokens are counted from 1, and from -1 backwards", "1")
        self.take()
        return {1: "first", -1: "last"}.get(number, f"token {number}")

    def span(self) -> Span:
        """Read the tokens of which some count."""
        after = self.ahead == "after"
        if after:
            self.take()
        begin = self.place
        part, text = self._name()
        if after and part in ("prompt", *WRITTEN, "every"):
            raise self.wrong_at(
                begin, f"{quoted(part)} has no 'after': name a part of the prompt", None, SPANS
            )
        return Span(part, text, after, self._special(part, after))

    def _special(self, part: Part, after: bool) -> bool:
        words = SPECIAL.split()
        if self.ahead != words[0]:
            return False
        at = self.place
        for word in words:
            self.expect(word)
        if part in WRITTEN:
            raise self.wrong_at(at, "special tokens are counted in prompts alone", None, EXAMPLES)
        return part != "bos" or after

    def _name(self) -> tuple[Part, str]:
        word = self.ahead
        if not word:
            raise self.wrong("which tokens is missing at the end", None, SPANS)
        if word.startswith('"'):
            return "quoted", self._quoted()
        if word in ("every", "column") and self.place + 1 < len(self.found):
            self.take()
            if self.ahead.startswith('"'):
                return cast(Part, word), self._quoted()
            if word == "column":
                return "column", self.take()
            raise self.wrong("a text in quotes is expected after 'every'", f'"{self.ahead}"', EXAMPLES)
        if word in WORDS:
            self.take()
            return cast(Part, word), ""
        if word.startswith("'"):
            raise self.wrong("a text stands in double quotes", f'"{word.strip(chr(39))}"')
        near = next(iter(get_close_matches(word, WORDS, n=1, cutoff=_MISSPELT)), None)
        if (
            near is not None
            or not _COLUMN.fullmatch(word)
            or word in ("of", "at", "after", "including", *POOLS)
        ):
            hint = f"; a column of that name is written 'column {word}'" if _COLUMN.fullmatch(word) else ""
            raise self.wrong(f"{quoted(word)} names no tokens{hint}", near, SPANS)
        return "column", self.take()

    def _quoted(self) -> str:
        word = self.ahead
        try:
            text = json.loads(word, strict=False)
        except ValueError:
            closed = len(word) > 1 and word.endswith('"')
            reason = (
                "this text has a backslash that JSON does not know: write \\\\ for one"
                if closed
                else "this quote is not closed"
            )
            raise self.wrong(reason) from None
        if not text:
            raise self.wrong("the text in quotes is empty")
        self.take()
        return str(text)

    def end(self) -> None:
        """Raise TokensError where there is a word left."""
        if self.ahead:
            near = SPECIAL if closest(self.ahead, SPECIAL.split()) else None
            raise self.wrong(f"{quoted(self.ahead)} is not expected here", near, EXAMPLES)
