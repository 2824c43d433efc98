"""JSON that our commands read, damaged: an answer or one sentence, and no number that the file does not hold."""

from __future__ import annotations

import io
import json
import shutil
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any, ClassVar

from fuzz.claim_files import GOOD
from fuzz.damage import json_damaged, replaced
from fuzz.trial import WrongError, check_message
from neuronclaims import judge
from neuronclaims.baselines.reading import read_baseline
from neuronclaims.baselines.rows import BaselineError, Environment, row_of
from neuronclaims.baselines.saved import save
from neuronclaims.cache.layout import ABOUT
from neuronclaims.cli import main
from neuronclaims.demo import MODEL_FOLDER
from neuronclaims.models.identity.fingerprint import fingerprint_folder
from neuronclaims.reports.account import Account
from neuronclaims.reports.entry import Entry
from neuronclaims.reports.json.report import write_json

ENVIRONMENT = Environment("demo", "w" * 64, "t" * 64, "float32", "cpu", {"torch": "2.4"})


class JsonFiles:
    """Reports, baselines, the note of the last compared run, and two notes of the run cache."""

    name: ClassVar[str] = "JSON files"
    trials: ClassVar[int] = 600

    def prepare(self, folder: Path) -> None:
        """Judge some claims, and write what a session writes."""
        good = folder / "good"
        good.mkdir()
        (good / "x.claims.yaml").write_text(GOOD.replace("[demo, ./other]", "[demo]"), encoding="utf-8")
        results = [
            replace(each, file="x.claims.yaml")
            for each in judge(good / "x.claims.yaml", cache=good / "cache")
        ]
        names = [f"x.claims.yaml::demo::{each.id}" for each in results]
        write_json(
            good,
            Account(tuple(Entry(name, "passed", each) for name, each in zip(names, results, strict=True))),
        )
        rows = {
            name: row_of(each, "c" * 64, ENVIRONMENT.key, None)
            for name, each in zip(names, results, strict=True)
        }
        save(good / "main.json", rows, {ENVIRONMENT.key: ENVIRONMENT})
        run = (good / "main.json").read_text(encoding="utf-8")
        note = {"baseline": str(folder / "json" / "main.json"), "run": run, "missing": {names[0]: "a" * 64}}
        (good / "compared.json").write_text(json.dumps(note), encoding="utf-8")
        fingerprint_folder(MODEL_FOLDER, good / "cache" / "fingerprints")

    def trial(self, folder: Path, seed: int) -> str:
        """Damage one file, and give it to the commands that read it."""
        rng = Random(f"json {seed}")
        shutil.copytree(folder / "good", folder / "json")
        try:
            return _tried(folder / "json", rng)
        finally:
            shutil.rmtree(folder / "json")


def _tried(folder: Path, rng: Random) -> str:
    about = next((folder / "cache").rglob(ABOUT))
    note = next((folder / "cache" / "fingerprints").glob("*.json"))
    path = rng.choice((folder / "claims.json", folder / "main.json", folder / "compared.json", about, note))
    data = json_damaged(path.read_bytes(), rng)
    path.chmod(0o600)
    path.write_bytes(data)
    if rng.random() < 0.05:
        replaced(path, rng)
    if path == note:
        known = fingerprint_folder(MODEL_FOLDER, note.parent)
        return "read" if isinstance(known.weights, str) else "refused"
    if path == about:
        return _outcome(["cache", "info", "--cache", str(folder / "cache")])
    if path.name == "compared.json":
        return _outcome(
            ["accept", "--cache", str(folder), *rng.choice(([], ["--only-new"], ["--prune", "--yes"]))]
        )
    other = folder / rng.choice(("claims.json", "main.json"))
    pair = [str(path), str(other)]
    rng.shuffle(pair)
    if path.name == "main.json":
        _check_rows(path)
        return _outcome(["compare", *pair, "--fail-on", "lost,weaker:20%", "--all"])
    commands = (
        ["compare", *pair, "--all"],
        ["trend", str(path)],
        [
            "figure",
            f"x.claims.yaml::{rng.choice(('second', 'third'))}",
            "--report",
            str(folder),
            "-o",
            str(folder / "f.svg"),
        ],
    )
    return _outcome(rng.choice(commands))


def _outcome(arguments: list[str]) -> str:
    said, errors = io.StringIO(), io.StringIO()
    with redirect_stdout(said), redirect_stderr(errors):
        status = main(arguments)
    for text in (said.getvalue(), errors.getvalue()):
        if text:
            check_message(text, 1_000_000)
    if errors.getvalue().count("\n") > 1 or (errors.getvalue() and status != 1):
        raise WrongError(f"not one sentence: {errors.getvalue()[:500]!r}")
    return "refused" if errors.getvalue() else "read"


def _check_rows(path: Path) -> None:
    """Raise WrongError where a baseline is read with numbers that its file does not hold."""
    try:
        read = read_baseline(path)
    except BaselineError:
        return
    held: dict[str, Any] = json.loads(path.read_bytes())["claims"]
    for name, row in read.rows.items():
        effect = held[name].get("effect") or {}
        values = [effect.get(key) for key in ("value", "low", "high")]
        found = [row.effect.value, row.effect.low, row.effect.high] if row.effect else [None] * 3
        if [row.p, row.verdict, *found] != [held[name].get("p"), held[name].get("verdict"), *values]:
            raise WrongError(f"another row than the file holds for {name!r}")
