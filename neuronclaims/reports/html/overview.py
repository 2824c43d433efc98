"""The overview above the claims: what went wrong first, then the rest by family, and the filters."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from neuronclaims.figures import Distributions
from neuronclaims.reports.entry import families
from neuronclaims.reports.html.across import Across, across
from neuronclaims.reports.html.claim_view import ORDER, ClaimView
from neuronclaims.reports.html.figures import Drawing, GridCell, draw_grid
from neuronclaims.reports.html.shared import PlotData

MOST_OPEN = 40
"""With more claims as expected, their rows are folded by family."""


@dataclass(frozen=True, slots=True)
class FamilyView:
    """The claims of one file on one model, with the number of each verdict from best to worst.

    ``rest`` are those that are as expected; the others stand before all families. The first family of a file has what
    is shown of all its models together; ``plots`` is the place of its grid in the page's data.
    """

    file: str
    model: str
    claims: list[ClaimView]
    verdicts: list[tuple[str, int]]
    correction: str
    grid: Drawing | None = None
    plots: int = 0
    across: Across | None = None

    @property
    def rest(self) -> list[ClaimView]:
        """Return the claims that are as expected."""
        return [claim for claim in self.claims if claim.good]

    @property
    def said(self) -> str:
        """Return in words how the claims came out, and how p is corrected."""
        counts = ", ".join(f"{count} {verdict}" for verdict, count in self.verdicts if count)
        above = len(self.claims) - len(self.rest)
        moved = f" ({above} of them not as expected, above)" if above else ""
        return f"{_claims(len(self.claims))}: {counts}{moved}; {self.correction}"


@dataclass(frozen=True, slots=True)
class Overview:
    """The whole report in numbers; ``choices`` are the values of every filter, by its name, with their counts."""

    verdicts: list[tuple[str, int]]
    wrong: list[ClaimView]
    families: list[FamilyView]
    choices: dict[str, list[tuple[str, int]]]

    @property
    def folds(self) -> bool:
        """Whether there are so many claims that families are folded at first."""
        return sum(len(family.rest) for family in self.families) > MOST_OPEN


def overview(claims: Sequence[ClaimView], data: PlotData) -> Overview:
    """Sum up claims that are in the order of file and model."""
    choices = {
        "kind": _counted(claim.result.kind for claim in claims),
        "file": _counted(claim.result.file for claim in claims),
        "model": _counted(claim.result.model for claim in claims),
        "drift": _counted(claim.entry.drift for claim in claims if claim.entry.drift),
    }
    wrong = [claim for claim in claims if not claim.good]
    return Overview(_verdicts(claims), wrong, _families(claims, data), choices)


def _families(claims: Sequence[ClaimView], data: PlotData) -> list[FamilyView]:
    by_entry = {id(claim.entry): claim for claim in claims}
    by_model = across(claims, data)
    found: list[FamilyView] = []
    for file, model, entries in families([claim.entry for claim in claims]):
        members = [by_entry[id(entry)] for entry in entries]
        first = not found or found[-1].file != file
        grid = draw_grid(_cells(claims, file)) if first else None
        found.append(
            FamilyView(
                file,
                model,
                members,
                _verdicts(members),
                _correction(members),
                grid,
                data.add([grid]) if grid else 0,
                by_model.get(file) if first else None,
            )
        )
    return found


def _cells(claims: Sequence[ClaimView], file: str) -> list[GridCell]:
    """Return the comparisons of a file, on all its models: figures of two or more groups with a value per prompt."""
    return [
        GridCell(claim.result.model, claim.result.id, figure)
        for claim in claims
        if claim.result.file == file and claim.evidence
        for figure in claim.evidence.figures[:1]
        if isinstance(figure, Distributions) and len(figure.rows) > 1
    ]


def _correction(claims: Sequence[ClaimView]) -> str:
    tests = [claim.evidence.test for claim in claims if claim.evidence and claim.evidence.test]
    said = dict.fromkeys(f"{test.corrected}, alpha {test.alpha:g}" for test in tests)
    return "; ".join(said) or "no tests"


def _verdicts(claims: Iterable[ClaimView]) -> list[tuple[str, int]]:
    counts = Counter(claim.verdict for claim in claims)
    return [(verdict, counts[verdict]) for verdict in ORDER]


def _counted(values: Iterable[str]) -> list[tuple[str, int]]:
    return sorted(Counter(values).items())


def _claims(count: int) -> str:
    return f"{count} {'claim' if count == 1 else 'claims'}"
