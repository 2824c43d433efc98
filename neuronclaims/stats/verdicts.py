"""Decide a verdict from what was claimed and what was found.

A sentence puts a boundary between true and false: its number, or no effect (``stats.rule``).

- supported: the corrected p against the boundary is at most alpha, and the estimate lies on the claimed side;
- refuted: it is at most alpha, and the estimate lies on the other side;
- inconclusive: everything else, with the first reason that applies.

So a large p never refutes: absence of evidence is not evidence of absence. And it never supports "does not", whose
boundary is its margin. "Differs" without a number has no other side and is never refuted.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

from neuronclaims.stats.effects.estimate import Estimate
from neuronclaims.stats.inputs import StatsError, check_choice, check_share
from neuronclaims.stats.rule import Side as Side

Verdict: TypeAlias = Literal["supported", "refuted", "inconclusive"]
Reason: TypeAlias = Literal[
    "claimed_side",
    "other_side",
    "degenerate",
    "denominator_not_positive",
    "cannot_reach_alpha",
    "cautioned",
    "monte_carlo_unresolved",
    "boundary_not_excluded",
    "fact_holds",
    "fact_fails",
    "fact_undefined",
]

VERDICT_OF: dict[Reason, Verdict] = {
    "claimed_side": "supported",
    "other_side": "refuted",
    "degenerate": "inconclusive",
    "denominator_not_positive": "inconclusive",
    "cannot_reach_alpha": "inconclusive",
    "cautioned": "inconclusive",
    "monte_carlo_unresolved": "inconclusive",
    "boundary_not_excluded": "inconclusive",
    "fact_holds": "supported",
    "fact_fails": "refuted",
    "fact_undefined": "inconclusive",
}

MARGIN_SIDES = ("within", "not greater", "not less")
"""The sides that claim an effect to be smaller than a margin."""

_BELOW = ("less", "not less")
"""The sides whose number does not lie above no effect."""


@dataclass(frozen=True, slots=True)
class Tested:
    """The claim about an effect and the result of its test: the input of ``decide``.

    ``p_adjusted`` is the corrected two-sided p against the boundary (``stats.rule``), and ``smallest_p_adjusted`` the
    least the design could give; ``resolved`` and ``degenerate`` are those of TestResult, ``denominator_positive`` that
    of RatioTest. ``cautioned`` says that p is no smaller because of the estimate's caution. For the reason, ``looks``
    says over what of a series p is corrected besides ("50 checkpoints"), and ``sets`` names the two sets that an AUROC
    compares, ``draws`` says how many random relabellings were made, where that is known.
    """

    side: Side
    null: float
    threshold: float | None
    estimate: Estimate
    p_adjusted: float
    smallest_p_adjusted: float
    alpha: float = 0.05
    resolved: bool = True
    degenerate: bool = False
    denominator_positive: bool = True
    looks: str = ""
    draws: int | None = None
    sets: tuple[str, str] | None = None
    cautioned: bool = False


@dataclass(frozen=True, slots=True)
class Fact:
    """The claim about a number without uncertainty, and the number: the input of ``decide_fact``.

    ``value`` is None if the number is undefined.

    >>> decide_fact(side="greater", null=0.0, threshold=2.0, value=3.5).finding
    Fact(side='greater', null=0.0, threshold=2.0, value=3.5)
    """

    side: Side
    null: float
    threshold: float | None
    value: float | None


@dataclass(frozen=True, slots=True)
class Decision:
    """A verdict with its reason as a code, and the input it is based on.

    >>> found = decide_fact(side="greater", null=0.0, threshold=2.0, value=1.5)
    >>> found.verdict, found.finding.value
    ('refuted', 1.5)
    """

    verdict: Verdict
    reason: Reason
    finding: Tested | Fact


def decide(tested: Tested) -> Decision:
    """Judge a claim that an effect is on ``side`` of ``null``, beyond ``threshold`` if it names a number.

    ``threshold`` stands on the scale of ``estimate`` and on the claimed side: not below ``null`` for
    ``greater``, not above it for ``less``. For ``two-sided`` it is the upper number, and its mirror image
    below ``null`` is claimed too: "separates with AUROC at least 0.8" means at least 0.8 or at most 0.2.

    "does not" has sides of its own, whose ``threshold`` is the margin and must be given: ``within`` claims
    that the effect lies between ``threshold``, above ``null``, and its mirror image; ``not greater`` only
    that it lies below ``threshold``; ``not less`` that it lies above it, a number below ``null``.

    Raises StatsError for p, alpha or threshold out of place.

    >>> from neuronclaims.stats.effects.effect_size import MEAN_DIFFERENCE
    >>> estimate = Estimate(MEAN_DIFFERENCE, 1.2, 0.4, 2.0, 0.95, "Welch t interval")
    >>> decide(Tested("greater", 0.0, None, estimate, p_adjusted=0.01, smallest_p_adjusted=0.001)).verdict
    'supported'
    """
    check_choice(tested.side, get_args(Side), "side")
    check_share(tested.alpha, "alpha")
    for p in (tested.p_adjusted, tested.smallest_p_adjusted):
        if not 0.0 <= p <= 1.0:
            raise StatsError(f"A p-value must lie in [0, 1], not {p!r}.")
    _check_threshold(tested.side, tested.null, tested.threshold)
    reason = _reason(tested)
    return Decision(VERDICT_OF[reason], reason, tested)


def decide_fact(*, side: Side, null: float, threshold: float | None, value: float | None) -> Decision:
    """Judge a claim about a number that is counted or read from weights, without uncertainty, by a comparison.

    ``side``, ``null`` and ``threshold`` are those of ``decide``. At the number claimed the claim holds ("at least");
    without one it holds beyond ``null`` alone. Undefined (None, NaN) is inconclusive.

    Raises StatsError for a threshold out of place.

    >>> decide_fact(side="greater", null=0.0, threshold=0.5, value=0.7).verdict
    'supported'
    """
    check_choice(side, get_args(Side), "side")
    _check_threshold(side, null, threshold)
    fact = Fact(side, null, threshold, None if value is None or math.isnan(value) else value)
    reason = "fact_undefined" if fact.value is None else _fact(fact, fact.value)
    return Decision(VERDICT_OF[reason], reason, fact)


def _fact(fact: Fact, value: float) -> Reason:
    bound = fact.null if fact.threshold is None else fact.threshold
    mirror = 2 * fact.null - bound
    holds = {
        "greater": value >= bound,
        "not less": value >= bound,
        "less": value <= bound,
        "not greater": value <= bound,
        "two-sided": value >= bound or value <= mirror,
        "within": mirror <= value <= bound,
    }[fact.side]
    return "fact_holds" if holds and (fact.threshold is not None or value != fact.null) else "fact_fails"


def _check_threshold(side: Side, null: float, threshold: float | None) -> None:
    if threshold is None:
        if side in MARGIN_SIDES:
            raise StatsError(
                f'A claim that an effect is "{side}" needs a margin: the effect that would matter.'
            )
        return
    margin_is_null = side in MARGIN_SIDES and threshold == null
    if margin_is_null or not (threshold <= null if side in _BELOW else threshold >= null):
        raise StatsError(f"The number claimed, {threshold:g}, is on the wrong side of {null:g} for {side!r}.")


def _reason(found: Tested) -> Reason:
    value = found.estimate.value
    no_interval = not found.cautioned and None in (found.estimate.low, found.estimate.high)
    if not found.denominator_positive:
        return "denominator_not_positive"
    if found.degenerate or value is None or (found.threshold is not None and no_interval):
        return "degenerate"
    if found.resolved and found.p_adjusted <= found.alpha:
        return "claimed_side" if claimed(found, value) else "other_side"
    if found.smallest_p_adjusted > found.alpha:
        return "cannot_reach_alpha"
    if found.cautioned:
        return "cautioned"
    return "boundary_not_excluded" if found.resolved else "monte_carlo_unresolved"


def claimed(found: Tested | Fact, value: float) -> bool:
    """Tell whether a value lies where the sentence says: strictly on the claimed side of its boundary."""
    if found.side == "two-sided" and found.threshold is None:
        return True
    bound = found.null if found.threshold is None else found.threshold
    mirror = 2 * found.null - bound
    return {
        "greater": value > bound,
        "not less": value > bound,
        "less": value < bound,
        "not greater": value < bound,
        "two-sided": value > bound or value < mirror,
        "within": mirror < value < bound,
    }[found.side]
