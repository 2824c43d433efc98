"""What goes between the run and its workers, as plain data.

Needs go as their places in a job and texts as theirs, so that no need is hashed and no text sent twice.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from neuronclaims.engines.engine import EngineError
from neuronclaims.errors import NeuronClaimsError
from neuronclaims.measurements.errors import (
    CacheError,
    IntegrityError,
    MeasurementError,
    ModelError,
    RunError,
    first_line,
)
from neuronclaims.models.options import RunOptions

KINDS: Mapping[str, type[RunError]] = {
    kind.__name__: kind for kind in (ModelError, MeasurementError, IntegrityError, CacheError, EngineError)
}
"""The errors that a worker may end a run with, by name; all others are told as errors of the engine."""


@dataclass(frozen=True, slots=True)
class WorkerTrouble:
    """An error of a worker: what it is called, and what it says."""

    kind: str
    text: str

    @classmethod
    def of(cls, error: BaseException) -> WorkerTrouble:
        """Return an error as it is sent: one of ours as it is, a defect as an error of the engine."""
        if isinstance(error, NeuronClaimsError):
            return cls(
                next((name for name, kind in KINDS.items() if isinstance(error, kind)), ""), str(error)
            )
        return cls("", f"A worker failed: {type(error).__name__}: {first_line(error)}")

    @property
    def error(self) -> RunError:
        """The error itself."""
        return KINDS.get(self.kind, EngineError)(self.text)


@dataclass(frozen=True, slots=True)
class Loaded:
    """A model that a worker has loaded: what rounding may move in it, and the options by which it makes batches."""

    tolerance: float
    options: RunOptions


@dataclass(frozen=True, slots=True)
class Failed:
    """A text that could not be measured: the places of need and text in their job, and why."""

    need: int
    item: int
    text: str


@dataclass(frozen=True, slots=True, eq=False)
class JobPieces:
    """The pieces of a job: the places of its texts piece by piece, where each piece ends, and what was refused."""

    places: NDArray[np.int32]
    ends: tuple[int, ...]
    failed: tuple[Failed, ...] = ()

    @classmethod
    def of(cls, pieces: Sequence[Sequence[int]], failed: tuple[Failed, ...] = ()) -> JobPieces:
        """Return the pieces of a job, each given as the places of its texts."""
        ends = np.cumsum([len(piece) for piece in pieces], dtype=np.int64)
        places = [place for piece in pieces for place in piece]
        return cls(np.array(places, dtype=np.int32), tuple(int(end) for end in ends), failed)

    def __len__(self) -> int:
        return len(self.ends)

    def piece(self, number: int) -> tuple[int, ...]:
        """Return the places of the texts of a piece."""
        start = self.ends[number - 1] if number else 0
        return tuple(int(place) for place in self.places[start : self.ends[number]])

    @property
    def digest(self) -> str:
        """What is equal for two workers that split a job alike."""
        return hashlib.sha256(self.places.tobytes() + repr(self.ends).encode()).hexdigest()


@dataclass(frozen=True, slots=True, eq=False)
class Ran:
    """What a piece gave: for each batch the places of its texts, of its needs, and the values of each need."""

    batches: tuple[tuple[tuple[int, ...], tuple[int, ...], tuple[NDArray[np.float32], ...]], ...]
    failed: tuple[Failed, ...] = ()


@dataclass(frozen=True, slots=True)
class Refused:
    """The measurements that the tokenizer refuses: the place of each in the question, and why."""

    found: tuple[tuple[int, str], ...] = field(default=())
