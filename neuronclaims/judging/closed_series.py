"""Correct the claims of a closed series: all its looks are known, and their verdicts hold together.

The prompts are the same at every look, so labels are exchanged once for all looks, and the largest statistic over the
looks gives p, step by step down. Where labels cannot be exchanged at a claim's boundary, or a kind gives no share in a
joint test, p is corrected for the looks by Holm. Over the claims: ``stats.over_claims``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, cast

from neuronclaims import stats
from neuronclaims.corrections import (
    CorrectedFamily,
    CorrectedP,
    boundary_test,
    family_of,
    joint_test_key,
    least_of_each,
    p_bound,
    tested,
)
from neuronclaims.judging.findings import Findings, finding_at
from neuronclaims.kinds.joint import step_down
from neuronclaims.kinds.kind import MAX_DRAWS

if TYPE_CHECKING:
    from neuronclaims.answers import Answered
    from neuronclaims.claim_files.claims import Claim, ClaimFile
    from neuronclaims.judging.findings import FileOnModel
    from neuronclaims.kinds.kind import Finding

SIDES = (-1, 0, 1)
"""The lower bound of a p found by random draws, p itself, and its upper bound."""


class ClosedSeries:
    """A series of which all looks are known: no look has a share of its own, all are corrected together."""

    def __init__(self, file: ClaimFile, measured: Mapping[str, tuple[FileOnModel, Answered]]) -> None:
        self.file = file
        family = family_of(file)
        claims = 1 if file.correction == "none" else max(family.size, 1)
        every = replace(
            family, size=claims * len(file.models), correction="holm"
        )  # where no joint test is known
        self.looks: list[Findings | None] = [
            Findings(*measured[model], replace(every, together={})) if model in measured else None
            for model in file.models
        ]
        self._draws = dict.fromkeys((claim.id for claim in file.claims), MAX_DRAWS[0])
        self._jointly: dict[tuple[str, int], list[stats.TestResult | None]] = {}
        for draws in MAX_DRAWS[1:]:
            for claim, places in self._unsettled():
                self._draws[claim.id] = draws
                for place in places if self._joints(claim) is None else []:
                    findings = self.looks[place]
                    assert findings is not None
                    findings.draw_more(claim, draws)

    def share(self, place: int, claim: str) -> float | None:  # noqa: ARG002
        """Return None: all looks share alpha."""
        return None

    def families(self) -> list[CorrectedFamily]:
        """Return the corrected claims of every look."""
        corrected, least = self._corrected(), self._least()
        said = f"{len(self.looks)} checkpoints" if len(self.looks) > 1 else ""
        return [
            CorrectedFamily(
                {name: looks[place] for name, looks in corrected.items() if place in looks}, least, said
            )
            for place in range(len(self.looks))
        ]

    def _least(self) -> dict[str, float]:
        """Return the least p that each claim can have at all looks of the series."""
        claims = [claim for claim, least in least_of_each(self.file) if least is not None]
        smallest = [least.smallest_p for _, least in least_of_each(self.file) if least is not None]
        count = len(self.looks)
        alone = [
            [p] * count if joint_test_key(claim) is not None else stats.over_looks([p] * count)
            for claim, p in zip(claims, smallest, strict=True)
        ]
        together = stats.over_claims(alone, self._method)
        return {claim.id: p for claim, (p, *_) in zip(claims, together, strict=True) if p is not None}

    @property
    def _method(self) -> stats.SeriesCorrection:
        return cast("stats.SeriesCorrection", self.file.correction)

    def _unsettled(self) -> list[tuple[Claim, list[int]]]:
        """Return the claims whose corrected p could still move across alpha, with the looks where it could."""
        corrected = self._corrected()
        found = [
            (claim, [place for place, p in corrected.get(claim.id, {}).items() if not p.settled])
            for claim in self.file.claims
        ]
        return [(claim, places) for claim, places in found if places]

    def _corrected(self) -> dict[str, dict[int, CorrectedP]]:
        """Return the corrected p of every claim at every look where it has a test, by id and place."""
        claims, alpha = tested(self.file), self.file.alpha
        within = [self._over_looks(claim) for claim in claims]
        lowest, adjusted, highest = (
            stats.over_claims([bounds[side] for bounds in within], self._method) for side in (0, 1, 2)
        )
        found: dict[str, dict[int, CorrectedP]] = {}
        for claim, lows, values, highs in zip(claims, lowest, adjusted, highest, strict=True):
            found[claim.id] = {
                place: CorrectedP(p, high <= alpha or low > alpha)
                for place, (low, p, high) in enumerate(zip(lows, values, highs, strict=True))
                if low is not None and p is not None and high is not None
            }
        return found

    def _over_looks(self, claim: Claim) -> list[list[float | None]]:
        """Return the lower bounds, the values and the upper bounds of a claim's p, corrected for the looks."""
        found = [finding_at(look, claim) for look in self.looks]
        alone = [finding.test if finding is not None else None for finding in found]
        joints = self._joints(claim)
        if joints is None:
            return [
                stats.over_looks([None if test is None else p_bound(test, side) for test in alone])
                for side in SIDES
            ]
        key = claim.id, self._draws[claim.id]
        if key not in self._jointly:
            self._jointly[key] = self._step_down(found, joints, self._draws[claim.id])
        missing = found.count(None)
        return [
            [
                None
                if test is None or own is None
                else min(1.0, p_bound(test, side) + missing * p_bound(own, side))
                for test, own in zip(self._jointly[key], alone, strict=True)
            ]
            for side in SIDES
        ]

    def _joints(self, claim: Claim) -> list[Finding] | None:
        """Return the findings of a claim that can be tested jointly: all that there are, or None."""
        found = [finding for look in self.looks if (finding := finding_at(look, claim)) is not None]
        return found if found and all(finding.joint is not None for finding in found) else None

    def _step_down(
        self, found: Sequence[Finding | None], joints: Sequence[Finding], draws: int
    ) -> list[stats.TestResult | None]:
        """Exchange labels once for all looks of a claim; return the test of each look, None where there is none."""
        shares = [
            replace(
                finding.joint,
                resampling=replace(
                    finding.joint.resampling, draws=max(draws, finding.joint.resampling.draws)
                ),
            )
            for finding in joints
            if finding.joint is not None
        ]
        together = step_down(shares, alpha=self.file.alpha, family=max(1, family_of(self.file).size))
        tests = iter(range(len(shares)))
        return [
            None if finding is None else boundary_test(finding, together.one(next(tests)))
            for finding in found
        ]
