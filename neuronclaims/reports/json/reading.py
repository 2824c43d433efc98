"""Read claims.json back, which may have been edited, cut short, or made by somebody else."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import TypeAlias

from neuronclaims.errors import NeuronClaimsError
from neuronclaims.foreign_files import ForeignFileError, Json, read_json

LARGEST = 500_000_000
"""The most bytes a report may have."""

ReportedClaim: TypeAlias = "dict[str, Json]"


class UnreadableReportError(NeuronClaimsError):
    """A file that is no report, or one of another version."""


def read_claims(path: Path, texts: Collection[str]) -> list[ReportedClaim]:
    """Return the claims of a report as plain data, each with the fields ``texts``, which are text.

    Raises UnreadableReportError for a file that is no report, and FileNotFoundError where there is none.
    """
    again = "Write one with pytest --claims-report=DIR."
    try:
        found = read_json(path, LARGEST, once=True)
    except ForeignFileError as error:
        raise UnreadableReportError(f"{path} is no report: {error} {again}") from None
    claims = found.get("claims") if isinstance(found, dict) else None
    if not isinstance(claims, list):
        raise UnreadableReportError(f"{path} is no report: it has no list of claims. {again}")
    read: list[ReportedClaim] = []
    for number, claim in enumerate(claims, start=1):
        if not isinstance(claim, dict):
            raise UnreadableReportError(f"{path} is no report: claim {number} is no JSON object. {again}")
        odd = next((name for name in texts if not isinstance(claim.get(name), str)), None)
        if odd is not None:
            raise UnreadableReportError(f"{path} is no report: {odd!r} of claim {number} is no text. {again}")
        read.append(claim)
    return read
