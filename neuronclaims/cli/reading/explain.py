"""``neuronclaims explain FILE::ID``: one claim in plain words."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from neuronclaims.cli.options import PromptFolders
from neuronclaims.cli.output import say
from neuronclaims.errors import NeuronClaimsError

if TYPE_CHECKING:
    from neuronclaims.claim_files.claims import ClaimFile
    from neuronclaims.naming import ClaimName
    from neuronclaims.results import Result
    from neuronclaims.scripting.judge import Allow

EXAMPLES = (
    "neuronclaims explain claims/example.claims.yaml::hanoi",
    "neuronclaims explain hanoi --report reports",
)


class ExplainError(NeuronClaimsError):
    """A claim that cannot be explained; the message says why."""


def run(
    claim: Annotated[
        str,
        typer.Argument(
            metavar="FILE::ID", help="the claim; FILE::MODEL::ID where its file names several models"
        ),
    ],
    report: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR", help="take the result from the claims.json in this folder, and judge nothing"
        ),
    ] = None,
    prompt_folder: PromptFolders = None,
) -> int:
    """Explain one claim: what was asked, measured and found, and what it does not show.

    The claim is judged with all claims of its file, as pytest does. What was measured before is read from the
    project's cache. A claim on a model that conftest.py hands over is explained from a report.
    """
    from neuronclaims.scripting.judge import Allow
    from neuronclaims.scripting.judgements import explained

    allow = Allow(prompt_folders=tuple(prompt_folder or ()))
    found = _judged(claim, allow) if report is None else _reported(claim, report)
    say(str(explained(found)))
    return 0


def _reported(claim: str, folder: Path) -> Result:
    from neuronclaims.reports.json.reading import NAMED, read_claims, the_claim
    from neuronclaims.reports.plain import from_plain

    path = folder / "claims.json" if folder.is_dir() else folder
    try:
        found = the_claim(read_claims(path, NAMED), claim)
    except FileNotFoundError:
        raise ExplainError(
            f"There is no report {path}. Make one: pytest FILE --claims-report={folder}"
        ) from None
    try:
        return from_plain(found)
    except (ValueError, TypeError, ArithmeticError):  # pydantic's ValidationError is a ValueError
        raise ExplainError(
            "The report was written by another version of neuronclaims. Make it again."
        ) from None


def _judged(text: str, allow: Allow) -> Result:
    from neuronclaims.naming import Wanted
    from neuronclaims.scripting.judge import judge

    wanted = Wanted.parse(text)
    known = dict(_named(text, wanted.file is not None, allow))
    where = "The claim file" if wanted.file is not None else "This folder"
    file, model = known[name := wanted.one(known, where)]
    return judge(file.path, model, allow=allow)[name.id]


def _named(text: str, in_file: bool, allow: Allow) -> Iterator[tuple[ClaimName, tuple[ClaimFile, str]]]:
    """Yield the claims of the file that is named, or of all files of this folder, with their file and model."""
    from neuronclaims.models.sources import label
    from neuronclaims.naming import ClaimName, file_name
    from neuronclaims.scripting.judge import read_claims

    path = Path(text.split("::")[0])
    for file in read_claims(path if in_file and path.exists() else Path(), allow=allow):
        for spec in file.models:
            for claim in file.claims:
                yield ClaimName(file_name(file.path), label(spec), claim.id), (file, spec)
