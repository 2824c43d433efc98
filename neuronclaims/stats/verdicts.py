"""From numbers to a verdict: one function of what was claimed and what was found.

supported     the adjusted p is at most alpha, and the interval lies on the claimed side of the number in the sentence
refuted       the interval lies wholly on the other side of that number (of no effect, if the sentence has none)
inconclusive  everything else, with the first reason that applies

That p is large never refutes anything: absence of evidence is not evidence of absence.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from neuronclaims.stats.inputs import Alternative, StatsError, check_choice, check_share
from neuronclaims.stats.intervals import Estimate

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
REASONS: tuple[Reason, ...] = (
    "significant",
    "beyond_number",
    "interval_excludes_claim",
    "degenerate",
    "p_and_interval_disagree",
    "cannot_reach_alpha",
    "monte_carlo_unresolved",
    "not_significant",
    "interval_straddles",
)


@dataclass(frozen=True, slots=True)
class Decision:
    """A verdict with its reason as a code, and the numbers it was taken on."""

    verdict: Verdict
    reason: Reason
    side: Alternative
    null: float
    threshold: float | None
    estimate: Estimate
    p_adjusted: float
    smallest_p_adjusted: float
    alpha: float


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
    """Judge a claim that an effect lies on ``side`` of ``null``, by at least ``threshold`` if the sentence has a number.

    ``threshold`` stands on the scale of ``estimate`` and on the claimed side: above ``null`` for
    ``greater``, below it for ``less``; for ``two-sided`` above it, its mirror image below ``null`` being
    claimed too ("separates with AUROC at least 0.8" means >= 0.8 or <= 0.2). ``p_adjusted`` is the
    corrected p of the test against ``null``; ``smallest_p_adjusted`` the least the design could give;
    ``resolved`` and ``degenerate`` as in TestResult.

    Raises StatsError for p, alpha or threshold out of place.
    """
    check_choice(side, ("greater", "less", "two-sided"), "side")
    check_share(alpha, "alpha")
    for p in (p_adjusted, smallest_p_adjusted):
        if not 0.0 <= p <= 1.0:
            raise StatsError(f"A p-value must lie in [0, 1], not {p!r}.")
    if threshold is not None and (threshold - null if side != "less" else null - threshold) < 0:
        raise StatsError(
            f"The number claimed, {threshold:g}, lies on the wrong side of {null:g} for {side!r}."
        )
    reason = _reason(
        side, null, threshold, estimate, p_adjusted, smallest_p_adjusted, alpha, resolved, degenerate
    )
    verdict = _VERDICT_OF.get(reason, "inconclusive")
    return Decision(verdict, reason, side, null, threshold, estimate, p_adjusted, smallest_p_adjusted, alpha)


_VERDICT_OF: dict[Reason, Verdict] = {
    "significant": "supported",
    "beyond_number": "supported",
    "interval_excludes_claim": "refuted",
}


def _reason(
    side: Alternative,
    null: float,
    threshold: float | None,
    estimate: Estimate,
    p_adjusted: float,
    smallest_p_adjusted: float,
    alpha: float,
    resolved: bool,
    degenerate: bool,
) -> Reason:
    no_interval = estimate.low is None or estimate.high is None
    if degenerate or estimate.value is None or (threshold is not None and no_interval):
        return "degenerate"
    significant = resolved and p_adjusted <= alpha
    if _against(side, null, threshold, estimate):
        # Without a number p tests the very side that the interval denies; both cannot be right.
        return "p_and_interval_disagree" if significant and threshold is None else "interval_excludes_claim"
    if smallest_p_adjusted > alpha:
        return "cannot_reach_alpha"
    if not resolved:
        return "monte_carlo_unresolved"
    if not significant:
        return "not_significant"
    if not _points(side, null, estimate.value):
        return "p_and_interval_disagree"
    if threshold is None:
        return "significant"
    return "beyond_number" if _beyond(side, null, threshold, estimate) else "interval_straddles"


def _against(side: Alternative, null: float, threshold: float | None, estimate: Estimate) -> bool:
    """Tell whether the interval lies wholly where the claim is false."""
    if estimate.low is None or estimate.high is None:
        return False
    if side == "two-sided":
        return threshold is not None and 2 * null - threshold < estimate.low and estimate.high < threshold
    bound = null if threshold is None else threshold
    return estimate.high < bound if side == "greater" else estimate.low > bound


def _beyond(side: Alternative, null: float, threshold: float, estimate: Estimate) -> bool:
    """Tell whether the interval lies wholly at or beyond the claimed number, on one side."""
    if estimate.low is None or estimate.high is None:
        return False
    above, below = estimate.low >= threshold, estimate.high <= threshold
    if side == "two-sided":
        return above or estimate.high <= 2 * null - threshold
    return above if side == "greater" else below


def _points(side: Alternative, null: float, value: float) -> bool:
    """Tell whether the estimate lies on the claimed side of no effect."""
    return side == "two-sided" or (value > null if side == "greater" else value < null)
