"""Place a result in a series of models that is judged as one test."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from neuronclaims.results.verdict import Verdict


@dataclass(frozen=True, slots=True)
class Onset:
    """The looks of a series that may be the first at which a claim holds, by their places from 1.

    ``later`` says whether that may also come after the last look, or never. ``shown`` is the first look at which the
    claim is supported, None where there is none.
    """

    candidates: tuple[int, ...]
    later: bool
    shown: int | None

    @classmethod
    def of(cls, verdicts: Sequence[Verdict | None]) -> Onset:
        """Return the onset set of verdicts that hold together, in the order of the looks; None for a look in error.

        A look where the claim is refuted is not the onset, and no look after one where it is supported is. So where all
        verdicts are right, which they are but for alpha, the onset is in the set, whatever the course of the effect.

        >>> Onset.of(["refuted", "inconclusive", "supported", "inconclusive"])
        Onset(candidates=(2, 3), later=False, shown=3)
        """
        shown = next((place for place, verdict in enumerate(verdicts, 1) if verdict == "supported"), None)
        before = enumerate(verdicts[:shown], 1)
        return cls(tuple(place for place, verdict in before if verdict != "refuted"), shown is None, shown)

    @property
    def runs(self) -> tuple[tuple[int, int], ...]:
        """The candidates as runs of neighbours, each by its first and last place.

        >>> Onset((1, 2, 5), later=False, shown=5).runs
        ((1, 2), (5, 5))
        """
        starts = [place for place in self.candidates if place - 1 not in self.candidates]
        ends = [place for place in self.candidates if place + 1 not in self.candidates]
        return tuple(zip(starts, ends, strict=True))


SeriesKind: TypeAlias = Literal["closed", "open"]


@dataclass(frozen=True, slots=True)
class SeriesLook:
    """The place of a result in a series of models that is judged as one test.

    ``place`` is that of the model, from 1, of ``looks`` models. In a ``closed`` series all looks are corrected
    together; in an ``open`` one, whose end is not known, each look has a ``share`` of alpha (None: not tested).
    ``onset`` is the claim's, over the whole series.
    """

    kind: SeriesKind
    place: int
    looks: int
    share: float | None
    onset: Onset
