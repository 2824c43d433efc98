"""The part of the page about a file with several models: a table, and its effects through the series."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from neuronclaims.reports.html.claim_view import ClaimView
from neuronclaims.reports.html.figures import Course, Drawing, Stop, draw_trend
from neuronclaims.reports.html.shared import PlotData
from neuronclaims.reports.matrix import NO_RESULT, ClaimsByModels, Line, ModelCell, matrices
from neuronclaims.reports.wording import interval_words


@dataclass(frozen=True)
class Across:
    """The claims of a file by its models, for the templates; its plots are kept in ``data``."""

    matrix: ClaimsByModels
    data: PlotData
    missing = NO_RESULT

    @staticmethod
    def anchor(cell: ModelCell) -> str:
        """Return the place of a claim on a model in the page."""
        return ClaimView(cell.entry).anchor

    @staticmethod
    def numbers(cell: ModelCell) -> str:
        """Return the effect on a model and its interval with its level; empty where there is none."""
        evidence = cell.entry.result.evidence
        return f"{cell.value} {interval_words(evidence.effect)}".rstrip() if evidence else ""

    @cached_property
    def trend(self) -> Drawing | None:
        """Return the effects through the models, if these are enough for a series."""
        if not self.matrix.series:
            return None
        return draw_trend(self.matrix.models, [_course(line) for line in self.matrix.lines])

    @cached_property
    def plots(self) -> int:
        """Return the place of its plots in the page's data."""
        return self.data.add([self.trend] if self.trend else [])


def across(claims: Sequence[ClaimView], data: PlotData) -> dict[str, Across]:
    """Return the claims with several models, by file, for claims in the order of reports."""
    return {matrix.file: Across(matrix, data) for matrix in matrices([claim.entry for claim in claims])}


def _course(line: Line) -> Course:
    stops = (_stop(place, cell) for place, cell in enumerate(line.cells) if cell is not None)
    return Course(line.name, line.effect, line.story, tuple(stops), line.onset.runs if line.onset else ())


def _stop(place: int, cell: ModelCell) -> Stop:
    result = cell.entry.result
    if result.evidence is None:
        return Stop(place, result.model, cell.verdict)
    effect = result.evidence.effect
    return Stop(place, result.model, cell.verdict, effect.value, effect.low, effect.high)
