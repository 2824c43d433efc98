"""From numbers to a verdict: one function of what was claimed and what was found.

- supported: the adjusted p is at most alpha, and the interval lies on the claimed side of the number in the
  sentence (without a number: the effect points the claimed way);
- refuted: the interval lies wholly on the other side of that number (of no effect, if there is none);
- inconclusive: everything else, with the first reason that applies.

That p is large never refutes anything: absence of evidence is not evidence of absence.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from neuronclaims.stats.effects.intervals import Estimate
from neuronclaims.stats.inputs import Alternative, StatsError, check_choice, check_share

Verdict: TypeAlias = Literal["supported", "refuted", "inconclusive"]
Reason: TypeAlias = Literal[
    "significant",
    "beyond_number",
    "interval_excludes_claim",
    "degenerate",
    "p_and_interval_disagree",
    "cannot_reach_alpha",
    "monte_carlo_unresolved",
    "not_significant",
    "interval_straddles",
]
VERDICT_OF: dict[Reason, Verdict] = {
    "significant": "supported",
    "beyond_number": "supported",
    "interval_excludes_claim": "refuted",
    "degenerate": "inconclusive",
    "p_and_interval_disagree": "inconclusive",
    "cannot_reach_alpha": "inconclusive",
    "monte_carlo_unresolved": "inconclusive",
    "not_significant": "inconclusive",
    "interval_straddles": "inconclusive",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """What was claimed of an effect, and what was found: the arguments of ``decide``."""

    side: Alternative
    null: float
    threshold: float | None
    estimate: Estimate
    p_adjusted: float
    smallest_p_adjusted: float
    alpha: float
    resolved: bool
    degenerate: bool


@dataclass(frozen=True, slots=True)
class Decision:
    """A verdict, its reason as a code, and the finding it was taken on."""

    verdict: Verdict
    reason: Reason
    finding: Finding


def decide(
    *,
    side: Alternative,
    null: float,
    threshold: float | None,
    estimate: Estimate,
    p_adjusted: float,
    smallest_p_adjusted: float,
    alpha: float = 0.05,
    resolved: bool = True,
    degenerate: bool = False,
) -> Decision:
    """Judge a claim that an effect is on ``side`` of ``null``, beyond ``threshold`` if it names a number.

    ``threshold`` stands on the scale of ``estimate`` and on the claimed side: not below ``null`` for
    ``greater``, not above it for ``less``. For ``two-sided`` it is the upper number, and its mirror image
    below ``null`` is claimed too: "separates with AUROC at least 0.8" means at least 0.8 or at most 0.2.
    ``p_adjusted`` is the corrected p of the test against ``null``, ``smallest_p_adjusted`` the least the
    design could give; ``resolved`` and ``degenerate`` are those of TestResult.

    Raises StatsError for p, alpha or threshold out of place.
    """
    check_choice(side, ("greater", "less", "two-sided"), "side")
    check_share(alpha, "alpha")
    for p in (p_adjusted, smallest_p_adjusted):
        if not 0.0 <= p <= 1.0:
            raise StatsError(f"A p-value must lie in [0, 1], not {p!r}.")
    if threshold is not None and not (threshold <= null if side == "less" else threshold >= null):
        raise StatsError(f"The number claimed, {threshold:g}, is on the wrong side of {null:g} for {side!r}.")
    finding = Finding(
        side, null, threshold, estimate, p_adjusted, smallest_p_adjusted, alpha, resolved, degenerate
    )
    reason = _reason(finding)
    return Decision(VERDICT_OF[reason], reason, finding)


def _reason(found: Finding) -> Reason:
    no_interval = found.estimate.low is None or found.estimate.high is None
    if found.degenerate or found.estimate.value is None or (found.threshold is not None and no_interval):
        return "degenerate"
    significant = found.resolved and found.p_adjusted <= found.alpha
    if _against(found):
        # Without a number p speaks for the very side that the interval denies; both cannot be right.
        disagree = significant and found.threshold is None
        return "p_and_interval_disagree" if disagree else "interval_excludes_claim"
    if found.smallest_p_adjusted > found.alpha:
        return "cannot_reach_alpha"
    if not found.resolved:
        return "monte_carlo_unresolved"
    if not significant:
        return "not_significant"
    if not _points(found, found.estimate.value):
        return "p_and_interval_disagree"
    if found.threshold is None:
        return "significant"
    return "beyond_number" if _beyond(found, found.threshold) else "interval_straddles"


def _against(found: Finding) -> bool:
    """Tell whether the interval lies wholly where the claim is false."""
    low, high = found.estimate.low, found.estimate.high
    if low is None or high is None:
        return False
    if found.side == "two-sided":
        return (
            found.threshold is not None and 2 * found.null - found.threshold < low and high < found.threshold
        )
    bound = found.null if found.threshold is None else found.threshold
    return high < bound if found.side == "greater" else low > bound


def _beyond(found: Finding, threshold: float) -> bool:
    """Tell whether the interval lies wholly at or beyond the claimed number, on one side."""
    low, high = found.estimate.low, found.estimate.high
    if low is None or high is None:
        return False
    if found.side == "two-sided":
        return low >= threshold or high <= 2 * found.null - threshold
    return low >= threshold if found.side == "greater" else high <= threshold


def _points(found: Finding, value: float) -> bool:
    """Tell whether the estimate lies on the claimed side of no effect."""
    if found.side == "two-sided":
        return True
    return value > found.null if found.side == "greater" else value < found.null
