"""Activations of a whole layer, pooled over the positions that count."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import get_args

from neuronclaims.measurements import Activations, ModelFacts, Span
from neuronclaims.measurements.need import Asked, Work, check_place
from neuronclaims.models.errors import MeasurementError

_POOL = re.compile(
    r"last|mean|max|massive|legacy_growing|beyond (?P<bound>[0-9.e+-]+)|each (?P<positions>[1-9][0-9]{0,4})"
)


@dataclass(frozen=True, slots=True, order=True)
class Pooled:
    """One number per neuron and prompt: a site, a layer and how tokens are pooled.

    ``limit`` is the most tokens generated, 0 for the span ``prompt``, which generation does not change.
    """

    site: str
    layer: int
    pool: str
    span: Span
    limit: int

    def __str__(self) -> str:
        return f"{self.site}/{self.layer}/{self.pool} of {self.span}/{self.limit}"

    @property
    def work(self) -> Work:
        """Return which worker answers it."""
        return "pooled"

    @property
    def each(self) -> int:
        """How many positions are kept one by one; 0 where they are pooled."""
        return int(self.pool.split()[1]) if self.pool.startswith("each ") else 0

    def width(self, facts: ModelFacts) -> int:
        """Return how many numbers a row has: one per neuron or, unpooled, their number and one per neuron each."""
        return 1 + self.each * facts.widths[self.site] if self.each else facts.widths[self.site]

    def check(self, facts: ModelFacts) -> None:
        """Raise MeasurementError where this model cannot answer."""
        check_place(facts, self.site, self.layer)
        rule = f"{self.pool} of {self.span}"
        if not _POOL.fullmatch(self.pool) or self.span not in get_args(Span):
            raise MeasurementError(
                f"No token rule {rule!r}: use last, mean or max of prompt, generated or emitting."
            )
        if self.span == "prompt":
            if self.limit:
                raise MeasurementError(f"{rule!r} looks at the prompt alone; it takes no generation.")
            return
        if not facts.causal:
            raise MeasurementError(
                f"{facts.name} is an encoder ({facts.family}) and generates no text, so {rule!r} means nothing for "
                f"it. Use '{self.pool} of prompt'."
            )
        if self.limit < 1:
            raise MeasurementError(f"{rule!r} needs generated text: say how many new tokens, at least 1.")


def pooled(asked: Activations) -> Asked:
    """Return what pooled activations need of each prompt."""
    rule = asked.tokens
    limit = asked.generate.max_new_tokens if asked.generate is not None else 0
    return Asked(Pooled(asked.site, asked.layer, rule.pool, rule.span, limit), asked.prompts)
