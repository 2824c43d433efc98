"""What a model's tokenizer alone tells of measurements: how long their texts are, which tokens there are. No torch."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from neuronclaims.measurements import (
    Ablation,
    AblationSweep,
    Activations,
    Congruence,
    Measurement,
    Pair,
    Readout,
    Restoration,
    RestorationSweep,
)
from neuronclaims.models.errors import MeasurementError, ModelError, first_line, shorten
from neuronclaims.models.sources import Source
from neuronclaims.models.token_texts import TokenTexts


@dataclass(frozen=True, slots=True)
class Spelling:
    """The tokens of all texts together, each counted once, and why measurements cannot be made, where they cannot."""

    tokens: int
    refused: Mapping[Measurement, str]


def spelling(source: Source, measurements: Sequence[Measurement]) -> Spelling | None:
    """Return what the tokenizer tells; None where the model's folder has no tokenizer.json.

    Raises ModelError for a tokenizer that cannot be read.
    """
    path = source.folder / "tokenizer.json" if source.folder is not None else None
    if path is None or not path.is_file():
        return None
    from tokenizers import Tokenizer

    try:
        reader = _Reader(Tokenizer.from_file(str(path)), source)
    except Exception as error:
        raise ModelError(f"{path} cannot be read: {first_line(error)}.") from None
    refused = {need: why for need in dict.fromkeys(measurements) for why in reader.faults(need)}
    return Spelling(sum(reader.lengths.values()), refused)


@dataclass(slots=True)
class _Reader:
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
        spellings = TokenTexts(self.tokenizer, self.source.name)
        for token in tokens_of(measurement):
            spellings.number(token)
        if isinstance(measurement, (Restoration, RestorationSweep)):
            for pair in measurement.pairs:
                self._check_pair(pair)
        elif isinstance(measurement, (Activations, Ablation, AblationSweep)):
            generate = measurement.generate if isinstance(measurement, Activations) else None
            for prompt in measurement.prompts:
                self._check_length(prompt, generate.max_new_tokens if generate else 0)
        elif isinstance(measurement, Readout):
            for document in measurement.documents:  # long ones are read in pieces
                self._length(document)

    def _check_pair(self, pair: Pair) -> None:
        clean, corrupted = self._length(pair.clean), self._length(pair.corrupted)
        if clean != corrupted:
            raise MeasurementError(
                f"The texts of a pair must have equally many tokens, but {self.source.name} makes {clean} of "
                f"{shorten(pair.clean)} and {corrupted} of {shorten(pair.corrupted)}."
            )
        self._check_length(pair.clean, 0)

    def _check_length(self, text: str, new: int) -> None:
        length, most = self._length(text), self.source.context
        if length + new > most:
            more = f" and {new:,} new ones" if new else ""
            raise MeasurementError(
                f"The prompt {shorten(text)} has {length:,} tokens{more}, but {self.source.name} takes {most:,} at "
                "most."
            )

    def _length(self, text: str) -> int:
        if text not in self.lengths:
            self.lengths[text] = len(self.tokenizer.encode(text).ids)
        return self.lengths[text]


def tokens_of(measurement: Measurement) -> tuple[str, ...]:
    """Return the tokens that a measurement names, each of which must be a single one."""
    if isinstance(measurement, (Restoration, RestorationSweep, Ablation, AblationSweep)):
        asked = measurement.prediction
        return (asked.token,) if asked.against is None else (asked.token, asked.against)
    if isinstance(measurement, Readout) or (
        isinstance(measurement, Congruence) and measurement.token is not None
    ):
        return (str(measurement.token),)
    return ()
