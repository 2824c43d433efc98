"""``neuronclaims trend CLAIMS_JSON [--models A,B,C] [-k EXPR]``: one claim through a series of models."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from neuronclaims.cli.output import say
from neuronclaims.errors import NeuronClaimsError
from neuronclaims.foreign_text import one_line
from neuronclaims.reports.trend import UNTESTED, story

if TYPE_CHECKING:
    from neuronclaims.cli import Commands

TEXT = "say in which of a series of models each claim of a report appeared, and in which it was lost"


def add(commands: Commands) -> None:
    """Add the command."""
    parser = commands.add_parser("trend", help=TEXT, description=f"{TEXT[0].upper()}{TEXT[1:]}.")
    parser.add_argument(
        "report", type=Path, metavar="CLAIMS_JSON", help="claims.json of a run on all the models"
    )
    order = "the models in their order, with commas (default: as the claim file has them)"
    parser.add_argument("--models", metavar="A,B,C", help=order)
    parser.add_argument(
        "-k", metavar="EXPR", default="", help="only claims whose id this matches, as in pytest -k"
    )
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    from neuronclaims.cli.chosen import chooser

    chosen, claims = chooser(options.k), _read(options.report)
    order = _order(claims, options.models)
    names = dict.fromkeys((claim["file"], claim["id"]) for claim in claims if chosen(claim["id"]))
    if not names:
        raise NeuronClaimsError(f"-k {options.k!r} matches no claim of {options.report}.")
    for file, name in names:
        series = {c["model"]: c for c in claims if (c["file"], c["id"]) == (file, name)}
        here = [series[model] for model in order or series if model in series]
        if not here:
            continue
        say(one_line(f"{file}::{name}"))
        for line in (*_rows(here), story([(c["model"], _verdict(c)) for c in here])):
            say("  " + one_line(line))
        say("")
    return 0


def _rows(series: Sequence[dict[str, Any]]) -> list[str]:
    width = max(len(claim["model"]) for claim in series)
    return [
        f"{claim['model'].ljust(width)}  {_verdict(claim).ljust(12)}  {_effect(claim)}" for claim in series
    ]


def _verdict(claim: dict[str, Any]) -> str:
    return claim.get("verdict") or UNTESTED


def _effect(claim: dict[str, Any]) -> str:
    effect = (claim.get("evidence") or {}).get("effect") or {}
    numbers = [effect.get(key) for key in ("value", "low", "high")]
    if any(number is None for number in numbers):
        return ""
    value, low, high = (f"{number:.3g}" for number in numbers)
    return f"{effect['name']} {value} [{low}, {high}]"


def _order(claims: Sequence[dict[str, Any]], given: str | None) -> list[str]:
    """Return only the models given, in that order; None to keep the order of the report."""
    if given is None:
        return []
    there = dict.fromkeys(claim["model"] for claim in claims)
    order = [name.strip() for name in given.split(",") if name.strip()]
    missing = [name for name in order if name not in there]
    if missing or not order:
        raise NeuronClaimsError(
            f"--models: the report has no model {', '.join(map(repr, missing)) or 'without a name'}; it has "
            f"{', '.join(there)}."
        )
    return order


def _read(path: Path) -> list[dict[str, Any]]:
    from neuronclaims.reports.json.reading import UnreadableReportError, read_claims
    from neuronclaims.results import VERDICTS

    try:
        claims: list[dict[str, Any]] = [dict(claim) for claim in read_claims(path, ("file", "id", "model"))]
    except FileNotFoundError:
        raise NeuronClaimsError(f"{path} cannot be read: there is no such file.") from None
    if not claims:
        raise NeuronClaimsError(f"{path} has no claims in it.")
    for number, claim in enumerate(claims, start=1):
        if claim.get("verdict") not in (*VERDICTS, None) or not _fits(claim.get("evidence")):
            raise UnreadableReportError(
                f"{path} is no claims.json of this version: the verdict or the evidence of claim {number} is none."
            )
    return claims


def _fits(evidence: Any) -> bool:
    """Say whether an effect, where there is one, has a name and numbers."""
    effect = evidence.get("effect") if isinstance(evidence, dict) else evidence
    if effect is None:
        return True
    return (
        isinstance(effect, dict)
        and isinstance(effect.get("name"), str)
        and all(
            number is None or (isinstance(number, (int, float)) and not isinstance(number, bool))
            for number in (effect.get(key) for key in ("value", "low", "high"))
        )
    )
