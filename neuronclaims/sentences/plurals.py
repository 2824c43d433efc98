"""Verbs after a subject of several: "at least 60% of them *activate* more", where templates have *activates*."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from neuronclaims.sentences.field_types import MisreadError, Word

PLURALS: Mapping[str, str] = MappingProxyType(
    {
        "is": "are",
        "does": "do",
        "goes": "go",
        "has": "have",
        **{
            f"{verb}s": verb
            for verb in ("activate", "separate", "predict", "attend", "write", "fire", "rise", "fall")
        },
    }
)
"""The plural of each verb that may follow a subject."""

SINGULARS: Mapping[str, str] = MappingProxyType({plural: one for one, plural in PLURALS.items()})


def is_plural(value: object) -> bool:
    """Say whether the verb after a subject, the value of a field, stands in the plural."""
    return bool(getattr(value, "plural", False))


def as_singular(words: Sequence[Word]) -> Sequence[Word]:
    """Return words after a subject of several as templates have them; raise MisreadError for a verb in the singular.

    >>> from neuronclaims.sentences.field_types import split_words
    >>> as_singular(split_words("do not activate"))[0].text
    'does'
    """
    first = words[0]
    if first.quoted:
        return words
    if first.text in PLURALS:
        meant = PLURALS[first.text]
        raise MisreadError(f"of several neurons, the verb is {meant!r}", meant)
    one = SINGULARS.get(first.text)
    return words if one is None else [Word(one, first.start), *words[1:]]


def as_plural(text: str) -> str:
    """Return words that follow a subject of several, the verb in the plural.

    >>> as_plural("does not activate")
    'do not activate'
    """
    first, *rest = text.split(" ")
    return " ".join([PLURALS.get(first, first), *rest])
