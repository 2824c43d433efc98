"""The sentence language: a kind of claim declares how its sentence reads, as a phrase with typed holes.

    Phrase("[{site:site}] neuron {neuron:neuron} activates {direction:more|less} for {first:set}", Contrast)

Fixed words stand for themselves, ``{field:type}`` is a hole (see ``holes.HOLES``; ``a|not a`` is a choice of words
or of several words) and ``[...]`` may be left out. A sentence is read into the phrase's dataclass; writing that gives
the canonical sentence.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator
from typing import Any, TypeAlias

from neuronclaims.claim_files.errors import quoted
from neuronclaims.claim_files.options import OPTIONS
from neuronclaims.sentences.choices import Choice
from neuronclaims.sentences.field import Hole, Pattern, literal
from neuronclaims.sentences.fields import HOLES, hole_of
from neuronclaims.sentences.suggest import either

TEXTS = "texts"
"""The section that stands for two: a hole of this type takes the name of a prompt set or of pairs."""

NAMING = {"sets": "set", "pairs": "pairs", "directions": "direction", TEXTS: "texts"}
"""The sections of a claim file whose entries sentences name, and the type of hole that does."""

_PIECE = re.compile(r"\[|\]|\{([^{}]*)\}|[^\s\[\]{}]+")


class PhraseError(ValueError):
    """A mistake in a kind of claim, not in a claim: a phrase does not compile, or two read alike."""


class FieldError(ValueError):
    """Raised by a sentence's dataclass on a value it cannot take; the caret goes under its words."""

    def __init__(self, field: str, message: str, suggestion: str | None = None) -> None:
        super().__init__(field, message, suggestion)
        self.field, self.message, self.suggestion = field, message, suggestion


@dataclasses.dataclass(frozen=True, slots=True)
class Fixed:
    """A word that stands for itself."""

    text: str

    @property
    def shape(self) -> str:
        """What a listing of phrases shows: the word."""
        return self.text

    @property
    def patterns(self) -> tuple[Pattern, ...]:
        """The rows of words that may stand here: this one word."""
        return (literal(self.text),)


@dataclasses.dataclass(frozen=True, slots=True)
class Slot:
    """A hole and the field its value goes to."""

    field: str
    hole: Hole
    type: str

    @property
    def shape(self) -> str:
        """What a listing of phrases shows: what the hole takes."""
        return self.hole.shape

    @property
    def patterns(self) -> tuple[Pattern, ...]:
        """The rows of words that may stand here."""
        return self.hole.patterns


Part: TypeAlias = Fixed | Slot


@dataclasses.dataclass(frozen=True, slots=True)
class Stretch:
    """Some parts in a row, which are all there or, where optional, all left out."""

    parts: tuple[Part, ...]
    optional: bool

    @property
    def fields(self) -> tuple[str, ...]:
        """The fields its holes fill."""
        return tuple(part.field for part in self.parts if isinstance(part, Slot))


