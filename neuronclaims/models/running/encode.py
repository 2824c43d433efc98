"""Turn prompts into tokens, with the positions that count, and into padded batches."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal

import torch

from neuronclaims.measurements.errors import MeasurementError, ModelError, shorten, told_as
from neuronclaims.models.chats.proof import as_texts
from neuronclaims.models.running.loading import Ready, quiet
from neuronclaims.models.splitting import split_by
from neuronclaims.models.tokenization_check import check_fits
from neuronclaims.prompts import is_chat
from neuronclaims.tokens.spans import Span, SpanError
from neuronclaims.tokens.split_text import SplitText

_AT_ONCE, _CHARACTERS = 1_000, 200_000
"""So many prompts and characters are split at once: the text of their tokens takes more room than the tokens."""

_NO_SPANS: Mapping[Span, tuple[int, ...]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Encoded:
    """One prompt as tokens; ``counts`` says for each whether it is text, not BOS, [CLS] or the like.

    ``spans`` has the places of the spans that were asked for; ``split`` says where all others lie, if it was kept.
    """

    prompt: str
    ids: tuple[int, ...]
    counts: tuple[bool, ...]
    spans: Mapping[Span, tuple[int, ...]] = field(default_factory=dict)
    split: SplitText | None = None

    @property
    def key(self) -> tuple[object, ...]:
        """What tells prompts apart that a model, and the spans asked for, tell apart."""
        # Where a chat ends counts, and its answer ends with the turn: a text of the same tokens is another prompt.
        return self.ids, tuple(self.spans.values()), is_chat(self.prompt)

    @property
    def length(self) -> int:
        """How many tokens there are."""
        return len(self.ids)


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """Padded prompts, all [rows, tokens]: ids, attention mask, positions, and which tokens count.

    ``starts`` is where each row begins.
    """

    rows: tuple[Encoded, ...]
    ids: torch.Tensor
    mask: torch.Tensor
    positions: torch.Tensor
    counts: torch.Tensor
    starts: tuple[int, ...]

    def counted(self, span: Span) -> torch.Tensor:
        """Return which tokens belong to a span of the prompts: bool [rows, tokens]."""
        if span.whole:
            return self.counts
        found = torch.zeros_like(self.counts)
        for number, (row, start) in enumerate(zip(self.rows, self.starts, strict=True)):
            found[number, [start + place for place in row.spans[span]]] = True
        return found


def encode(
    ready: Ready, prompts: Sequence[str], new_tokens: int, spans: Collection[Span] = (), *, keep: bool = False
) -> list[Encoded]:
    """Return prompts as tokens: texts with whatever the tokenizer adds by default, chats as their template writes them.

    ``spans`` are found in each; ``keep`` keeps where all others lie. Raises MeasurementError naming the prompt that has
    no token of text, lacks a span, or does not fit the model's context together with ``new_tokens`` more.
    """
    return list(encode_each(ready, prompts, new_tokens, spans, keep=keep))


def encode_each(
    ready: Ready, prompts: Sequence[str], new_tokens: int, spans: Collection[Span] = (), *, keep: bool = False
) -> Iterator[Encoded]:
    """Yield what ``encode`` returns, one prompt after the other."""
    named = [span for span in dict.fromkeys(spans) if not span.generates and not span.whole]
    vocabulary = ready.model.get_input_embeddings().weight.shape[0]
    for part in _portions(prompts):
        for prompt, split in zip(part, _split(ready, part, places=keep or bool(named)), strict=True):
            spots = _places(split, named) if named else _NO_SPANS
            found = Encoded(prompt, split.ids, split.counts, spots, split if keep else None)
            _check(found, ready, new_tokens, vocabulary)
            yield found


def _portions(prompts: Sequence[str]) -> Iterator[list[str]]:
    part: list[str] = []
    characters = 0
    for prompt in prompts:
        part.append(prompt)
        characters += len(prompt)
        if len(part) >= _AT_ONCE or characters >= _CHARACTERS:
            yield part
            part, characters = [], 0
    if part:
        yield part


def encode_long(ready: Ready, document: str) -> list[Encoded]:
    """Return a document as pieces of at most the model's context, its own special tokens in the first alone.

    Raises MeasurementError where it has no token of text.
    """
    (whole,) = _split(ready, [document], places=False)
    return pieces_of(ready, document, whole)


def split_document(ready: Ready, document: str) -> SplitText:
    """Return a document as the tokens of the whole, however long it is."""
    (whole,) = _split(ready, [document])
    return whole


def pieces_of(ready: Ready, document: str, whole: SplitText) -> list[Encoded]:
    """Return a split document as pieces of at most the model's context; those without a token of text are left out."""
    vocabulary = ready.model.get_input_embeddings().weight.shape[0]
    starts = range(0, max(1, len(whole.ids)), ready.context)
    pieces = [
        Encoded(
            document,
            whole.ids[start : start + ready.context],
            whole.counts[start : start + ready.context],
        )
        for start in starts
    ]
    kept = [piece for piece in pieces if any(piece.counts)]
    for piece in kept or pieces[:1]:
        _check(piece, ready, 0, vocabulary)
    return kept


