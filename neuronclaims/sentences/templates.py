"""The sentence language: a kind of claim declares how its sentence reads, as a template with typed fields.

Fixed words stand for themselves. ``{name:type}`` is a field: ``name`` is the field of the dataclass that takes the
value, ``type`` one of ``fields.FIELD_TYPES``, one of the template's own ``field_types``, or a choice of words such as
``more|less`` or ``activates|does not activate``. What stands in ``[...]`` may be left out.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Generic

from typing_extensions import TypeVar

from neuronclaims.sentences.binding import Bindable, BindingField
from neuronclaims.sentences.choices import Choice
from neuronclaims.sentences.field_types import FieldType, NamesEntries
from neuronclaims.sentences.messages import either, quoted
from neuronclaims.sentences.options import Options
from neuronclaims.sentences.plurals import as_plural, is_plural
from neuronclaims.sentences.wording.compiled import TemplateError, compiled
from neuronclaims.sentences.wording.pieces import Field, FixedWord, Segment, written
from neuronclaims.token_classes import TokenLabel

SentenceT = TypeVar("SentenceT", default=Any)

TEXTS = "texts"
"""The section that stands for two: a field of this type takes the name of a prompt set or of pairs."""

LISTS = "lists"
"""The section of prompt sets whose texts are looked for in others: none of them is run."""

NAMING = {"sets": "set", "pairs": "pairs", "directions": "direction", TEXTS: "texts", LISTS: ""}
"""The sections of a claim file whose entries sentences name, and the type of field that does."""


class FieldError(ValueError):
    """Raised by a sentence's dataclass on a value it cannot take; the caret goes under its words."""

    def __init__(self, field: str, message: str, suggestion: str | None = None) -> None:
        super().__init__(field, message, suggestion)
        self.field, self.message, self.suggestion = field, message, suggestion


