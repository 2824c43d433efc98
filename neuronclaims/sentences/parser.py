"""Read a sentence with templates: return its dataclass, or one error at the furthest word that a template reached."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic

from neuronclaims.errors import NeuronClaimsError
from neuronclaims.sentences.field_types import MisreadError, Word
from neuronclaims.sentences.messages import allowed_lines, caret_lines, closest, either, quoted
from neuronclaims.sentences.plurals import SINGULARS, as_singular, is_plural
from neuronclaims.sentences.templates import (
    NAMING,
    Field,
    FieldError,
    FixedWord,
    Piece,
    Segment,
    SentenceT,
    Template,
    TemplateError,
)

_WORD = re.compile(r'(?P<token>"(?:[^"\\]|\\.)*"(?=\s|$))|(?P<open>"[^"]*"?)|(?P<plain>\S+)', re.DOTALL)


class SentenceError(NeuronClaimsError):
    """A sentence that no template reads. ``column`` counts from 1, ``width`` counts the characters meant."""

    def __init__(
        self,
        sentence: str,
        column: int,
        width: int,
        message: str,
        suggestion: str | None = None,
        allowed: tuple[str, ...] = (),
    ) -> None:
        super().__init__(sentence, column, width, message, suggestion, allowed)
        self.sentence, self.column, self.width = sentence, column, width
        self.message, self.suggestion, self.allowed = message, suggestion, allowed

    def __str__(self) -> str:
        hint = f"did you mean {quoted(self.suggestion)}?" if self.suggestion else ""
        flat = re.sub(r"[\r\n]", " ", self.sentence)
        lines = caret_lines(flat, self.column, self.width, "     ", hint)
        return "\n".join([self.message, *lines, *allowed_lines(self.allowed)])


class UnclosedQuoteError(SentenceError):
    """A sentence that ends within a quoted text."""


@dataclass(frozen=True, slots=True)
class Parsed(Generic[SentenceT]):
    """A sentence that was read: its dataclass, its template, and the span of each field's words (from 0).

    ``text`` is the canonical sentence.
    """

    value: SentenceT
    template: Template[SentenceT]
    spans: Mapping[str, tuple[int, int]]
    text: str


@dataclass(frozen=True, slots=True)
class _Miss:
    """The word where a template stopped fitting, what was expected, and what is wrong if known.

    ``sure`` says that some word before it fits this template, more than any word fits a field for a name.
    """

    template: Template
    at: int
    sure: bool
    expected: tuple[str, ...]
    candidates: tuple[str, ...] = ()
    reason: str | None = None
    suggestion: str | None = None


@dataclass(frozen=True, slots=True)
class _Match:
    template: Template
    values: Mapping[str, object]
    spans: Mapping[str, tuple[int, int]]


def parse(sentence: str, templates: Sequence[Template]) -> Parsed:
    """Read a sentence with the template that fits it.

    Raises SentenceError when none does, TemplateError when two do (which ``check_templates`` finds beforehand).

    >>> from dataclasses import dataclass
    >>> from neuronclaims.sentences.templates import Template
    >>> @dataclass(frozen=True)
    ... class Likes:
    ...     verb: str
    ...     place: str
    >>> likes = Template("the model {verb:likes|dislikes} {place:set}", Likes)
    >>> parse("the model likes  hanoi", [likes]).text
    'the model likes hanoi'
    >>> try:
    ...     parse("the model lykes hanoi", [likes])
    ... except SentenceError as error:
    ...     print(error)
    expected 'likes' or 'dislikes', found 'lykes'
          | the model lykes hanoi
          |           ^^^^^ did you mean 'likes'?
    """
    words = _words(sentence, templates)
    full_stop = _full_stop(words)
    if full_stop:
        words[-1] = Word(words[-1].text[:-1], words[-1].start)
    fits = [fit for template in _likely(templates, words) for fit in _fits(template, words)]
    matches = [fit for fit in fits if isinstance(fit, _Match)]
    if not matches:
        # Only now, for what the error has to say: a template that lacks one of its words never fits.
        fits = [fit for template in templates for fit in _fits(template, words)]
    if len(matches) > 1:
        shapes = " and ".join(quoted(match.template.shape) for match in matches)
        raise TemplateError(f"{quoted(sentence)} reads in two ways: {shapes}")
    if not matches:
        misses = [fit for fit in fits if isinstance(fit, _Miss)]
        raise _furthest(sentence, words, misses)
    if full_stop:
        where = words[-1].start + len(words[-1].text)
        raise SentenceError(sentence, where + 1, 1, "a claim has no full stop at its end")
    _refuse_same_set(sentence, matches[0])
    return _built(sentence, matches[0])


def _likely(templates: Sequence[Template], words: Sequence[Word]) -> list[Template]:
    """Return the templates whose fixed words all occur, optional parts excepted."""
    there = {word.text for word in words}
    there |= {SINGULARS[text] for text in there if text in SINGULARS}
    return [template for template in templates if template.own_words <= there]


def _words(sentence: str, templates: Sequence[Template]) -> list[Word]:
    words: list[Word] = []
    for match in _WORD.finditer(sentence):
        if match["open"]:
            closed = len(match["open"]) > 1 and match["open"].endswith('"')
            made, rule = SentenceError, "a space must follow the closing quote"
            if not closed:
                made, rule = UnclosedQuoteError, 'this double quote (") is never closed'
            raise made(sentence, match.start() + 1, len(match["open"]), rule)
        words.append(Word(match[0], match.start(), match["token"] is not None))
    if not words:
        raise SentenceError(sentence, 1, 1, "the claim is empty", None, _shapes(templates))
    return words


def _full_stop(words: Sequence[Word]) -> bool:
    last = words[-1]
    return not last.quoted and len(last.text) > 1 and last.text.endswith(".")


@dataclass(frozen=True, slots=True)
class _PartialMatch:
    """The progress of a template over the words: the next word, and the values of its fields so far.

    ``plural`` says that the next word is the verb of several.
    """

    at: int
    sure: bool
    values: Mapping[str, object]
    spans: Mapping[str, tuple[int, int]]
    plural: bool = False


def _fits(template: Template, words: Sequence[Word]) -> Iterator[_Match | _Miss]:
    """Match a template with the words, with and without each of its optional parts, as far as it fits."""
    states = [_PartialMatch(0, False, {}, {})]
    for segment in template.segments:
        after = list(states) if segment.optional else []
        for state in states:
            laid = _lay(template, segment, words, state)
            if isinstance(laid, _Miss):
                yield laid
            else:
                after.append(laid)
        states = after
    for state in states:
        if state.at < len(words):
            yield _Miss(template, state.at, state.sure, ("the end of the sentence",))
        else:
            yield _Match(template, {**dict.fromkeys(template.names), **state.values}, state.spans)


def _lay(
    template: Template, segment: Segment, words: Sequence[Word], state: _PartialMatch
) -> _PartialMatch | _Miss:
    """Match one segment of a template with the next words."""
    at, sure = state.at, state.sure
    values, spans, plural = dict(state.values), dict(state.spans), state.plural
    for piece in segment.pieces:
        if at == len(words):
            return _miss(template, piece, at, sure)
        try:
            rest = as_singular(words[at:]) if plural else words[at:]
        except MisreadError as misread:
            return _misread(template, piece, at, sure, misread)
        plural = False
        if isinstance(piece, FixedWord):
            if rest[0].quoted or rest[0].text != piece.shape:
                return _miss(template, piece, at, sure)
            at, sure = at + 1, True
            continue
        try:
            values[piece.name], used = piece.type.read(rest)
        except MisreadError as misread:
            return _misread(template, piece, at, sure, misread)
        last = words[at + used - 1]
        spans[piece.name] = (words[at].start, last.start + len(last.text))
        at, sure = at + used, sure or piece.type_name not in NAMING.values()
        plural = is_plural(values[piece.name])
    return _PartialMatch(at, sure, values, spans, plural)


def _miss(template: Template, piece: Piece, at: int, sure: bool) -> _Miss:
    if isinstance(piece, Field):
        return _Miss(template, at, sure, piece.type.expected, piece.type.candidates)
    return _Miss(template, at, sure, (quoted(piece.text),), (piece.text,))


def _misread(template: Template, piece: Piece, at: int, sure: bool, misread: MisreadError) -> _Miss:
    """Return what is wrong inside a field, in the field's own words if it has some."""
    expected, candidates = misread.expected, misread.candidates
    if not expected and isinstance(piece, Field):
        expected, candidates = piece.type.expected, piece.type.candidates
    place = at + misread.ahead
    return _Miss(
        template, place, sure or misread.ahead > 0, expected, candidates, misread.reason, misread.suggestion
    )


