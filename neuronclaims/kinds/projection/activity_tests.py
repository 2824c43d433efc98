"""How a region's mean activity of two sets is tested: that it differs as claimed, or by less than a margin."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from neuronclaims import stats
from neuronclaims.kinds.kind import PATIENCE
from neuronclaims.kinds.projection.activity_findings import design_for, seed_for
from neuronclaims.kinds.projection.activity_sentences import Region
from neuronclaims.kinds.shared.effects import effects_of
from neuronclaims.kinds.shared.margins import margin_of, margin_test
from neuronclaims.kinds.shared.requests import resamples_of

if TYPE_CHECKING:
    from neuronclaims.claim_files.claims import Claim
    from neuronclaims.kinds.kind import Family
    from neuronclaims.kinds.two_sample.two_set_values import Values
    from neuronclaims.stats import Alternative, Estimate, Side, TestResult, TwoSampleDesign
    from neuronclaims.stats.effects.margins import MarginSide, Scale

_SIDES: Mapping[str, Alternative] = MappingProxyType(
    {"higher": "greater", "lower": "less", "not higher": "greater", "not lower": "less"}
)
_DENIED: Mapping[str, MarginSide] = MappingProxyType({"not higher": "not greater", "not lower": "not less"})


@dataclass(frozen=True, slots=True)
class Asked:
    """What a sentence says of the difference of two sets: the ``alternative`` claimed or, with a margin, denied."""

    alternative: Alternative
    denied: MarginSide | None
    scale: Scale = "difference"
    margin: float | None = None
    claimed: str | None = None

    @classmethod
    def of(cls, claim: Claim) -> Asked:
        """Read a claim; raise ClaimError for one of "does not" with a margin that will not do."""
        said = claim.sentence
        way = said.comparison if isinstance(said, Region) else None
        alternative: Alternative = _SIDES[way] if way else "two-sided"
        denied: MarginSide | None = _DENIED.get(way) if way else "within"
        if denied is None:
            return cls(alternative, None)
        amount = margin_of(claim, "0.5 sd", "the difference that would matter")
        words = f"{way} by {amount} or more" if way else f"no difference of {amount} or more"
        return cls(alternative, denied, "sd" if amount.unit == "sd" else "difference", amount.value, words)

    @property
    def side(self) -> Side:
        """The side of the threshold on which the difference lies by the claim."""
        return self.denied or self.alternative

    @property
    def threshold(self) -> float | None:
        """The bound that the margin sets, None without one."""
        return -self.margin if self.margin and self.alternative == "less" else self.margin

    def smallest_p(self, design: TwoSampleDesign) -> float:
        """Return the least p that a design could give, 0 where that depends on the values."""
        if self.margin is None or self.denied is None:
            return design.smallest_p(self.alternative)
        if design.blocks is not None:
            return 0.0
        return stats.smallest_margin_p(
            *design.counts, margin=self.margin, scale=self.scale, paired=design.paired, side=self.denied
        )


@dataclass(frozen=True, slots=True)
class Judged:
    """The effect that a claim is about, those beside it, and its test."""

    estimate: Estimate
    others: tuple[Estimate, ...]
    test: TestResult
    needed: tuple[int, int] | None


def judged(claim: Claim, values: Values, family: Family) -> Judged:
    """Test a region's mean between the sets."""
    asked, design = Asked.of(claim), design_for(claim)
    effects = effects_of(values, design)
    others = tuple(effect for scale, effect in effects.items() if scale != asked.scale)
    needed = _needed(asked, effects, design, family)
    if asked.margin is None or asked.denied is None:
        return Judged(effects[asked.scale], others, _test(claim, values, design, family), needed)
    result = margin_test(
        values,
        design,
        scale=asked.scale,
        null=0.0,
        margin=asked.margin,
        side=asked.denied,
        alpha=family.alpha,
    )
    return Judged(result.estimate, others, result.test, needed)


def _test(claim: Claim, values: Values, design: TwoSampleDesign, family: Family) -> TestResult:
    resamples = resamples_of(claim.settings)
    return stats.two_sample_test(
        values.first,
        values.second,
        exchange=stats.Exchange(paired=design.paired, unit=design.unit, blocks=design.blocks),
        statistic="mean",
        alternative=Asked.of(claim).alternative,
        resampling=stats.Resampling(
            seed=seed_for(claim),
            draws=resamples,
            max_draws=max(PATIENCE[-1], resamples),
            stop_after=family.patience,
        ),
        level=family.level,
    )


def _needed(
    asked: Asked, effects: Mapping[Scale, Estimate], design: TwoSampleDesign, family: Family
) -> tuple[int, int] | None:
    """Say how many prompts would do, if the effect is what it seems."""
    effect, difference, scale = effects["sd"].value, effects["difference"].value, 1.0
    if effect is None:
        return None
    if asked.margin is not None and asked.scale == "difference":
        if not difference or not effect:
            return None
        scale = abs(effect / difference)  # from the activity's unit to standard deviations
    return stats.units_needed(
        stats.PlannedClaim(
            statistic="mean",
            effect=effect,
            margin=None if asked.margin is None else asked.margin * scale,
            standardised=asked.scale == "sd",
            side=asked.alternative,
            paired=design.paired,
            level=family.level,
        ),
        design.counts,
    )
