"""Judge the claims of one file on one model together: correct their p-values, reach verdicts, write results.

Every claim takes the same path: its finding, its corrected p, ``stats.decide`` (``stats.decide_fact`` for a fact),
``stats.explain``. A claim in error keeps its place in the family.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from neuronclaims import stats
from neuronclaims.claim_files.ids import is_made
from neuronclaims.corrections import CorrectedFamily, CorrectedP, corrected, family_of
from neuronclaims.figures import Estimated, Figure, as_known, with_estimate
from neuronclaims.judging.robustness import robustness_of
from neuronclaims.kinds import Family, Finding, kind_of
from neuronclaims.kinds.shared.units import fit_to_keep
from neuronclaims.kinds.tokens_asked import tokens_in_words
from neuronclaims.planning.reach import reach_of
from neuronclaims.results import Effect, Evidence, Plan, Result, StatedEffect, Test, Verdict
from neuronclaims.sites import printed
from neuronclaims.stats.robustness.in_family import InFamily
from neuronclaims.stats.verdicts import MARGIN_SIDES

if TYPE_CHECKING:
    from neuronclaims.claim_files.claims import Claim, ClaimFile
    from neuronclaims.planning.reach import Reach


def conclude(
    file: ClaimFile,
    model: str,
    findings: Mapping[str, Finding],
    errors: Mapping[str, str],
    together: CorrectedFamily | None = None,
) -> dict[str, Result]:
    """Return the result of every claim of a file, by id, from its finding or its error.

    ``together`` has the corrected p where they are not those of this model alone.
    """
    family, reach = family_of(file), reach_of(file, _searched(findings))
    values = [each.test.p_value for each in findings.values() if each.test is not None]
    if together is None:
        least = {name: each.p_for for name, each in reach.items()}
        together = CorrectedFamily(corrected(file, findings), least)
    return {
        claim.id: _judged(model, claim, findings[claim.id], together, family, reach.get(claim.id), values)
        if claim.id in findings
        else broken(model, claim, errors[claim.id])
        for claim in file.claims
    }


def _searched(findings: Mapping[str, Finding]) -> dict[str, int] | None:
    """Return by id from how many neurons those of claims were picked on their own prompts; None where none was."""
    found = {
        name: each.selection.neurons for name, each in findings.items() if each.selection.how == "searched"
    }
    return {name: neurons for name, neurons in found.items() if neurons} or None


def _judged(
    model: str,
    claim: Claim,
    finding: Finding,
    together: CorrectedFamily,
    family: Family,
    reach: Reach | None,
    values: Sequence[float],
) -> Result:
    adjusted, smallest_p = together.adjusted.get(claim.id), together.least.get(claim.id, 0.0)
    decision = _decision(finding, adjusted, smallest_p, family.alpha, together.looks)
    planning = None if finding.test is None or reach is None else _planning(finding, reach)
    plan = None if planning is None or reach is None else planning.table(reach.level)
    reason = stats.explain(
        decision,
        effect=finding.estimate.effect.described,
        claimed=finding.statement.claimed,
        unit="pair" if finding.sample.paired else finding.sample.unit,
        counts=tuple(count for _, count in finding.sample.counts),
        advice=_advice(decision.reason, reach, plan),
        family=1 if family.correction == "none" else family.size,
        measured=finding.measured,
    )
    evidence = _evidence(finding, adjusted, family, plan)
    if adjusted is not None and finding.test is not None:
        correction = InFamily.by_holm(finding.test.p_value, adjusted.p, values, family.size)
        stands = robustness_of(claim, finding, decision, correction, family.alpha)
        evidence = replace(evidence, robustness=stands)
    return _result(model, claim, decision.verdict, reason, evidence)


def _planning(finding: Finding, reach: Reach) -> stats.Planning | None:
    """Return what the units that took part can show, allowing for the neurons that the claimed one was picked from."""
    known, chosen = reach.planning, finding.selection
    if finding.planning is not None or known is None or chosen.how != "searched" or not chosen.neurons:
        return finding.planning or known
    return replace(known, claim=replace(known.claim, searched=chosen.neurons))


def _advice(reason: stats.Reason, reach: Reach | None, plan: stats.EffectPlan | None) -> str:
    """Say how many units would do where no data could pass, and otherwise what so many can show."""
    if reach is None or reason != "cannot_reach_alpha":
        return "" if plan is None else plan.said
    return f"{reach.enough} would be enough for the clearest of results.".capitalize() if reach.enough else ""


def _sets(finding: Finding) -> tuple[str, str] | None:
    """Return the names of the two sets that a finding compares, None where it does not compare two."""
    names = [name for name, _ in finding.sample.counts]
    return (names[0], names[1]) if len(names) == 2 else None


def _decision(
    finding: Finding, adjusted: CorrectedP | None, smallest_p: float, alpha: float, looks: str
) -> stats.Decision:
    test = finding.test
    if (test is None) != (adjusted is None):
        raise TypeError(
            "A kind of claim must say in its Attainable whether its finding has a test ('tested')."
        )
    if test is None or adjusted is None:
        return stats.decide_fact(
            side=finding.statement.side,
            null=finding.statement.null,
            threshold=finding.statement.threshold,
            value=finding.estimate.value,
        )
    # What is left of alpha for this p: Holm and its like multiply p, so they divide alpha by as much.
    limit = alpha if adjusted.p <= test.p_value else alpha * test.p_value / adjusted.p
    said = finding.statement
    return stats.decide(
        stats.Tested(
            side=finding.statement.side,
            null=finding.statement.null,
            threshold=finding.statement.threshold,
            estimate=finding.estimate,
            p_adjusted=adjusted.p,
            smallest_p_adjusted=smallest_p,
            alpha=alpha,
            resolved=adjusted.settled,
            degenerate=test.degenerate,
            denominator_positive=finding.denominator_positive,
            looks=looks,
            draws=None if test.exact else test.arrangements,
            sets=_sets(finding),
            cautioned=stats.cautioned(finding.estimate, test, said.side, said.null, said.threshold, limit),
        )
    )


def broken(model: str, claim: Claim, error: str) -> Result:
    """Return the result of a claim that could not be tested on its model."""
    return _result(model, claim, None, "The claim could not be tested.", None, error)


def _result(
    model: str,
    claim: Claim,
    verdict: Verdict | None,
    reason: str,
    evidence: Evidence | None,
    error: str | None = None,
) -> Result:
    settings, kind = claim.settings, kind_of(claim.sentence)
    return Result(
        id=claim.id,
        id_made=is_made(claim.id, claim.text),
        model=model,
        sentence=claim.text,
        kind=kind.name,
        site=settings.site,
        tokens=tokens_in_words(claim),
        site_words=printed(settings.site),
        file=claim.place.path,
        line=claim.place.line,
        column=claim.place.column,
        expect=settings.expect,
        because=settings.because,
        verdict=verdict,
        reason=reason,
        evidence=evidence,
        error=error,
        seed=settings.seed,
        data=claim.data,
        source=settings.source,
        reported=settings.reported,
    )


def _evidence(
    finding: Finding, adjusted: CorrectedP | None, family: Family, plan: stats.EffectPlan | None
) -> Evidence:
    test, said = finding.test, finding.statement
    return Evidence(
        effect=_effect(finding.estimate),
        other_effects=_effects(finding.others),
        test=None if test is None or adjusted is None else _test(finding, test, adjusted.p, family),
        unit=finding.sample.unit,
        paired=finding.sample.paired,
        counts=finding.sample.counts,
        rank=finding.rank,
        selection=finding.selection,
        notes=finding.notes,
        figures=_figures(finding),
        plan=None if plan is None else _plan(plan),
        null=float(said.null),
        boundary=float(said.null if said.threshold is None else said.threshold),
        units=fit_to_keep(finding.units, finding.estimate.value),
    )


def _figures(finding: Finding) -> tuple[Figure, ...]:
    """Return what is drawn of a claim, with its effect beside the values that it was made of."""
    e, said = finding.estimate, finding.statement
    boundary = float(said.null if said.threshold is None else said.threshold)
    effect = None
    if e.value is not None:
        effect = Estimated(e.name, e.value, e.low, e.high, e.level, float(said.null), boundary)
    return with_estimate(tuple(map(as_known, finding.figures)), effect, paired=finding.sample.paired)


def _plan(plan: stats.EffectPlan) -> Plan:
    effects = tuple(StatedEffect(each.effect, each.shown, each.enough) for each in plan.effects)
    return Plan(plan.said, effects, plan.of)


def _test(finding: Finding, test: stats.TestResult, p: float, family: Family) -> Test:
    return Test(
        method=test.method,
        alternative=finding.statement.side if finding.statement.side in MARGIN_SIDES else test.alternative,
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
    size = e.effect
    return Effect(e.name, e.value, e.low, e.high, e.level, e.method, size.key, size.short, size.signed)
