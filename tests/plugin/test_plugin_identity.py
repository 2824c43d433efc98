"""One name of a claim, from every folder a session is run in: in reports, baselines, JUnit, and what compares them."""

from __future__ import annotations

import itertools
import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from inner import MORE, PLUGIN, claim_text, write_project
from inner import session as process

from neuronclaims.baselines.policy import parse_policy
from neuronclaims.baselines.sets import compare, read_any
from neuronclaims.cli import main

NOTHING = parse_policy("nothing")
HOLDS, APART = (
    f"{{id: holds, claim: neuron 0:0 {MORE}}}",
    "{id: apart, claim: neuron 1:1 separates tall from short}",
)
NAMES = {f"claims/people.claims.yaml::model::{name}" for name in ("holds", "apart", "no-such-neuron")}


@pytest.fixture
def ran(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, write: Callable[..., Path]
) -> Callable[..., list[Path]]:
    """Run pytest in a folder, saved to a baseline and reported elsewhere; return the two files."""

    def run(folder: Path, name: str, *arguments: str) -> list[Path]:
        monkeypatch.chdir(folder)
        given = (f"--claims-save={name}", f"--claims-report={pytester.path / name}", *arguments)
        if "xdist" in arguments:
            process(folder, *given)
        else:
            pytester.runpytest_inprocess(*PLUGIN, "-p", "no:cacheprovider", *given)
        (baseline,) = pytester.path.rglob(f".baselines/{name}.json")
        return [baseline, pytester.path / name / "claims.json"]

    return run


def project(folder: Path) -> Path:
    (folder / "claims").mkdir(parents=True)
    text = claim_text(HOLDS, APART, f"{{id: no-such-neuron, claim: neuron 0:99 {MORE}}}")
    write_project(folder / "claims", people=text)
    for model in ("model", "other"):
        (folder / "claims" / model / "tokenizer.json").write_text("{}")
    return folder


def all_held(files: list[Path]) -> None:
    for old, new in itertools.permutations(files, 2):
        found = compare(read_any(old), read_any(new), NOTHING)
        said = {name.rsplit("::", 1)[1]: drift.status for name, drift in found.drifts.items()}
        assert {**said, "no-such-neuron": "untestable"} == {
            "holds": "held",
            "apart": "held",
            "no-such-neuron": "untestable",
        }, (old, new)


def test_any_two_files_of_a_project_hold_every_claim_from_wherever_they_were_made(pytester, ran):
    folder = project(pytester.path / "here")
    (folder / "pytest.ini").write_text("[pytest]\n")
    files = ran(folder, "root", "--junitxml=junit.xml")
    names = {claim["name"] for claim in json.loads(files[1].read_text())["claims"]}
    assert names == NAMES
    assert set(json.loads(files[0].read_text())["claims"]) == {
        name for name in NAMES if "no-such" not in name
    }
    assert set(re.findall(r'name="claims.name" value="(.*?)"', (folder / "junit.xml").read_text())) == NAMES
    files += ran(folder / "claims", "below")
    files += ran(folder, "file", "claims/people.claims.yaml")
    moved = shutil.copytree(folder, pytester.path / "there" / "moved")
    shutil.rmtree(moved / "claims" / ".baselines")
    files += ran(moved, "elsewhere")
    if pytest.importorskip("xdist"):
        files += ran(folder, "spread", "-p", "xdist", "-n", "2")
    named = [set(read_any(file).rows) for file in files]
    assert all(each <= NAMES for each in named)
    all_held(files)


def test_without_a_project_names_begin_elsewhere_and_are_joined(pytester, ran):
    folder = project(pytester.path / "here")
    files = [*ran(folder, "root"), *ran(folder / "claims", "below")]
    assert len({next(iter(read_any(file).rows)).split("::")[0] for file in files}) == 2
    all_held(files)


