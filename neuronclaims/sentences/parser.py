"""Reading a sentence with phrases: its dataclass, or one error at the furthest word any phrase reached."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from neuronclaims.claim_files.errors import allowed_lines, caret_lines, quoted
from neuronclaims.errors import NeuronClaimsError
from neuronclaims.sentences.field import MisreadError, Word
from neuronclaims.sentences.suggest import closest, either
from neuronclaims.sentences.templates import (
    NAMING,
    FieldError,
    Fixed,
    Part,
    Phrase,
    PhraseError,
    Slot,
    Stretch,
)

_WORD = re.compile(r'(?P<token>"(?:[^"\\]|\\.)*"(?=\s|$))|(?P<open>"[^"]*"?)|(?P<plain>\S+)', re.DOTALL)


class SentenceError(NeuronClaimsError):
    """A sentence that no phrase reads. ``column`` counts from 1, ``width`` counts the characters meant."""

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


@dataclass(frozen=True, slots=True)
class Parsed:
    """A sentence that was read: its dataclass, its phrase, and the span of each field's words (from 0).

    ``text`` is the canonical sentence.
    """

    value: Any
    phrase: Phrase
    spans: Mapping[str, tuple[int, int]]
    text: str


@dataclass(frozen=True, slots=True)
class _Miss:
    """Where a phrase stopped fitting: which word, what would have fitted, what is wrong if known.

    ``sure`` says that some word before it fits this phrase, more than any word fits a hole for a name.
    """

    phrase: Phrase
    at: int
    sure: bool
    expected: tuple[str, ...]
    candidates: tuple[str, ...] = ()
    reason: str | None = None
    suggestion: str | None = None


@dataclass(frozen=True, slots=True)
class _Match:
    phrase: Phrase
    values: Mapping[str, Any]
    spans: Mapping[str, tuple[int, int]]


def parse(sentence: str, phrases: Sequence[Phrase]) -> Parsed:
    """Read a sentence with the phrase that fits it.

    Raises SentenceError when none does, PhraseError when two do (which ``check_phrases`` finds beforehand).
    """
    words = _words(sentence, phrases)
    full_stop = _full_stop(words)
    if full_stop:
        words[-1] = Word(words[-1].text[:-1], words[-1].start)
    fits = [fit for phrase in _likely(phrases, words) for fit in _fits(phrase, words)]
    matches = [fit for fit in fits if isinstance(fit, _Match)]
    if not matches:
        # Only now, for what the error has to say: a phrase that lacks one of its words never fits.
        fits = [fit for phrase in phrases for fit in _fits(phrase, words)]
    if len(matches) > 1:
        shapes = " and ".join(quoted(match.phrase.shape) for match in matches)
        raise PhraseError(f"{quoted(sentence)} reads in two ways: {shapes}")
    if not matches:
        misses = [fit for fit in fits if isinstance(fit, _Miss)]
        raise _furthest(sentence, words, misses)
    if full_stop:
        where = words[-1].start + len(words[-1].text)
        raise SentenceError(sentence, where + 1, 1, "a claim has no full stop at its end")
    _refuse_same_set(sentence, matches[0])
    return _built(sentence, matches[0])


def _likely(phrases: Sequence[Phrase], words: Sequence[Word]) -> list[Phrase]:
    """Return the phrases all of whose own words are there, those of optional parts left out."""
    there = {word.text for word in words}
    return [phrase for phrase in phrases if phrase.own_words <= there]


def _words(sentence: str, phrases: Sequence[Phrase]) -> list[Word]:
    words: list[Word] = []
    for match in _WORD.finditer(sentence):
        if match["open"]:
            closed = len(match["open"]) > 1 and match["open"].endswith('"')
            unclosed = 'this double quote (") is never closed'
            rule = "a space must follow the closing quote" if closed else unclosed
            raise SentenceError(sentence, match.start() + 1, len(match["open"]), rule)
        words.append(Word(match[0], match.start(), match["token"] is not None))
    if not words:
        raise SentenceError(sentence, 1, 1, "the claim is empty", None, _shapes(phrases))
    return words


def _full_stop(words: Sequence[Word]) -> bool:
    last = words[-1]
    return not last.quoted and len(last.text) > 1 and last.text.endswith(".")


@dataclass(frozen=True, slots=True)
class _Reached:
    """How far a phrase has been laid over the words: the next word, and what its holes hold so far."""

    at: int
    sure: bool
    values: Mapping[str, Any]
    spans: Mapping[str, tuple[int, int]]


def _fits(phrase: Phrase, words: Sequence[Word]) -> Iterator[_Match | _Miss]:
    """Lay a phrase over the words, with and without each of its optional parts, as far as it fits."""
    states = [_Reached(0, False, {}, {})]
    for stretch in phrase.stretches:
        after = list(states) if stretch.optional else []
        for state in states:
            laid = _lay(phrase, stretch, words, state)
            if isinstance(laid, _Miss):
                yield laid
            else:
                after.append(laid)
        states = after
    for state in states:
        if state.at < len(words):
            yield _Miss(phrase, state.at, state.sure, ("the end of the sentence",))
        else:
            yield _Match(phrase, {**dict.fromkeys(phrase.fields), **state.values}, state.spans)


def _lay(phrase: Phrase, stretch: Stretch, words: Sequence[Word], state: _Reached) -> _Reached | _Miss:
    """Lay one stretch of a phrase over the words that follow."""
    at, sure = state.at, state.sure
    values, spans = dict(state.values), dict(state.spans)
    for part in stretch.parts:
        if at == len(words) or isinstance(part, Fixed):
            if at == len(words) or words[at].quoted or words[at].text != part.shape:
                return _miss(phrase, part, at, sure)
            at, sure = at + 1, True
            continue
        try:
            values[part.field], used = part.hole.read(words[at:])
        except MisreadError as misread:
            return _misread(phrase, part, at, sure, misread)
        last = words[at + used - 1]
        spans[part.field] = (words[at].start, last.start + len(last.text))
        at, sure = at + used, sure or part.type not in NAMING.values()
    return _Reached(at, sure, values, spans)


def _miss(phrase: Phrase, part: Part, at: int, sure: bool) -> _Miss:
    if isinstance(part, Slot):
        return _Miss(phrase, at, sure, part.hole.expected, part.hole.candidates)
    return _Miss(phrase, at, sure, (quoted(part.text),), (part.text,))


def _misread(phrase: Phrase, part: Slot, at: int, sure: bool, misread: MisreadError) -> _Miss:
    """Say what is wrong inside a hole, in its own words where it has some for that place."""
    expected, candidates = misread.expected, misread.candidates
    if not expected:
        expected, candidates = part.hole.expected, part.hole.candidates
    place = at + misread.ahead
    return _Miss(
        phrase, place, sure or misread.ahead > 0, expected, candidates, misread.reason, misread.suggestion
    )


def _furthest(sentence: str, words: Sequence[Word], misses: Sequence[_Miss]) -> SentenceError:
    """Make one error of what all phrases that got furthest expected there."""
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
    reached = list(dict.fromkeys(miss.phrase for miss in furthest))
    shapes = _shapes(reached) if len(reached) > 1 and disagree and not suggestion and not known else ()
    return SentenceError(sentence, word.start + 1, len(word.text), reason, suggestion, shapes)


def _telling(words: Sequence[Word], misses: Sequence[_Miss]) -> list[_Miss]:
    """Return the misses to tell of: those of the phrases that got furthest.

    A hole for a name takes any first word, a misspelt one too, and getting past it alone says little: such misses
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


def _shapes(phrases: Sequence[Phrase]) -> tuple[str, ...]:
    return tuple(phrase.shape for phrase in phrases)


def _refuse_same_set(sentence: str, match: _Match) -> None:
    seen: set[str] = set()
    for field in _set_fields(match):
        name = match.values[field]
        if name in seen:
            start, end = match.spans[field]
            rule = f"{quoted(name)} stands against itself: a claim needs different prompt sets"
            raise SentenceError(sentence, start + 1, end - start, rule)
        seen.add(name)


def _set_fields(match: _Match) -> Iterator[str]:
    return (slot.field for slot in match.phrase.slots if slot.type == "set" and slot.field in match.spans)


def _built(sentence: str, match: _Match) -> Parsed:
    try:
        value = match.phrase.build(**match.values)
    except FieldError as error:
        start, end = match.spans.get(error.field, (0, len(sentence)))
        raise SentenceError(sentence, start + 1, end - start, error.message, error.suggestion) from None
    return Parsed(value, match.phrase, match.spans, match.phrase.render(value))
