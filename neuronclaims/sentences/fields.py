"""The types of field in templates: neurons, sites, set names, numbers, tokens."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from neuronclaims.sentences.choices import Choice
from neuronclaims.sentences.field_types import FieldType, MisreadError, OneWord, Word, composed
from neuronclaims.sentences.names import SetsField, is_name
from neuronclaims.sentences.numbers import COUNT, GAIN, NUMBER, SHARE, AmountField
from neuronclaims.sentences.outcomes.field import OutcomeField
from neuronclaims.sentences.positions import PositionsField
from neuronclaims.sentences.subjects.heads import HeadsField
from neuronclaims.sentences.subjects.layers import LayersField
from neuronclaims.sentences.subjects.neurons import ONE_NEURON, NeuronsField
from neuronclaims.sentences.subjects.subject import SubjectField
from neuronclaims.sentences.tokens import TOKEN, WantedField, token_text
from neuronclaims.sites import site_names


def _name(word: Word) -> str:
    if word.quoted or not is_name(word.text):
        raise MisreadError
    return composed(word.text)


def _column(word: Word) -> str:
    if word.quoted:
        return TOKEN.parse(word)
    if not is_name(word.text):
        raise MisreadError(suggestion=token_text(word.text))
    return composed(word.text)


def column_text(name: str) -> str:
    """Return a column as sentences write it: its name, in double quotes where it is not one word.

    >>> column_text("magnitude"), column_text("first digit")
    ('magnitude', '"first digit"')
    """
    return name if is_name(name) else token_text(name)


def _site(word: Word) -> str:
    if word.quoted or word.text not in site_names():
        raise MisreadError
    return word.text


FIELD_TYPES: Mapping[str, FieldType] = MappingProxyType(
    {
        "site": OneWord("a site", "SITE", site_names(), _site, candidates=site_names()),
        "subject": SubjectField(),
        "heads": HeadsField(),
        "neuron": ONE_NEURON,
        "neurons": NeuronsField(),
        "layers": LayersField(),
        "positions": PositionsField(),
        "set": OneWord("the name of a prompt set", "SET", ("hanoi",), _name),
        "pairs": OneWord("the name of pairs of prompts", "PAIRS", ("tree_fruit",), _name),
        "texts": OneWord("the name of a prompt set or of pairs", "SET or PAIRS", ("violent",), _name),
        "direction": OneWord("the name of a direction", "DIRECTION", ("honesty",), _name),
        "sets": SetsField(),
        "amount": AmountField(),
        "number": NUMBER,
        "share": SHARE,
        "count": COUNT,
        "gain": GAIN,
        "token": TOKEN,
        "wanted": WantedField(),
        "outcome": OutcomeField(TOKEN, OneWord("a name", "NAME", ("refusals",), _name)),
        "column": OneWord(
            "the name of a column", "COLUMN", ("magnitude", '"first digit"'), _column, column_text
        ),
    }
)
"""The types of field a template may name, besides a choice of words such as ``more|less``."""


def choice_of(words: str) -> Choice | None:
    """Return the choice that some words define; None if they are the name of a type.

    Bars divide the options. Several words without a bar are a choice of one option, such as ``does not recover``.
    """
    if "|" in words or " " in words.strip():
        return Choice(tuple(" ".join(option.split()) for option in words.split("|")))
    return None
