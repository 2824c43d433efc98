"""Neurons, and fields for them by name: ``11:365``, and lists such as ``11:365, 11:680``."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from neuronclaims.sentences.field_types import Label, MisreadError, OneWord, Pattern, Word
from neuronclaims.sentences.messages import quoted

_NEURON = re.compile(r"([0-9]{1,9}):([0-9]{1,9})")
_SOME = re.compile(r"[0-9]{1,9}:[0-9]{1,9}(?:,[0-9]{1,9}:[0-9]{1,9})*")
_NEARLY_NEURON = re.compile(
    r"(?:layer|blocks?|[lh])?[._]?([0-9]{1,9})(?:[.:/;,_：-]+(?:neuron|unit|[nu])?|[nu])([0-9]{1,9})",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, order=True)
class Neuron:
    """One neuron of one layer, both counted from 0; the claim names the site elsewhere."""

    layer: int
    index: int

    def __str__(self) -> str:
        return f"{self.layer}:{self.index}"


@dataclass(frozen=True, slots=True)
class NeuronsField:
    """One neuron or more, a comma after each but the last.

    >>> from neuronclaims.sentences.field_types import split_words
    >>> NeuronsField().read(split_words("11:365, 11:680 for hanoi"))
    ((Neuron(layer=11, index=365), Neuron(layer=11, index=680)), 2)
    """

    expected: tuple[str, ...] = ("neurons such as '11:365, 11:680'",)
    shape: str = "LAYER:INDEX, ..."
    candidates: tuple[str, ...] = ()

    @property
    def patterns(self) -> tuple[Pattern, ...]:
        """Return a list of one and of two."""
        last = Label(("11:365",), lambda text: bool(_SOME.fullmatch(text)))
        more = Label(("11:365,",), lambda text: text.endswith(",") and bool(_SOME.fullmatch(text[:-1])))
        return (last,), (more, last)

    def read(self, words: Sequence[Word]) -> tuple[tuple[Neuron, ...], int]:
        """Read neurons until one has no comma after it."""
        found: list[Neuron] = []
        for used, word in enumerate(words, start=1):
            pieces = word.text.split(",")
            more = len(pieces) > 1 and pieces[-1] == ""
            for piece in pieces[:-1] if more else pieces:
                neuron = one_neuron(Word(piece, word.start, word.quoted), used - 1)
                if neuron in found:
                    raise MisreadError(f"neuron {neuron} is named twice", ahead=used - 1)
                found.append(neuron)
            if not more:
                return tuple(found), used
        raise MisreadError("another neuron must follow the comma", ahead=len(words))

    def write(self, value: Sequence[Neuron]) -> str:
        """Return the neurons, a comma after each but the last."""
        return ", ".join(str(neuron) for neuron in value)


def one_neuron(word: Word, ahead: int = 0) -> Neuron:
    """Read ``layer:index``. Raises MisreadError with what was probably meant."""
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


ONE_NEURON = OneWord("a neuron such as 11:365", "LAYER:INDEX", ("11:365",), one_neuron)
