"""What a kind of claim is: one object with four faces, and the plain data that pass between them.

How it reads (``phrases``), what it needs (``plan``), how it is judged (``judge``), how it looks (the finding's
figure). A kind sees claims and numbers; it has never met a model, a file or a report.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol, TypeAlias

from neuronclaims.errors import NeuronClaimsError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from neuronclaims.language import Claim, Phrase
    from neuronclaims.measurements import Measurement, ModelFacts
    from neuronclaims.results import Effect, Figure, Rank
    from neuronclaims.stats import TestResult

    Answers: TypeAlias = Mapping[Measurement, NDArray[np.float32]]

Side: TypeAlias = Literal["greater", "less", "two-sided"]


class ClaimError(NeuronClaimsError):
    """A claim that cannot be put to this model or to these prompts; the message says why."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a claim needs, known before any model is touched.

    ``smallest_p`` is the least p-value its prompts could ever reach; ``size`` says in words how many there are.
    """

    measurements: tuple[Measurement, ...]
    smallest_p: float
    size: str


@dataclass(frozen=True, slots=True)
class Finding:
    """What the numbers say about one claim alone, before its family is corrected and a verdict is reached.

    ``effect`` is the one the verdict rests on; the claim says that it lies on ``side`` of ``threshold``, or, where
    the sentence names no number, of ``null``. ``degenerate`` names what makes the data say nothing, if anything does.
    """

    effect: Effect
    other_effects: tuple[Effect, ...]
    side: Side
    null: float
    threshold: float | None
    test: TestResult
    unit: str
    paired: bool
    counts: tuple[tuple[str, int], ...]
    needed: int | None
    rank: Rank | None
    notes: tuple[str, ...]
    figure: Figure
    degenerate: str | None = None


class Kind(Protocol):
    """One kind of claim. A new kind is one new file with one object of this shape."""

    @property
    def name(self) -> str:
        """Return the word reports call it by."""
        ...

    @property
    def phrases(self) -> tuple[Phrase, ...]:
        """Return the sentences that are claims of this kind."""
        ...

    def plan(self, claim: Claim, facts: ModelFacts) -> Plan:
        """Say what must be measured; raise ClaimError where this model or these prompts cannot answer."""
        ...

    def judge(self, claim: Claim, answers: Answers) -> Finding:
        """Turn the measured numbers into effects, a test and a figure."""
        ...
