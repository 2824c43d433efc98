"""Which tokens a head looks at, and from which tokens: as sentences write it, and where it lies in a split text.

TO   := AT | the previous token | itself | earlier copies | what followed earlier copies
FROM := AT                                               (AT as in ``at``: last of subject, all of "Hanoi", bos)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

from neuronclaims.sentences.messages import closest, quoted
from neuronclaims.tokens.grammar import read_at
from neuronclaims.tokens.rule_words import TokensError
from neuronclaims.tokens.spans import SPECIAL, WRITTEN, ChangedTokens, Span, quoted_text
from neuronclaims.tokens.split_text import SplitText

Relation: TypeAlias = Literal[
    "the previous token", "itself", "earlier copies", "what followed earlier copies"
]
"""Tokens that are named by where one looks from: copies are earlier tokens of the same number in the vocabulary."""

ENDS = ("from", "than", "in", "for", "with", "by")
"""Words that end the name of tokens in a sentence; a column of such a name is written ``column "in"``."""

RELATIONS: tuple[Relation, ...] = get_args(Relation)


def place_text(at: ChangedTokens) -> str:
    """Return tokens as a sentence about attention names them: all of a stretch by its name alone.

    >>> place_text(read_at("all of subject")), place_text(read_at("last of subject")), place_text(read_at("all"))
    ('subject', 'last of subject', 'all')
    """
    span = at.span
    if span is None:
        return at.which
    which = "" if at.which == "all" else f"{at.which} " if span.after else f"{at.which} of "
    named = f"column {quoted_text(span.text)}" if span.part == "column" and span.text in ENDS else span.named
    return f"{which}{'after ' if span.after else ''}{named}{f' {SPECIAL}' if span.special else ''}"


@dataclass(frozen=True, slots=True)
class AttendedTokens:
    """The tokens that are looked at: those of ``at`` or, without it, those of a ``relation`` to the one that looks.

    >>> str(AttendedTokens.read("last of subject")), str(AttendedTokens.read("the previous token"))
    ('last of subject', 'the previous token')
    """

    at: ChangedTokens | None
    relation: Relation = "itself"

    def __str__(self) -> str:
        return self.relation if self.at is None else place_text(self.at)

    @classmethod
    def read(cls, text: str) -> AttendedTokens:
        """Read which tokens are looked at; raise TokensError.

        >>> AttendedTokens.read("previous token")
        Traceback (most recent call last):
            ...
        neuronclaims.tokens.rule_words.TokensError: 'previous token' names no tokens that a head looks at
        """
        written = " ".join(text.split())
        for relation in RELATIONS:
            if written == relation:
                return cls(None, relation)
        near = closest(written, RELATIONS) or next((each for each in RELATIONS if written in each), None)
        if near is not None and len(written) > 3:
            raise TokensError(f"{quoted(written)} names no tokens that a head looks at", 0, len(text), near)
        return cls(read_origin(text))

    @property
    def span(self) -> Span | None:
        """The stretch of a prompt that must be there."""
        return self.at.span if self.at is not None else None

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of the prompts' rows that it needs."""
        return self.at.columns if self.at is not None else ()


def read_origin(text: str) -> ChangedTokens:
    """Read from which tokens a head looks; raise TokensError.

    >>> str(read_origin("last of subject")), str(read_origin("last"))
    ('last of subject', 'last')
    """
    pool = next(iter(text.split()), "")
    if pool in ("mean", "max"):
        message = f"a head looks from tokens at tokens, and {quoted(pool)} says how values are pooled"
        raise TokensError(message, text.index(pool), len(pool), "all")
    for word in text.split():
        if word in WRITTEN:
            raise TokensError(
                f"attention is read in prompts, and {quoted(word)} tokens are written by the model",
                text.index(word),
                len(word),
                "last of prompt",
            )
    return read_at(text)


def looks(
    split: SplitText, to: AttendedTokens, origin: ChangedTokens, causal: bool
) -> Mapping[int, Sequence[int]]:
    """Return for each token that looks the tokens it can look at, as places from 0.

    In a model that is ``causal`` nobody looks ahead. A token that can look at none of them is left out. Raises
    SpanError where a prompt lacks the tokens.

    >>> from neuronclaims.tokens.spans import Span
    >>> text = SplitText("a b a", ("a", "b", "a"), (True,) * 3, ((0, 1), (2, 3), (4, 5)), ids=(7, 8, 7))
    >>> looks(text, AttendedTokens.read("earlier copies"), ChangedTokens("all"), causal=True)
    {2: (0,)}
    >>> looks(text, AttendedTokens.read("the previous token"), ChangedTokens("all"), causal=True)
    {1: (0,), 2: (1,)}
    """
    found: dict[int, Sequence[int]] = {}
    named = split.changed(to.at) if to.at is not None else ()
    for place in split.changed(origin):
        seen = named if to.at is not None else _related(split, place, to.relation)
        within = tuple(each for each in seen if each <= place or not causal)
        if within:
            found[place] = within
    return found


def _related(split: SplitText, place: int, relation: Relation) -> tuple[int, ...]:
    if relation == "itself":
        return (place,)
    if relation == "the previous token":
        return (place - 1,) if place else ()
    copies = tuple(each for each in range(place) if split.ids[each] == split.ids[place])
    if relation == "earlier copies":
        return copies
    return tuple(each + 1 for each in copies if each + 1 < place)
