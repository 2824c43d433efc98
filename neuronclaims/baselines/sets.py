"""Compare two files of rows: what became of each claim of the first in the second."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from neuronclaims.baselines.aligned import aligned, files_in
from neuronclaims.baselines.changes import noise_of
from neuronclaims.baselines.checking import Unfit, check_row
from neuronclaims.baselines.drift import Drift, drifts, missing
from neuronclaims.baselines.origins import differences, family, names_in, rows_for
from neuronclaims.baselines.policy import Policy
from neuronclaims.baselines.reading import read_baseline, read_json
from neuronclaims.baselines.rows import (
    Baseline,
    BaselineError,
    Environment,
    SavedClaim,
    SavedEffect,
    rounded,
)


@dataclass(frozen=True, slots=True)
class Comparison:
    """What became of claims, by the names of their rows, and what else differs, in sentences.

    ``nothing`` says why, where no claim of one is in the other; it is empty where any is.
    """

    drifts: Mapping[str, Drift]
    origins: tuple[str, ...]
    nothing: str = ""


def compare(old: Baseline, new: Baseline, policy: Policy) -> Comparison:
    """Compare each claim of one baseline with the same claim in another, family by family."""
    old = aligned(old, files_in(new.rows))
    found: dict[str, Drift] = {}
    pairs: dict[str, tuple[Environment, Environment]] = {}
    used: set[str] = set()
    for name in dict.fromkeys(family(name) for name in new.rows):
        rows = {key: row for key, row in new.rows.items() if family(key) == name}
        before = rows_for(old, rows)
        used |= set(names_in(old, rows).values())
        environments = [
            *(old.environments[row.environment] for row in before.values()),
            *(new.environments[row.environment] for row in rows.values()),
        ]
        found |= drifts(before, rows, policy, noise=noise_of(*(each.dtype for each in environments)))
        for key, row in before.items():
            pairs[name] = old.environments[row.environment], new.environments[rows[key].environment]
    gone = {key: missing(row) for key, row in old.rows.items() if key not in used}
    known = all(one.weights and two.weights for one, two in pairs.values())
    origins = tuple(differences(pairs)) if known else (UNKNOWN_ORIGINS,)
    return Comparison({**found, **gone}, origins, "" if used else _nothing(old, new))


def _nothing(old: Baseline, new: Baseline) -> str:
    """Say why no claim of one is in the other."""
    if not old.rows or not new.rows:
        which = "neither" if not (old.rows or new.rows) else "the first" if not old.rows else "the second"
        return f"Nothing was compared: {which} has {'any' if which == 'neither' else 'no'} claim."
    files, models = ([_names(each, place) for each in (old, new)] for place in (0, 1))
    if not set(files[0]) & set(files[1]):
        why = (
            f"the first is about {_some(files[0])}, the second about {_some(files[1])}. Files are known by their path "
            "from the project's folder, so a file that was renamed has another name"
        )
    elif not set(models[0]) & set(models[1]):
        why = (
            f"the first is about the models {_some(models[0])}, the second about {_some(models[1])}. Give a model the "
            "same name in both (models: {NAME: FOLDER}, or --claims-model NAME=FOLDER)"
        )
    else:
        why = "no two of their claims have the same id, content or sentence"
    return f"Nothing was compared: {why}."


def _names(rows: Baseline, place: int) -> list[str]:
    """Return the files (0) or the models (1) of some rows, each once."""
    return sorted({name.rsplit("::", 2)[place] for name in rows.rows})


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return f"{', '.join(names[:3])}{more}"


UNKNOWN_ORIGINS = (
    "A report does not say which weights were measured how, so it cannot be said where a change comes from: "
    "compare baselines (pytest --claims-save) for that, and for tests of the change of each effect."
)


def read_any(path: Path) -> Baseline:
    """Read a baseline, or the rows of a report (``claims.json``). Raises BaselineError for anything else."""
    data = read_json(path)
    if isinstance(data.get("claims"), list):
        return _of_report(path, data)
    return read_baseline(path)


def _of_report(path: Path, data: Mapping[str, Any]) -> Baseline:
    try:
        rows = {str(claim.get("name") or claim["nodeid"]): _row(claim) for claim in data["claims"]}
        libraries = {str(name): str(version) for name, version in data["environment"].items()}
        for name, row in rows.items():
            if name.count("::") < 2:
                raise Unfit(f"{name[:60]!r} is no FILE::MODEL::ID")
            check_row(f"the claim {name!r}", asdict(row))
    except Unfit as error:
        raise BaselineError(f"{path} is no report of this version: {error}.") from None
    except (TypeError, KeyError, AttributeError, ValueError, ArithmeticError) as error:
        raise BaselineError(f"{path} is no report of this version: {repr(error)[:200]}.") from None
    return Baseline(rows, {"report": Environment("", "", "", "float32", "", libraries)})


def _row(claim: Mapping[str, Any]) -> SavedClaim:
    evidence = claim["evidence"]
    sentence, asked = claim["sentence"], {"site": claim["site"], "tokens": claim["tokens"]}
    if evidence is None:
        return SavedClaim(
            "", sentence, claim["kind"], "report", claim["verdict"], error=claim["error"], asked=asked
        )
    test = evidence["test"] or {}
    return SavedClaim(
        content="",
        sentence=sentence,
        kind=claim["kind"],
        environment="report",
        verdict=claim["verdict"],
        effect=_effect(evidence["effect"]),
        side=test.get("alternative"),
        p=test.get("p_value"),
        p_adjusted=test.get("p_adjusted"),
        family=test.get("family"),
        alpha=test.get("alpha"),
        n=dict(evidence["counts"]),
        asked=asked,
    )


def _effect(e: Mapping[str, Any]) -> SavedEffect:
    low, high = rounded(e["low"]), rounded(e["high"])
    return SavedEffect(e["name"], rounded(e["value"]), low, high, e["level"], e.get("key") or None)
