"""Where templates stopped fitting a sentence, and the one error that this makes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from neuronclaims.errors import NeuronClaimsError
from neuronclaims.sentences.field_types import Word
from neuronclaims.sentences.messages import allowed_lines, caret_lines, closest, either, quoted
from neuronclaims.sentences.templates import Template

MOST_LEFT_OUT = 2
"""How many ways in which a sentence may go on are said."""

MOST_SHAPES = 4
"""How many templates an error lists; `neuronclaims kinds` lists all."""


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
class Miss:
    """The word where a template stopped fitting, what was expected, and what is wrong if known.

    ``sure`` says that some word before it fits this template, more than any word fits a field for a name. ``missing``
    are the words that were left out here, as a list of templates shows them: those up to the end of a sentence that
    stops, or up to the next word of the template that stands here.
    """

    template: Template
    at: int
    sure: bool
    expected: tuple[str, ...]
    candidates: tuple[str, ...] = ()
    reason: str | None = None
    suggestion: str | None = None
    missing: str = ""


def furthest_error(sentence: str, words: Sequence[Word], misses: Sequence[Miss]) -> SentenceError:
    """Return one error with everything that the furthest templates expected at that word."""
    furthest = _telling(words, misses)
    at = furthest[0].at if furthest else 0
    expected = either(list(dict.fromkeys(each for miss in furthest for each in miss.expected)))
    known = next((miss for miss in furthest if miss.reason or miss.suggestion), None)
    if at >= len(words):
        end = words[-1].start + len(words[-1].text)
        reason = (
            known and known.reason
        ) or f"expected {expected}, but the sentence ends here{_left_out(furthest)}"
        return SentenceError(sentence, end + 1, 1, reason)
    word = words[at]
    left_out = _left_out(furthest, word.text)
    reason = (known and known.reason) or f"expected {expected}, found {quoted(word.text)}{left_out}"
    suggestion = (known and known.suggestion) or _near(word, furthest)
    disagree = len({miss.expected for miss in furthest}) > 1
    reached = list(dict.fromkeys(miss.template for miss in furthest))
    told = len(reached) > 1 and disagree and not suggestion and not known
    shapes = shapes_of(_alike(words, reached)) if told else ()
    return SentenceError(sentence, word.start + 1, len(word.text), reason, suggestion, shapes)


def _telling(words: Sequence[Word], misses: Sequence[Miss]) -> list[Miss]:
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


def _left_out(misses: Sequence[Miss], before: str = "") -> str:
    """Say which words are missing, where that is known: at the end, or ``before`` a word."""
    missing = list(dict.fromkeys(miss.missing for miss in misses if miss.missing))
    if not missing or len(missing) > MOST_LEFT_OUT:
        return ""
    words = either([quoted(each) for each in missing])
    return f"; {words} {'is missing before ' + quoted(before) if before else 'must follow'}"


def _alike(words: Sequence[Word], templates: Sequence[Template]) -> Sequence[Template]:
    """Return the few templates that have most words of a sentence, in their order."""
    said = {word.text for word in words}
    likest = sorted(templates, key=lambda each: -len(said & {*each.shape.split()}))[:MOST_SHAPES]
    return [each for each in templates if each in likest]


def _near(word: Word, misses: Sequence[Miss]) -> str | None:
    return closest(word.text, [candidate for miss in misses for candidate in miss.candidates])


def shapes_of(templates: Sequence[Template]) -> tuple[str, ...]:
    """Return how a list of templates shows each."""
    return tuple(template.shape for template in templates)
