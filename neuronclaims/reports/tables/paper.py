"""The table of a paper: for each claim its model, numbers and verdict, as text that is not yet escaped."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from neuronclaims.reports.wording import counts_text, effect_name, effect_numbers, p_value
from neuronclaims.results import Result

HEADINGS = ("claim", "model", "n", "effect [interval]", "adjusted p", "verdict")
REPORTED = "reported"
"""The heading of the last column, which stands only where a claim names the number of its source."""


@dataclass(frozen=True, slots=True)
class PaperRow:
    """One claim. Nothing in it is escaped; ``numbers`` and ``p`` are made of numbers alone.

    ``effect`` is the effect's name and ``numbers`` its value and interval. A claim that came to no result has the
    verdict ``broken`` and no numbers.
    """

    claim: str
    model: str
    n: str
    effect: str
    numbers: str
    p: str
    verdict: str
    reported: str | None


def paper_rows(results: Iterable[Result]) -> list[PaperRow]:
    """Return a row for each result, in their order."""
    return [_row(result) for result in results]


def headings(rows: Iterable[PaperRow]) -> tuple[str, ...]:
    """Return the headings of some rows: the numbers of sources have a column where there is any.

    >>> row = PaperRow("a claim", "demo", "9 + 8", "AUROC", "0.90 [0.80, 0.95]", "0.020", "supported", None)
    >>> headings([row])
    ('claim', 'model', 'n', 'effect [interval]', 'adjusted p', 'verdict')
    """
    return (*HEADINGS, REPORTED) if any(row.reported is not None for row in rows) else HEADINGS


def _row(result: Result) -> PaperRow:
    evidence, reported = result.evidence, result.reported
    counts = effect = numbers = p = ""
    if evidence is not None:
        counts, effect = counts_text(evidence), effect_name(evidence.effect).strip()
        numbers = effect_numbers(evidence.effect, evidence.test is None)
        p = p_value(evidence.test.p_adjusted) if evidence.test is not None else ""
    return PaperRow(
        claim=result.sentence,
        model=result.model,
        n=counts,
        effect=effect,
        numbers=numbers,
        p=p,
        verdict=_verdict(result),
        reported=reported.in_words if reported is not None else None,
    )


def _verdict(result: Result) -> str:
    if result.verdict is None:
        return "broken"
    return (
        result.verdict
        if result.as_expected or result.expect == "supported"
        else f"{result.verdict} (not expected)"
    )
