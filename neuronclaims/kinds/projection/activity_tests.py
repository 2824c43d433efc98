"""How a region's mean activity of two sets is tested: that it differs as claimed, or by less than a margin."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from neuronclaims.kinds.projection.activity_findings import seed_for
from neuronclaims.kinds.projection.activity_sentences import Region
from neuronclaims.kinds.shared.hypotheses import TwoSampleHypothesis
from neuronclaims.kinds.shared.margins import margin_of
from neuronclaims.kinds.shared.requests import resamples_of

if TYPE_CHECKING:
    from neuronclaims.claim_files.claims import Claim
    from neuronclaims.kinds.kind import Family
    from neuronclaims.kinds.shared.two_samples import NeuronSamples
    from neuronclaims.stats import Alternative, Estimate, TestResult

_SIDES: Mapping[str, Alternative] = MappingProxyType(
    {"higher": "greater", "lower": "less", "not higher": "greater", "not lower": "less"}
)


def hypothesis_of(claim: Claim) -> TwoSampleHypothesis:
    """Read what a claim says of the difference; raise ClaimError for a margin of "does not" that will not do."""
    said = claim.sentence
    way = said.comparison if isinstance(said, Region) else None
    alternative: Alternative = _SIDES[way] if way else "two-sided"
    if way in ("higher", "lower"):
        return TwoSampleHypothesis("mean", "difference", alternative)
    amount = margin_of(claim, "0.5 sd", "the difference that would matter")
    return TwoSampleHypothesis(
        statistic="mean",
        scale="sd" if amount.unit == "sd" else "difference",
        alternative=alternative,
        threshold=-amount.value if alternative == "less" else amount.value,
        claimed=f"{way} by {amount} or more" if way else f"no difference of {amount} or more",
        margin=amount.value,
    )


@dataclass(frozen=True, slots=True)
class Judged:
    """The effect that a claim is about, those beside it, and its test."""

    estimate: Estimate
    others: tuple[Estimate, ...]
    test: TestResult
    needed: tuple[int, int] | None


def judged(claim: Claim, values: NeuronSamples, family: Family) -> Judged:
    """Test a region's mean between the sets."""
    said, effects = hypothesis_of(claim), values.effects()
    others = tuple(effect for scale, effect in effects.items() if scale != said.scale)
    needed = said.units_needed(effects, values.design, family.level)
    if said.margin is not None:
        result = values.margin_test(said, said.margin, family.alpha)
        return Judged(result.estimate, others, result.test, needed)
    resampling = family.resampling(seed_for(claim), resamples_of(claim.settings))
    test = values.test(said, resampling=resampling, level=family.level)
    return Judged(effects[said.scale], others, test, needed)
