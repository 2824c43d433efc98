"""Layers of a model, as ``searched:`` and sentences name them: ``layers 10 to 25``."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from neuronclaims.sentences.field_types import Label, MisreadError, Pattern, Word, expect_words, literal
from neuronclaims.sentences.messages import closest

ALL = "all layers"
_ITEM = r"[0-9]{1,4}(?: to [0-9]{1,4})?"
PATTERN = rf"{ALL}|layers? {_ITEM}(?:(?:, ?| and ){_ITEM})*"
"""What ``searched:`` may say, apart from the order of numbers."""

RULE = "say 'layer 11', 'layers 3 to 8', 'layers 3, 5 and 9' or 'all layers'"

_NUMBERS = re.compile(r"[0-9]{1,4}(?:,[0-9]{1,4})*,?")
_RANGE = re.compile(r"([0-9]{1,6})(?:-|–|\.\.|:)([0-9]{1,6})")
_A_LAYER = "the number of a layer, such as 11"

_NUMBER = (Label(("11",), lambda text: bool(_NUMBERS.fullmatch(text)) and not text.endswith(",")),)
_MORE = (Label(("11,",), lambda text: bool(_NUMBERS.fullmatch(text)) and text.endswith(",")),)


@dataclass(frozen=True, slots=True)
class Layers:
    """The layers of one site in which a neuron was searched for, in order; ``layers`` is None for all layers."""

    layers: tuple[int, ...] | None

    def __contains__(self, layer: int) -> bool:
        return self.layers is None or layer in self.layers

    def __str__(self) -> str:
        if self.layers is None:
            return ALL
        runs = [str(a) if a == b else f"{a} to {b}" for a, b in _runs(self.layers)]
        return f"{'layer' if len(self.layers) == 1 else 'layers'} {', '.join(runs)}"


class LayersError(ValueError):
    """An error for a text that names no layers; ``near`` is what was probably meant."""

    def __init__(self, rule: str, near: str | None) -> None:
        super().__init__(rule)
        self.rule, self.near = rule, near


def parse_layers(text: str) -> Layers:
    """Read what ``searched:`` says. Raises LayersError.

    >>> parse_layers("layers 3 to 5 and 9")
    Layers(layers=(3, 4, 5, 9))
    >>> str(parse_layers("all layers"))
    'all layers'
    """
    written = " ".join(text.split())
    if not re.fullmatch(PATTERN, written):
        raise LayersError(RULE, _guess(written))
    if written == ALL:
        return Layers(None)
    layers: set[int] = set()
    for item in re.findall(_ITEM, written):
        first, last = int(item.split(" to ")[0]), int(item.split(" to ")[-1])
        if last < first:
            raise LayersError("the lower layer comes first", f"layers {last} to {first}")
        layers.update(range(first, last + 1))
    return Layers(tuple(sorted(layers)))


def _runs(layers: tuple[int, ...]) -> Iterator[tuple[int, int]]:
    starts = [layers[0], *(b for a, b in pairwise(layers) if b != a + 1)]
    ends = [*(a for a, b in pairwise(layers) if b != a + 1), layers[-1]]
    return zip(starts, ends, strict=True)


def _guess(written: str) -> str | None:
    if found := re.fullmatch(
        r"(?:layers? ?)?(\d{1,4}) ?(?:-|–|\.\.|to|until) ?(\d{1,4})", written, re.IGNORECASE
    ):
        first, last = sorted(map(int, found.groups()))
        return f"layers {first} to {last}"
    if found := re.fullmatch(r"\D{0,8}?(\d{1,4})", written):
        return f"layer {int(found[1])}"
    whole = ("all", "everything", "model", "the model", "the whole model", "whole model", "every layer")
    return ALL if written.lower() in whole else closest(written, (ALL,))


@dataclass(frozen=True, slots=True)
class LayersField:
    """Layers as ``searched:`` names them: ``layer 11``, ``layers 10 to 25``, ``layers 3, 5 and 9``, ``all layers``.

    >>> from neuronclaims.sentences.field_types import split_words
    >>> LayersField().read(split_words("layers 10 to 12 for hanoi"))
    (Layers(layers=(10, 11, 12)), 4)
    """

    expected: tuple[str, ...] = ("layers such as 'layers 10 to 25'",)
    shape: str = "LAYERS"
    candidates: tuple[str, ...] = ("layer", "layers", ALL)

    @property
    def patterns(self) -> tuple[Pattern, ...]:
        """Return one layer, a range, a list of two, and all."""
        one, more = literal("layer"), literal("layers")
        ranges = (*more, *_NUMBER, *literal("to"), *_NUMBER)
        lists = (*more, *_MORE, *_NUMBER), (*more, *_NUMBER, *literal("and"), *_NUMBER)
        return (*one, *_NUMBER), (*more, *_NUMBER), ranges, *lists, literal(ALL)

    def read(self, words: Sequence[Word]) -> tuple[Layers, int]:
        """Read as many words as name layers."""
        if words[0].text == "all":
            expect_words(words, ("layers",), 1)
            return Layers(None), 2
        if words[0].quoted or words[0].text not in ("layer", "layers"):
            everywhere = words[0].text in ("every", "each", "any")
            raise MisreadError(suggestion=ALL if everywhere else None)
        used = _layers_end(words)
        return parse_layers(" ".join(word.text for word in words[:used])), used

    def write(self, value: Layers) -> str:
        """Return the layers in words."""
        return str(value)


def _layers_end(words: Sequence[Word]) -> int:
    """Return how many words, from ``layer`` on, belong to a list of layers."""
    at = 1
    while True:
        first = _layer(words, at)
        at += 1
        more = first.endswith(",")
        if not more and at < len(words) and words[at].text == "to":
            last = _layer(words, at + 1)
            low, high = int(first.split(",")[-1]), int(last.split(",")[0])
            if high < low:
                raise MisreadError("the lower layer comes first", f"{high} to {low}", at - 1)
            at, more = at + 2, last.endswith(",")
        if not more and at + 1 < len(words) and words[at].text == "and" and words[at + 1].text[:1].isdigit():
            at, more = at + 1, True
        if not more:
            return at


def _layer(words: Sequence[Word], at: int) -> str:
    if at < len(words) and not words[at].quoted:
        text = words[at].text
        if _NUMBERS.fullmatch(text):
            return text
        if found := _RANGE.fullmatch(text):
            low, high = sorted(map(int, found.groups()))
            raise MisreadError("a range is written in words", f"{low} to {high}", at)
    raise MisreadError(ahead=at, expected=(_A_LAYER,))
