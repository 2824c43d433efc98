"""What stands above the claims: how many came out how, in which families, and what one can filter by."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from neuronclaims.reports.entry import families
from neuronclaims.reports.html.shown import ORDER, Shown


@dataclass(frozen=True, slots=True)
class FamilyShown:
    """The claims of one file on one model, with how many came out how, by verdict from best to worst."""

    file: str
    model: str
    claims: list[Shown]
    verdicts: list[tuple[str, int]]
    unexpected: int
    correction: str


@dataclass(frozen=True, slots=True)
class Overview:
    """The whole report in numbers; ``choices`` are the values of every filter, by its name, with their counts."""

    verdicts: list[tuple[str, int]]
    families: list[FamilyShown]
    choices: dict[str, list[tuple[str, int]]]


def overview(claims: Sequence[Shown]) -> Overview:
    """Sum up claims that are in the order of file and model."""
    choices = {
        "kind": _counted(claim.result.kind for claim in claims),
        "file": _counted(claim.result.file for claim in claims),
        "model": _counted(claim.result.model for claim in claims),
    }
    return Overview(_verdicts(claims), _families(claims), choices)


def _families(claims: Sequence[Shown]) -> list[FamilyShown]:
    by_entry = {id(claim.entry): claim for claim in claims}
    found = []
    for file, model, entries in families([claim.entry for claim in claims]):
        members = [by_entry[id(entry)] for entry in entries]
        unexpected = sum(not claim.result.as_expected for claim in members)
        found.append(FamilyShown(file, model, members, _verdicts(members), unexpected, _correction(members)))
    return found


def _correction(claims: Sequence[Shown]) -> str:
    tests = [claim.evidence.test for claim in claims if claim.evidence and claim.evidence.test]
    said = dict.fromkeys(f"{test.correction} over {test.family}, alpha {test.alpha:g}" for test in tests)
    return "; ".join(said) or "no tests"


def _verdicts(claims: Iterable[Shown]) -> list[tuple[str, int]]:
    counts = Counter(claim.verdict for claim in claims)
    return [(verdict, counts[verdict]) for verdict in ORDER]


def _counted(values: Iterable[str]) -> list[tuple[str, int]]:
    return sorted(Counter(values).items())
