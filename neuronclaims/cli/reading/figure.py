"""``neuronclaims figure FILE::ID -o fig.svg``: one figure of one claim for a paper, from the last report."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from neuronclaims.cli.output import say
from neuronclaims.errors import NeuronClaimsError
from neuronclaims.foreign_text import one_line
from neuronclaims.measurements.errors import first_line

if TYPE_CHECKING:
    from neuronclaims.figures import Figure

EXAMPLES = (
    "neuronclaims figure claims/example.claims.yaml::hanoi -o hanoi.svg",
    "neuronclaims figure claims/example.claims.yaml::demo::hanoi -o hanoi.pdf --width 3.3",
)
REPORT = Path("reports")


class FigureError(NeuronClaimsError):
    """A claim or a figure that is not in the report."""


def _width(text: str | float) -> float:
    try:
        found = float(text)
    except ValueError:
        found = 0.0
    if not 1 <= found <= 40:
        raise typer.BadParameter("write a number of inches from 1 to 40, such as 3.3")
    return found


def run(
    claim: Annotated[
        str,
        typer.Argument(
            metavar="FILE::ID",
            help="the claim; FILE::MODEL::ID where it ran on several models, its id where no other has it",
        ),
    ],
    output: Annotated[
        Path, typer.Option("-o", "--output", metavar="PATH", help="ends in .svg, .pdf or .png")
    ],
    report: Annotated[Path, typer.Option(metavar="DIR", help="where claims.json is")] = REPORT,
    number: Annotated[
        int | None,
        typer.Option(metavar="N", help="which of the claim's figures (default: the first drawn)"),
    ] = None,
    width: Annotated[
        float, typer.Option(metavar="INCHES", parser=_width, help="how wide it is, from 1 to 40")
    ] = 6.5,
) -> int:
    """Draw a figure of one claim for a paper, from the last report.

    The report is what pytest writes with --claims-report. It also says which other figures the claim has.
    """
    from neuronclaims.reports.json.reading import the_claim
    from neuronclaims.reports.plots import write_figure

    found = the_claim(_claims(report), claim)
    figures = _figures(found)
    place = _place(figures, number)
    with _drawable():
        path = write_figure(figures[place], output, width)
    say(f"{path}: {one_line(found['sentence'])} ({one_line(found['model'])})")
    for each, figure in enumerate(figures, start=1):
        written = " (this one)" if each == place + 1 else ""
        say(f"  --number {each}{written}: {one_line(_title(figure))}")
    return 0


def _claims(folder: Path) -> list[dict[str, Any]]:
    from neuronclaims.reports.json.reading import NAMED, read_claims

    path = folder / "claims.json"
    try:
        return [dict(claim) for claim in read_claims(path, (*NAMED, "sentence"))]
    except FileNotFoundError:
        raise FigureError(
            f"There is no report {path}. Make one: pytest FILE --claims-report={folder}, or name another with --report."
        ) from None


def _figures(claim: dict[str, Any]) -> tuple[Figure, ...]:
    from neuronclaims.reports.plain import from_plain

    fields = {key: value for key, value in claim.items() if key not in ("nodeid", "as_expected", "outcome")}
    try:
        result = from_plain(fields)
    except (ValueError, TypeError, ArithmeticError):  # pydantic's ValidationError is a ValueError
        raise FigureError(
            "The report was written by another version of neuronclaims. Make it again."
        ) from None
    if result.evidence is None:
        raise FigureError(
            f"The claim came to no result, so there is nothing to draw: {result.error or result.reason}"
        )
    if not result.evidence.figures:
        raise FigureError("The claim has no figure.")
    return result.evidence.figures


def _place(figures: Sequence[Figure], number: int | None) -> int:
    if number is None:
        from neuronclaims.figures import table_of

        return next((place for place, figure in enumerate(figures) if table_of(figure) is None), 0)
    if not 1 <= number <= len(figures):
        raise FigureError(
            f"The claim has {len(figures)} figures; --number is from 1 to {len(figures)}, not {number}."
        )
    return number - 1


def _title(figure: Figure) -> str:
    from neuronclaims.reports.html.figures import draw

    with _drawable():
        return draw(figure).caption


@contextmanager
def _drawable() -> Iterator[None]:
    """Tell numbers that no drawing can hold, which a report that was edited may have, in one sentence."""
    try:
        yield
    except (ArithmeticError, ValueError, TypeError, LookupError, MemoryError, RuntimeError) as error:
        raise FigureError(
            f"The figure holds what cannot be drawn ({first_line(error)}). Make the report again."
        ) from None
