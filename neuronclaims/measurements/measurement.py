"""The protocol of measurements: frozen data with everything about itself, so that a new one is one new file.

A measurement that runs texts asks the same of each: a need. Its values are one row of numbers per text. The worker that
answers a need is named as "module:function" and loaded only when something must run, so planning needs no torch.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar, Protocol

from neuronclaims.measurements.facts import ModelFacts
from neuronclaims.sites import printed
from neuronclaims.tokens.spans import ChangedTokens, Span


class Need(Protocol):
    """The numbers that a measurement needs for each text: one row of float32.

    ``str(need)`` is its lasting name in the cache, so it holds all that its rows depend on besides model and text.
    Equal needs are measured once.
    """

    @property
    def work(self) -> str:
        """The sort of work: needs of one sort that the same texts have are answered in one pass."""
        ...

    text: ClassVar[str]
    """What one of its texts is called, in the singular, such as "prompt" or "document"."""

    worker: ClassVar[str]
    """What does such work, as "module:function": see ``models.running.worker.Worker``."""

    @property
    def new_tokens(self) -> int:
        """How many tokens are generated at most; 0 where the text alone is enough."""
        ...

    @property
    def places(self) -> tuple[tuple[str, int], ...]:
        """The sites and layers that are read."""
        ...

    def width(self, facts: ModelFacts) -> int:
        """Return how many numbers a row has."""
        ...

    def check(self, facts: ModelFacts) -> None:
        """Raise MeasurementError where a model of this shape cannot answer."""
        ...

    def cost(self, needs: Sequence[Need], texts: int, facts: ModelFacts) -> Iterator[tuple[str, float]]:
        """Yield (what, passes) for needs of this sort on so many texts, in passes of one text through the model."""
        ...


@dataclass(frozen=True, slots=True)
class TextRequest:
    """The need of one measurement and its texts, in order. A pair of texts is one item."""

    need: Need
    items: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Description:
    """A measurement in words: what it is, where, by which token rule, in which layers, of which texts.

    ``texts`` is what the texts are called, in the plural, and the texts themselves; None where no text is run.
    """

    what: str
    site: str | None = None
    rule: str = ""
    layers: tuple[int, ...] = ()
    texts: tuple[str, tuple[object, ...]] | None = None

    @property
    def head(self) -> str:
        """The words that measurements in one line of a plan have in common."""
        return (
            self.what
            + (f" at {printed(self.site)}" if self.site else "")
            + (f", {self.rule}" if self.rule else "")
        )


class Lengths(Protocol):
    """A check of the lengths of texts in tokens, by a model's tokenizer alone."""

    def check_length(self, text: str, new_tokens: int = 0) -> None:
        """Raise MeasurementError if a text, with a number of tokens more, does not fit the model."""
        ...

    def check_span(self, text: str, span: Span, number: int | None, rule: str) -> None:
        """Raise MeasurementError for a text without a span, or without its token ``number``, as ``rule`` wants."""
        ...

    def check_changed(self, text: str, at: ChangedTokens) -> None:
        """Raise MeasurementError for a text without the tokens at which values are changed."""
        ...

    def check_pair(self, clean: str, corrupted: str, at: ChangedTokens) -> None:
        """Raise MeasurementError for texts that do not fit, or whose changed tokens do not stand for one another."""
        ...

    def count(self, text: str) -> None:
        """Count the tokens of a text of any length."""
        ...


class Measurement(Protocol):
    """A question to a model. A new sort is one file with a frozen dataclass of this shape."""

    reader: ClassVar[str | None]
    """What makes the answer, as "module:function" of (source, measurements, rows); None: the rows as they are."""

    @property
    def request(self) -> TextRequest | None:
        """The need and its texts; None if the weights alone answer."""
        ...

    @property
    def description(self) -> Description:
        """The measurement in words, for errors and plans."""
        ...

    @property
    def tokens_named(self) -> tuple[str, ...]:
        """The tokens it names; each must be one token of the model's vocabulary."""
        ...

    def check(self, facts: ModelFacts) -> None:
        """Raise MeasurementError if a model of this shape cannot answer, in addition to the check of the need."""
        ...

    def check_lengths(self, lengths: Lengths) -> None:
        """Raise MeasurementError for texts that do not fit, by the tokenizer alone."""
        ...


def describe(measurements: Sequence[Measurement]) -> str:
    """Describe some measurements: their sites, token rules, layers, and numbers of texts.

    Only those like the first are told in full, the others counted.
    """
    told = [each.description for each in measurements]
    alike = [each for each in told if each.head == told[0].head]
    layers = sorted({layer for each in alike for layer in each.layers})
    parts = [told[0].head, *([_ranged(layers)] if layers else [])]
    if told[0].texts is not None:
        parts.append(_counted(told[0].texts[0], (each.texts[1] for each in alike if each.texts is not None)))
    rest = len(told) - len(alike)
    return "; ".join([*parts, *([f"and {rest} more"] if rest else [])])


def _ranged(layers: Sequence[int]) -> str:
    first, last = layers[0], layers[-1]
    if len(layers) == 1:
        return f"layer {first}"
    if len(layers) > 2 and len(layers) == last - first + 1:
        return f"layers {first} to {last}"
    return f"layers {', '.join(map(str, layers[:-1]))} and {last}"


def _counted(name: str, texts: Iterable[tuple[object, ...]]) -> str:
    count = len({text for each in texts for text in each})
    return f"{count:,} {name if count > 1 else name.removesuffix('s')}"
