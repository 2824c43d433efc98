"""What was searched for a neuron: the layers that ``searched:`` names, as text and as numbers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from neuronclaims.sentences.suggest import closest

ALL = "all layers"
_ITEM = r"[0-9]{1,4}(?: to [0-9]{1,4})?"
PATTERN = rf"{ALL}|layers? {_ITEM}(?:(?:, ?| and ){_ITEM})*"
"""What ``searched:`` may say, apart from the order of numbers."""

RULE = "say 'layer 11', 'layers 3 to 8', 'layers 3, 5 and 9' or 'all layers'"


@dataclass(frozen=True, slots=True)
class Search:
    """The layers of one site among whose neurons one was picked, in order; ``layers`` is None for all there are."""

    layers: tuple[int, ...] | None

    def __contains__(self, layer: int) -> bool:
        return self.layers is None or layer in self.layers

    def __str__(self) -> str:
        if self.layers is None:
            return ALL
        runs = [str(a) if a == b else f"{a} to {b}" for a, b in _runs(self.layers)]
        return f"{'layer' if len(self.layers) == 1 else 'layers'} {', '.join(runs)}"


class SearchError(ValueError):
    """A text that does not say what was searched; ``near`` is what was probably meant."""

    def __init__(self, rule: str, near: str | None) -> None:
        super().__init__(rule)
        self.rule, self.near = rule, near


def parse_search(text: str) -> Search:
    """Read what ``searched:`` says. Raises SearchError."""
    written = " ".join(text.split())
    if not re.fullmatch(PATTERN, written):
        raise SearchError(RULE, _guess(written))
    if written == ALL:
        return Search(None)
    layers: set[int] = set()
    for item in re.findall(_ITEM, written):
        first, last = int(item.split(" to ")[0]), int(item.split(" to ")[-1])
        if last < first:
            raise SearchError("the lower layer comes first", f"layers {last} to {first}")
        layers.update(range(first, last + 1))
    return Search(tuple(sorted(layers)))


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
