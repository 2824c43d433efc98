"""What a template's wording is made of: fixed words and fields, in segments of which some may be left out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from neuronclaims.sentences.field_types import FieldType, Pattern, literal


@dataclass(frozen=True, slots=True)
class FixedWord:
    """A word that stands for itself."""

    text: str

    @property
    def shape(self) -> str:
        """Return how a list of templates shows it: the word."""
        return self.text

    @property
    def patterns(self) -> tuple[Pattern, ...]:
        """Return the rows of words that may stand here: this one word."""
        return (literal(self.text),)


@dataclass(frozen=True, slots=True)
class Field:
    """A place in a template for a value: the name of the dataclass's field, and its type."""

    name: str
    type: FieldType
    type_name: str

    @property
    def shape(self) -> str:
        """Return how a list of templates shows it: the type of the field."""
        return self.type.shape

    @property
    def patterns(self) -> tuple[Pattern, ...]:
        """Return the rows of words that may stand here."""
        return self.type.patterns


Piece: TypeAlias = FixedWord | Field


@dataclass(frozen=True, slots=True)
class Segment:
    """Some pieces in a row; if optional, all of them may be left out together."""

    pieces: tuple[Piece, ...]
    optional: bool

    @property
    def names(self) -> tuple[str, ...]:
        """Return the names of its fields."""
        return tuple(piece.name for piece in self.pieces if isinstance(piece, Field))


def written(piece: Piece, sentence: object) -> str:
    """Return the words of a piece in a sentence."""
    return piece.text if isinstance(piece, FixedWord) else piece.type.write(getattr(sentence, piece.name))
