"""A measurement of another package, in one file: the entropy of the next token, and how large the state before it is.

Nothing but ``work`` needs torch, and it is imported there alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

from neuronclaims.measurements import ModelFacts, Need
from neuronclaims.measurements.errors import MeasurementError
from neuronclaims.measurements.measurement import Description, Lengths, TextRequest


class EntropyColumns(NamedTuple):
    """The entropy in nats and the length of the residual stream: [prompts] each."""

    entropy: NDArray[np.float32]
    length: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class NextTokenEntropy:
    """How undecided a model is after each prompt: float32 [prompts, 2]."""

    layer: int
    prompts: tuple[str, ...]
    reader: ClassVar[str | None] = None

    @property
    def request(self) -> TextRequest:
        return TextRequest(EntropyNeed(self.layer), self.prompts)

    @property
    def description(self) -> Description:
        return Description("entropies", "resid_post", layers=(self.layer,), texts=("prompts", self.prompts))

    @property
    def tokens_named(self) -> tuple[str, ...]:
        return ()

    def columns(self, answer: NDArray[np.float32]) -> EntropyColumns:
        return EntropyColumns(*answer.T)

    def check(self, facts: ModelFacts) -> None:
        if facts.layers > 99:
            raise MeasurementError("Too many layers for entropies.")

    def check_lengths(self, lengths: Lengths) -> None:
        for prompt in self.prompts:
            lengths.check_length(prompt)


@dataclass(frozen=True, slots=True)
class EntropyNeed:
    layer: int
    work: ClassVar[str] = "entropy"
    text: ClassVar[str] = "undecided text"
    worker: ClassVar[str] = "entropy_measurement:work"

    def __str__(self) -> str:
        return f"entropy/{self.layer}"

    @property
    def new_tokens(self) -> int:
        return 0

    @property
    def places(self) -> tuple[tuple[str, int], ...]:
        return (("resid_post", self.layer),)

    def width(self, facts: ModelFacts) -> int:
        return 2

    def check(self, facts: ModelFacts) -> None:
        facts.check_predicts()
        facts.check_place("resid_post", self.layer)

    def cost(self, needs: Sequence[Need], texts: int, facts: ModelFacts) -> Iterator[tuple[str, float]]:
        yield "entropies", float(texts * len(needs))


def work(ready, job, options):
    import torch

    from neuronclaims.models.running.encode import encode
    from neuronclaims.models.running.hooks import traced
    from neuronclaims.models.running.worker import Finished, running

    rows = encode(ready, job.items, 0)

    def batches():
        for row in rows:
            values = {}
            for need in job.needs:
                ids = torch.tensor([row.ids], device=ready.device)
                place = ("resid_post", need.layer)
                with running(ready, "on a text"), traced(ready, ids.shape, retain=[place]) as kept:
                    logits = ready.model(input_ids=ids).logits[0, -1].float()
                p = logits.log_softmax(-1)
                pair = [float(-(p.exp() * p).sum()), float(kept[place][0, -1].norm())]
                values[need] = np.array([pair], np.float32)
            yield Finished((row.prompt,), values)

    return batches()
