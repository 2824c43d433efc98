"""Turn prompts into tokens, with the positions that count, and into padded batches."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import torch

from neuronclaims.measurements.errors import MeasurementError, ModelError, shorten, told_as
from neuronclaims.models.chats.proof import as_texts
from neuronclaims.models.chats.templates import Rendered
from neuronclaims.models.running.loading import Ready, quiet
from neuronclaims.models.tokenization_check import check_fits


@dataclass(frozen=True, slots=True)
class Encoded:
    """One prompt as tokens; ``counts`` says for each whether it is text, not BOS, [CLS] or the like."""

    prompt: str
    ids: tuple[int, ...]
    counts: tuple[bool, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """Padded prompts, all [rows, tokens]: ids, attention mask, positions, and which tokens count."""

    rows: tuple[Encoded, ...]
    ids: torch.Tensor
    mask: torch.Tensor
    positions: torch.Tensor
    counts: torch.Tensor


def text_free(tokenizer: Any) -> frozenset[int]:
    """Return the ids of tokens that stand for no text: BOS, EOS, [CLS], [SEP], padding and their like.

    The token of unknown text stands for text and counts, unless it doubles as one of the others but padding.
    """
    special = set(tokenizer.all_special_ids)
    doubles = {
        value
        for name, value in _named(tokenizer).items()
        if name not in ("unk_token", "pad_token") and value is not None
    }
    unknown = tokenizer.unk_token_id
    if unknown is not None and unknown not in doubles:
        special.discard(unknown)
    return frozenset(special)


def encode(ready: Ready, prompts: Sequence[str], new_tokens: int) -> list[Encoded]:
    """Return prompts as tokens: texts with whatever the tokenizer adds by default, chats as their template writes them.

    Raises MeasurementError naming the prompt that has no token of text, or does not fit the model's context
    together with ``new_tokens`` more.
    """
    special = text_free(ready.tokenizer)
    given = as_texts(ready.tokenizer, ready.facts.name, prompts)
    encoded = [
        Encoded(prompt, tuple(ids), counted(ids, special, text.whole))
        for prompt, text, ids in zip(prompts, given, _ids(ready, given), strict=True)
    ]
    vocabulary = ready.model.get_input_embeddings().weight.shape[0]
    for item in encoded:
        _check(item, ready, new_tokens, vocabulary)
    return encoded


def encode_long(ready: Ready, document: str) -> list[Encoded]:
    """Return a document as pieces of at most the model's context, its own special tokens in the first alone.

    Raises MeasurementError where it has no token of text.
    """
    special = text_free(ready.tokenizer)
    given = as_texts(ready.tokenizer, ready.facts.name, [document])
    (ids,) = _ids(ready, given)
    whole = Encoded(document, tuple(ids), counted(ids, special, given[0].whole))
    vocabulary = ready.model.get_input_embeddings().weight.shape[0]
    starts = range(0, max(1, len(ids)), ready.context)
    pieces = [
        Encoded(
            document, whole.ids[start : start + ready.context], whole.counts[start : start + ready.context]
        )
        for start in starts
    ]
    kept = [piece for piece in pieces if any(piece.counts)]
    for piece in kept or pieces[:1]:
        _check(piece, ready, 0, vocabulary)
    return kept


def counted(ids: Sequence[int], special: frozenset[int], chat: bool) -> tuple[bool, ...]:
    """Return which tokens count: those of text and, of a chat, the last one, at which the assistant begins."""
    last = len(ids) - 1
    return tuple(token not in special or (chat and place == last) for place, token in enumerate(ids))


def _ids(ready: Ready, given: Sequence[Rendered]) -> list[list[int]]:
    """Return the tokens of texts; those that hold all their special tokens get no others."""
    found: list[list[int]] = [[] for _ in given]
    with told_as(ModelError, f"The tokenizer of {ready.facts.name} fails"), quiet():
        for whole in (False, True):
            places = [place for place, text in enumerate(given) if text.whole == whole]
            if places:
                texts = [given[place].text for place in places]
                more = {"add_special_tokens": False} if whole else {}
                ids = ready.tokenizer(
                    texts, padding=False, truncation=False, return_attention_mask=False, **more
                )["input_ids"]
                for place, row in zip(places, ids, strict=True):
                    found[place] = row
    return found


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
    return Batch(tuple(rows), fill([row.ids for row in rows], pad), mask, positions, counts)


def padding_id(tokenizer: Any) -> int:
    """Return a token to pad batches with; it is masked, so any token of the vocabulary works."""
    return int(tokenizer.pad_token_id) if tokenizer.pad_token_id is not None else 0


def _named(tokenizer: Any) -> dict[str, int | None]:
    names = ("bos_token", "eos_token", "sep_token", "cls_token", "mask_token", "pad_token", "unk_token")
    return {name: getattr(tokenizer, f"{name}_id", None) for name in names}


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
