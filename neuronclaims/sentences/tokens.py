"""The field for a token: a text in double quotes, in JSON's spelling."""

from __future__ import annotations

import json

from neuronclaims.sentences.field_types import MisreadError, OneWord, Word


def _token(word: Word) -> str:
    if not word.quoted:
        raise MisreadError(
            "a token is written in double quotes, its leading space inside them", f'" {word.text}"'
        )
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
