"""What a model's tokenizer alone tells of measurements: how long their texts are, which tokens there are. No torch."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from neuronclaims.measurements import Measurement
from neuronclaims.measurements.errors import MeasurementError, ModelError, first_line, shorten
from neuronclaims.models.sources import Source
from neuronclaims.models.token_texts import TokenTexts


@dataclass(frozen=True, slots=True)
class TokenizationCheck:
    """The tokens of all texts together, each counted once, and why measurements cannot be made, where they cannot."""

    tokens: int
    refused: Mapping[Measurement, str]


def check_tokenization(source: Source, measurements: Sequence[Measurement]) -> TokenizationCheck | None:
    """Return what the tokenizer tells; None where the model's folder has no tokenizer.json.

    Raises ModelError for a tokenizer that cannot be read.
    """
    path = source.folder / "tokenizer.json" if source.folder is not None else None
    if path is None or not path.is_file():
        return None
    from tokenizers import Tokenizer

    try:
        counter = _TokenCounter(Tokenizer.from_file(str(path)), source)
    except Exception as error:
        raise ModelError(f"{path} cannot be read: {first_line(error)}.") from None
    refused = {need: why for need in dict.fromkeys(measurements) for why in counter.faults(need)}
    return TokenizationCheck(sum(counter.lengths.values()), refused)


@dataclass(slots=True)
class _TokenCounter:
    """A tokenizer, and the lengths of the texts seen so far."""

    tokenizer: Any
    source: Source
    lengths: dict[str, int] = field(default_factory=dict)

    def faults(self, measurement: Measurement) -> Iterator[str]:
        """Yield what is wrong with a measurement, at most one thing."""
        try:
            self._check(measurement)
        except MeasurementError as error:
            yield str(error)

    def _check(self, measurement: Measurement) -> None:
        texts = TokenTexts(self.tokenizer, self.source.name)
        for token in measurement.tokens_named:
            texts.number(token)
        measurement.check_lengths(self)

    def check_pair(self, clean: str, corrupted: str) -> None:
        """Raise MeasurementError for texts of different length."""
        lengths = self._length(clean), self._length(corrupted)
        if lengths[0] != lengths[1]:
            raise MeasurementError(
                f"The texts of a pair must have equally many tokens, but {self.source.name} makes {lengths[0]} of "
                f"{shorten(clean)} and {lengths[1]} of {shorten(corrupted)}."
            )
        self.check_length(clean)

    def count(self, text: str) -> None:
        """Count the tokens of a text of any length."""
        self._length(text)

    def check_length(self, text: str, new_tokens: int = 0) -> None:
        """Raise MeasurementError for a text that does not fit the model, with so many tokens more."""
        length, most = self._length(text), self.source.context
        if length + new_tokens > most:
            more = f" and {new_tokens:,} new ones" if new_tokens else ""
            raise MeasurementError(
                f"The prompt {shorten(text)} has {length:,} tokens{more}, but {self.source.name} takes {most:,} at "
                "most."
            )

    def _length(self, text: str) -> int:
        if text not in self.lengths:
            self.lengths[text] = len(self.tokenizer.encode(text).ids)
        return self.lengths[text]