def test_a_baseline_of_the_first_schema_is_read_and_written_anew(pytester, ran, monkeypatch):
    folder = project(pytester.path / "here")
    (folder / "pytest.ini").write_text("[pytest]\n")
    new, report = ran(folder, "main")
    data = json.loads(new.read_text())
    bare = {name.removeprefix("claims/"): row for name, row in data["claims"].items()}
    for row in bare.values():
        del row["asked"]
    new.write_text(json.dumps({**data, "schema": 1, "claims": bare}))
    apart = pytester.path / "copied.json"  # where its own folder is not known, the ends of names must do
    shutil.copy(new, apart)
    all_held([new, apart, report])
    monkeypatch.chdir(folder)
    done = pytester.runpytest_inprocess(
        *PLUGIN, "-p", "no:cacheprovider", "--claims-compare", "--claims-save=main", "-k", "holds"
    )
    assert "1 claim compared: 1 held" in done.stdout.str()
    again = json.loads(new.read_text())
    assert again["schema"] == 2
    assert set(again["claims"]) == {name for name in NAMES if "no-such" not in name}


def test_an_edited_claim_says_what_was_edited(pytester, ran, monkeypatch):
    folder = project(pytester.path / "here")
    (folder / "pytest.ini").write_text("[pytest]\n")
    ran(folder, "main")
    file = folder / "claims" / "people.claims.yaml"
    text = file.read_text().replace(
        '"Ann is tall", "Bo is tall"', '"Ann is tall", "Ida is tall", "Joe is tall"'
    )
    file.write_text(text.replace("tokens: mean of prompt", "tokens: last of prompt"))
    monkeypatch.chdir(folder)
    done = pytester.runpytest_inprocess(*PLUGIN, "-p", "no:cacheprovider", "--claims-compare")
    said = " - tokens mean of prompt -> last of prompt; 2 prompts more and 1 prompt fewer in tall"
    assert f"EDITED claims/people.claims.yaml::model::holds{said}" in done.stdout.str()


def test_commands_take_a_claim_by_its_name_and_break_no_name(pytester, ran, monkeypatch, capsys):
    folder = project(pytester.path / "here")
    (folder / "pytest.ini").write_text("[pytest]\n")
    baseline, report = ran(folder, "main")
    monkeypatch.chdir(folder)
    monkeypatch.setenv("COLUMNS", "40")
    assert main(["compare", "main", str(report), "--all"]) == 0
    out = capsys.readouterr().out
    assert {line.split()[1] for line in out.splitlines() if re.match("HELD|UNTESTABLE", line)} == NAMES
    assert "3 claims compared: 2 held, 1 untestable" in " ".join(out.split())
    other = pytester.path / "other.json"
    other.write_text(baseline.read_text().replace("people.claims.yaml", "others.claims.yaml"))
    assert main(["compare", "main", str(other)]) == 1
    said = capsys.readouterr().err
    assert "Nothing was compared: the first is about claims/people.claims.yaml, the second about" in said
    pytester.runpytest_inprocess(*PLUGIN, "-p", "no:cacheprovider", "--claims-compare=main")
    for name in (
        "people.claims.yaml::holds",
        str(folder / "claims/people.claims.yaml::model::holds"),
        "holds",
    ):
        assert main(["accept", name]) == 0
        assert "0 claims added, 0 changed, 1 as they were" in capsys.readouterr().out
    assert main(["accept", "people.claims.yaml::hods"]) == 1
    assert "Did you mean 'claims/people.claims.yaml::holds'?" in capsys.readouterr().err


def test_a_model_that_a_file_names_has_that_name_everywhere(pytester, ran):
    folder = project(pytester.path / "here")
    (folder / "pytest.ini").write_text("[pytest]\n")
    file = folder / "claims" / "people.claims.yaml"
    file.write_text(file.read_text().replace("models: [model]", "models: {ours: model}"))
    for path in [*ran(folder, "main"), *ran(folder, "again", "--claims-model=ours=claims/other")]:
        assert {name.split("::")[1] for name in read_any(path).rows} == {"ours"}
