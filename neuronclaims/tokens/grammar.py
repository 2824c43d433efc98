"""The small grammar of tokens: ``tokens: last of "Hanoi"`` is read, ``at: first after subject`` is changed.

    TOKENS := POOL of SPAN | POOL after NAME | value at bos         POOL  := first | last | mean | max | token N
    AT     := all | last | [WHICH of] SPAN | WHICH after NAME       WHICH := all | first | last | token N
    SPAN   := [after] NAME [including special tokens]
    NAME   := prompt | generated | emitting | system | user | assistant | bos | "text" | every "text" | COLUMN

Tokens are counted from 1, and from -1 backwards. What cannot be read is never taken for something that looks like it.
"""

from __future__ import annotations

from typing import NamedTuple

from neuronclaims.tokens.rule_words import POOLS, RuleWords
from neuronclaims.tokens.spans import ALL_TOKENS, LAST_TOKEN, ChangedTokens, Span

AT_EXAMPLES = (
    "all",
    "last",
    'all of "Hanoi"',
    'every "Hanoi"',
    "last of subject",
    "first after subject",
    "token -2 of prompt",
)
"""Places of changes for lists of what is allowed."""


class ReadRule(NamedTuple):
    """A token rule as it was read: the pool as text, and the span."""

    pool: str
    span: Span


def read_tokens(text: str) -> ReadRule:
    """Read which tokens count, and how they become one number; raise TokensError.

    >>> pool, span = read_tokens('token -1 of "Hanoi"')
    >>> pool, str(span)
    ('last', '"Hanoi"')
    >>> read_tokens("lst of prompt")
    Traceback (most recent call last):
        ...
    neuronclaims.tokens.rule_words.TokensError: 'lst' is no way to take tokens
    """
    words = RuleWords.of(text)
    pool = "value" if words.ahead == "value" else words.which((*POOLS, "token"))
    if pool == "value":
        words.take()
        words.expect("at")
    elif words.ahead != "after":
        words.expect("of", whole=f"{pool} of prompt")
    span = words.span()
    words.end()
    if pool == "value" and span != Span("bos"):
        raise words.wrong_at(
            0, "'value at' is for one token, and only 'bos' is always one", f"first of {span}"
        )
    return ReadRule("first" if span == Span("bos") else pool, span)


def read_at(text: str) -> ChangedTokens:
    """Read at which tokens values are changed; raise TokensError.

    >>> str(read_at("last of subject")), str(read_at("after subject")), str(read_at("all"))
    ('last of subject', 'all after subject', 'all')
    """
    if text.split() in (["all"], ["last"]):
        return ALL_TOKENS if text.split() == ["all"] else LAST_TOKEN
    words = RuleWords.of(text)
    which = "all"
    if words.ahead in ("mean", "max"):
        raise words.wrong(
            "values are changed at tokens, so a pool of values means nothing here", allowed=AT_EXAMPLES
        )
    if words.ahead in ("all", "first", "last", "token"):
        which = words.which(("all", "first", "last", "token"))
        if words.ahead != "after":
            words.expect("of", whole=f"{which} of prompt")
    begin = words.place
    span = words.span()
    words.end()
    if span.generates:
        raise words.wrong_at(
            begin, f"{span.part} tokens are not there yet when values are changed", allowed=AT_EXAMPLES
        )
    return ChangedTokens("all" if span == Span("bos") else which, span)
