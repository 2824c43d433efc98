"""Correct the p-values of one family, which is a whole claim file.

A claim in error keeps its place in the family, so that breaking a claim never helps its neighbours. A fact has no
place: a correction allows for what luck can do, and there is no luck in a fact.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, cast

from neuronclaims import stats
from neuronclaims.errors import NeuronClaimsError
from neuronclaims.kinds import Attainable, Family, Finding, kind_of
from neuronclaims.kinds.joint import step_down
from neuronclaims.kinds.shared.memoize import memoize

if TYPE_CHECKING:
    from neuronclaims.claim_files.claims import Claim, ClaimFile
    from neuronclaims.kinds.kind import Correction

JOINT = "max-statistic"
"""The correction that tests claims together where they rest on one exchange of prompts."""

_USUAL_ALPHA = 0.05

STANDARD_ERRORS = 4.0
"""Where the bounds of a p found by random draws lie, in standard errors; two draws more cover the smallest counts."""


@dataclass(frozen=True, slots=True)
class CorrectedP:
    """A corrected p; it is ``settled`` if more random draws could not move it across alpha."""

    p: float
    settled: bool


@dataclass(frozen=True, slots=True)
class CorrectedFamily:
    """The corrected p of the claims of a family, and the least that each could have had, by the claim's id.

    ``looks`` says over what a series was corrected besides ("50 checkpoints"); empty where there is no series.
    """

    adjusted: Mapping[str, CorrectedP]
    least: Mapping[str, float]
    looks: str = ""


def family_of(file: ClaimFile) -> Family:
    """Return the family the claims of a file form."""
    return Family(len(tested(file)), cast("Correction", file.correction), file.alpha)


def corrected(file: ClaimFile, findings: Mapping[str, Finding]) -> dict[str, CorrectedP]:
    """Return the corrected p of every claim that has a finding with a test, by its id."""
    if file.correction == JOINT:
        return _jointly(file, findings)
    claims = tested(file)
    tests = [findings[claim.id].test if claim.id in findings else None for claim in claims]
    return _one_by_one(file, claims, tests)


def at_its_boundary(finding: Finding) -> Finding:
    """Return a finding with the p its verdict rests on: two-sided, and never below that of the interval shown."""
    if finding.test is None:
        return finding
    return replace(finding, test=boundary_test(finding, finding.test))


def boundary_test(finding: Finding, test: stats.TestResult) -> stats.TestResult:
    """Return a test of a finding's boundary, whose p is two-sided and never below that of the interval shown."""
    said = finding.statement
    return stats.at_boundary(test, finding.estimate, said.side, said.null, said.threshold)


def at_its_level(finding: Finding, alpha: float) -> Finding:
    """Return a finding whose intervals have the level of its file, 1 - ``alpha``; wider ones stay as much wider.

    Kinds make intervals of 95 %, or of 1 - .05 / k where k neurons were searched.
    """
    if alpha == _USUAL_ALPHA:
        return finding
    return replace(
        finding,
        estimate=_leveled(finding.estimate, alpha),
        others=tuple(_leveled(each, alpha) for each in finding.others),
    )


def _leveled(estimate: stats.Estimate, alpha: float) -> stats.Estimate:
    return estimate.at_level(1 - (1 - estimate.level) * alpha / _USUAL_ALPHA)


def unsettled(file: ClaimFile, findings: Mapping[str, Finding]) -> list[Claim]:
    """Return the claims whose corrected p could still move across alpha with more random draws."""
    found = corrected(file, findings)
    return [claim for claim in file.claims if claim.id in found and not found[claim.id].settled]


