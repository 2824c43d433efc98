"""What can fill a hole in a phrase: neurons, sites, set names, numbers, tokens; how it is read and written."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Protocol

from neuronclaims.language.errors import quoted
from neuronclaims.language.values import SITES, Amount, Neuron, number_text

IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
"""The name of a prompt set."""

_OTHER_SD = ("sd", "sds", "std", "stds", "σ", "sigma", "sigmas")
_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?")
_NEURON = re.compile(r"([0-9]{1,9}):([0-9]{1,9})")
_NEARLY_NEURON = re.compile(
    r"(?:layer|blocks?|[lh])?[._]?([0-9]{1,9})(?:[.:/;,_：-]+(?:neuron|unit|[nu])?|[nu])([0-9]{1,9})",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Word:
    """One word of a sentence and where it starts, counted in characters from 0."""

    text: str
    start: int
    quoted: bool = False


class MisreadError(Exception):
    """A word does not fill the hole it stands in; it is ``ahead`` words after the hole's first one."""

    def __init__(self, reason: str | None = None, suggestion: str | None = None, ahead: int = 0) -> None:
        super().__init__(reason)
        self.reason, self.suggestion, self.ahead = reason, suggestion, ahead


class Hole(Protocol):
    """How one type of hole is read and written.

    The properties are for messages, and for telling phrases apart.
    """

    @property
    def expected(self) -> str:
        """What an error says should have stood there."""

    @property
    def shape(self) -> str:
        """What stands for the hole in a listing of phrases."""

    @property
    def candidates(self) -> tuple[str, ...]:
        """The words it allows, where they can be counted."""

    @property
    def examples(self) -> tuple[str, ...]:
        """Words it accepts."""

    def read(self, words: Sequence[Word]) -> tuple[Any, int]:
        """Return the value that the first words hold, and how many words those are; raise MisreadError."""
        ...

    def write(self, value: Any) -> str:
        """Return the canonical words for ``value``."""
        ...


@dataclass(frozen=True, slots=True)
class OneWord:
    """A hole filled by exactly one word."""

    expected: str
    shape: str
    examples: tuple[str, ...]
    parse: Callable[[Word], Any]
    write: Callable[[Any], str] = str
    candidates: tuple[str, ...] = ()

    def read(self, words: Sequence[Word]) -> tuple[Any, int]:
        """Parse the first word."""
        return self.parse(words[0]), 1


def choice(options: tuple[str, ...]) -> OneWord:
    """Return a hole that allows one of some words."""

    def parse(word: Word) -> str:
        if word.quoted or word.text not in options:
            raise MisreadError
        return word.text

    expected = " or ".join(quoted(option) for option in options)
    return OneWord(expected, "|".join(options), options, parse, candidates=options)


@dataclass(frozen=True, slots=True)
class _AmountHole:
    """A number, alone or followed by the unit ``sd``."""

    expected: str = "an amount such as 0.5 or '0.5 sd'"
    shape: str = "AMOUNT"
    examples: tuple[str, ...] = ("0.5",)
    candidates: tuple[str, ...] = ()

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


@dataclass(frozen=True, slots=True)
class _NeuronsHole:
    """One neuron or more, a comma after each but the last."""

    expected: str = "neurons such as '11:365, 11:680'"
    shape: str = "LAYER:INDEX, ..."
    examples: tuple[str, ...] = ("11:365",)
    candidates: tuple[str, ...] = ()

    def read(self, words: Sequence[Word]) -> tuple[tuple[Neuron, ...], int]:
        found: list[Neuron] = []
        for used, word in enumerate(words, start=1):
            pieces = word.text.split(",")
            more = len(pieces) > 1 and pieces[-1] == ""
            for piece in pieces[:-1] if more else pieces:
                neuron = _neuron(Word(piece, word.start, word.quoted), used - 1)
                if neuron in found:
                    raise MisreadError(f"neuron {neuron} is named twice", ahead=used - 1)
                found.append(neuron)
            if not more:
                return tuple(found), used
        raise MisreadError("another neuron must follow the comma", ahead=len(words))

    def write(self, value: Sequence[Neuron]) -> str:
        return ", ".join(str(neuron) for neuron in value)


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


def _neuron(word: Word, ahead: int = 0) -> Neuron:
    if not word.quoted and (exact := _NEURON.fullmatch(word.text)):
        return Neuron(int(exact[1]), int(exact[2]))
    if nearly := _NEARLY_NEURON.fullmatch(word.text):
        meant = f"{int(nearly[1])}:{int(nearly[2])}"
        raise MisreadError(f"a neuron is written layer:index, not {quoted(word.text)}", meant, ahead)
    if re.fullmatch(r"[0-9]+:?", word.text):
        raise MisreadError(
            f"{quoted(word.text)} is a layer without an index; a neuron is layer:index", ahead=ahead
        )
    if re.fullmatch(r":[0-9]+", word.text):
        raise MisreadError(
            f"{quoted(word.text)} is an index without a layer; a neuron is layer:index", ahead=ahead
        )
    raise MisreadError(ahead=ahead)


def _set_name(word: Word) -> str:
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


HOLES: Mapping[str, Hole] = MappingProxyType(
    {
        "site": OneWord("a site", "SITE", SITES, choice(SITES).parse, candidates=SITES),
        "neuron": OneWord("a neuron such as 11:365", "LAYER:INDEX", ("11:365",), _neuron),
        "neurons": _NeuronsHole(),
        "set": OneWord("the name of a prompt set", "SET", ("hanoi",), _set_name),
        "amount": _AmountHole(),
        "number": OneWord("a number such as 0.8", "NUMBER", ("0.8",), _number, number_text),
        "share": OneWord("a share such as 60%", "SHARE%", ("60%",), _share, _share_text),
        "count": OneWord("a count such as 10", "COUNT", ("10",), _count),
        "token": OneWord('a token such as " an"', '"TOKEN"', ('" an"',), _token, _token_text),
    }
)
"""The types of hole a phrase may name, besides a choice of words such as ``more|less``."""
