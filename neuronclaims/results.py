"""Hold what came of a claim as plain data: the evidence, and the verdict with its reason.

Every report is written from these and nothing else. All values are plain Python, so a result can cross a process
border or become JSON as it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias, get_args

from neuronclaims.figures import Figure
from neuronclaims.publications import Publication, ReportedNumber
from neuronclaims.robustness.left_out import Robustness
from neuronclaims.set_accounts import DataAccount
from neuronclaims.tokens.readings import TokensReading

Verdict: TypeAlias = Literal["supported", "refuted", "inconclusive"]
VERDICTS: tuple[Verdict, ...] = ("supported", "refuted", "inconclusive")
Alternative: TypeAlias = Literal["greater", "less", "two-sided", "within", "not greater", "not less"]


@dataclass(frozen=True, slots=True)
class Effect:
    """One effect size with its interval, in the unit its name says.

    ``key`` tells effects apart; it is empty for results written before effects had keys. ``symbol`` is the name as
    narrow columns have room for, and ``signed`` says whether the sign is the first thing to be read.
    ``low`` and ``high`` bound a ``level`` confidence interval found by ``method``; both are None where the data
    allow none, and ``value`` is None where the effect itself is undefined.
    """

    name: str
    value: float | None
    low: float | None
    high: float | None
    level: float
    method: str
    key: str = ""
    symbol: str = ""
    signed: bool = False


@dataclass(frozen=True, slots=True)
class Test:
    """The test a claim was put to.

    ``p_value`` is that of this claim alone, ``p_adjusted`` after ``correction`` over a family of ``family`` claims.
    ``alternative`` is what is claimed of the effect; the last three claim that it is smaller than a margin.
    ``arrangements`` counts the relabellings looked at: all there are when ``exact``, otherwise drawn ones, 0 where
    the test needs none. ``smallest_p`` is the least p this design can reach; ``standard_error`` the Monte-Carlo error
    of ``p_value``.
    """

    __test__ = False

    method: str
    alternative: Alternative
    statistic: float | None
    p_value: float
    p_adjusted: float
    correction: str
    family: int
    alpha: float
    exact: bool
    arrangements: int
    smallest_p: float
    standard_error: float

    @property
    def corrected(self) -> str:
        """How p was corrected, in words: "holm over 12 claims", or "not corrected"."""
        if self.correction == "none":
            return "not corrected"
        return f"{self.correction} over {self.family} {'claim' if self.family == 1 else 'claims'}"


@dataclass(frozen=True, slots=True)
class StatedEffect:
    """An effect that was stated beforehand, in words, and the chance that these prompts show it.

    ``enough`` are the numbers of units per set that show it four times in five: never fewer than there are; None where
    more than 100,000 would be needed.
    """

    effect: str
    shown: float
    enough: tuple[int, ...] | None


@dataclass(frozen=True, slots=True)
class Plan:
    """What the prompts of a claim can show, whatever was found: in one sentence, ``said``, and effect by effect.

    ``of`` says what the effects are of, empty where their words say all.
    """

    said: str
    effects: tuple[StatedEffect, ...]
    of: str = ""


@dataclass(frozen=True, slots=True)
class Rank:
    """The neuron's place among all neurons of its layer, 1 being the strongest in the direction claimed.

    With the ``scope`` "model" it is the place among all neurons that the claim's site has in all layers.
    """

    place: int
    among: int
    by: str
    scope: Literal["layer", "model"] = "layer"


SEVERAL = {
    "neurons": "neuron",
    "heads": "head",
    "latents": "latent",
    "directions": "direction",
    "probes": "probe",
    "sets": "set",
}
"""What may be chosen of which there are several, with what one of them is called."""


@dataclass(frozen=True, slots=True)
class Selection:
    """How the neuron, direction or layer of a claim was chosen, as the claim file says.

    ``beforehand``: the file does not say, so it is taken as chosen before these prompts were seen. ``discovered``: on
    the ``prompts`` different prompts of the sets and files in ``where``, none of which is tested here. ``searched``:
    on these very prompts, from the ``neurons`` neurons of the layers in ``where``. ``what`` was chosen is a key:
    neuron, neurons, head, heads, direction, layer, sets; it is empty where a claim leaves nothing to choose.
    """

    how: Literal["beforehand", "discovered", "searched"]
    where: tuple[str, ...] = ()
    prompts: int | None = None
    neurons: int | None = None
    what: str = "neuron"

    @property
    def noun(self) -> str:
        """What one of those chosen is called.

        >>> Selection("beforehand", what="neurons").noun
        'neuron'
        """
        return SEVERAL.get(self.what, self.what)

    @property
    def several(self) -> bool:
        """Whether a claim is about several that were chosen together."""
        return self.what in SEVERAL

    @property
    def assumed(self) -> str:
        """The note for a claim file that does not say how it was chosen.

        >>> Selection("beforehand").assumed
        'The claim file does not say how the neuron was chosen; p is right only if it was chosen before these prompts \
were looked at.'
        """
        were, they = ("were", "they were") if self.several else ("was", "it was")
        return (
            f"The claim file does not say how the {self.what} {were} chosen; p is right only if {they} chosen before "
            "these prompts were looked at."
        )


ValueScale: TypeAlias = Literal[
    "difference", "sd", "auroc", "ratio", "mean", "share", "mean AUROC", "correlation"
]
"""What an effect is of the values it was made of."""


@dataclass(frozen=True, slots=True)
class UnitValues:
    """The values that an effect was made of: one per exchangeable unit, of two sets or of one.

    ``of`` is the key of what the values are: values are compared only where it is the same, and baselines keep it, so
    it is never taken from a label and never worded anew. ``keys`` name the units by a hash of their prompts, ``values``
    are in the same order; of one set alone, the second are empty. ``paired`` says whether each unit has a value in
    both. ``blocks`` are numbers of blocks, None where there are none. ``sources`` are the measurements the values come
    from, each with its column.

    ``scale`` says how the effect comes out of the values: a ``difference`` of means, one in ``sd``, an ``auroc``, the
    ``ratio`` of the means of pairs, the rank ``correlation`` of values with numbers, or, of one set, the ``mean`` of
    its values, of 0 and 1 (``share``) or of areas (``mean AUROC``). Values whose effect does not come out of them again
    are not kept.

    Raises ValueError for another scale, a ratio of values that are no pairs, and pairs with a value missing.

    >>> UnitValues("x", "ratio", False, (("a",), ("b",)), ((1.0,), (2.0,)))
    Traceback (most recent call last):
        ...
    ValueError: the values of a ratio must be in pairs
    """

    of: str
    scale: ValueScale
    paired: bool
    keys: tuple[tuple[str, ...], tuple[str, ...]]
    values: tuple[tuple[float, ...], tuple[float, ...]]
    blocks: tuple[tuple[int, ...], tuple[int, ...]] | None = None
    sources: tuple[tuple[object, int], ...] = ()

    def __post_init__(self) -> None:
        if self.scale not in get_args(ValueScale):
            raise ValueError(f"values have a scale among {get_args(ValueScale)}, not {self.scale!r}")
        if self.scale in ("ratio", "correlation") and not self.paired:
            raise ValueError(f"the values of a {self.scale} must be in pairs")
        if self.paired and len(self.values[0]) != len(self.values[1]):
            raise ValueError(f"there are {len(self.values[0])} and {len(self.values[1])} values in pairs")


@dataclass(frozen=True, slots=True)
class Evidence:
    """The numbers behind a verdict.

    ``effect`` is the one the verdict rests on. ``test`` is None for a fact: a number in which chance has no part.
    ``counts`` gives the number of units per set, of one set or of several, ``unit`` the key of what such a unit is
    (prompt, group, pair, document), ``paired`` whether each has a value in both sets. ``plan`` is what so many can
    show; None for a fact, and where the kind of claim does not know. ``selection`` tells how the neuron was chosen.
    ``null`` is the effect where nothing is going on, and ``boundary`` the effect that parts true from false: the number
    of the sentence, or ``null`` where it names none. Both are in the effect's unit, None where they are not known.
    ``notes`` are sentences a reader of the numbers should know. ``units`` are the values the effect was made of, which
    baselines keep and reports leave out; None where it is made of no single units' values. ``robustness`` says whether
    the verdict rests on single ones of them; None where nothing was decided.
    """

    effect: Effect
    other_effects: tuple[Effect, ...]
    test: Test | None
    unit: str
    paired: bool
    counts: tuple[tuple[str, int], ...]
    rank: Rank | None
    selection: Selection
    notes: tuple[str, ...]
    figures: tuple[Figure, ...]
    plan: Plan | None = None
    null: float | None = None
    boundary: float | None = None
    units: UnitValues | None = field(default=None, compare=False, metadata={"reported": False})
    robustness: Robustness | None = None


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


@dataclass(frozen=True, slots=True)
class Result:
    """What one claim came to on one model.

    Either ``verdict``, ``reason`` and ``evidence`` are given, or ``error`` is: broken data is an error, not a verdict.
    ``file``, ``line`` and ``column`` say where the claim stands; ``sentence`` is canonical. ``fingerprint`` is the
    SHA-256 of the model's weights and settings, as ``graded_by`` names it, None where it was not worked out. ``seed``
    is the claim file's; what is drawn at random follows from it and from the prompts. ``data`` is the account of the
    claim's prompts: how many rows of a file were taken, what texts share, and what may mislead in them. ``look`` is its
    place in a series, None where each model is judged by itself. ``readings`` are the tokens that are read or changed
    where these are some of the prompts' tokens, as far as a tokenizer was at hand. ``tokens`` says which are read, and
    which are changed where a claim changes any. ``site_words`` is the site for people, where ``site`` is its name in
    the cache: "direction honesty at resid_post 3". ``id_made`` says that the id was made from the sentence, so that it
    says nothing beside it. ``source`` is the publication that the claim comes from, and ``reported`` the number given
    there, where the file names them: they had no part in the verdict.
    """

    id: str
    model: str
    sentence: str
    kind: str
    site: str
    tokens: str
    file: str
    line: int
    column: int
    expect: Verdict
    because: str | None
    verdict: Verdict | None
    reason: str
    evidence: Evidence | None
    error: str | None = None
    fingerprint: str | None = None
    seed: int = 0
    data: DataAccount = field(default_factory=DataAccount)
    look: SeriesLook | None = None
    readings: tuple[TokensReading, ...] = ()
    site_words: str = ""
    id_made: bool = False
    source: Publication | None = None
    reported: ReportedNumber | None = None

    @property
    def where(self) -> str:
        """The site in words for people."""
        return self.site_words or self.site

    @property
    def as_expected(self) -> bool:
        """Whether the verdict is the one the claim file expects."""
        return self.error is None and self.verdict == self.expect
