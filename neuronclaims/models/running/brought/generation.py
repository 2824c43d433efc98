"""Generate without a cache: every new token is a forward over the whole text, padded on the right."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace

import torch

from neuronclaims.models.running.brought.module import BroughtModule
from neuronclaims.models.running.encode import Batch, Encoded, collate, padding_id
from neuronclaims.models.running.loading import Ready
from neuronclaims.models.running.pooling import Recorder, SpanKey


def generate_uncached(
    ready: Ready,
    rows: Sequence[Encoded],
    recorder: Recorder,
    new_tokens: int,
    choose: Callable[[torch.Tensor, torch.Tensor], torch.Tensor],
    ends: tuple[Sequence[Collection[int]], Collection[int]],
) -> list[list[int]]:
    """Continue prompts, then read all of it in one forward; return the new tokens of each, a stop token included.

    ``choose`` takes logits [rows, 1, vocabulary] and which rows are running [rows], and returns a token for each row.
    ``ends`` are the tokens that end the text of each row, and those that stand for no text.
    """
    stops, textless = ends
    made: list[list[int]] = [[] for _ in rows]
    running = [True] * len(rows)
    model: BroughtModule = ready.model
    for _ in range(new_tokens):
        if not any(running):
            break
        batch = _so_far(ready, rows, made)
        lengths = torch.tensor([len(row.ids) for row in batch.rows], device=ready.device)
        logits = model(batch.ids).logits
        last = logits[torch.arange(len(rows), device=ready.device), lengths - 1].unsqueeze(1)
        tokens = choose(last, torch.tensor(running, device=ready.device)).tolist()
        for row, token in enumerate(tokens):
            if running[row]:
                made[row].append(int(token))
                running[row] = token not in stops[row]
    whole = _so_far(ready, rows, made, textless)
    prompts = [len(row.ids) for row in rows]
    counting = {key: counted(whole, prompts, key) for key in recorder.spans}
    with recorder.hooked(), recorder.step(counting, whole.ids.shape[1], stop_early=True):
        model(whole.ids)
    return made


def counted(batch: Batch, prompts: Sequence[int], key: SpanKey) -> torch.Tensor:
    """Return which positions of whole texts, padded on the right, count for a span: bool [rows, tokens]."""
    span, limit = key
    if not span.generates and not span.whole:
        return batch.counted(span)
    inside = torch.zeros_like(batch.counts)
    for row, (text, prompt) in enumerate(zip(batch.rows, prompts, strict=True)):
        made = min(len(text.ids) - prompt, limit)
        start, end = {
            "prompt": (0, prompt),
            "generated": (prompt, prompt + made),
            "emitting": (prompt - 1, prompt - 1 + made),
        }[span.part]
        inside[row, start:end] = batch.counts[row, start:end]
    return inside


def _so_far(
    ready: Ready, rows: Sequence[Encoded], made: Sequence[Sequence[int]], textless: Collection[int] = ()
) -> Batch:
    texts = [
        replace(
            row,
            ids=(*row.ids, *tokens),
            counts=(*row.counts, *(token not in textless for token in tokens)),
        )
        for row, tokens in zip(rows, made, strict=True)
    ]
    return collate(texts, padding_id(ready.tokenizer), "right", ready.device)
