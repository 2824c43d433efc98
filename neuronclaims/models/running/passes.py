"""The two ways through a model: one forward over the prompts, or a generation watched as it goes."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
import torch

from neuronclaims.models.chats.turns import turn_ends
from neuronclaims.models.running.encode import Batch, padding_id
from neuronclaims.models.running.loading import Ready
from neuronclaims.models.running.pooling import Recorder, SpanKey
from neuronclaims.models.running.predictions import logits_of
from neuronclaims.models.splitting import text_free
from neuronclaims.prompts import is_chat
from neuronclaims.prompts.noise import GumbelNoise
from neuronclaims.prompts.sampling import Sampling


class Chooser(Protocol):
    """Chooses the next token of every row."""

    def __call__(self, logits: torch.Tensor, running: torch.Tensor) -> torch.Tensor:
        """Return a token for each row of ``logits`` [rows, vocabulary]; rows that are not ``running`` get any."""
        ...


def likeliest(logits: torch.Tensor, running: torch.Tensor) -> torch.Tensor:  # noqa: ARG001
    """Return the token with the largest logit of each row."""
    return logits.argmax(-1)


class Draw:
    """Draws one text per row; ``texts`` has for each the number of its text and the tokens that it continues."""

    def __init__(self, sampling: Sampling, texts: Sequence[tuple[int, tuple[int, ...]]]) -> None:
        self._temperature = sampling.temperature
        self._noise = [GumbelNoise(sampling.seed, number, tokens) for number, tokens in texts]

    def __call__(self, logits: torch.Tensor, running: torch.Tensor) -> torch.Tensor:
        """Draw a token for each row that is ``running``."""
        predicted = logits.to("cpu", torch.float64).numpy() / self._temperature
        chosen = np.zeros(len(predicted), dtype=np.int64)
        for row in np.flatnonzero(running.cpu().numpy()):
            chosen[row] = (predicted[row] + self._noise[row].gumbel(predicted.shape[1])).argmax()
        return torch.from_numpy(chosen).to(logits.device)


def read(ready: Ready, batch: Batch, recorder: Recorder, counting: dict[SpanKey, torch.Tensor]) -> None:
    """Run one forward over a right-padded batch, without the head and only up to the highest layer needed."""
    with recorder.hooked(), recorder.step(counting, batch.ids.shape[1], stop_early=True):
        forward(ready, batch.ids, batch.mask, batch.positions)


def generate(
    ready: Ready, batch: Batch, recorder: Recorder, new_tokens: int, choose: Chooser = likeliest
) -> list[list[int]]:
    """Continue a left-padded batch by what ``choose`` takes, pooling every new position as it is computed.

    A row ends with its stop token, that of a chat also with the end of a turn, or after ``new_tokens``; the tokens are
    returned, stop token included. The last one goes through the model too where its own activation is asked for.
    """
    prompts = [row.prompt for row in batch.rows]
    ends_of_turns = turn_ends(ready.tokenizer, prompts)
    stops = torch.tensor(sorted(stop_tokens(ready.model)), dtype=torch.long, device=ready.device)
    textless = torch.tensor(sorted({*text_free(ready.tokenizer), *stops.tolist()}), device=ready.device)
    ids, mask, positions, cache = batch.ids, batch.mask, batch.positions, None
    remembers = caches(ready)
    running = torch.ones(len(batch.rows), dtype=torch.bool, device=ready.device)
    turns = torch.tensor(sorted(ends_of_turns), dtype=torch.long, device=ready.device)
    chats = torch.tensor([is_chat(prompt) for prompt in prompts], device=ready.device)
    tokens: list[torch.Tensor] = []
    counting = _first_step(recorder.spans, batch)
    with recorder.hooked():
        for made in range(new_tokens + 1):
            final = made == new_tokens
            if not bool(running.any()):
                break
            with recorder.step(_at_end(counting, ids.shape[1]), ids.shape[1], stop_early=final):
                hidden, cache = forward(ready, ids, mask, positions, cache, caching=remembers)
            if final:
                break
            token = _choose(ready, hidden, running, choose).masked_fill(~running, padding_id(ready.tokenizer))
            # A row that has ended is fed padding: outside the stop tokens' reach, and marked by -1 here.
            tokens.append(token.masked_fill(~running, -1))
            counts = running & ~torch.isin(token, textless)
            running = running & ~torch.isin(token, stops) & ~(chats & torch.isin(token, turns))
            counting = _later_step(recorder.spans, made + 1, counts, running)
            following, place = token.unsqueeze(1), positions[:, -1:] + 1
            if remembers:
                ids, positions = following, place
            else:
                ids, positions = torch.cat([ids, following], 1), torch.cat([positions, place], 1)
            mask = torch.cat([mask, torch.ones_like(following)], 1)
    return [[token for token in row if token >= 0] for row in torch.stack(tokens, 1).tolist()]


def forward(
    ready: Ready,
    ids: torch.Tensor,
    mask: torch.Tensor,
    positions: torch.Tensor,
    cache: Any = None,
    caching: bool = False,
    weights: bool = False,
) -> tuple[torch.Tensor, Any]:
    """Run the model's body and return its last hidden state, and its cache where ``caching``.

    With ``weights`` it is asked for those of attention, which hooks may then see.
    """
    arguments: dict[str, Any] = {"input_ids": ids, "attention_mask": mask, "return_dict": True}
    parameters = inspect.signature(ready.body.forward).parameters
    # Encoders count positions themselves, some of them (RoBERTa) not from 0; nothing is padded on their left.
    if "position_ids" in parameters and ready.facts.causal:
        arguments["position_ids"] = positions
    if ready.facts.causal and (caching or ready.architecture.derived is None or "use_cache" in parameters):
        arguments["use_cache"] = caching
    if weights:
        arguments["output_attentions"] = True
    if cache is not None:
        arguments["past_key_values"] = cache
    output = ready.body(**arguments)
    return output.last_hidden_state, getattr(output, "past_key_values", None) if caching else None


def caches(ready: Ready) -> bool:
    """Return whether the body keeps keys and values of earlier positions in the way that is known here.

    State spaces keep a state of another kind: of these the whole text is run again for every token, as of those where
    the proof of padding found that a cache gives something else.
    """
    known = ready.traits.get("caches")
    if known is None:
        derived = ready.architecture.derived is not None
        known = not derived or "past_key_values" in inspect.signature(ready.body.forward).parameters
    return known


def stop_tokens(model: Any) -> frozenset[int]:
    """Return the tokens that end a text, as ``generate`` of Transformers takes them."""
    for settings in (getattr(model, "generation_config", None), model.config):
        stops = getattr(settings, "eos_token_id", None)
        if stops is not None:
            return frozenset(stops if isinstance(stops, (list, tuple)) else [stops])
    return frozenset()


def _choose(ready: Ready, hidden: torch.Tensor, running: torch.Tensor, choose: Chooser) -> torch.Tensor:
    """Return the next token of each row; raise ValueError where one that is ``running`` has none."""
    logits = logits_of(ready, hidden[:, -1]).to(running.device)
    if bool((logits.isnan().any(-1) & running).any()):
        raise ValueError(
            "what it predicts is not a number (NaN), so no token can be chosen. The weights are broken, or the number "
            "type is too small"
        )
    return choose(logits, running)


def _first_step(spans: Sequence[SpanKey], batch: Batch) -> dict[SpanKey, torch.Tensor]:
    """Which positions of the prompts count: those of spans of the prompt; the last, which emits, for ``emitting``."""
    last = torch.zeros_like(batch.counts)
    last[:, -1] = batch.counts[:, -1]
    return {
        (span, limit): last if span.part == "emitting" else batch.counted(span)
        for span, limit in spans
        if span.part != "generated"
    }


def _at_end(counting: dict[SpanKey, torch.Tensor], tokens: int) -> dict[SpanKey, torch.Tensor]:
    """Return which of ``tokens`` positions count, where masks are of the last ones alone."""
    missing = {key: tokens - mask.shape[1] for key, mask in counting.items()}
    return {key: torch.nn.functional.pad(mask, (missing[key], 0)) for key, mask in counting.items()}


def _later_step(
    spans: Sequence[SpanKey], made: int, counts: torch.Tensor, running: torch.Tensor
) -> dict[SpanKey, torch.Tensor]:
    """Which rows count at their ``made``-th new token; its position emits only if another one follows."""
    masks = {"generated": (counts, 0), "emitting": (counts & running, 1)}
    return {
        (span, limit): masks[span.part][0].unsqueeze(1)
        for span, limit in spans
        if span.part in masks and made + masks[span.part][1] <= limit
    }
