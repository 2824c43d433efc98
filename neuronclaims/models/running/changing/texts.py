"""Items of changed texts as tokens: which of them change, what stands for them in a clean text, and their batches."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import torch

from neuronclaims.measurements.changing.needs import ChangeNeed, Pair
from neuronclaims.measurements.errors import MeasurementError
from neuronclaims.measurements.plan import Job
from neuronclaims.models.options import RunOptions
from neuronclaims.models.running.encode import Encoded, encode, shuffled
from neuronclaims.models.running.hooks import Place
from neuronclaims.models.running.loading import Ready
from neuronclaims.models.tokenization_check import check_pair
from neuronclaims.tokens.spans import ALL_TOKENS, ChangedTokens, SpanError


@dataclass(frozen=True, slots=True, eq=False)
class ChangedText:
    """One item as tokens: the text that is changed, and the clean one of its pair, if it is a pair."""

    item: str
    changed: Encoded
    clean: Encoded | None

    @property
    def size(self) -> tuple[int, int]:
        """How many tokens it has, and its clean text: texts of one size share a batch."""
        return len(self.changed.ids), len(self.clean.ids) if self.clean is not None else 0

    def places(self, at: ChangedTokens) -> tuple[tuple[int, int], ...]:
        """Return the places of changed tokens, each with the place in the clean text that stands for it.

        Raises MeasurementError where it has none, or where those of a pair do not stand for one another.
        """
        size, other = self.size
        if at.span is None:
            if at.which == "last":
                return ((size - 1, (other or size) - 1),)
            return tuple((place, place) for place in range(size))
        split, clean = self.changed.split, self.clean.split if self.clean is not None else None
        assert split is not None
        try:
            if clean is not None:
                return split.aligned(clean, at)
            return tuple((place, place) for place in split.changed(at))
        except SpanError as error:
            raise MeasurementError(str(error)) from None


@dataclass(frozen=True, slots=True, eq=False)
class ChangedPlaces:
    """The tokens of a batch at which values change, and where in the clean texts theirs come from.

    ``mask`` is [rows, tokens]; ``clean`` [rows, tokens] has places, 0 where nothing is changed, and is None where each
    token stands for itself.
    """

    mask: torch.Tensor
    clean: torch.Tensor | None

    @classmethod
    def of(cls, texts: Sequence[ChangedText], at: ChangedTokens, device: torch.device) -> ChangedPlaces:
        """Find the tokens in every text of a batch."""
        mask = torch.zeros(len(texts), texts[0].size[0], dtype=torch.bool, device=device)
        clean = torch.zeros_like(mask, dtype=torch.long)
        for row, text in enumerate(texts):
            for place, other in text.places(at):
                mask[row, place], clean[row, place] = True, other
        itself = torch.arange(mask.shape[1], device=device)
        return cls(mask, None if bool((clean == itself)[mask].all()) else clean)

    def values(self, of_clean: Mapping[Place, torch.Tensor]) -> Mapping[Place, torch.Tensor]:
        """Return the values of the clean texts, each at the place of the token it is put at: [rows, tokens, width]."""
        tokens = self.mask.shape[1]
        if self.clean is None:
            return {place: _cut(values, tokens) for place, values in of_clean.items()}
        rows, clean = torch.arange(len(self.clean)).unsqueeze(1), self.clean.cpu()  # which index any device
        return {place: values[rows, clean] for place, values in of_clean.items()}


def changed_texts(ready: Ready, job: Job, needs: Sequence[ChangeNeed]) -> list[ChangedText]:
    """Return the items of a job as tokens; raise MeasurementError for one that cannot be run, or changed."""
    keep = any(need.at.span is not None or need.prediction.at is not None for need in needs)
    if not needs[0].pairs:
        rows = encode(ready, job.items, max(need.new_tokens // 2 for need in needs), keep=keep)
        return [ChangedText(item, row, None) for item, row in zip(job.items, rows, strict=True)]
    pairs = [Pair.of_item(item) for item in job.items]
    clean = encode(ready, [pair.clean for pair in pairs], 0, keep=keep)
    corrupted = encode(ready, [pair.corrupted for pair in pairs], 0, keep=keep)
    if any(need.at == ALL_TOKENS for need in needs):
        for one, other in zip(clean, corrupted, strict=True):
            split = [ready.tokenizer.convert_ids_to_tokens(list(row.ids)) for row in (one, other)]
            check_pair(ready.facts.name, (one.prompt, split[0]), (other.prompt, split[1]))
    return [ChangedText(item, two, one) for item, one, two in zip(job.items, clean, corrupted, strict=True)]


def alike(texts: Sequence[ChangedText], options: RunOptions) -> Iterator[list[ChangedText]]:
    """Split texts into batches of equal size in tokens; their order changes nothing."""
    ordered = sorted(
        texts,
        key=lambda text: (
            -text.size[0],
            -text.size[1],
            shuffled(text.item) if options.again else text.item,
        ),
    )
    batch: list[ChangedText] = []
    for text in ordered:
        length = max(text.size)
        full = len(batch) >= options.batch_prompts or (len(batch) + 1) * length > options.batch_tokens
        if batch and (full or text.size != batch[0].size):
            yield batch
            batch = []
        batch.append(text)
    if batch:
        yield batch


def _cut(values: torch.Tensor, tokens: int) -> torch.Tensor:
    """Return values [rows, others, width] as [rows, tokens, width]; what is added is put nowhere."""
    if values.shape[1] >= tokens:
        return values[:, :tokens]
    return torch.nn.functional.pad(values, (0, 0, 0, tokens - values.shape[1]))
