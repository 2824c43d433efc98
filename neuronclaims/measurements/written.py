"""What a model writes after a text: the numbers of its tokens."""

from __future__ import annotations

from dataclasses import dataclass

from neuronclaims.measurements import Continuations, ModelFacts
from neuronclaims.measurements.need import Asked, Work, check_predicts
from neuronclaims.models.errors import MeasurementError

END = -1
"""What a row holds after the last token. Numbers of tokens are exact as float32 up to 2^24."""


@dataclass(frozen=True, slots=True, order=True)
class Written:
    """The tokens generated after a text, ``END`` after the last.

    There are at most ``limit`` with the one that stops the text, which is left out.
    """

    limit: int

    def __str__(self) -> str:
        return f"written/{self.limit}"

    @property
    def work(self) -> Work:
        """Return which worker answers it: the one that generates for what is pooled."""
        return "pooled"

    def width(self, facts: ModelFacts) -> int:  # noqa: ARG002
        """Return how many numbers a row has: one per token."""
        return self.limit

    def check(self, facts: ModelFacts) -> None:
        """Raise MeasurementError where this model cannot answer."""
        check_predicts(facts)
        if self.limit < 1:
            raise MeasurementError("A continuation needs a length: say how many new tokens, at least 1.")


def written(asked: Continuations) -> Asked:
    """Return what continuations need of each prompt."""
    return Asked(Written(asked.generate.max_new_tokens), asked.prompts)
