"""The fields for a token, a text in double quotes in JSON's spelling, for a class of tokens, and for a label."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from neuronclaims.sentences.field_types import (
    MisreadError,
    OneWord,
    Pattern,
    Word,
    composed,
    expect_words,
    literal,
)
from neuronclaims.token_classes import TokenClass, TokenClassError, TokenLabel, Wanted, check_pattern

_NO_TOKENS = ("less", "more", "than", "at", "least", "most", "in", "of", "to", "the")
"""Words of sentences, which nobody meant for a token."""

_LABELLED = {"labels", "labelled", "labeled", "tag", "tagged"}
"""Words that a label may be announced with instead."""


def _token(word: Word) -> str:
    if not word.quoted:
        rule = "a token is written in double quotes, its leading space inside them"
        raise MisreadError(rule, None if word.text in _NO_TOKENS else f'" {word.text}"')
    try:
        text: str = json.loads(word.text, strict=False)
        text.encode("utf-8")
    except ValueError as error:
        raise MisreadError("not a text in JSON's spelling: a backslash there is written twice") from error
    if not text:
        raise MisreadError("a token cannot be empty")
    return text


def token_text(value: str) -> str:
    """Return a token as sentences write it: in double quotes, what is not seen spelled out.

    >>> token_text(" an")
    '" an"'
    """
    plain = json.dumps(value, ensure_ascii=False)
    return "".join(c if c.isprintable() else json.dumps(c)[1:-1] for c in plain)


TOKEN = OneWord('a token such as " an"', '"TOKEN"', ('" an"',), _token, token_text)


@dataclass(frozen=True, slots=True)
class WantedField:
    """One token, several such as ``" an" or " a"``, ``tokens matching "[0-9]+"``, or ``label "noun"``.

    >>> WantedField().read([Word("tokens", 0), Word("matching", 7), Word('"[0-9]+"', 16, quoted=True)])
    (a token matching "[0-9]+", 3)
    >>> WantedField().read([Word("label", 0), Word('"noun"', 6, quoted=True)])
    (label "noun", 2)
    """

    expected: tuple[str, ...] = (TOKEN.what, "'tokens matching'", "'label'")
    shape: str = f'{TOKEN.shape} [or {TOKEN.shape}]|tokens matching "PATTERN"|label "LABEL"'
    candidates: tuple[str, ...] = ("tokens matching", "label")

    @property
    def patterns(self) -> tuple[Pattern, ...]:
        """Return the rows of words that it reads; of several tokens, those with two."""
        [token] = TOKEN.patterns
        several, matching = (*token, *literal("or"), *token), (*literal("tokens matching"), *token)
        return token, several, matching, (*literal("label"), *token)

    def read(self, words: Sequence[Word]) -> tuple[Wanted, int]:
        """Read one of the four forms."""
        if not words[0].quoted and words[0].text == "label":
            label = _label(words)
            if len(words) > 2 and not words[2].quoted and words[2].text == "or":
                raise MisreadError("a claim is of one label: make a claim of each", ahead=2)
            return label, 2
        named = [word.text for word in words[:2] if not word.quoted]
        if set(named) & _LABELLED and set(named) <= _LABELLED | {"tokens"}:
            raise MisreadError('tokens with a label are written label "noun"', "label")
        if not words[0].quoted and words[0].text == "tokens":
            expect_words(words, ("matching",), 1)
            return self._pattern(words), 3
        tokens, at = [TOKEN.parse(words[0])], 1
        while at < len(words) and not words[at].quoted and words[at].text == "or":
            if at + 1 == len(words):
                raise MisreadError(ahead=at + 1, expected=(TOKEN.what,))
            try:
                token = TOKEN.parse(words[at + 1])
            except MisreadError as misread:
                raise misread.shifted(at + 1, (TOKEN.what,)) from None
            if token in tokens:
                raise MisreadError(f"the token {token_text(token)} is named twice", ahead=at + 1)
            tokens.append(token)
            at += 2
        return (tokens[0] if len(tokens) == 1 else TokenClass(tuple(tokens))), at

    def _pattern(self, words: Sequence[Word]) -> TokenClass:
        if len(words) < 3 or not words[2].quoted:
            raise MisreadError("a pattern is written in double quotes", '"[0-9]+"', ahead=2)
        try:
            pattern = TOKEN.parse(words[2])
            check_pattern(pattern)
        except MisreadError as misread:
            raise misread.shifted(2) from None
        except TokenClassError as error:
            raise MisreadError(str(error), ahead=2) from None
        return TokenClass(pattern=pattern)

    def write(self, value: Wanted) -> str:
        """Return the canonical words."""
        if isinstance(value, str):
            return TOKEN.write(value)
        if isinstance(value, TokenLabel):
            return f"label {token_text(value.name)}"
        if value.tokens:
            return " or ".join(map(token_text, value.tokens))
        return f"tokens matching {token_text(value.pattern)}"


def _label(words: Sequence[Word]) -> TokenLabel:
    if len(words) < 2 or not words[1].quoted:
        bare = words[1].text.strip("'") if len(words) > 1 and words[1].text not in _NO_TOKENS else ""
        raise MisreadError(
            "a label is written in double quotes", token_text(bare) if bare else None, len(words) > 1
        )
    if words[1].text == '""':
        raise MisreadError("a label cannot be empty", ahead=1)
    try:
        return TokenLabel(composed(TOKEN.parse(words[1])))
    except MisreadError as misread:
        raise misread.shifted(1) from None
