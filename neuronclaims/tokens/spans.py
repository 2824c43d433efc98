"""Spans: stretches of a prompt's tokens with a name, as plain data.

The text of a span is part of the cache's names, so that of an existing one never changes.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, TypeAlias, get_args

from neuronclaims.errors import NeuronClaimsError

Part: TypeAlias = Literal[
    "prompt", "generated", "emitting", "system", "user", "assistant", "bos", "quoted", "every", "column"
]
"""What a span is a part of; ``quoted``, ``every`` and ``column`` have a text besides."""

WRITTEN = ("generated", "emitting")
"""The spans of tokens that a model writes."""

WORDS = tuple(part for part in get_args(Part) if part not in ("quoted", "every", "column"))
"""The spans that one word names."""

RESERVED = (
    *WORDS,
    "after",
    "all",
    "column",
    "every",
    "of",
    "including",
    "at",
    "first",
    "last",
    "token",
    "mean",
    "max",
)
"""Words that are no bare names of columns; ``column "user"`` names such a column."""

SPECIAL = "including special tokens"

_NAME = re.compile(r"[^\W\d][\w-]*")


class SpanError(NeuronClaimsError):
    """A span that a prompt does not have, with the prompt named."""


def quoted_text(text: str) -> str:
    """Return a text in double quotes, as claim files write it.

    >>> print(quoted_text("Hanoi"))
    "Hanoi"
    """
    return json.dumps(text, ensure_ascii=False)


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of a prompt's tokens.

    ``part`` is what it is: the text of the prompt; the tokens generated, or those that emitted them; all messages of a
    role; the token that begins every text; a quoted ``text``, which the prompt holds once, or ``every`` one; the text
    in the ``column`` of the prompt's row. ``after`` means the tokens behind it, up to the end of the prompt. Special
    tokens count only with ``special``; ``bos`` is one.

    >>> str(Span("quoted", "Hanoi")), str(Span("column", "subject", after=True)), str(Span("prompt", special=True))
    ('"Hanoi"', 'after subject', 'prompt including special tokens')
    """

    part: Part
    text: str = ""
    after: bool = False
    special: bool = False

    def __str__(self) -> str:
        before = "after " if self.after else ""
        return f"{before}{self.named}{f' {SPECIAL}' if self.special else ''}"

    @property
    def named(self) -> str:
        """What it is a part of, as it is written."""
        if self.part == "quoted":
            return quoted_text(self.text)
        if self.part == "every":
            return f"every {quoted_text(self.text)}"
        if self.part == "column":
            plain = _NAME.fullmatch(self.text) and self.text not in RESERVED
            return self.text if plain else f"column {quoted_text(self.text)}"
        return self.part

    @property
    def generates(self) -> bool:
        """Whether tokens must be generated for it."""
        return self.part in WRITTEN

    @property
    def whole(self) -> bool:
        """Whether it is all text of the prompt, of what is generated, or of what emits: nothing is to be found."""
        return self.part in ("prompt", *WRITTEN) and not self.special and not self.after

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of the prompts' rows that it needs; of equal spans the same object."""
        return _alone(self.text) if self.part == "column" else ()


@lru_cache(maxsize=256)
def _alone(text: str) -> tuple[str, ...]:
    return (text,)


def span_of(given: Span | str) -> Span:
    """Return a span that is given as an object or by one of ``WORDS``; raise SpanError for any other word.

    >>> span_of("prompt")
    Span(part='prompt', text='', after=False, special=False)
    """
    if isinstance(given, Span):
        return given
    for part in get_args(Part):
        if part == given and part in WORDS:
            return Span(part)
    raise SpanError(f"No span {given!r}: use {', '.join(WORDS[:-1])} or {WORDS[-1]}, or a Span.")


def rule_text(pool: str, span: Span) -> str:
    """Return a pool of a span as claim files write it.

    >>> rule_text("first", Span("column", "subject", after=True)), rule_text("first", Span("bos"))
    ('first after subject', 'value at bos')
    """
    if span.part == "bos" and not span.after and pool == "first":
        return "value at bos"
    return f"{pool} {span}" if span.after else f"{pool} of {span}"


@dataclass(frozen=True, slots=True)
class ChangedTokens:
    """The tokens at which an intervention changes values: ``which`` of a ``span``, or of every token there is.

    ``which`` is ``all``, ``first``, ``last`` or ``token N``. Without a span, special tokens are among them.

    >>> str(ALL_TOKENS), str(ChangedTokens("last", Span("column", "subject")))
    ('all', 'last of subject')
    """

    which: str = "all"
    span: Span | None = None

    def __str__(self) -> str:
        return self.which if self.span is None else rule_text(self.which, self.span)

    @property
    def words(self) -> str:
        """The tokens in words, for a sentence on what was done.

        >>> LAST_TOKEN.words, ChangedTokens("last", Span("column", "subject")).words
        ('the last token', "the tokens 'last of subject'")
        """
        if self.span is None:
            return "all tokens" if self.which == "all" else "the last token"
        return f"the tokens '{self}'"

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of the prompts' rows that it needs."""
        return self.span.columns if self.span is not None else ()


def changed_of(given: ChangedTokens | str) -> ChangedTokens:
    """Return places of changes that are given as an object or as ``all`` or ``last``; raise SpanError for another text.

    >>> str(changed_of("last"))
    'last'
    """
    if isinstance(given, ChangedTokens):
        return given
    if given not in ("all", "last"):
        raise SpanError(f"No place of a change {given!r}: use all, last, or ChangedTokens.")
    return ChangedTokens(given)


ALL_TOKENS = ChangedTokens()
"""Every token of a text, special ones included."""

LAST_TOKEN = ChangedTokens("last")
"""The last token of a text, special or not: the one that predicts what follows."""


def number_of(which: str) -> int | None:
    """Return the place of one token among several, from 1, or from -1 backwards; None for all of them.

    >>> [number_of(which) for which in ("all", "first", "last", "token 3", "token -2")]
    [None, 1, -1, 3, -2]
    """
    if which in ("first", "last"):
        return 1 if which == "first" else -1
    word, _, number = which.partition(" ")
    return int(number) if word == "token" else None