def _furthest(sentence: str, words: Sequence[Word], misses: Sequence[_Miss]) -> SentenceError:
    """Return one error with everything that the furthest templates expected at that word."""
    furthest = _telling(words, misses)
    at = furthest[0].at if furthest else 0
    expected = either(list(dict.fromkeys(each for miss in furthest for each in miss.expected)))
    known = next((miss for miss in furthest if miss.reason or miss.suggestion), None)
    if at >= len(words):
        end = words[-1].start + len(words[-1].text)
        reason = (known and known.reason) or f"expected {expected}, but the sentence ends here"
        return SentenceError(sentence, end + 1, 1, reason)
    word = words[at]
    reason = (known and known.reason) or f"expected {expected}, found {quoted(word.text)}"
    suggestion = (known and known.suggestion) or _near(word, furthest)
    disagree = len({miss.expected for miss in furthest}) > 1
    reached = list(dict.fromkeys(miss.template for miss in furthest))
    shapes = _shapes(reached) if len(reached) > 1 and disagree and not suggestion and not known else ()
    return SentenceError(sentence, word.start + 1, len(word.text), reason, suggestion, shapes)


def _telling(words: Sequence[Word], misses: Sequence[_Miss]) -> list[_Miss]:
    """Return the misses of the templates that got furthest.

    A field for a name takes any first word, a misspelt one too, and getting past it alone says little: such misses
    give way to others at the same word, and to a first word that is nearly one of those expected there.
    """
    at = max((miss.at for miss in misses), default=0)
    furthest = [miss for miss in misses if miss.at == at]
    if sure := [miss for miss in furthest if miss.sure]:
        return sure
    first = [miss for miss in misses if miss.at == 0]
    if at > 0 and (any(miss.suggestion for miss in first) or _near(words[0], first)):
        return first
    return furthest


def _near(word: Word, misses: Sequence[_Miss]) -> str | None:
    return closest(word.text, [candidate for miss in misses for candidate in miss.candidates])


def _shapes(templates: Sequence[Template]) -> tuple[str, ...]:
    return tuple(template.shape for template in templates)


def _refuse_same_set(sentence: str, match: _Match) -> None:
    seen: set[str] = set()
    for field in _set_fields(match):
        name = str(match.values[field])
        if name in seen:
            start, end = match.spans[field]
            rule = f"{quoted(name)} stands against itself: a claim needs different prompt sets"
            raise SentenceError(sentence, start + 1, end - start, rule)
        seen.add(name)


def _set_fields(match: _Match) -> Iterator[str]:
    fields = match.template.fields
    return (field.name for field in fields if field.type_name == "set" and field.name in match.spans)


def _built(sentence: str, match: _Match) -> Parsed:
    try:
        value = match.template.make(match.values)
    except FieldError as error:
        start, end = match.spans.get(error.field, (0, len(sentence)))
        raise SentenceError(sentence, start + 1, end - start, error.message, error.suggestion) from None
    return Parsed(value, match.template, match.spans, match.template.render(value))