def _split(ready: Ready, prompts: Sequence[str], *, places: bool = True) -> list[SplitText]:
    given = as_texts(ready.tokenizer, ready.facts.name, prompts)
    with told_as(ModelError, f"The tokenizer of {ready.facts.name} fails"), quiet():
        return split_by(ready.tokenizer, prompts, given, places=places)


def shuffled(prompt: str) -> str:
    """Return a sort key that puts prompts in a random order, which is always the same."""
    return hashlib.sha256(prompt.encode("utf-8", "surrogatepass")).hexdigest()


def collate(
    rows: Sequence[Encoded],
    pad: int,
    side: Literal["left", "right"],
    device: torch.device,
    width: int = 0,
) -> Batch:
    """Return prompts as one padded batch, at least ``width`` tokens wide; positions count own tokens from 0."""
    longest = max(width, *(len(row.ids) for row in rows))

    def fill(values: Sequence[Sequence[int]], empty: int) -> torch.Tensor:
        filled = torch.full((len(rows), longest), empty, dtype=torch.long)
        for row, line in enumerate(values):
            start = longest - len(line) if side == "left" else 0
            filled[row, start : start + len(line)] = torch.tensor(line, dtype=torch.long)
        return filled.to(device)

    mask = fill([[1] * len(row.ids) for row in rows], 0)
    positions = (mask.cumsum(1) - 1).clamp(min=0)
    counts = fill([row.counts for row in rows], 0).bool()
    starts = tuple(longest - len(row.ids) if side == "left" else 0 for row in rows)
    return Batch(tuple(rows), fill([row.ids for row in rows], pad), mask, positions, counts, starts)


def padding_id(tokenizer: Any) -> int:
    """Return a token to pad batches with; it is masked, so any token of the vocabulary works."""
    return int(tokenizer.pad_token_id) if tokenizer.pad_token_id is not None else 0


def _places(split: SplitText, spans: Sequence[Span]) -> dict[Span, tuple[int, ...]]:
    try:
        return {span: split.places(span) for span in spans}
    except SpanError as error:
        raise MeasurementError(str(error)) from None


def _check(item: Encoded, ready: Ready, new_tokens: int, vocabulary: int) -> None:
    name = ready.facts.name
    if not any(item.counts):
        raise MeasurementError(
            f"The prompt {shorten(item.prompt)} has no token of text for {name} (only {len(item.ids)} special ones). "
            "Write some text, or take the prompt out."
        )
    check_fits(name, item.prompt, len(item.ids), new_tokens, ready.context)
    if max(item.ids) >= vocabulary:
        raise MeasurementError(
            f"The tokenizer of {name} makes token {max(item.ids)} of the prompt {shorten(item.prompt)}, but the model "
            f"has {vocabulary} only: tokenizer and model do not belong together."
        )
