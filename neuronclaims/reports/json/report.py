"""``claims.json``: every result of a session in one file with a versioned schema.

The schema stands beside this module as ``claims-report.schema.json``; ``python -m neuronclaims.reports.json.report``
prints it anew.
"""

from __future__ import annotations

import json
import platform
from collections import Counter
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Literal

from neuronclaims import __version__
from neuronclaims.reports.account import Account
from neuronclaims.reports.entry import FOUND, OUTCOMES, Entry, Rematch
from neuronclaims.reports.files import ReportError as ReportError
from neuronclaims.reports.files import write_whole
from neuronclaims.reports.json.text import joined_text, part_text
from neuronclaims.reports.plain import adapter, to_plain
from neuronclaims.results import VERDICTS

SCHEMA_VERSION = 17
FILE_NAME = "claims.json"
_LIBRARIES = ("numpy", "scipy", "torch", "transformers", "tokenizers", "pytest")


class JsonWriter:
    """Write ``claims.json`` into the folder of reports."""

    place: Literal["report"] = "report"

    def write(self, path: Path, account: Account) -> Path:
        """Write the file into the folder ``path``; raise ReportError where that cannot be done."""
        return write_json(path, account)


def write_json(folder: Path, account: Account) -> Path:
    """Write ``claims.json`` into ``folder`` and return its path; a reader never sees half a file.

    Raises ReportError where the folder cannot be made or written.
    """
    drawn, name = account.drawn, ("claims.json", str(folder.absolute()))
    claims = drawn.known(name, account) if drawn is not None else None
    if claims is None:
        claims = part_text([_claim(entry) for entry in account.entries])
        if drawn is not None:
            drawn.keep(name, account, claims)
    text = joined_text({**{key: part_text(value) for key, value in _head(account).items()}, "claims": claims})
    return write_whole(folder / FILE_NAME, lambda waiting: waiting.write_text(text, encoding="utf-8"))


def report(account: Account) -> dict[str, Any]:
    """Return the whole report as plain data."""
    return {**_head(account), "claims": [_claim(entry) for entry in account.entries]}


def _head(account: Account) -> dict[str, Any]:
    """Return all of the report but its claims."""
    entries = account.entries
    verdicts = Counter(entry.result.verdict for entry in entries)
    return {
        "schema": SCHEMA_VERSION,
        "complete": account.complete,
        "made": account.made,
        "environment": environment(),
        "summary": {
            "claims": len(entries),
            **{verdict: verdicts[verdict] for verdict in VERDICTS},
            "broken": verdicts[None],
            "as_expected": sum(entry.result.as_expected for entry in entries),
            "failed": sum(entry.failed for entry in entries),
            "missing": len(account.missing),
            "judged_before": sum(entry.judged_before for entry in entries),
        },
        "missing": list(account.missing),
    }


def _claim(entry: Entry) -> dict[str, Any]:
    return {
        "name": str(entry.name),
        "nodeid": entry.nodeid,
        **to_plain(entry.result),
        "file": entry.name.file,
        "as_expected": entry.result.as_expected,
        "outcome": entry.outcome,
        "drift": entry.drift,
        "rematch": _rematch(entry.rematch) if entry.rematch else None,
    }


def _rematch(found: Rematch) -> dict[str, Any]:
    neurons = [{"old": old, "new": new, "r": r} for old, new, r in found.neurons]
    return {"status": found.status, "sentence": found.sentence, "neurons": neurons, "verdict": found.verdict}


def environment() -> dict[str, str]:
    """Return the versions the numbers were made with, read without importing any of the libraries."""
    found = {"neuronclaims": __version__, "python": platform.python_version()}
    for name in _LIBRARIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def schema() -> dict[str, Any]:
    """Return the JSON Schema of ``claims.json``."""
    claim = adapter().json_schema(mode="serialization", ref_template="#/$defs/{model}")
    definitions = claim.pop("$defs")
    del definitions["UnitValues"], definitions["Evidence"]["properties"]["units"]  # kept, not reported
    for definition in definitions.values():
        definition["required"] = list(definition["properties"])  # to_plain leaves nothing out
    added = {
        "name": {
            "type": "string",
            "description": "FILE::MODEL::ID, the file from the project's folder: as in baselines",
        },
        "nodeid": {"type": "string", "description": "what pytest calls the claim, from its rootdir"},
        "as_expected": {"type": "boolean", "description": "whether the verdict is the one expected"},
        "outcome": {"enum": list(OUTCOMES), "description": "what the claim was to the test session"},
        "drift": {
            "type": ["string", "null"],
            "description": "what became of the claim since the baseline it was compared with",
        },
        "rematch": {"anyOf": [_rematch_schema(), {"type": "null"}]},
    }
    names = {name: added.pop(name) for name in ("name", "nodeid")}
    claim["properties"] = {**names, **claim["properties"], **added}
    claim["required"] = list(claim["properties"])
    counts = ["claims", *VERDICTS, "broken", "as_expected", "failed", "missing", "judged_before"]
    count = {"type": "integer", "minimum": 0}
    properties = {
        "schema": {"const": SCHEMA_VERSION},
        "complete": {"type": "boolean", "description": "whether every claim asked for has a result"},
        "made": {"type": "string", "format": "date-time"},
        "environment": {"type": "object", "additionalProperties": {"type": "string"}},
        "summary": {"type": "object", "required": counts, "properties": dict.fromkeys(counts, count)},
        "missing": {
            "type": "array",
            "items": {"type": "string"},
            "description": "node ids of claims that were to be tested and came to no result",
        },
        "claims": {"type": "array", "items": claim},
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "neuronclaims report",
        "type": "object",
        "required": list(properties),
        "properties": properties,
        "additionalProperties": False,
        "$defs": definitions,
    }


def _rematch_schema() -> dict[str, Any]:
    neuron = {
        "old": {"type": "string"},
        "new": {"type": ["string", "null"]},
        "r": {
            "type": ["number", "null"],
            "description": "Pearson's r on prompts that had no part in the choice",
        },
    }
    properties = {
        "status": {"enum": list(FOUND)},
        "sentence": {"type": "string"},
        "neurons": {"type": "array", "items": _whole(neuron)},
        "verdict": {
            "enum": [*VERDICTS, None],
            "description": "of the claim about the neurons found, on those prompts",
        },
    }
    return {"description": "where the neurons of a lost claim are in the tested model", **_whole(properties)}


def _whole(properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "required": list(properties),
        "properties": properties,
        "additionalProperties": False,
    }


if __name__ == "__main__":
    print(json.dumps(schema(), indent=1))
