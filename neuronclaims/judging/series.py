"""Judge each claim through a series of models as one test."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from neuronclaims.judging.closed_series import ClosedSeries
from neuronclaims.judging.open_series import OpenSeries
from neuronclaims.judging.verdicts import conclude
from neuronclaims.results import Onset, Result, SeriesLook

if TYPE_CHECKING:
    from neuronclaims.answers import Answered
    from neuronclaims.claim_files.claims import ClaimFile
    from neuronclaims.corrections import CorrectedFamily
    from neuronclaims.judging.findings import FileOnModel, Findings


class Series(Protocol):
    """A series whose looks are corrected: the p of each look, with the shares of alpha that its claims have there."""

    @property
    def looks(self) -> Sequence[Findings | None]:
        """Return the findings at every look, None where the model could not be measured."""
        ...

    def families(self) -> Sequence[CorrectedFamily]:
        """Return the corrected claims of every look."""
        ...

    def share(self, place: int, claim: str) -> float | None:
        """Return a claim's share of alpha at a look, None where all looks share it."""
        ...


def judge_series(
    file: ClaimFile, measured: Mapping[str, tuple[FileOnModel, Answered]]
) -> dict[str, dict[str, Result]]:
    """Return the results of all claims, by model and id; ``measured`` lacks the models that could not be measured.

    Those keep their places among the looks.
    """
    series: Series = OpenSeries(file, measured) if file.series == "open" else ClosedSeries(file, measured)
    found: dict[str, dict[str, Result]] = {}
    for model, findings, family in zip(file.models, series.looks, series.families(), strict=True):
        if findings is not None:
            name = findings.planned.source.name
            found[model] = conclude(file, name, findings.by_id, findings.errors, family)
    for claim in file.claims:
        verdicts = [found[model][claim.id].verdict if model in found else None for model in file.models]
        onset = Onset.of(verdicts)
        for place, model in enumerate(file.models):
            if model in found:
                look = SeriesLook(
                    file.series or "closed", place + 1, len(verdicts), series.share(place, claim.id), onset
                )
                found[model][claim.id] = replace(found[model][claim.id], look=look)
    return found
