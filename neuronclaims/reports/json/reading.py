"""Read claims.json back, which may have been edited, cut short, or made by somebody else."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any, TypeAlias, TypeVar

from neuronclaims.errors import NeuronClaimsError
from neuronclaims.foreign_files import ForeignFileError, Json, read_json
from neuronclaims.naming import ClaimName, Wanted

LARGEST = 500_000_000
"""The most bytes a report may have."""

ReportedClaim: TypeAlias = "dict[str, Json]"
Reported = TypeVar("Reported", bound="dict[str, Any]")

NAMED = ("file", "model", "id")
"""The fields of a claim in a report that make its name."""


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


def the_claim(claims: Sequence[Reported], text: str) -> Reported:
    """Return the one claim of a report that somebody calls ``text``: FILE::ID, FILE::MODEL::ID, or its id alone.

    ``claims`` were read with the fields ``NAMED``. Raises NoSuchClaimError where none is called so, or several are.

    >>> claims = [{"file": "claims/x.claims.yaml", "model": "demo", "id": name} for name in ("hanoi", "tulip")]
    >>> the_claim(claims, "x.claims.yaml::hanoi")["id"]
    'hanoi'
    """
    by_name = {ClaimName(*(claim[field] for field in NAMED)): claim for claim in claims}
    return by_name[Wanted.parse(text).one(by_name)]
