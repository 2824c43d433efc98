"""Measure how much heads look at tokens: prompts of like length in batches, each measured once and checked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray

from neuronclaims.measurements.attention.attention import AttentionNeed
from neuronclaims.measurements.errors import IntegrityError, MeasurementError, shorten
from neuronclaims.measurements.measurement import Need
from neuronclaims.measurements.plan import Job
from neuronclaims.models.options import RunOptions
from neuronclaims.models.running.attention.weights import WeightsGiven, eager, seeing, weights_given
from neuronclaims.models.running.encode import Encoded, collate, encode, padding_id
from neuronclaims.models.running.integrity import allowed, choose_probes, shaken
from neuronclaims.models.running.loading import Ready
from neuronclaims.models.running.passes import forward
from neuronclaims.models.running.pooled import split
from neuronclaims.models.running.proofs.padding import pads
from neuronclaims.models.running.worker import Batches, Finished, running
from neuronclaims.tokens.attended import AttendedTokens, looks, place_text
from neuronclaims.tokens.spans import ChangedTokens, SpanError

Asked: TypeAlias = tuple[AttendedTokens, ChangedTokens]
"""Which tokens are looked at, and from which."""

Values: TypeAlias = Mapping[AttentionNeed, NDArray[np.float32]]
"""The attention of the heads of each need: [rows, heads]."""

_MORE_PADDING = 5


@dataclass(frozen=True, slots=True, eq=False)
class LookingText:
    """One prompt as tokens, with the tokens that look and those they look at, by what was asked."""

    row: Encoded
    seen: Mapping[Asked, Mapping[int, Sequence[int]]]

    @classmethod
    def of(cls, ready: Ready, row: Encoded, asked: Sequence[Asked]) -> LookingText:
        """Find the tokens; raise MeasurementError where a prompt lacks them, or where nobody can look at them."""
        assert row.split is not None
        seen: dict[Asked, Mapping[int, Sequence[int]]] = {}
        for to, origin in asked:
            try:
                seen[to, origin] = looks(row.split, to, origin, ready.facts.causal)
            except SpanError as error:
                raise MeasurementError(str(error)) from None
            if not seen[to, origin]:
                raise MeasurementError(
                    f"In the prompt {shorten(row.prompt)} no token of '{place_text(origin)}' can look at '{to}': "
                    "there are none of these at or before it. Name other tokens, or take the prompt out."
                )
        return cls(row, seen)

    def marks(self, asked: Asked, tokens: int) -> torch.Tensor:
        """Return by how much each weight [tokens, tokens] counts: those of each token that looks alike."""
        found = torch.zeros(tokens, tokens)
        seen = self.seen[asked]
        for place, others in seen.items():
            found[place, list(others)] = 1 / len(seen)
        return found


def work(ready: Ready, job: Job, options: RunOptions) -> Batches:
    """Return the attention of a job's prompts, batch by batch; all are turned into tokens at once."""
    needs = tuple(need for need in job.needs if isinstance(need, AttentionNeed))
    asked = list(dict.fromkeys((need.to, need.origin) for need in needs))
    texts = [LookingText.of(ready, row, asked) for row in encode(ready, job.items, 0, keep=True)]
    by_prompt = {text.row.prompt: text for text in texts}
    batches = split([text.row for text in texts], 0, options, padded=pads(ready))
    probes = choose_probes(batches, generating=False)

    @cache
    def proven() -> WeightsGiven:
        with running(ready, "while its attention weights were proven"):
            return weights_given(ready, sorted({need.layer for need in needs}))

    def run(number: int) -> Finished:
        given, rows = proven(), [by_prompt[row.prompt] for row in batches[number]]
        with running(ready, f"on a batch of {len(rows)} prompts, {shorten(rows[0].row.prompt)} first"):
            found = _measured(ready, given, needs, rows, options.again)
            for row in (row for place, row in probes if place == number):
                _check_alone(ready, given, rows[row], {need: found[need][row] for need in needs})
        values: dict[Need, NDArray[np.float32]] = {need: found[need] for need in needs}
        return Finished(tuple(text.row.prompt for text in rows), values)

    return Batches([tuple(row.prompt for row in batch) for batch in batches], run)


def _measured(
    ready: Ready,
    given: WeightsGiven,
    needs: Sequence[AttentionNeed],
    texts: Sequence[LookingText],
    again: bool = False,
) -> Values:
    """Measure a batch; ``again`` with more padding."""
    longest = max(len(text.row.ids) for text in texts)
    width = min(ready.context, longest + _MORE_PADDING) if again and pads(ready) else 0
    batch = collate([text.row for text in texts], padding_id(ready.tokenizer), "right", ready.device, width)
    tokens = batch.ids.shape[1]
    marks = {
        asked: torch.stack([text.marks(asked, tokens) for text in texts]).to(ready.device)
        for asked in dict.fromkeys((need.to, need.origin) for need in needs)
    }
    found: dict[AttentionNeed, NDArray[np.float32]] = {}

    def see(layer: int, weights: torch.Tensor) -> None:
        for need in needs:
            if need.layer == layer:
                counted = marks[need.to, need.origin].to(weights.device)
                of_heads = torch.einsum("rhqk,rqk->rh", weights.float(), counted)
                found[need] = of_heads.to("cpu", torch.float32).numpy()

    with eager(ready), seeing(ready, given, see, stop=True):
        forward(ready, batch.ids, batch.mask, batch.positions, weights=given.asked)
    return found


def _check_alone(ready: Ready, given: WeightsGiven, text: LookingText, batched: Values) -> None:
    """Measure one prompt again alone; raise IntegrityError where more than rounding changed."""
    needs = tuple(batched)
    alone = _measured(ready, given, needs, [text])
    apart = max(float(np.abs(batched[need] - alone[need][0]).max()) for need in needs)
    bound = allowed(ready.rounds_as, 0.0)
    if apart > bound:
        with shaken(ready):
            moved = _measured(ready, given, needs, [text])
        bound = allowed(
            ready.rounds_as, max(float(np.abs(moved[need] - alone[need]).max()) for need in needs)
        )
    if apart > bound:
        raise IntegrityError(
            f"The attention of heads of {ready.facts.name} for the prompt {shorten(text.row.prompt)} in a batch and "
            f"alone is {apart:.2g} apart, where rounding explains {bound:.2g} at most. Padding or positions are not "
            "handled rightly for this model; nothing of this run is kept."
        )
