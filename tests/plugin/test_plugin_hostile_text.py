"""What strangers wrote cannot steer a terminal or a CI system: no line of any output begins with a command of one.

Names of files and models, reasons, prompts, errors of other libraries, warnings and captured output are hostile here.
"""

from __future__ import annotations

import json
import re
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace

import pytest
from inner import MORE, claim_text, report_of, session, write_project

from neuronclaims.cli import main

BAD = "x\\n::add-mask::a\\n  ::warning::b\\e]0;t\\a\\e[31m\\u202e##[group]c ##vso[task.x]d"
"""In double quotes of YAML; in Python the same but for the escape."""
PYTHON_BAD = BAD.replace("\\e", "\\x1b")
FILE = "::warning::a\x1b[31m\n::b"
OBEYED = re.compile(
    r"^\s*::|##\[|##vso\[|[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", re.MULTILINE
)
CLAIMS = (
    f'{{id: good, claim: neuron 0:0 {MORE}, because: "{BAD}"}}',
    f'{{id: lost, claim: neuron 0:1 {MORE}, because: "{BAD}"}}',
    f'{{id: left-out, claim: neuron 0:0 {MORE}, skip: {{reason: "{BAD}"}}}}',
    f'{{id: known, claim: neuron 0:1 {MORE}, xfail: {{reason: "{BAD}"}}}}',
    f'{{id: back, claim: neuron 0:0 {MORE}, xfail: {{reason: "{BAD}"}}}}',
    f"{{id: none, claim: neuron 0:99 {MORE}}}",
    f"{{id: raises, claim: neuron 0:0 {MORE}}}",
    f"{{id: skips, claim: neuron 0:0 {MORE}}}",
)
CONFTEST = f"""
import warnings

BAD = "{PYTHON_BAD}"

@pytest.fixture(autouse=True)
def hostile(request):
    print(BAD)
    warnings.warn(BAD)
    if request.node.name == "raises":
        try:
            raise ValueError(BAD)
        except ValueError as error:
            raise RuntimeError(BAD) from error
    if request.node.name == "skips":
        pytest.skip(BAD)
"""
WAYS = (
    ("-rA", "-v"),
    ("-rs", "-q"),
    ("-rx", "-rX", "-vv", "--tb=short", "--showlocals"),
    ("-ra", "--tb=line"),
    ("-rA", "--tb=native"),
    ("--co",),
    ("--co", "-q"),
    ("--claims-dry-run",),
    ("-rA", "-v", "-p", "xdist", "-n", "2"),
)
"""Ways to call pytest."""


def write_hostile(folder: Path) -> None:
    models = f'model, "nope/{BAD}", "~nosuchuser/{BAD}", unloadable'
    text = claim_text(*CLAIMS, models=models, small=["a small tree", "a tree"]).replace(
        "version: 1", "version: 1\nif_missing: skip"
    )
    text = text.replace('"Ann is tall"', f'"Ann is tall {BAD}"').replace(
        "sets:\n", f'sets:\n  odd: ["{BAD}"]\n'
    )
    write_project(folder, **{FILE: text})
    wrong = f'version: 1\nmodels: ["{BAD}"]\n"{BAD}": 1\nsets: {{a: {{file: "{BAD}.csv"}}}}\n'
    (folder / "sub" / f"{FILE}-wrong.claims.yaml").write_text(wrong, encoding="utf-8")
    with (folder / "conftest.py").open("a", encoding="utf-8") as conftest:
        conftest.write(CONFTEST)


def check(output: str, but: str = r"\Z.") -> None:
    """No line is obeyed, but for those of ours that match a pattern."""
    lines = [line for line in output.split("\n") if OBEYED.search(line) and not re.match(but, line)]
    assert lines == []


@pytest.mark.parametrize("way", WAYS, ids=" ".join)
def test_no_line_that_pytest_prints_is_a_command(tmp_path: Path, way: tuple[str, ...]) -> None:
    if "xdist" in way:
        pytest.importorskip("xdist")
    write_hostile(tmp_path)
    done = session(tmp_path, *way, "--claims-report=.", "--continue-on-collection-errors")
    assert "INTERNALERROR" not in done.stdout
    assert "good" in done.stdout or "-q" in way or "--claims-dry-run" in way
    assert "add-mask" in done.stdout
    check(done.stdout)
    check(done.stderr)


def test_no_line_that_a_command_prints_is_a_command_of_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write_hostile(tmp_path)
    session(tmp_path, "--claims-report=.", "--claims-save=one", "--continue-on-collection-errors")
    monkeypatch.chdir(tmp_path)
    report = report_of(tmp_path)
    bad = json.loads(f'"{PYTHON_BAD}"'.replace("\\x1b", "\\u001b").replace("\\a", "\\u0007"))
    for claim in report["claims"]:
        claim.update(file=f"{FILE}.claims.yaml", model=f"m{bad}", sentence=f"s {bad}", id=f"i{bad}")
    (tmp_path / "bad.json").write_text(json.dumps(report), encoding="utf-8")
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "claims.json").write_text(json.dumps(report), encoding="utf-8")
    files = [str(path) for path in tmp_path.rglob("*.claims.yaml")]
    kept = SimpleNamespace(
        folder=Path("f"),
        about={"model": bad, bad: bad},
        prompts=1,
        files=["f"],
        size=9,
        used=0.0,
        leftovers=[],
    )
    monkeypatch.setattr("neuronclaims.cache.maintenance.contents", lambda cache: [kept])
    commands = (
        ["check", *files],
        ["check", "--format=json", *files],
        ["check", bad],
        ["trend", "bad.json"],
        ["trend", "bad.json", "-k", bad],
        ["trend", "bad.json", "--models", bad],
        ["trend", bad],
        ["compare", "claims.json", "bad.json"],
        ["compare", "bad.json", "claims.json", "--all"],
        ["compare", bad, "claims.json"],
        ["figure", bad, "-o", "f.svg"],
        ["figure", f"{FILE}.claims.yaml::i{bad}", "-o", "f.svg", "--report", "bad"],
        ["accept", "-k", bad],
        ["cache", "info"],
        ["rematch", files[0], "--old", bad, "--new", bad],
        ["rematch", f"{bad}.claims.yaml", "--old", "demo", "--new", "demo"],
        ["init", str(tmp_path / "claims" / bad)],
        ["schema"],
        [bad],
        ["cache", "info", bad],
        ["cache", "prune", "--older-than", bad],
    )
    said = ""
    for words in commands:
        with suppress(SystemExit):  # for words that it does not know
            main(words)
        found = capsys.readouterr()
        check(found.out)
        check(found.err)
        said += found.out + found.err
    assert said.count("add-mask") > len(commands)
    main(["check", "--format=github", *files])
    found = capsys.readouterr()
    check(found.out, but=r"::(error|warning) file=[^\x1b]*$")
    check("\n".join(line[2:].replace("::", "", 1) for line in found.out.splitlines() if line[:2] == "::"))
