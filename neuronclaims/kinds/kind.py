"""What a kind of claim is: one object with four faces, and the plain data that pass between them.

How it reads (``template``), what it needs (``reach``, ``needs``), how it is judged (``judge``), how it looks (the
finding's figures). A kind sees claims and numbers; it has never met a model, a file or a report.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeAlias, TypeVar

from neuronclaims.errors import NeuronClaimsError
from neuronclaims.stats import Level

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from neuronclaims.claim_files.claims import Claim
    from neuronclaims.figures import Figure, ForeignFigure
    from neuronclaims.kinds.shared.joint import Joint
    from neuronclaims.measurements import Measurement, ModelFacts
    from neuronclaims.results import Rank, Selection, UnitValues
    from neuronclaims.sentences.templates import Template
    from neuronclaims.stats import Correction as Stepwise
    from neuronclaims.stats import Estimate, Side, TestResult

    Correction: TypeAlias = Stepwise | Literal["max-statistic"]
    Answers: TypeAlias = Mapping[Measurement, NDArray[np.float32]]

T = TypeVar("T")

PATIENCE = (0, 99_999, 999_999)
"""How many random draws a p may take that lies close to its limit: step by step, while fewer leave it open."""


class ClaimError(NeuronClaimsError):
    """A claim that cannot be put to this model or to these prompts; the message says why."""


@dataclass(frozen=True, slots=True)
class Reach:
    """How far a claim's prompts could ever take it: the least p-value they allow, and their number in words.

    ``smallest_p`` is 0 where that depends on the values alone. ``tested`` is False for a fact: what is read off
    weights, or counted without any chance in it, is no test of a hypothesis. It has no p, so it could only ever take
    something from the claims it would be corrected with; it has no place among them, whatever becomes of it.
    """

    smallest_p: float
    size: str
    tested: bool = True


FACT = Reach(0.0, "no prompts", tested=False)
"""The reach of a claim whose finding is a fact."""


@dataclass(frozen=True, slots=True)
class Family:
    """The claims corrected together, facts left out: how many, by which correction, at which level.

    ``patience`` is how many random draws a p that lies close to a limit is worth, beyond those always made. A family
    is judged without any first: only together do the claims show which limit counts for which of them. ``shared`` is
    what has been worked out for one claim and holds for others (see ``once``).
    """

    size: int
    correction: Correction
    alpha: float
    patience: int = PATIENCE[-1]
    shared: dict[Hashable, Any] = field(default_factory=dict, compare=False, repr=False)

    @property
    def level(self) -> Level:
        """At which level the p of its claims count, as tests want it."""
        return Level(self.alpha, self.size)

    def once(self, key: Hashable, make: Callable[[], T]) -> T:
        """Return what ``make`` makes, made once for all claims of the family on one model that ask by this key."""
        if key not in self.shared:
            self.shared[key] = make()
        found: T = self.shared[key]
        return found


@dataclass(frozen=True, slots=True)
class Statement:
    """What a claim says of its effect: that it lies on ``side`` of ``threshold``, or of ``null`` without a number.

    For "does not" the threshold is the margin; see ``stats.decide``. ``claimed`` is the number in the sentence's own
    words, None where it names none.
    """

    side: Side
    null: float
    threshold: float | None = None
    claimed: str | None = None


@dataclass(frozen=True, slots=True)
class Sample:
    """What was counted: how many of which ``unit``, per set (name, count); ``paired`` where each is in both sets.

    ``needed`` are the sizes that would probably settle the claim, as many as ``counts``, None where more would not.
    """

    unit: str
    counts: tuple[tuple[str, int], ...]
    paired: bool = False
    needed: tuple[int, ...] | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """What the numbers say about one claim alone, before its family is corrected and a verdict is reached.

    ``estimate`` is the effect that the verdict rests on, ``units`` the values that it was made of. ``test`` is None for
    a fact: its verdict comes from comparing the value alone, and ``measured`` may say it in the sentence's own words
    ('the neuron writes " an" more than 99.95 % of tokens'). ``selection`` is how its neuron was chosen. ``joint`` is
    its share in a joint test, None for a claim that stands alone. ``denominator_positive`` is False where the effect
    divides by something not clearly above 0.
    """

    estimate: Estimate
    statement: Statement
    test: TestResult | None
    sample: Sample
    selection: Selection
    others: tuple[Estimate, ...] = ()
    rank: Rank | None = None
    notes: tuple[str, ...] = ()
    figures: tuple[Figure | ForeignFigure, ...] = ()
    units: UnitValues | None = None
    joint: Joint | None = None
    denominator_positive: bool = True
    measured: str | None = None


class Kind(Protocol):
    """One kind of claim. A new kind is one new file with one object of this shape."""

    @property
    def name(self) -> str:
        """Return the word reports call it by."""
        ...

    @property
    def template(self) -> Template:
        """Return how a claim of this kind reads."""
        ...

    def reach(self, claim: Claim) -> Reach:
        """Say how far the claim's prompts could take it, before any model is touched."""
        ...

    def exchange(self, claim: Claim) -> Hashable | None:
        """Return what claims that can be tested jointly have in common: equal for all claims of one exchange.

        None for a claim that is tested alone, such as one that is the best of many already. No model is needed.
        """
        ...

    def needs(self, claim: Claim, facts: ModelFacts) -> tuple[Measurement, ...]:
        """Say what must be measured; raise ClaimError where this model cannot answer."""
        ...

    def judge(self, claim: Claim, answers: Answers, family: Family) -> Finding:
        """Turn the measured numbers into effects, a test and figures."""
        ...


class Preparing(Protocol):
    """What a kind may have besides: a way to do once what its claims would each do again."""

    def prepare(self, claims: Sequence[tuple[Claim, Answers]], family: Family) -> None:
        """Work out for all claims of this kind what ``judge`` then finds in ``family``: the same numbers, sooner."""
        ...
