"""A prompt as a tokenizer splits it, and where spans lie in it.

A token belongs to a stretch of characters if it overlaps it, so a token with its leading space, such as ``" Hanoi"``,
belongs to ``"Hanoi"``. White space at the edges of a text that is looked for helps to find it and counts for nothing
else: of ``"in "`` the token ``" Hanoi"`` that follows is no part.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from neuronclaims.prompts import ROLES, LabelledStretch
from neuronclaims.tokens.spans import ChangedTokens, Span, SpanError, number_of, quoted_text

Stretch: TypeAlias = tuple[int, int]
"""The first character of a stretch, and the one after its last."""

_OFFSETS = re.compile(r"\s*\[\s*(\d{1,9})\s*,\s*(\d{1,9})\s*\]\s*")
_MOST_SHOWN, _MOST_TOKENS, _AROUND = 5, 40, 12


@dataclass(frozen=True, slots=True)
class SplitText:
    """A prompt as tokens.

    ``text`` is what was split, ``shown`` what the prompt is called in errors. ``tokens`` are the tokens as the
    vocabulary writes them, ``ids`` their numbers; ``counts`` says for each whether it is text, not BOS, [CLS] or the
    like. ``offsets`` are the characters of each token, None where the tokenizer does not tell. ``roles`` are the
    stretches of a chat's messages, ``columns`` the texts of the row's columns, and ``labels`` the labelled stretches,
    None where the template of a chat changes the message that they are of.

    >>> split = SplitText("I ate", ("<s>", "I", " ate"), (False, True, True), ((0, 0), (0, 1), (1, 5)))
    >>> split.places(Span("quoted", "ate")), split.places(Span("bos"))
    ((2,), (0,))
    """

    text: str
    tokens: tuple[str, ...]
    counts: tuple[bool, ...]
    offsets: tuple[Stretch, ...] | None = None
    roles: Mapping[str, tuple[Stretch, ...]] = field(default_factory=dict)
    columns: Mapping[str, str] = field(default_factory=dict)
    ids: tuple[int, ...] = ()
    shown: str = ""
    labels: tuple[LabelledStretch, ...] | None = ()

    def places(self, span: Span) -> tuple[int, ...]:
        """Return the places of a span's tokens, from 0, in order; raise SpanError where the prompt has none.

        What is generated has no place in the prompt.
        """
        found = self._named(span)
        if span.after:
            last = found[-1]
            found = tuple(place for place in self._all(span.special) if place > last)
        if not found:
            behind = f"no token of text {span}" if span.after else f"no tokens of {_quoted(span)}"
            raise SpanError(f"The prompt {self.name} has {behind}.")
        return found

    def stretches(self, span: Span) -> list[Stretch]:
        """Return the characters of a role, a text or a column; raise SpanError where they are not there."""
        return list(self._stretches(span))

    def changed(self, at: ChangedTokens) -> tuple[int, ...]:
        """Return the places of the tokens at which values are changed; raise SpanError where the prompt has none."""
        found = tuple(range(len(self.tokens))) if at.span is None else self.places(at.span)
        number = number_of(at.which)
        return found if number is None else (self.one(found, number, str(at)),)

    def aligned(self, other: SplitText, at: ChangedTokens) -> tuple[tuple[int, int], ...]:
        """Return the places of changed tokens, each with the place in another text that its value comes from.

        Tokens of the same number stand for one another, so there must be equally many, unless both have one. Raises
        SpanError, which names both texts, where there are not.
        """
        own, theirs = self.changed(at), other.changed(at)
        if len(own) != len(theirs):
            raise SpanError(
                f"At {str(at)!r} one text of a pair has {_parted(other, theirs)} and the other {_parted(self, own)}: "
                "values are put at the tokens of the same number, so both must have equally many. Name single tokens, "
                "such as the first or the last of them."
            )
        return tuple(zip(own, theirs, strict=True))

    def one(self, places: Sequence[int], number: int, rule: str) -> int:
        """Return one of some places, counted from 1, or from -1 backwards; raise SpanError where it is not there."""
        if abs(number) > len(places):
            many = f"{len(places)} token{'' if len(places) == 1 else 's'}"
            raise SpanError(
                f"{rule!r} has no token in the prompt {self.name}: there {_is(len(places))} only {many}."
            )
        return places[number - 1 if number > 0 else number]

    @property
    def name(self) -> str:
        """The prompt in quotation marks, cut to one line."""
        text = " ".join((self.shown or self.text).split()) or self.text
        return repr(text if len(text) <= 60 else f"{text[:59]}…")

    def _all(self, special: bool) -> tuple[int, ...]:
        return tuple(place for place, counts in enumerate(self.counts) if counts or special)

    def _named(self, span: Span) -> tuple[int, ...]:
        if span.part == "prompt":
            return self._all(span.special)
        if span.part == "bos":
            if not self.counts or self.counts[0]:
                raise SpanError(
                    f"No special token stands before the prompt {self.name}, so 'bos' names nothing."
                )
            return (0,)
        stretches = self.stretches(span)
        if self.offsets is None:
            raise SpanError(
                f"{_quoted(span)} is found by the characters of each token, and this model's tokenizer does not tell "
                "them: it is a slow one. Save it with its tokenizer.json, or count tokens, as in 'token 3 of prompt'."
            )
        wide = self._widened(self.offsets)
        found = tuple(
            place
            for place in self._all(span.special)
            if any(wide[place][0] < end and start < wide[place][1] for start, end in stretches)
        )
        if not found:
            raise SpanError(f"No token of text in the prompt {self.name} belongs to {_quoted(span)}.")
        return found

    def _widened(self, offsets: Sequence[Stretch]) -> list[Stretch]:
        """Give tokens of white space whose characters were trimmed away what lies between them and the token before."""
        wide, before = [], 0
        for (start, end), counts in zip(offsets, self.counts, strict=True):
            wide.append((min(start, before), end) if counts and start == end else (start, end))
            before = max(before, end)
        return wide

    def _stretches(self, span: Span) -> Iterator[Stretch]:
        if span.part in ROLES:
            if not self.roles:
                raise SpanError(
                    f"{_quoted(span)} is a role of a chat, and the prompt {self.name} is a plain text. Give "
                    "'messages', or name other tokens."
                )
            of_role = self.roles.get(span.part, ())
            if not of_role:
                hint = "; what the model will write is 'generated'" if span.part == "assistant" else ""
                raise SpanError(
                    f"The chat {self.name} has no message of the role {span.part!r} that stands as it is in the text "
                    f"which the template makes{hint}."
                )
            yield from of_role
            return
        if span.part == "column":
            yield self._of_column(span)
            return
        found = self._occurrences(span.text)
        if not found:
            raise SpanError(
                f"The prompt {self.name} does not hold {quoted_text(span.text)}{self._near(span.text)}."
            )
        if len(found) > 1 and span.part == "quoted":
            raise SpanError(self._several(span.text, found, f"or write 'every {quoted_text(span.text)}'"))
        yield from found

    def _of_column(self, span: Span) -> Stretch:
        text = self.columns.get(span.text)
        if not text:
            raise SpanError(f"The row of the prompt {self.name} has nothing in the column {span.text!r}.")
        given = _OFFSETS.fullmatch(text)
        if given is not None:
            start, end = int(given[1]), int(given[2])
            if not start < end <= len(self.text):
                raise SpanError(
                    f"{text.strip()} in the column {span.text!r} is no stretch of the prompt {self.name}, which has "
                    f"{len(self.text)} characters: write [first, one after the last], counted from 0."
                )
            return start, end
        found = self._occurrences(text)
        if not found:
            raise SpanError(
                f"The prompt {self.name} does not hold {quoted_text(text)}, which stands in its column "
                f"{span.text!r}{self._near(text)}."
            )
        if len(found) > 1:
            raise SpanError(
                self._several(text, found, "or give its characters as [first, one after the last]")
            )
        return found[0]

    def _occurrences(self, text: str) -> list[Stretch]:
        """Return where a text stands, in a chat only within its messages; white space at its edges is cut off."""
        core = text.strip() or text
        lead = text.index(core)
        allowed = (
            [each for found in self.roles.values() for each in found] if self.roles else [(0, len(self.text))]
        )
        found, at = [], self.text.find(text)
        while at >= 0:
            if any(first <= at and at + len(text) <= last for first, last in allowed):
                found.append((at + lead, at + lead + len(core)))
            at = self.text.find(text, at + 1)
        return found

    def _near(self, text: str) -> str:
        at = self.text.casefold().find(text.strip().casefold())
        folds = len(self.text.casefold()) == len(self.text)
        return f"; it has {quoted_text(self.text[at : at + len(text.strip())])}" if at >= 0 and folds else ""

    def _several(self, text: str, found: Sequence[Stretch], advice: str) -> str:
        shown = ", ".join(self.marked(each) for each in found[:_MOST_SHOWN])
        more = f" and {len(found) - _MOST_SHOWN} more" if len(found) > _MOST_SHOWN else ""
        return (
            f"The prompt {self.name} holds {quoted_text(text)} {len(found)} times: {shown}{more}. Name one with more "
            f"of the text around it, {advice}."
        )

    def marked(self, stretch: Stretch, around: int = _AROUND) -> str:
        """Return the text around a stretch, with the stretch in brackets."""
        start, end = stretch
        before, after = self.text[max(0, start - around) : start], self.text[end : end + around]
        return (
            f"{'…' if start > around else ''}{before}[{self.text[start:end]}]{after}"
            f"{'…' if end + around < len(self.text) else ''}"
        )


def _parted(split: SplitText, places: Sequence[int]) -> str:
    tokens = " | ".join(split.tokens[place] for place in places[:_MOST_TOKENS])
    more = " | …" if len(places) > _MOST_TOKENS else ""
    return f"{len(places)} token{'' if len(places) == 1 else 's'} ({tokens}{more}) in {split.name}"


def _is(count: int) -> str:
    return "is" if count == 1 else "are"


def _quoted(span: Span) -> str:
    return f"'{span}'"
