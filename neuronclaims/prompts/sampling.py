"""How a text is continued where the next token is drawn at random rather than taken for being the likeliest."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Sampling:
    """Tokens drawn from what a model predicts, its logits divided by ``temperature``; ``samples`` texts per prompt.

    The prompt stays the unit: what is measured on its texts is averaged. The noise of a text follows from ``seed``,
    from the prompt's tokens and from the number of the text alone: neither other prompts nor batches change it.

    >>> str(Sampling(0.8, 4))
    '4 texts drawn at temperature 0.8, seed 0'
    """

    temperature: float
    samples: int = 1
    seed: int = 0

    def __str__(self) -> str:
        many = "1 text" if self.samples == 1 else f"{self.samples} texts"
        return f"{many} drawn at temperature {self.temperature!r}, seed {self.seed}"
