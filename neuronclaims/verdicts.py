"""One family of claims judged together: p-values corrected, verdicts reached, results written down.

The family is a whole claim file on one model. A claim in error keeps its place in it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, cast

from neuronclaims import stats
from neuronclaims.kinds import Family, Finding, kind_of
from neuronclaims.results import Effect, Evidence, Result, Test, Verdict

if TYPE_CHECKING:
    from neuronclaims.language import Claim, ClaimFile
    from neuronclaims.stats.multiplicity import Correction

SPOKEN = {"Hedges' g": "difference in sd (Hedges' g)", "dz": "difference in sd of the differences (dz)"}
"""Names of effects that do not read well after "the"."""

DOUBT = 4.0
"""Where the bounds of a p found by random draws lie, in standard errors; two draws more cover the smallest counts."""


def family_of(file: ClaimFile) -> Family:
    """Return the family the claims of a file form."""
    return Family(len(file.claims), cast("Correction", file.correction), file.alpha)


def reachable(file: ClaimFile) -> dict[str, float]:
    """Return, per claim id, the smallest adjusted p its prompts and its family allow; claims in error are left out."""
    found: dict[str, float | None] = {}
    for claim in file.claims:
        try:
            found[claim.id] = kind_of(claim.sentence).reach(claim).smallest_p
        except stats.StatsError:
            found[claim.id] = None
    adjusted = stats.adjust(list(found.values()), family_of(file).correction)
    return {name: p for name, p in zip(found, adjusted, strict=True) if p is not None}


def conclude(
    file: ClaimFile, model: str, findings: Mapping[str, Finding], errors: Mapping[str, str]
) -> dict[str, Result]:
    """Return the result of every claim of a file, by id, from what was found about it or what went wrong with it."""
    family = family_of(file)
    p_values = [findings[claim.id].test.p_value if claim.id in findings else None for claim in file.claims]
    adjusted = stats.adjust(p_values, family.correction)
    reach, settled = reachable(file), _settled(file, findings, family)
    return {
        claim.id: broken(model, claim, errors[claim.id])
        if p is None
        else _judged(model, claim, findings[claim.id], p, reach[claim.id], settled[claim.id], family)
        for claim, p in zip(file.claims, adjusted, strict=True)
    }


def _settled(file: ClaimFile, findings: Mapping[str, Finding], family: Family) -> dict[str, bool]:
    """Tell per claim id whether random draws leave no doubt on which side of alpha its adjusted p lies.

    A test alone minds every level a correction may compare its p with; in its family only one of them counts. No
    adjusted p falls when any p rises, so correcting the lower and the upper bounds of all p bounds every adjusted p.
    """
    tests = [findings[claim.id].test if claim.id in findings else None for claim in file.claims]
    lowest, highest = (
        stats.adjust([None if test is None else _bound(test, side) for test in tests], family.correction)
        for side in (-1, 1)
    )
    return {
        claim.id: test.resolved or high <= family.alpha or low > family.alpha
        for claim, test, low, high in zip(file.claims, tests, lowest, highest, strict=True)
        if test is not None and low is not None and high is not None
    }


def _bound(test: stats.TestResult, side: int) -> float:
    doubt = 0.0 if test.exact else DOUBT * (test.standard_error + 2 / test.arrangements)
    return min(1.0, max(0.0, test.p_value + side * doubt))


def _judged(
    model: str, claim: Claim, finding: Finding, p: float, smallest_p: float, settled: bool, family: Family
) -> Result:
    decision = stats.decide(
        side=finding.side,
        null=finding.null,
        threshold=finding.threshold,
        estimate=finding.estimate,
        p_adjusted=p,
        smallest_p_adjusted=smallest_p,
        alpha=family.alpha,
        resolved=settled,
        degenerate=finding.test.degenerate,
    )
    reason = stats.explain(
        decision,
        effect=SPOKEN.get(finding.estimate.name, finding.estimate.name),
        claimed=finding.claimed,
        unit="pair" if finding.paired else finding.unit,
        counts=(finding.counts[0][1], finding.counts[1][1]),
        needed=finding.needed,
        family=family.size,
    )
    return _result(model, claim, decision.verdict, reason, _evidence(finding, p, family))


def broken(model: str, claim: Claim, error: str) -> Result:
    """Return the result of a claim that could not be put to its model."""
    return _result(model, claim, None, "The claim could not be tested.", None, error)


def _result(
    model: str,
    claim: Claim,
    verdict: Verdict | None,
    reason: str,
    evidence: Evidence | None,
    error: str | None = None,
) -> Result:
    settings = claim.settings
    return Result(
        id=claim.id,
        model=model,
        sentence=claim.text,
        kind=kind_of(claim.sentence).name,
        site=settings.site,
        tokens=str(settings.tokens),
        file=claim.place.path,
        line=claim.place.line,
        column=claim.place.column,
        expect=settings.expect,
        because=settings.because,
        verdict=verdict,
        reason=reason,
        evidence=evidence,
        error=error,
    )


def _evidence(finding: Finding, p: float, family: Family) -> Evidence:
    return Evidence(
        effect=_effect(finding.estimate),
        other_effects=_effects(finding.others),
        test=_test(finding, p, family),
        unit=finding.unit,
        paired=finding.paired,
        counts=finding.counts,
        rank=finding.rank,
        notes=finding.notes,
        figure=finding.figure,
    )


def _test(finding: Finding, p: float, family: Family) -> Test:
    test = finding.test
    return Test(
        method=test.method,
        alternative=test.alternative,
        statistic=test.statistic,
        p_value=test.p_value,
        p_adjusted=p,
        correction=family.correction,
        family=family.size,
        alpha=family.alpha,
        exact=test.exact,
        arrangements=test.arrangements,
        smallest_p=test.smallest_p,
        standard_error=test.standard_error,
    )


def _effects(estimates: Sequence[stats.Estimate]) -> tuple[Effect, ...]:
    return tuple(_effect(estimate) for estimate in estimates)


def _effect(e: stats.Estimate) -> Effect:
    return Effect(e.name, e.value, e.low, e.high, e.level, e.method)
