"""``neuronclaims badge``: a badge for a README, as the JSON that shields.io takes from an address."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from neuronclaims.cli.output import say
from neuronclaims.errors import NeuronClaimsError

EXAMPLES = ("neuronclaims badge -o reports/badge.json",)


def run(
    output: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="PATH", help="write a file (default: print it)")
    ] = None,
    report: Annotated[Path, typer.Option(metavar="DIR", help="where claims.json is")] = Path("reports"),
    label: Annotated[str, typer.Option(metavar="TEXT", help="the text on its left side")] = "claims",
) -> int:
    """Make a badge of the last report, such as "12 of 14 as expected".

    It is the JSON of an endpoint badge: put the file where it can be fetched, and name its address in
    https://img.shields.io/endpoint?url=ADDRESS
    """
    text = json.dumps({"schemaVersion": 1, "label": label, **_message(report)})
    if output is None:
        say(text)
        return 0
    try:
        output.write_text(f"{text}\n", encoding="utf-8")
    except OSError as error:
        raise NeuronClaimsError(f"{output} could not be written: {error.strerror or error}.") from None
    say(f"{output} written")
    return 0


def _message(report: Path) -> dict[str, str]:
    from neuronclaims.reports.json.reading import UnreadableReportError, read_claims

    path = report / "claims.json"
    try:
        claims = read_claims(path, ("id", "outcome"))
    except FileNotFoundError:
        raise NeuronClaimsError(
            f"There is no report {path}. Make one: pytest --claims-report={report}, or name another with --report."
        ) from None
    if not claims:
        raise UnreadableReportError(f"{path} has no claims in it.")
    good = sum(claim["outcome"] != "failed" for claim in claims)
    colour = "brightgreen" if good == len(claims) else "orange" if 2 * good >= len(claims) else "red"
    return {"message": f"{good} of {len(claims)} as expected", "color": colour}
