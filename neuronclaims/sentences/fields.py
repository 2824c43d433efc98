"""What can fill a hole in a phrase: neurons, sites, set names, numbers, tokens; how it is read and written."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType

from neuronclaims.claim_files.errors import quoted
from neuronclaims.sentences.choices import Choice
from neuronclaims.sentences.field import Hole, Label, MisreadError, OneWord, Pattern, Word, literal
from neuronclaims.sentences.neurons import ONE_NEURON, NeuronsHole
from neuronclaims.sentences.ranges import LayersHole, PositionsHole
from neuronclaims.sentences.subjects import SubjectHole
from neuronclaims.sentences.values import SITES, Amount, number_text

IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
"""The name of a prompt set, of pairs or of a direction."""

_OTHER_SD = ("sd", "sds", "std", "stds", "σ", "sigma", "sigmas")
_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?")


@dataclass(frozen=True, slots=True)
class _AmountHole:
    """A number, alone or followed by the unit ``sd``."""

    expected: tuple[str, ...] = ("an amount such as 0.5 or '0.5 sd'",)
    shape: str = "AMOUNT"
    candidates: tuple[str, ...] = ()

    @property
    def patterns(self) -> tuple[Pattern, ...]:
        """A number alone, and with its unit."""
        number = Label(("0.5",), lambda text: bool(_NUMBER.fullmatch(text)))
        return (number,), (number, *literal("sd"))

    def read(self, words: Sequence[Word]) -> tuple[Amount, int]:
        joined = re.fullmatch(rf"({_NUMBER.pattern})(sd|SD|σ)", words[0].text)
        if joined:
            raise MisreadError("a number and its unit are two words", f"{joined[1]} sd")
        value = _number(words[0])
        if value < 0:
            raise MisreadError("an amount is a size: it cannot be negative", words[0].text.lstrip("-"))
        unit = words[1].text if len(words) > 1 and not words[1].quoted else ""
        if unit == "sd":
            return Amount(value, "sd"), 2
        if unit.casefold() in _OTHER_SD:
            raise MisreadError(f"the unit {quoted(unit)} is written 'sd'", "sd", ahead=1)
        return Amount(value), 1

    def write(self, value: Amount) -> str:
        return str(value)


def _number(word: Word) -> float:
    if word.quoted or not _NUMBER.fullmatch(word.text):
        raise MisreadError(suggestion=_nearly_number(word))
    value = float(word.text)
    if not math.isfinite(value):
        raise MisreadError(f"{quoted(word.text)} is too large a number")
    return value + 0.0  # turns -0.0 into 0.0


def _nearly_number(word: Word) -> str | None:
    """Return what a decimal comma or a percentage was meant to be."""
    with_point = word.text.replace(",", ".")
    if word.quoted or not _NUMBER.fullmatch(with_point.removesuffix("%")):
        return None
    return number_text(float(Decimal(with_point[:-1]) / 100)) if with_point.endswith("%") else with_point


def _count(word: Word) -> int:
    if word.quoted or not re.fullmatch(r"[0-9]{1,18}", word.text):
        raise MisreadError
    return int(word.text)


def _share(word: Word) -> float:
    if word.quoted or not (word.text.endswith("%") and _NUMBER.fullmatch(word.text[:-1])):
        bare = not word.quoted and _NUMBER.fullmatch(word.text)
        raise MisreadError(
            "a share is written in percent" if bare else None, f"{word.text}%" if bare else None
        )
    share = Decimal(word.text[:-1]) / 100
    if not 0 <= share <= 1:
        raise MisreadError("a share lies between 0% and 100%")
    return float(share) + 0.0


def _share_text(value: float) -> str:
    return f"{(Decimal(repr(float(value))) * 100).normalize():f}%"


def _name(word: Word) -> str:
    if word.quoted or not IDENTIFIER.fullmatch(word.text):
        raise MisreadError
    return word.text


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


def _token_text(value: str) -> str:
    plain = json.dumps(value, ensure_ascii=False)
    return "".join(c if c.isprintable() else json.dumps(c)[1:-1] for c in plain)


def _site(word: Word) -> str:
    if word.quoted or word.text not in SITES:
        raise MisreadError
    return word.text


HOLES: Mapping[str, Hole] = MappingProxyType(
    {
        "site": OneWord("a site", "SITE", SITES, _site, candidates=SITES),
        "subject": SubjectHole(),
        "neuron": ONE_NEURON,
        "neurons": NeuronsHole(),
        "layers": LayersHole(),
        "positions": PositionsHole(),
        "set": OneWord("the name of a prompt set", "SET", ("hanoi",), _name),
        "pairs": OneWord("the name of pairs of prompts", "PAIRS", ("tree_fruit",), _name),
        "texts": OneWord("the name of a prompt set or of pairs", "SET or PAIRS", ("violent",), _name),
        "direction": OneWord("the name of a direction", "DIRECTION", ("honesty",), _name),
        "amount": _AmountHole(),
        "number": OneWord("a number such as 0.8", "NUMBER", ("0.8",), _number, number_text),
        "share": OneWord("a share such as 60%", "SHARE%", ("60%",), _share, _share_text),
        "count": OneWord("a count such as 10", "COUNT", ("10",), _count),
        "token": OneWord('a token such as " an"', '"TOKEN"', ('" an"',), _token, _token_text),
    }
)
"""The types of hole a phrase may name, besides a choice of words such as ``more|less``."""


def hole_of(kind: str) -> Hole | None:
    """Return the hole of a type, or of a choice between options; None where there is no such type.

    Several words that no bar divides are a choice of one option, such as ``does not recover``.
    """
    if "|" in kind or " " in kind.strip():
        return Choice(tuple(" ".join(option.split()) for option in kind.split("|")))
    return HOLES.get(kind)
