"""Names chosen as ``pytest -k`` chooses them."""

from __future__ import annotations

import re
from collections.abc import Callable

from neuronclaims.errors import NeuronClaimsError

Chooses = Callable[[str], bool]


class ExpressionError(NeuronClaimsError):
    """An expression that cannot be read."""


def chooser(expression: str) -> Chooses:
    """Return a function that says whether an expression chooses a name; case does not count, and None chooses all.

    Raises ExpressionError.
    """
    tokens = re.findall(r"[()]|[^\s()]+", expression)
    if not tokens:
        return lambda _: True
    found, rest = _either(tokens, expression)
    if rest:
        raise _wrong(expression)
    return found


def _either(tokens: list[str], whole: str) -> tuple[Chooses, list[str]]:
    first, rest = _both(tokens, whole)
    if rest and rest[0] == "or":
        second, rest = _either(rest[1:], whole)
        return lambda name: first(name) or second(name), rest
    return first, rest


def _both(tokens: list[str], whole: str) -> tuple[Chooses, list[str]]:
    first, rest = _one(tokens, whole)
    if rest and rest[0] == "and":
        second, rest = _both(rest[1:], whole)
        return lambda name: first(name) and second(name), rest
    return first, rest


def _one(tokens: list[str], whole: str) -> tuple[Chooses, list[str]]:
    if not tokens or tokens[0] in ("and", "or", ")"):
        raise _wrong(whole)
    word, rest = tokens[0], tokens[1:]
    if word == "not":
        inner, rest = _one(rest, whole)
        return lambda name: not inner(name), rest
    if word == "(":
        inner, rest = _either(rest, whole)
        if rest[:1] != [")"]:
            raise _wrong(whole)
        return inner, rest[1:]
    return lambda name: word.lower() in name.lower(), rest


def _wrong(expression: str) -> ExpressionError:
    return ExpressionError(
        f"-k {expression!r} cannot be read: write words with 'and', 'or', 'not' and brackets, such as 'hanoi and not "
        "tulip'."
    )