@dataclasses.dataclass(frozen=True, slots=True)
class Template(Generic[SentenceT]):
    """The template of a kind's sentences: ``wording`` in words and fields, ``build`` the dataclass for the values.

    ``options`` is the model of the settings that claims of this kind take besides those that all take. ``margin`` says
    what to add where one that denies has no margin, such as "'margin: 0.5 sd', the difference that would matter".
    ``texts`` is False for claims that no text is run for, so that they have no token rule, ``pooled`` for those that
    run texts and pool none of their tokens. ``own_site`` is the site of all claims of the kind, whose sentences name
    the tokens they read: such claims need neither ``site`` nor ``tokens``.
    ``field_types`` are field types of the template's own, by name. ``check`` is given each claim that was read and
    raises FieldError, for a field of the sentence or for a setting, where these do not fit one another. Fields of
    optional segments are None where the segment is left out.

    Raises TemplateError for a wording that does not compile, and where its fields are not exactly those of ``build``.

    >>> from dataclasses import dataclass
    >>> from neuronclaims.sentences.subjects.neurons import Neuron
    >>> from neuronclaims.sentences.parser import parse
    >>> @dataclass(frozen=True)
    ... class Likes:
    ...     neuron: Neuron
    ...     verb: str
    ...     place: str
    >>> likes = Template("neuron {neuron:neuron} {verb:likes|dislikes} {place:set}", Likes)
    >>> likes.shape
    'neuron LAYER:INDEX likes|dislikes SET'
    >>> parse("neuron 3:17 likes  hanoi", [likes]).value
    Likes(neuron=Neuron(layer=3, index=17), verb='likes', place='hanoi')
    >>> likes.render(Likes(Neuron(3, 17), "dislikes", "hanoi"))
    'neuron 3:17 dislikes hanoi'
    """

    wording: str
    build: type[SentenceT]
    options: type[Options] = Options
    margin: str = ""
    texts: bool = True
    pooled: bool = True
    own_site: str | None = None
    check: Callable[[Any], None] | None = dataclasses.field(default=None, repr=False, compare=False)
    field_types: Mapping[str, FieldType] = dataclasses.field(default_factory=dict, repr=False, compare=False)
    segments: tuple[Segment, ...] = dataclasses.field(init=False, repr=False, compare=False)
    fields: tuple[Field, ...] = dataclasses.field(init=False, repr=False, compare=False)
    own_words: frozenset[str] = dataclasses.field(init=False, repr=False, compare=False)
    naming: tuple[tuple[str, NamesEntries], ...] = dataclasses.field(init=False, repr=False, compare=False)
    binding: tuple[tuple[str, BindingField], ...] = dataclasses.field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        segments = compiled(self.wording, self.field_types, self.build)
        pieces = [piece for segment in segments for piece in segment.pieces]
        required = (piece for segment in segments if not segment.optional for piece in segment.pieces)
        object.__setattr__(self, "segments", segments)
        object.__setattr__(self, "fields", tuple(piece for piece in pieces if isinstance(piece, Field)))
        own_words = frozenset(piece.text for piece in required if isinstance(piece, FixedWord))
        object.__setattr__(self, "own_words", own_words)
        binding = tuple(
            (field.name, field.type) for field in self.fields if isinstance(field.type, BindingField)
        )
        object.__setattr__(self, "binding", binding)
        naming = tuple(
            (field.name, field.type) for field in self.fields if isinstance(field.type, NamesEntries)
        )
        object.__setattr__(self, "naming", naming)

    @property
    def names(self) -> tuple[str, ...]:
        """Return the names of all its fields."""
        return tuple(field.name for field in self.fields)

    @property
    def shape(self) -> str:
        """Return the template as a list shows it, such as ``[SITE] neuron LAYER:INDEX separates SET from SET``."""
        texts = (" ".join(piece.shape for piece in segment.pieces) for segment in self.segments)
        return " ".join(
            f"[{text}]" if segment.optional else text
            for segment, text in zip(self.segments, texts, strict=True)
        )

    def make(self, values: Mapping[str, object]) -> SentenceT:
        """Return the sentence with these values by name; raise FieldError if it does not accept one."""
        build: Callable[..., SentenceT] = self.build
        return build(**values)

    def render(self, sentence: SentenceT) -> str:
        """Return the canonical sentence; reading it gives an equal dataclass back."""
        words: list[str] = []
        plural = False
        for segment in self.segments:
            given = [getattr(sentence, name) is not None for name in segment.names]
            if segment.optional and not any(given):
                continue
            if not all(given):
                raise TemplateError(f"{sentence!r} lacks some of {', '.join(segment.names)}: {self.shape}")
            for piece in segment.pieces:
                text = written(piece, sentence)
                words.append(as_plural(text) if plural else text)
                plural = isinstance(piece, Field) and is_plural(getattr(sentence, piece.name))
        return " ".join(words)

    @property
    def denials(self) -> str:
        """Return the words that make a claim of this kind negative, for errors; empty if it has none."""
        texts = (
            text for field in self.fields if isinstance(field.type, Choice) for text in field.type.options
        )
        return either([quoted(text) for text in texts if _denies(text)])

    def denial(self, sentence: SentenceT) -> str | None:
        """Return the name of the field with the negative words, None if the sentence is not negative."""
        return next((name for name, value in self.values(sentence, "choice") if _denies(value)), None)

    def named(self, sentence: SentenceT, section: str) -> tuple[tuple[str, str], ...]:
        """Return (field, name) for every entry of a section of the file that the sentence names, in its order."""
        alone = tuple(self.values(sentence, NAMING[section])) if section in NAMING else ()
        inside = (
            (field, name)
            for field, type_ in self.naming
            if (value := getattr(sentence, field)) is not None
            for of, name in type_.named(value)
            if of == section
        )
        return (*alone, *inside)

    def bind(self, sentence: SentenceT, entries: Bindable) -> SentenceT:
        """Return the sentence with what the entries that its fields name hold; raise FieldError where one cannot be.

        A field that names an entry which is not among ``entries`` stays as it is.
        """
        changes: dict[str, object] = {}
        for field, type_, value in self._bindings(sentence):
            named = type_.named(value)
            if any(each.name in entries.get(each.section, {}) for each in named):
                try:
                    changes[field] = type_.bound(value, entries)
                except FieldError:
                    raise
                except ValueError as error:
                    raise FieldError(field, str(error)) from None
        bound: SentenceT = dataclasses.replace(sentence, **changes) if changes else sentence  # type: ignore[type-var]
        return bound

    def _bindings(self, sentence: SentenceT) -> Iterator[tuple[str, BindingField, Any]]:
        """Yield the filled fields that may name entries: name, type and value."""
        for name, type_ in self.binding:
            value = getattr(sentence, name)
            if value is not None:
                yield name, type_, value

    def writes(self, sentence: SentenceT) -> bool:
        """Return whether text is written for a claim, whatever its token rule says."""
        return any(getattr(getattr(sentence, name), "writes", False) for name in self.names)

    def sets(self, sentence: SentenceT) -> tuple[tuple[str, str], ...]:
        """Return (field, name) for every prompt set the sentence names, in its order."""
        return self.named(sentence, "sets")

    def columns(self, sentence: SentenceT) -> tuple[tuple[str, str], ...]:
        """Return (field, name) for every column of numbers that the sentence names."""
        return tuple(self.values(sentence, "column"))

    def labels(self, sentence: SentenceT) -> tuple[tuple[str, str], ...]:
        """Return (field, label) for every label of texts that the sentence names."""
        wanted = self.values(sentence, "wanted")
        return tuple((field, value.name) for field, value in wanted if isinstance(value, TokenLabel))

    def site(self, sentence: SentenceT) -> str | None:
        """Return the site that the sentence or an entry it names has, or else that of all sentences of the kind."""
        named = [value for _, value in self.values(sentence, "site")]
        changed = [value.site for _, value in self.values(sentence, "change")]
        own = (site for _, site in self.own_sites(sentence))
        return next((site for site in (*named, *changed, *own) if site is not None), self.own_site)

    def own_sites(self, sentence: SentenceT) -> Iterator[tuple[str, str]]:
        """Yield (field, site) for what the sentence names that lies at a site of its own."""
        for field, type_, value in self._bindings(sentence):
            if (site := type_.site_of(value)) is not None:
                yield field, site

    def spans(self, sentence: SentenceT) -> Iterator[tuple[str, Any]]:
        """Yield (field, span) for each stretch of prompts that the sentence names, such as ``last of subject``."""
        for field in self.fields:
            value = getattr(sentence, field.name)
            if hasattr(value, "columns") and getattr(value, "span", None) is not None:
                yield field.name, value.span

    def columns_of_spans(self, sentence: SentenceT) -> tuple[str, ...]:
        """Return the columns of prompts' rows by which the sentence reads tokens."""
        values = (getattr(sentence, field.name) for field in self.fields)
        return tuple(name for value in values for name in getattr(value, "columns", ()))

    def values(self, sentence: SentenceT, type_name: str) -> Iterator[tuple[str, Any]]:
        """Yield (field, value) for the fields of one type that are filled."""
        for field in self.fields:
            value = getattr(sentence, field.name)
            if field.type_name == type_name and value is not None:
                yield field.name, value


def _denies(words: str) -> bool:
    return "not" in words.split()