@dataclasses.dataclass(frozen=True, slots=True)
class Phrase:
    """How one kind of claim reads: ``template`` in words and holes, ``build`` the dataclass of its fields.

    ``options`` names the settings that claims of this kind take besides those that all take; ``margin`` says what to
    add where one that denies has no margin, such as "'margin: 0.5 sd', the difference that would matter". ``texts`` is
    False for claims that no text is run for, so that they have no token rule. Fields of optional parts are None where
    the part is left out. Raises PhraseError on a template that does not compile, whose
    holes are not exactly the fields of ``build``, or on an option that there is not.
    """

    template: str
    build: type[Any]
    options: tuple[str, ...] = ()
    margin: str = ""
    texts: bool = True
    stretches: tuple[Stretch, ...] = dataclasses.field(init=False, repr=False, compare=False)
    slots: tuple[Slot, ...] = dataclasses.field(init=False, repr=False, compare=False)
    own_words: frozenset[str] = dataclasses.field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if unknown := set(self.options) - set(OPTIONS):
            raise PhraseError(f"no such option: {either(sorted(unknown))}; there are {either(OPTIONS)}")
        stretches = tuple(_stretches(self.template))
        _check_fields(self.template, stretches, self.build)
        object.__setattr__(self, "stretches", stretches)
        slots = tuple(part for stretch in stretches for part in stretch.parts if isinstance(part, Slot))
        object.__setattr__(self, "slots", slots)
        fixed = (part for stretch in stretches if not stretch.optional for part in stretch.parts)
        own = frozenset(part.text for part in fixed if isinstance(part, Fixed))
        object.__setattr__(self, "own_words", own)

    @property
    def fields(self) -> tuple[str, ...]:
        """The fields of all its holes."""
        return tuple(slot.field for slot in self.slots)

    @property
    def shape(self) -> str:
        """The phrase as a listing shows it, such as ``[SITE] neuron LAYER:INDEX separates SET from SET``."""
        texts = (" ".join(part.shape for part in stretch.parts) for stretch in self.stretches)
        return " ".join(
            f"[{text}]" if stretch.optional else text
            for stretch, text in zip(self.stretches, texts, strict=True)
        )

    def render(self, sentence: Any) -> str:
        """Return the canonical sentence; reading it gives an equal dataclass back."""
        words: list[str] = []
        for stretch in self.stretches:
            given = [getattr(sentence, field) is not None for field in stretch.fields]
            if stretch.optional and not any(given):
                continue
            if not all(given):
                raise PhraseError(f"{sentence!r} lacks some of {', '.join(stretch.fields)}: {self.shape}")
            words.extend(_written(part, sentence) for part in stretch.parts)
        return " ".join(words)

    @property
    def denials(self) -> str:
        """The words by which a claim of this kind denies, as an error lists them; empty where it cannot."""
        texts = (
            option for slot in self.slots if isinstance(slot.hole, Choice) for option in slot.hole.options
        )
        return either([quoted(text) for text in texts if _denies(text)])

    def denial(self, sentence: Any) -> str | None:
        """Return the field of the words by which a sentence denies, None where it denies nothing."""
        return next((field for field, value in self.values(sentence, "choice") if _denies(value)), None)

    def named(self, sentence: Any, section: str) -> tuple[tuple[str, str], ...]:
        """Return (field, name) for every entry of a section of the file that the sentence names, in its order."""
        return tuple(self.values(sentence, NAMING[section]))

    def sets(self, sentence: Any) -> tuple[tuple[str, str], ...]:
        """Return (field, name) for every prompt set the sentence names, in its order."""
        return self.named(sentence, "sets")

    def site(self, sentence: Any) -> str | None:
        """Return the site the sentence itself names, if any."""
        return next((value for _, value in self.values(sentence, "site")), None)

    def values(self, sentence: Any, hole_type: str) -> Iterator[tuple[str, Any]]:
        """Yield (field, value) for the holes of one type that are filled."""
        for slot in self.slots:
            value = getattr(sentence, slot.field)
            if slot.type == hole_type and value is not None:
                yield slot.field, value


def _stretches(template: str) -> Iterator[Stretch]:
    parts: list[Part] = []
    optional = False
    for match in _PIECE.finditer(template):
        piece = match[0]
        if piece not in "[]":
            parts.append(Fixed(piece) if match[1] is None else _slot(match[1], template))
            continue
        if (piece == "]") != optional:
            raise PhraseError(f"unbalanced or nested brackets in {template!r}")
        if parts:
            yield Stretch(tuple(parts), optional)
        parts, optional = [], piece == "["
    if optional:
        raise PhraseError(f"an optional part of {template!r} is never closed")
    if parts:
        yield Stretch(tuple(parts), optional=False)


def _slot(declaration: str, template: str) -> Slot:
    field, _, kind = declaration.partition(":")
    hole = hole_of(kind)
    if hole is None:
        raise PhraseError(
            f"{{{declaration}}} in {template!r}: no such type of hole; there are {either(list(HOLES))}"
        )
    if isinstance(hole, Choice):
        _check_options(hole.options, declaration, template)
        return Slot(field, hole, "choice")
    return Slot(field, hole, kind)


def _check_options(options: tuple[str, ...], declaration: str, template: str) -> None:
    if not all(options) or len(set(options)) < len(options):
        raise PhraseError(f"{{{declaration}}} in {template!r} has an empty option, or one twice")


def _check_fields(template: str, stretches: tuple[Stretch, ...], build: type[Any]) -> None:
    named = [field for stretch in stretches for field in stretch.fields]
    declared = [field.name for field in dataclasses.fields(build)]
    if sorted(named) != sorted(declared):
        raise PhraseError(
            f"the holes of {template!r} are {named}, the fields of {build.__name__} are {declared}"
        )
    if all(stretch.optional for stretch in stretches):
        raise PhraseError(f"{template!r} has no part that must be there")
    if any(stretch.optional and not stretch.fields for stretch in stretches):
        raise PhraseError(
            f"an optional part of {template!r} has no hole, so nothing would remember it was there"
        )


def _denies(words: str) -> bool:
    return "not" in words.split()


def _written(part: Part, sentence: object) -> str:
    return part.text if isinstance(part, Fixed) else part.hole.write(getattr(sentence, part.field))
