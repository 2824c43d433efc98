"""``neuronclaims trend CLAIMS_JSON ... [--models A,B,C] [-k EXPR]``: one claim through a series of models."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from neuronclaims.cli.options import Matching
from neuronclaims.cli.output import say, wrapped
from neuronclaims.errors import NeuronClaimsError
from neuronclaims.foreign_text import one_line
from neuronclaims.reports.trend import UNTESTED, story_with_onset
from neuronclaims.results import Onset
from neuronclaims.stats.series.spending import share_of_next

UNJUDGED = (
    "Each model was judged by itself: here they are looks in this order, with alpha spent over the looks."
)
"""Said of models that no claim file calls a series."""

ALONE = (
    "One model alone has no trend: name the reports of several (neuronclaims trend a/claims.json b/claims.json), put "
    "several models into the claim file, or see earlier sessions with neuronclaims history."
)
"""Said of a claim that ran on one model."""

EXAMPLES = (
    "neuronclaims trend reports/claims.json",
    "neuronclaims trend step1/claims.json step2/claims.json -k hanoi",
)


def run(
    report: Annotated[
        list[Path],
        typer.Argument(
            metavar="CLAIMS_JSON",
            help="claims.json of a run on all the models, or of several runs in their order",
        ),
    ],
    models: Annotated[
        str | None,
        typer.Option(
            metavar="A,B,C",
            help="the models in their order, with commas (default: as the claim file has them)",
        ),
    ] = None,
    matching: Matching = "",
) -> int:
    """Say in which of a series of models claims appeared or were lost."""
    from neuronclaims.cli.chosen import chooser

    chosen, claims = chooser(matching), _read_all(report)
    order = _order(claims, models)
    names = dict.fromkeys((claim["file"], claim["id"]) for claim in claims if chosen(claim["id"]))
    if not names:
        raise NeuronClaimsError(f"-k {matching!r} matches no claim of {', '.join(map(str, report))}.")
    remarks: dict[str, None] = {}
    for file, name in names:
        series = {c["model"]: c for c in claims if (c["file"], c["id"]) == (file, name)}
        here = [series[model] for model in order or series if model in series]
        if not here:
            continue
        if len(here) == 1:
            say(one_line(f"{file}::{name}"), f"  {one_line(_rows(here)[0])}", "")
            remarks[ALONE] = None
            continue
        together = len(report) == 1 and all(claim.get("look") for claim in here)
        here = here if together else _look_by_look(here)
        verdicts = [claim.get("verdict") for claim in here]
        places: dict[int, str] = {place: claim["model"] for place, claim in enumerate(here, 1)}
        told = story_with_onset([(c["model"], _verdict(c)) for c in here], Onset.of(verdicts), places)
        say(one_line(f"{file}::{name}"))
        say(*("  " + one_line(row) for row in _rows(here)), wrapped(one_line(told), "  "))
        if not together:
            remarks[UNJUDGED] = None
        say("")
    if remarks:
        say(*map(wrapped, remarks))
    return 0


def _look_by_look(series: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return claims that were judged on each model by itself with their verdicts as looks of one open series."""
    decided: list[bool] = []
    found: list[dict[str, Any]] = []
    for claim in series:
        test, verdict = (claim.get("evidence") or {}).get("test"), claim.get("verdict")
        if test is not None and verdict is not None:
            claims = 1 if test["correction"] == "none" else max(1, test["family"])
            if claims * test["p_value"] > test["alpha"] * share_of_next(decided):
                verdict = "inconclusive"
        decided.append(verdict in ("supported", "refuted"))
        found.append({**claim, "verdict": verdict})
    return found


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


def _read_all(paths: Sequence[Path]) -> list[dict[str, Any]]:
    """Return the claims of all reports in their order; a model that is in several is named with its report."""
    reports = [(path, _read(path)) for path in paths]
    models = [model for _, claims in reports for model in {claim["model"] for claim in claims}]
    return [
        {**claim, "model": f"{path}: {claim['model']}"} if models.count(claim["model"]) > 1 else claim
        for path, claims in reports
        for claim in claims
    ]


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
    """Say whether an effect and a test, where there are such, have what is read of them."""
    if isinstance(evidence, dict) and not _is_test(evidence.get("test", "")):
        return False
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


def _is_test(test: Any) -> bool:
    if test is None:
        return True
    return (
        isinstance(test, dict)
        and isinstance(test.get("correction"), str)
        and all(
            isinstance(test.get(key), (int, float)) and not isinstance(test.get(key), bool)
            for key in ("p_value", "alpha", "family")
        )
    )