def _one_by_one(
    file: ClaimFile, claims: Sequence[Claim], tests: Sequence[stats.TestResult | None]
) -> dict[str, CorrectedP]:
    """Correct every claim's own p.

    A test alone minds every level a correction may compare its p with; in its family only one of them counts. No
    adjusted p falls when any p rises, so correcting the lower and the upper bounds of all p bounds every adjusted p.
    """
    method = cast("stats.Correction", file.correction)
    lowest, adjusted, highest = (
        stats.adjust([None if test is None else p_bound(test, side) for test in tests], method)
        for side in (-1, 0, 1)
    )
    return {
        claim.id: CorrectedP(p, test.resolved or high <= file.alpha or low > file.alpha)
        for claim, test, low, p, high in zip(claims, tests, lowest, adjusted, highest, strict=True)
        if test is not None and low is not None and p is not None and high is not None
    }


def _jointly(file: ClaimFile, findings: Mapping[str, Finding]) -> dict[str, CorrectedP]:
    """Test the claims of each joint test together, step by step, and correct the joint tests by Bonferroni.

    Each claim in error counts for as much as all the others of its exchange together: the p of those is multiplied
    by one more. So its neighbours do not gain by its breaking.
    """
    groups = joint_groups(file)
    found: dict[str, CorrectedP] = {}
    for members in groups.values():
        there = [claim for claim in members if claim.id in findings]
        times = len(groups) * (1 + len(members) - len(there))
        tests = _tests([findings[claim.id] for claim in there], file.alpha, times)
        for claim, test in zip(there, tests, strict=True):
            low, p, high = (min(1.0, times * p_bound(test, side)) for side in (-1, 0, 1))
            found[claim.id] = CorrectedP(p, test.resolved or high <= file.alpha or low > file.alpha)
    return {claim.id: found[claim.id] for claim in file.claims if claim.id in found}


def _tests(findings: Sequence[Finding], alpha: float, times: int) -> list[stats.TestResult]:
    joints = [finding.joint for finding in findings if finding.joint is not None]
    if len(findings) < 2 or len(joints) < len(findings):
        return [finding.test for finding in findings if finding.test is not None]
    together = step_down(joints, alpha=alpha, family=times)
    return [boundary_test(finding, together.one(place)) for place, finding in enumerate(findings)]


def joint_groups(file: ClaimFile) -> dict[Hashable, list[Claim]]:
    """Return the claims of each joint test by its key; a claim that is tested alone is a group of its own."""
    groups: dict[Hashable, list[Claim]] = {}
    for claim in tested(file):
        shared = joint_test_key(claim)
        groups.setdefault(("alone", claim.id) if shared is None else ("shared", shared), []).append(claim)
    return groups


def joint_test_key(claim: Claim) -> Hashable | None:
    """Return the key of a claim's joint test; None for one that is tested alone, and for one in error."""
    try:
        return kind_of(claim.sentence).joint_test_key(claim)
    except NeuronClaimsError:
        return None  # the claim will say so itself


def tested(file: ClaimFile) -> list[Claim]:
    """Return the claims of a file that have a test: all but facts."""
    return [claim for claim, _ in least_of_each(file)]


def least_of_each(file: ClaimFile) -> list[tuple[Claim, Attainable | None]]:
    """Return the claims that have a test, each with what its prompts allow; None for a claim in error."""
    pairs = zip(file.claims, _attainable_of_all(file), strict=True)
    return [(claim, least) for claim, least in pairs if least is None or least.tested]


@memoize
def _attainable_of_all(file: ClaimFile) -> tuple[Attainable | None, ...]:
    """Return the smallest attainable p of each claim of a file; None for a claim in error."""
    return tuple(_attainable(claim) for claim in file.claims)


def _attainable(claim: Claim) -> Attainable | None:
    try:
        return kind_of(claim.sentence).attainable(claim)
    except NeuronClaimsError:
        return None  # the claim will say so itself


def p_bound(test: stats.TestResult, side: int) -> float:
    """Return p (``side`` 0), or the lower (-1) or upper (1) bound of what it may be when all draws are drawn."""
    width = 0.0 if test.exact else STANDARD_ERRORS * (test.standard_error + 2 / test.arrangements)
    return min(1.0, max(0.0, test.p_interval, test.p_tested + side * width))
