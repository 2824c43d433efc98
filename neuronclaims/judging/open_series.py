"""Correct the claims of an open series: each look has its share of alpha, and is never judged anew."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from neuronclaims import stats
from neuronclaims.corrections import (
    CorrectedFamily,
    CorrectedP,
    family_of,
    least_of_each,
    p_bound,
    tested,
)
from neuronclaims.judging.findings import Findings, finding_at
from neuronclaims.kinds.kind import MAX_DRAWS

if TYPE_CHECKING:
    from neuronclaims.answers import Answered
    from neuronclaims.claim_files.claims import ClaimFile
    from neuronclaims.judging.findings import FileOnModel

SIDES = (-1, 0, 1)
"""The lower bound of a p found by random draws, p itself, and its upper bound."""


class OpenSeries:
    """A series to which looks may be added: each has its share of alpha, and none is ever judged anew."""

    def __init__(self, file: ClaimFile, measured: Mapping[str, tuple[FileOnModel, Answered]]) -> None:
        self.file = file
        self.looks: list[Findings | None] = []
        self._families: list[CorrectedFamily] = []
        self._decided: dict[str, list[bool]] = {claim.id: [] for claim in file.claims}
        self._shares: list[dict[str, float]] = []
        family = family_of(file)
        self._claims = 1 if file.correction == "none" else max(1, family.size)
        for place, model in enumerate(file.models):
            size = round(self._claims / stats.own_share(place + 1))
            here = replace(family, size=size, correction="bonferroni", together={})  # of the looks, too
            self.looks.append(Findings(*measured[model], here) if model in measured else None)
            self._look(place)

    def share(self, place: int, claim: str) -> float | None:
        """Return a claim's share of alpha at a look."""
        return self._shares[place].get(claim)

    def families(self) -> list[CorrectedFamily]:
        """Return the corrected claims of every look."""
        return self._families

    def _look(self, place: int) -> None:
        """Judge the claims at one look, with what the looks before it handed on."""
        shares = {name: stats.share_of_next(decided) for name, decided in self._decided.items()}
        findings, adjusted = self.looks[place], self._corrected(place, shares)
        for draws in MAX_DRAWS[1:]:
            for claim in tested(self.file):
                if findings is not None and claim.id in adjusted and not adjusted[claim.id].settled:
                    findings.draw_more(claim, draws)
            adjusted = self._corrected(place, shares)
        least = {
            claim.id: min(1.0, self._claims * found.smallest_p / shares[claim.id])
            for claim, found in least_of_each(self.file)
            if found is not None
        }
        said = f"the {place + 1} looks so far" if place else "the first of an open series of looks"
        self._families.append(CorrectedFamily(adjusted, least, said))
        self._shares.append({claim.id: shares[claim.id] for claim in tested(self.file)})
        for name, decided in self._decided.items():
            p = adjusted.get(name)
            decided.append(p is not None and p.settled and p.p <= self.file.alpha)

    def _corrected(self, place: int, shares: Mapping[str, float]) -> dict[str, CorrectedP]:
        found: dict[str, CorrectedP] = {}
        for claim in tested(self.file):
            finding = finding_at(self.looks[place], claim)
            if finding is None or finding.test is None:
                continue
            times = self._claims / shares[claim.id]
            low, p, high = (min(1.0, times * p_bound(finding.test, side)) for side in SIDES)
            found[claim.id] = CorrectedP(p, high <= self.file.alpha or low > self.file.alpha)
        return found
