"""Define what a kind of claim is, and the plain data that it takes and gives.

A kind says how its claims read (``template``), what they need (``attainable``, ``needs``) and how they are judged
(``judge``). It sees claims and numbers, never a model, a file or a report.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, Protocol, TypeAlias, TypeVar

from neuronclaims.errors import NeuronClaimsError
from neuronclaims.stats import Level, Resampling

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from neuronclaims.claim_files.claims import Claim
    from neuronclaims.figures import Figure, ForeignFigure
    from neuronclaims.kinds.joint import JointShare
    from neuronclaims.measurements import Measurement, ModelFacts
    from neuronclaims.results import Rank, Selection, UnitValues
    from neuronclaims.sentences.templates import Template
    from neuronclaims.stats import Correction as Stepwise
    from neuronclaims.stats import Estimate, Planning, Side, TestResult

    Correction: TypeAlias = Stepwise | Literal["max-statistic"]
    Answers: TypeAlias = Mapping[Measurement, NDArray[np.float32]]

SharedT = TypeVar("SharedT")

MAX_DRAWS = (0, 99_999, 999_999)
"""How many random draws a p close to its limit may take, beyond those always made: step by step, while it is open."""


class ClaimError(NeuronClaimsError):
    """A claim that cannot be tested on this model or with these prompts; the message says why."""


class KindError(NeuronClaimsError):
    """A kind of claim that does not keep to what the shared parts ask of it; the text says what to change in it."""


class KindWarning(UserWarning):
    """A kind of claim from another package that is left out; the text says why."""


@dataclass(frozen=True, slots=True)
class Attainable:
    """The least two-sided p-value that a claim's prompts allow, and how many prompts there are, in words.

    ``smallest_p`` is 0 where it depends on the values alone. ``tested`` is False for a fact: a number that is read off
    weights, or counted with no chance in it. A fact has no p, so it takes no place in the correction of its family.
    ``against`` is the least p of data that speak against the claim, 1 where nothing can refute it. ``planning`` says
    what so many prompts can show of stated effects, and how many would be enough; None where that is not known.
    """

    smallest_p: float
    size: str
    tested: bool = True
    against: float = 0.0
    planning: Planning | None = None

    @classmethod
    def of(cls, planning: Planning, size: str) -> Attainable:
        """Return what the clearest data of a plan allow; ``size`` says how many prompts there are."""
        return cls(planning.smallest_p, size, True, planning.smallest_p_against, planning)


FACT = Attainable(0.0, "no prompts", tested=False)
"""What is attainable for a claim whose finding is a fact."""


@dataclass(frozen=True, slots=True)
class Family:
    """The claims that are corrected together (facts excluded): their number, the correction and the level.

    ``max_draws`` is how many random draws a p close to a limit may take, beyond those always made. A family is judged
    with none of them first: only together do the claims show which limit counts for which of them. ``together`` holds
    what claims of the family share on one model, one object of each type (see ``shared``).
    """

    size: int
    correction: Correction
    alpha: float
    max_draws: int = MAX_DRAWS[-1]
    together: dict[type, object] = field(default_factory=dict, compare=False, repr=False)

    @property
    def level(self) -> Level:
        """The level at which the p-values of its claims count, for a test."""
        return Level(self.alpha, 1 if self.correction == "none" else self.size)

    def resampling(self, seed: int, draws: int) -> Resampling:
        """Return how a test draws relabellings: always ``draws``, and more while its p is close to a limit.

        >>> first_look = Family(3, "holm", 0.05, max_draws=0).resampling(seed=7, draws=9_999)
        >>> first_look.draws, first_look.max_draws, first_look.stop_after
        (9999, 999999, 0)
        """
        most = max(MAX_DRAWS[-1], draws)
        return Resampling(seed=seed, draws=draws, max_draws=most, stop_after=self.max_draws)

    def shared(self, what: type[SharedT]) -> SharedT:
        """Return the family's one object of a type, where a kind stores what several of its claims need.

        It is made without arguments when a claim first asks for it.

        >>> class Means(dict[str, float]):
        ...     pass
        >>> family = Family(2, "holm", 0.05)
        >>> family.shared(Means)["hanoi"] = 0.5
        >>> family.shared(Means)
        {'hanoi': 0.5}
        """
        if what not in self.together:
            self.together[what] = what()
        found = self.together[what]
        assert isinstance(found, what)
        return found


@dataclass(frozen=True, slots=True)
class Statement:
    """What a claim states: its effect lies on ``side`` of ``threshold``, or of ``null`` if it names no number.

    ``null`` is what the effect is where nothing is going on: 0 for a difference, 1 for a ratio, 0.5 for an AUROC.
    ``threshold`` lies beyond it on the claimed side, or on it; a fact that has no such null takes its number for
    both. For "does not" the threshold is ``null`` with the margin added or taken away. ``claimed`` is the number in the
    sentence's own words, None where it names none. See ``stats.decide``.

    >>> more = Statement("greater", 0.0)
    >>> twice_as_much = Statement("greater", 1.0, 2.0, "at least twice as much")
    >>> not_more_by_half = Statement("not greater", 1.0, 1.5, "more by half or more")
    >>> unchanged = Statement("within", 0.0, 0.5, "changed by 0.5 or more")
    >>> at_most_five = Statement("less", 5, 5, "at most 5")
    """

    side: Side
    null: float
    threshold: float | None = None
    claimed: str | None = None


@dataclass(frozen=True, slots=True)
class Sample:
    """The sample: how many of which ``unit`` per set, as (name, count); ``paired`` if each unit is in both sets.

    ``unit`` is a key, one of ``stats.designs.Unit`` or of another package, and printed as the noun it is.
    """

    unit: str
    counts: tuple[tuple[str, int], ...]
    paired: bool = False


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of one claim alone, before its family is corrected and a verdict is reached.

    ``estimate`` is the effect that the verdict rests on. ``units`` are the values that it was made of, on one of the
    scales of ``UnitValues``: baselines then compare models unit by unit, and without them by intervals. ``test`` is
    None for a fact, whose kind gives ``FACT`` as what is attainable: its verdict comes from comparing the value alone,
    and ``measured`` may say it in the sentence's own words ('the neuron writes " an" more than 99.95 % of tokens').
    ``selection`` is how its neuron was chosen. ``joint`` is its share in a joint test, None for a claim that stands
    alone. ``denominator_positive`` is False where the effect divides by something not clearly above 0. ``planning`` is
    given where fewer units took part, or more was searched, than ``Attainable`` could know.
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
    joint: JointShare | None = None
    denominator_positive: bool = True
    measured: str | None = None
    planning: Planning | None = None


class Kind(Protocol):
    """One kind of claim: a new kind is one new file with one object of this shape.

    As an example, a kind that measures nothing. It says where a neuron lies, which is a fact:

    >>> from dataclasses import dataclass
    >>> from neuronclaims.results import Selection
    >>> from neuronclaims.sentences.subjects.neurons import Neuron
    >>> from neuronclaims.sentences.templates import Template
    >>> from neuronclaims.stats import EffectSize, Estimate
    >>> @dataclass(frozen=True)
    ... class Early:
    ...     neuron: Neuron
    ...     layer: int
    >>> class EarlyKind:
    ...     name = "early"
    ...     template = Template("neuron {neuron:neuron} lies at most in layer {layer:count}", Early)
    ...
    ...     def attainable(self, claim):
    ...         return FACT
    ...
    ...     def joint_test_key(self, claim):
    ...         return None
    ...
    ...     def needs(self, claim, facts):
    ...         return ()
    ...
    ...     def judge(self, claim, answers, family):
    ...         said = claim.sentence
    ...         layer = Estimate(EffectSize("layer", "layer"), said.neuron.layer, None, None, 0.95, "read off")
    ...         return Finding(
    ...             estimate=layer,
    ...             statement=Statement("less", said.layer, said.layer, f"at most {said.layer}"),
    ...             test=None,
    ...             sample=Sample("neuron", ()),
    ...             selection=Selection("beforehand"),
    ...         )

    A claim file with such a claim, read and judged:

    >>> import tempfile
    >>> from pathlib import Path
    >>> from neuronclaims.claim_files.reader import read_claim_file
    >>> kind = EarlyKind()
    >>> text = '''
    ... version: 1
    ... models: [demo]
    ... site: mlp_post
    ... tokens: last of prompt
    ... claims:
    ...   - neuron 2:340 lies at most in layer 5
    ... '''
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "layers.claims.yaml"
    ...     _ = path.write_text(text)
    ...     [claim] = read_claim_file(path, [kind.template]).claims
    >>> finding = kind.judge(claim, {}, Family(1, "holm", 0.05))
    >>> finding.estimate.value, finding.statement.claimed
    (2, 'at most 5')

    From there the verdict follows. A kind of another package is looked at on the way: what it gives is checked, and a
    defect breaks its own claim alone (``CheckedKind``):

    >>> from neuronclaims.kinds.checked import CheckedKind
    >>> from neuronclaims.stats import decide_fact
    >>> found = CheckedKind(kind).judge(claim, {}, Family(1, "holm", 0.05))
    >>> said = found.statement
    >>> decide_fact(side=said.side, null=said.null, threshold=said.threshold, value=found.estimate.value).verdict
    'supported'

    A kind that measures and tests, with "does not", an option and figures: ``tests/seam/steering.py``.
    """

    @property
    def name(self) -> str:
        """Return the name of the kind in reports."""
        ...

    @property
    def template(self) -> Template:
        """Return the template of sentences of this kind."""
        ...

    def attainable(self, claim: Claim) -> Attainable:
        """Return the least p-value that the claim's prompts allow, before any model is loaded.

        Raises ClaimError where the claim's prompts or options cannot be used.
        """
        ...

    def joint_test_key(self, claim: Claim) -> Hashable | None:
        """Return a key that is equal for all claims that can be tested jointly, None for one that is tested alone.

        A claim about the best of many neurons is tested alone. No model is needed.
        """
        ...

    def needs(self, claim: Claim, facts: ModelFacts) -> tuple[Measurement, ...]:
        """Return what must be measured; raise ClaimError where this model cannot answer."""
        ...

    def judge(self, claim: Claim, answers: Answers, family: Family) -> Finding:
        """Turn the measured numbers into effects, a test, values per unit and figures."""
        ...


class Preparing(Protocol):
    """An optional part of a kind: compute once what several of its claims need."""

    def prepare(self, claims: Sequence[tuple[Claim, Answers]], family: Family) -> None:
        """Compute for all claims of this kind together what ``judge`` then reads from ``family``; no number changes."""
        ...
