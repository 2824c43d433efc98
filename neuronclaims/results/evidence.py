"""Hold the numbers behind a verdict: effects, their test, and what the prompts can show."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from neuronclaims.figures import Figure
from neuronclaims.results.selection import Selection
from neuronclaims.results.units import UnitValues
from neuronclaims.robustness.left_out import Robustness

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
