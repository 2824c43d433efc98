"""``neuronclaims export REPORT --format latex``: the claims of a report as a table."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from neuronclaims.cli.output import say
from neuronclaims.errors import NeuronClaimsError

if TYPE_CHECKING:
    from neuronclaims.results import Result

EXAMPLES = (
    "neuronclaims export reports --format markdown",
    "neuronclaims export reports/claims.json --output table.tex",
    "neuronclaims export reports --output claims.parquet",
)


class ExportFormat(str, Enum):
    """What a table may be written as."""

    MARKDOWN = "markdown"
    LATEX = "latex"
    PARQUET = "parquet"


def run(
    report: Annotated[
        Path, typer.Argument(metavar="REPORT", help="a claims.json, or the folder where it is")
    ] = Path("reports"),
    form: Annotated[
        ExportFormat | None,
        typer.Option("--format", help="what to write (default: what the name of the file asks for)"),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "-o", "--output", metavar="FILE", help="ends in .md, .tex or .parquet (default: print it)"
        ),
    ] = None,
) -> int:
    """Write the claims of a report as a table: Markdown, LaTeX or Parquet.

    The table of a paper has the claim, model, n, effect with interval, adjusted p and verdict, and the number of the
    claim's source where there is one. LaTeX needs the package booktabs. Parquet has all columns of the table that
    to_frame() gives. The report is what pytest writes with --claims-report.
    """
    from neuronclaims.reports.tables.formats import format_of, table_text, write_table

    if form is None and output is None:
        raise NeuronClaimsError(
            "Say what to write: --format markdown, latex or parquet, or --output FILE.tex."
        )
    chosen = form.value if form is not None else format_of(output or Path())
    results = _results(report)
    if output is None:
        say(table_text(results, chosen).rstrip("\n"))
    else:
        claims = f"{len(results):,} claim{'' if len(results) == 1 else 's'}"
        say(f"{write_table(output, results, chosen)} written: {claims}")
    return 0


def _results(report: Path) -> list[Result]:
    from neuronclaims.reports.json.reading import NAMED, read_claims
    from neuronclaims.reports.plain import from_plain

    path = report / "claims.json" if report.is_dir() else report
    try:
        claims = read_claims(path, (*NAMED, "sentence"))
    except FileNotFoundError:
        raise NeuronClaimsError(
            f"There is no report {path}. Make one: pytest --claims-report=reports, or name another."
        ) from None
    try:
        return [from_plain(claim) for claim in claims]
    except (ValueError, TypeError, ArithmeticError):  # pydantic's ValidationError is a ValueError
        raise NeuronClaimsError(
            "The report was written by another version of neuronclaims. Make it again."
        ) from None
