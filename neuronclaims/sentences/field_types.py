"""The base of all types of field in a template: which words it reads, and what it expects."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeAlias, runtime_checkable

from typing_extensions import TypeVar

ValueT = TypeVar("ValueT", default=Any)


@dataclass(frozen=True, slots=True)
class Word:
    """One word of a sentence and where it starts, counted in characters from 0."""

    text: str
    start: int
    quoted: bool = False


class MisreadError(Exception):
    """A word that a field cannot read; it stands ``ahead`` words after the field's first one.

    ``expected`` and ``candidates`` say what could stand at that word, where that is not what the field begins with.
    """

    def __init__(
        self,
        reason: str | None = None,
        suggestion: str | None = None,
        ahead: int = 0,
        expected: tuple[str, ...] = (),
        candidates: tuple[str, ...] = (),
    ) -> None:
        super().__init__(reason)
        self.reason, self.suggestion, self.ahead = reason, suggestion, ahead
        self.expected, self.candidates = expected, candidates

    def shifted(self, words: int, expected: tuple[str, ...] = ()) -> MisreadError:
        """Return the same error for a field that begins some words earlier; ``expected`` if it names nothing."""
        ahead, expected = self.ahead + words, self.expected or expected
        return MisreadError(self.reason, self.suggestion, ahead, expected, self.candidates)


@dataclass(frozen=True, slots=True)
class Label:
    """One word of a template for the check of ambiguity: examples, and whether it accepts a word.

    ``fixed`` says that it accepts its one example alone.
    """

    examples: tuple[str, ...]
    accepts: Callable[[str], bool]
    fixed: bool = False

    def meets(self, other: Label) -> bool:
        """Return whether some word could stand for both."""
        if self.fixed:
            return self.examples == other.examples if other.fixed else other.accepts(self.examples[0])
        if other.fixed:
            return self.accepts(other.examples[0])
        return any(map(other.accepts, self.examples)) or any(map(self.accepts, other.examples))


Pattern: TypeAlias = tuple[Label, ...]
"""Words in a row."""


class FieldType(Protocol[ValueT]):
    """A type of field: how it is read and written.

    The properties are for messages, and for telling templates apart.
    """

    @property
    def expected(self) -> tuple[str, ...]:
        """Return what was expected, for errors."""

    @property
    def shape(self) -> str:
        """Return how a list of templates shows the field."""

    @property
    def candidates(self) -> tuple[str, ...]:
        """Return the words it allows, if these are finitely many."""

    @property
    def patterns(self) -> tuple[Pattern, ...]:
        """Return the rows of words it reads; of a list, one with one item and one with two."""

    def read(self, words: Sequence[Word]) -> tuple[ValueT, int]:
        """Return the value that the first words hold, and how many words those are; raise MisreadError."""
        ...

    def write(self, value: ValueT) -> str:
        """Return the canonical words for ``value``."""
        ...


@runtime_checkable
class NamesEntries(Protocol):
    """A type of field whose values may name entries of sections of the claim file."""

    def named(self, value: Any) -> tuple[tuple[str, str], ...]:
        """Return (section, name) for each entry that a value names."""
        ...


@dataclass(frozen=True, slots=True)
class OneWord(Generic[ValueT]):
    """A field filled by exactly one word.

    ``what`` says in an error what was expected, ``examples`` are words it reads, ``parse`` returns the value of a word
    or raises MisreadError, ``write`` returns the word of a value.

    >>> def colour(word: Word) -> str:
    ...     if word.quoted or word.text not in ("red", "blue"):
    ...         raise MisreadError("a colour is red or blue")
    ...     return word.text
    >>> field = OneWord("a colour", "COLOUR", ("red",), colour)
    >>> field.read(split_words("blue in hanoi"))
    ('blue', 1)
    """

    what: str
    shape: str
    examples: tuple[str, ...]
    parse: Callable[[Word], ValueT]
    write: Callable[[ValueT], str] = str
    candidates: tuple[str, ...] = ()

    @property
    def expected(self) -> tuple[str, ...]:
        """Return what was expected, for errors."""
        return (self.what,)

    @property
    def patterns(self) -> tuple[Pattern, ...]:
        """Return the one word."""
        return ((Label(self.examples, self._accepts),),)

    def read(self, words: Sequence[Word]) -> tuple[ValueT, int]:
        """Parse the first word."""
        return self.parse(words[0]), 1

    def _accepts(self, text: str) -> bool:
        try:
            self.parse(Word(text, 0, text.startswith('"')))
        except MisreadError:
            return False
        return True


def composed(name: str) -> str:
    """Return a name with accented letters in one piece, however a keyboard or a file system made them."""
    return unicodedata.normalize("NFC", name)


def split_words(text: str) -> list[Word]:
    """Return the words of a text, none of them quoted.

    >>> split_words("layer 11")
    [Word(text='layer', start=0, quoted=False), Word(text='11', start=6, quoted=False)]
    """
    return [Word(match[0], match.start()) for match in re.finditer(r"\S+", text)]


def literal(text: str) -> Pattern:
    """Return the pattern of fixed words."""
    return tuple(Label((word,), word.__eq__, fixed=True) for word in text.split())


def expect_words(words: Sequence[Word], wanted: Sequence[str], first: int) -> None:
    """Raise MisreadError where the words from ``first`` on are not those wanted."""
    for ahead, want in enumerate(wanted, start=first):
        if ahead >= len(words) or words[ahead].quoted or words[ahead].text != want:
            raise MisreadError(ahead=ahead, expected=(f"'{want}'",), candidates=(want,))
