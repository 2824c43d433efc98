"""What a model writes after a text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

from neuronclaims.measurements.activations import Generation, Pooled, written
from neuronclaims.measurements.errors import MeasurementError
from neuronclaims.measurements.facts import ModelFacts
from neuronclaims.measurements.measurement import Description, Lengths, Need, TextRequest
from neuronclaims.prompts.sampling import Sampling

END = -1
"""What a row holds after the last token. Numbers of tokens are exact as float32 up to 2^24."""


@dataclass(frozen=True, slots=True)
class Continuations:
    """What a model writes after some texts: an array [len(prompts)] of str, in the order given.

    Where several texts are drawn, all of them, `` | `` in between.

    It is the text ``Activations`` with the same ``generate`` are measured on, without special tokens and the one that
    stops it; "" where the model stops at once.

    >>> str(Continuations(("I like",), Generation(8)).request.need)
    'written/8'
    """

    prompts: tuple[str, ...]
    generate: Generation
    reader: ClassVar[str | None] = "neuronclaims.models.continuations:continuations"

    @property
    def request(self) -> TextRequest:
        """The tokens written after each prompt."""
        return TextRequest(
            ContinuationNeed(self.generate.max_new_tokens, self.generate.sampling), self.prompts
        )

    @property
    def description(self) -> Description:
        """The measurement in words."""
        return Description("continuations", texts=("prompts", self.prompts))

    @property
    def tokens_named(self) -> tuple[str, ...]:
        """No tokens."""
        return ()

    def check(self, facts: ModelFacts) -> None:
        """Check nothing: the need does it."""

    def check_lengths(self, lengths: Lengths) -> None:
        """Check nothing: other measurements on the same prompts do it."""


@dataclass(frozen=True, slots=True, order=True)
class ContinuationNeed:
    """The tokens generated after a text, ``END`` after the last.

    There are at most ``limit`` with the one that stops the text, which is left out. Where texts are drawn, they follow
    one another, each ``limit`` numbers long.
    """

    limit: int
    sampling: Sampling | None = None
    text: ClassVar[str] = Pooled.text
    worker: ClassVar[str] = Pooled.worker

    def __str__(self) -> str:
        return f"written/{self.limit}{written(self.sampling)}"

    @property
    def work(self) -> str:
        """The sort of work: that of the values which are measured on these texts."""
        return f"pooled{written(self.sampling)}"

    @property
    def samples(self) -> int:
        """How many texts there are after each prompt."""
        return self.sampling.samples if self.sampling else 1

    @property
    def new_tokens(self) -> int:
        """How many tokens are generated at most."""
        return self.limit

    @property
    def places(self) -> tuple[tuple[str, int], ...]:
        """No place."""
        return ()

    def width(self, facts: ModelFacts) -> int:  # noqa: ARG002
        """Return how many numbers a row has: one per token."""
        return self.limit * self.samples

    def check(self, facts: ModelFacts) -> None:
        """Raise MeasurementError where this model cannot answer."""
        facts.check_predicts()
        if self.limit < 1:
            raise MeasurementError("A continuation needs a length: say how many new tokens, at least 1.")

    def cost(self, needs: Sequence[Need], texts: int, facts: ModelFacts) -> Iterator[tuple[str, float]]:  # noqa: ARG002
        """Yield whole passes: text is generated."""
        yield "activations", float(texts * self.samples)
