"""What the package says of itself holds together: versions, Pythons, dependencies, extras, pinned actions."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.version import Version

import neuronclaims

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).parents[1]
SETTINGS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PROJECT = SETTINGS["project"]
PYTHONS = [
    each.rpartition(" ")[2]
    for each in PROJECT["classifiers"]
    if re.fullmatch(r"Programming Language :: Python :: 3\.\d+", each)
]
WORKFLOW = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text(encoding="utf-8"))


def pins(path: str) -> dict[str, Version]:
    lines = (ROOT / path).read_text(encoding="utf-8").splitlines()
    pairs = (line.split("==") for line in lines if line and not line.startswith("#"))
    return {name.lower().replace("_", "-"): Version(version) for name, version in pairs}


def test_one_oldest_python_is_told_everywhere():
    allowed = SpecifierSet(PROJECT["requires-python"])
    minors = [int(each.removeprefix("3.")) for each in PYTHONS]
    assert minors == list(range(minors[0], minors[-1] + 1))
    assert all(each in allowed for each in PYTHONS)
    assert f"3.{minors[0] - 1}" not in allowed
    tools = SETTINGS["tool"]
    assert tools["ruff"]["target-version"] == "py" + PYTHONS[0].replace(".", "")
    assert tools["mypy"]["python_version"] == PYTHONS[0]
    assert set(PYTHONS) <= set(WORKFLOW["jobs"]["supported"]["strategy"]["matrix"]["python"])


def test_no_syntax_is_newer_than_the_oldest_python():
    ruff = [sys.executable, "-m", "ruff", "check", "--no-cache", "--quiet", "--select", "F63,F7"]
    newer = "try:\n    pass\nexcept* ValueError:\n    pass\n"
    assert subprocess.run([*ruff, "-"], input=newer, text=True, cwd=ROOT, capture_output=True).returncode == 1
    ours = ["neuronclaims", "tests", "tools", "docs", "benchmarks", "conftest.py"]
    found = subprocess.run([*ruff, *ours], text=True, cwd=ROOT, capture_output=True)
    assert found.returncode == 0, found.stdout


def test_one_version_is_told_everywhere():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert PROJECT["version"] == neuronclaims.__version__ == str(citation["version"])
    assert citation["license"] == PROJECT["license"]
    assert citation["authors"] == PROJECT["authors"]
    assert citation["keywords"] == PROJECT["keywords"]
    assert citation["abstract"] == PROJECT["description"]


def test_oldest_and_newest_are_pinned_within_what_is_allowed():
    needs = [Requirement(each) for each in PROJECT["dependencies"]]
    oldest, newest = pins("constraints-oldest.txt"), pins("constraints.txt")
    for need in needs:
        [bound] = [each.version for each in need.specifier if each.operator == ">="]
        assert oldest[need.name] == Version(bound), need.name
        assert newest[need.name] in need.specifier, need.name
    assert set(oldest) == {need.name for need in needs}


def test_every_extra_that_is_named_exists():
    texts = [
        path.read_text(encoding="utf-8")
        for pattern in ("*.md", "docs/**/*.md", "neuronclaims/**/*.py", "neuronclaims/**/*.md")
        for path in ROOT.glob(pattern)
    ]
    named = {
        extra.strip()
        for text in texts
        for found in re.findall(r"neuronclaims\[([a-z, ]+)\]", text)
        for extra in found.split(",")
    }
    assert len(named) > 4
    assert named <= set(PROJECT["optional-dependencies"])


def test_actions_are_used_by_commit():
    files = ["action.yml", "docs/examples/github.yml", ".github/workflows/ci.yml"]
    used = [
        line
        for file in files
        for line in (ROOT / file).read_text(encoding="utf-8").splitlines()
        if "uses:" in line
    ]
    assert len(used) >= 7
    for line in used:
        assert re.search(r"uses: [\w/-]+@[0-9a-f]{40}( # v\d+\.\d+\.\d+)?$", line), line


def test_the_workflow_runs_what_the_makefile_has():
    rules = set(re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    jobs = WORKFLOW["jobs"].values()
    matrix = WORKFLOW["jobs"]["supported"]["strategy"]["matrix"]
    commands = [step["run"] for job in jobs for step in job["steps"] if "run" in step]
    commands += [*matrix["command"], *(each["command"] for each in matrix["include"])]
    made = {word for each in commands if each.startswith("make ") for word in each.split()[1:]}
    assert {"claims", "test"} <= made
    assert {word for word in made if word.isalpha()} <= rules


def test_all_that_an_sdist_is_told_to_take_is_there():
    told = SETTINGS["tool"]["hatch"]["build"]["targets"]["sdist"]["only-include"]
    assert not [each for each in told if not (ROOT / each).exists()]


def test_issue_forms_are_whole():
    forms = [
        yaml.safe_load(path.read_text(encoding="utf-8"))
        for path in (ROOT / ".github/ISSUE_TEMPLATE").glob("*.yml")
        if path.name != "config.yml"
    ]
    assert len(forms) == 3
    for form in forms:
        assert {"name", "description", "body"} <= set(form)
        ids = [part["id"] for part in form["body"] if part["type"] != "markdown"]
        assert ids
        assert len(ids) == len(set(ids))
        assert all("label" in part["attributes"] for part in form["body"] if part["type"] != "markdown")
