"""Read a sentence with templates: return its dataclass, or one error at the furthest word that a template reached."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Generic

from neuronclaims.sentences.field_types import MisreadError, Word
from neuronclaims.sentences.messages import quoted
from neuronclaims.sentences.misread.misses import (
    Miss,
    SentenceError,
    UnclosedQuoteError,
    furthest_error,
    shapes_of,
)
from neuronclaims.sentences.misread.rewriting import remark, rewritten
from neuronclaims.sentences.plurals import SINGULARS, as_singular, is_plural
from neuronclaims.sentences.templates import NAMING, FieldError, SentenceT, Template
from neuronclaims.sentences.wording.compiled import TemplateError
from neuronclaims.sentences.wording.pieces import Field, FixedWord, Piece, Segment

_WORD = re.compile(r'(?P<token>"(?:[^"\\]|\\.)*"(?=\s|$))|(?P<open>"[^"]*"?)|(?P<plain>\S+)', re.DOTALL)


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
class _Match:
    template: Template
    values: Mapping[str, object]
    spans: Mapping[str, tuple[int, int]]


def parse(sentence: str, templates: Sequence[Template]) -> Parsed:
    """Read a sentence with the template that fits it.

    Raises SentenceError when none does, TemplateError when two do (which ``check_templates`` finds beforehand).

    >>> from dataclasses import dataclass, replace
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
    found = _read(sentence, templates)
    if isinstance(found, Parsed):
        return found
    raise _explained(found, templates)


def _explained(error: SentenceError, templates: Sequence[Template]) -> SentenceError:
    """Return the error with the whole sentence that was probably meant, or with what is no part of the language."""

    def error_of(text: str) -> SentenceError | None:
        try:
            tried = _read(text, templates)
        except SentenceError as other:
            return other
        return tried if isinstance(tried, SentenceError) else None

    meant = rewritten(error.sentence, error_of)
    if meant is not None:
        message = f"this sentence is not understood; write: {meant}"
        return SentenceError(error.sentence, error.column, error.width, message)
    said = remark(error.sentence)
    own = error.suggestion or ""  # several words are meant for this very sentence, one may be near by chance
    if said is None or (said[1] == 0 and own and (error.column > 1 or " " in own)):
        return error
    text, start, width = said
    return SentenceError(error.sentence, start + 1, width, text, own if start == 0 and own else None)


def _read(sentence: str, templates: Sequence[Template]) -> Parsed | SentenceError:
    """Read a sentence; return the error of one that no template reads, and raise any other."""
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
        misses = [fit for fit in fits if isinstance(fit, Miss)]
        return furthest_error(sentence, words, misses)
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
        raise SentenceError(sentence, 1, 1, "the claim is empty", None, shapes_of(templates))
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


def _fits(template: Template, words: Sequence[Word]) -> Iterator[_Match | Miss]:
    """Match a template with the words, with and without each of its optional parts, as far as it fits."""
    states = [_PartialMatch(0, False, {}, {})]
    for segment in template.segments:
        after = list(states) if segment.optional else []
        for state in states:
            laid = _lay(template, segment, words, state)
            if isinstance(laid, Miss):
                yield laid
            else:
                after.append(laid)
        states = after
    for state in states:
        if state.at < len(words):
            yield Miss(template, state.at, state.sure, ("the end of the sentence",))
        else:
            yield _Match(template, {**dict.fromkeys(template.names), **state.values}, state.spans)


def _lay(
    template: Template, segment: Segment, words: Sequence[Word], state: _PartialMatch
) -> _PartialMatch | Miss:
    """Match one segment of a template with the next words."""
    at, sure = state.at, state.sure
    values, spans, plural = dict(state.values), dict(state.spans), state.plural
    for place, piece in enumerate(segment.pieces):
        if at == len(words):
            return replace(_miss(template, piece, at, sure), missing=_rest(template, segment, place))
        try:
            rest = as_singular(words[at:]) if plural else words[at:]
        except MisreadError as misread:
            return _misread(template, piece, at, sure, misread)
        plural = False
        if isinstance(piece, FixedWord):
            if rest[0].quoted or rest[0].text != piece.shape:
                skipped = _skipped(segment.pieces[place:], rest[0])
                return replace(_miss(template, piece, at, sure), missing=skipped)
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


def _rest(template: Template, segment: Segment, place: int) -> str:
    """Return the pieces of a template from one on, without what may be left out; nothing for one that is the last."""
    after = template.segments[template.segments.index(segment) + 1 :]
    more = [piece for each in after if not each.optional for piece in each.pieces]
    rest = [*segment.pieces[place:], *more]
    return " ".join(piece.shape for piece in rest) if len(rest) > 1 else ""


def _skipped(pieces: Sequence[Piece], word: Word) -> str:
    """Return the pieces that were left out, as lists show them, where a word is one that comes after them."""
    after = next(
        (n for n, piece in enumerate(pieces) if isinstance(piece, FixedWord) and piece.text == word.text), 0
    )
    return "" if word.quoted else " ".join(piece.shape for piece in pieces[:after])


def _miss(template: Template, piece: Piece, at: int, sure: bool) -> Miss:
    if isinstance(piece, Field):
        return Miss(template, at, sure, piece.type.expected, piece.type.candidates)
    return Miss(template, at, sure, (quoted(piece.text),), (piece.text,))


def _misread(template: Template, piece: Piece, at: int, sure: bool, misread: MisreadError) -> Miss:
    """Return what is wrong inside a field, in the field's own words if it has some."""
    expected, candidates = misread.expected, misread.candidates
    if not expected and isinstance(piece, Field):
        expected, candidates = piece.type.expected, piece.type.candidates
    place = at + misread.ahead
    return Miss(
        template, place, sure or misread.ahead > 0, expected, candidates, misread.reason, misread.suggestion
    )


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
