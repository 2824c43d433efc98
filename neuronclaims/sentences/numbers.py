"""Numbers in sentences, and the fields for them: amounts, plain numbers, shares in percent, counts."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from neuronclaims.sentences.field_types import Label, MisreadError, OneWord, Pattern, Word, literal
from neuronclaims.sentences.messages import quoted

_OTHER_SD = ("sd", "sds", "std", "stds", "σ", "sigma", "sigmas")
_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?")


@dataclass(frozen=True, slots=True)
class Amount:
    """A size: in standard deviations when ``unit`` is ``"sd"``, in the activation's own unit when None."""

    value: float
    unit: str | None = None

    def __str__(self) -> str:
        return f"{number_text(self.value)} {self.unit}" if self.unit else number_text(self.value)


def number_text(value: float) -> str:
    """Return the shortest text that reads back as ``value``, without a trailing ``.0``.

    >>> number_text(2.0), number_text(0.1)
    ('2', '0.1')
    """
    return repr(float(value) + 0.0).removesuffix(".0")  # adding 0.0 turns -0.0 into 0.0


class Percent(float):
    """A share of what was there before, written in percent: ``0.1`` for ``10%``."""

    __slots__ = ()


def gain_text(value: float) -> str:
    """Return a number as it stands in a sentence, or a percentage.

    >>> gain_text(0.5), gain_text(Percent(1.5))
    ('0.5', '150%')
    """
    return _share_text(value) if isinstance(value, Percent) else number_text(value)


@dataclass(frozen=True, slots=True)
class AmountField:
    """A number, alone or followed by the unit ``sd``.

    >>> from neuronclaims.sentences.field_types import split_words
    >>> AmountField().read(split_words("0.5 sd"))
    (Amount(value=0.5, unit='sd'), 2)
    """

    expected: tuple[str, ...] = ("an amount such as 0.5 or '0.5 sd'",)
    shape: str = "AMOUNT"
    candidates: tuple[str, ...] = ()

    @property
    def patterns(self) -> tuple[Pattern, ...]:
        """Return a number alone, and with its unit."""
        number = Label(("0.5",), lambda text: bool(_NUMBER.fullmatch(text)))
        return (number,), (number, *literal("sd"))

    def read(self, words: Sequence[Word]) -> tuple[Amount, int]:
        """Read a number and, where it stands there, its unit."""
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
        """Return the number and its unit."""
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


def _gain(word: Word) -> float:
    if not word.quoted and word.text.endswith("%") and _NUMBER.fullmatch(word.text[:-1]):
        return Percent(Decimal(word.text[:-1]) / 100)
    return _number(word)


def _share_text(value: float) -> str:
    return f"{(Decimal(repr(float(value))) * 100).normalize():f}%"


NUMBER = OneWord("a number such as 0.8", "NUMBER", ("0.8",), _number, number_text)
GAIN = OneWord("a number such as 0.5, or a percentage", "NUMBER", ("0.5", "10%"), _gain, gain_text)
SHARE = OneWord("a share such as 60%", "SHARE%", ("60%",), _share, _share_text)
COUNT = OneWord("a count such as 10", "COUNT", ("10",), _count)
