"""Claims beside pytest plugins that many people use: each claim is told once, with the result of its last run."""

from __future__ import annotations

import json
import os
import re
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from inner import MORE, claim_text, report_of, session, write_project

FOLDER = Path(sys.prefix, "neighbours")
"""Where ``make test`` installs what neighbours.txt lists."""

NEIGHBOURS = {
    "randomly": ("pytest_randomly", ()),
    "random-order": ("random_order.plugin", ("--random-order",)),
    "html": ("pytest_html.plugin", ("-p", "pytest_metadata.plugin", "--html=page.html")),
    "json-report": ("pytest_jsonreport.plugin", ("-p", "pytest_metadata.plugin", "--json-report")),
    "timeout": ("pytest_timeout", ("--timeout=300",)),
    "cov": ("pytest_cov.plugin", ("--cov=.",)),
    "sugar": ("pytest_sugar", ()),
    "rerunfailures": ("pytest_rerunfailures", ("--reruns=2",)),
    "retry": ("pytest_retry.retry_plugin", ("--retries=2",)),
    "split": ("pytest_split.plugin", ("--splits=1", "--group=1")),
    "instafail": ("pytest_instafail", ("--instafail",)),
}
"""Plugins by name: the module that pytest loads, and what makes it do something."""

RERUNS = {"rerunfailures": "6 rerun, ", "retry": "3 retried, "}
"""What plugins that run failures anew add to pytest's last line, for two claims and a test that fail."""

CLAIMS = (
    f"{{id: holds, claim: neuron 0:0 {MORE}}}",
    f"{{id: undecided, claim: neuron 0:2 {MORE}}}",
    f"{{id: opposite, claim: neuron 0:1 {MORE}}}",
)
FIRST_UNDECIDED = """
from dataclasses import replace

runs, judge = [], Study.judge

def first_undecided(self, file, spec):
    runs.append(spec)
    found = judge(self, file, spec)
    return {k: replace(v, verdict="inconclusive") for k, v in found.items()} if len(runs) == 1 else found

Study.judge = first_undecided
"""


@pytest.fixture(params=NEIGHBOURS)
def neighbour(request: pytest.FixtureRequest) -> str:
    return there(request.param)


def there(name: str) -> str:
    """The name of a plugin that is installed; skips the test where it is not."""
    module = NEIGHBOURS[name][0].replace(".", "/")
    if not any((FOLDER / f"{module}{end}").exists() for end in (".py", "/__init__.py")):
        pytest.skip(f"pytest-{name} is not installed (make test does it)")
    return name


def beside(name: str, folder: Path, *arguments: str) -> str:
    """Run pytest with this one plugin besides ours; give what it printed."""
    module, wanted = NEIGHBOURS[name]
    known = os.environ.get("PYTHONPATH", "")
    written = ("--claims-report=.", "--junitxml=junit.xml", "-q")
    path = os.pathsep.join(filter(None, (known, str(FOLDER))))
    done = session(folder, "-p", module, *wanted, *written, *arguments, PYTHONPATH=path)
    assert "Traceback" not in done.stderr
    return done.stdout


def counted(output: str) -> str:
    """What pytest says it counted, without warnings and the time it took."""
    return re.sub(r" in [\d.]+s.*|\d+ warnings?, ", "", output.strip().splitlines()[-1]).strip("= ")


def cases(folder: Path) -> dict[str, list[ElementTree.Element]]:
    found: dict[str, list[ElementTree.Element]] = {}
    for case in ElementTree.parse(folder / "junit.xml").iter("testcase"):
        found.setdefault(case.get("name", ""), []).append(case)
    return found


def verdicts(case: ElementTree.Element) -> list[str | None]:
    return [each.get("value") for each in case.iter("property") if each.get("name") == "claims.verdict"]


def test_failing_claims_are_told_once_beside_every_plugin(neighbour: str, tmp_path: Path) -> None:
    write_project(tmp_path, people=claim_text(*CLAIMS))
    plain = "def test_good():\n    pass\n\n\ndef test_bad():\n    raise ValueError('no')\n"
    (tmp_path / "test_plain.py").write_text(plain, encoding="utf-8")
    output = beside(neighbour, tmp_path)
    assert counted(output) == f"2 failed, 2 passed, {RERUNS.get(neighbour, '')}1 inconclusive"
    report: dict[str, Any] = report_of(tmp_path)
    assert report["complete"]
    assert {claim["id"]: (claim["verdict"], claim["outcome"]) for claim in report["claims"]} == {
        "holds": ("supported", "passed"),
        "undecided": ("inconclusive", "failed"),
        "opposite": ("refuted", "failed"),
    }
    junit = cases(tmp_path)
    for name, verdict in (("holds", "supported"), ("undecided", "inconclusive"), ("opposite", "refuted")):
        (case,) = junit[name]
        assert verdicts(case) == [verdict]
        assert len(case.findall("failure")) == (verdict != "supported")
    if neighbour == "json-report":
        outcomes = json.loads((tmp_path / ".report.json").read_text(encoding="utf-8"))["summary"]
        assert (outcomes["failed"], outcomes["passed"], outcomes["total"]) == (3, 2, 5) or outcomes == {
            "failed": 2,
            "passed": 2,
            "inconclusive": 1,
            "total": 5,
            "collected": 5,
        }
    if neighbour == "html":
        page = (tmp_path / "page.html").read_text(encoding="utf-8")
        assert "3 Failed," in page
        assert "2 Passed," in page


@pytest.mark.parametrize("name", RERUNS)
def test_a_claim_that_passes_when_it_is_run_again_has_passed(name: str, tmp_path: Path) -> None:
    write_project(tmp_path, people=claim_text(CLAIMS[0]))
    with (tmp_path / "conftest.py").open("a", encoding="utf-8") as conftest:
        conftest.write(FIRST_UNDECIDED)
    output = beside(there(name), tmp_path)
    word = RERUNS[name].split()[1].strip(",")
    assert counted(output) == f"1 passed, 1 {word}"
    (claim,) = report_of(tmp_path)["claims"]
    assert (claim["verdict"], claim["outcome"]) == ("supported", "passed")
    (case,) = cases(tmp_path)["holds"]
    assert verdicts(case) == ["supported"]
    assert case.find("failure") is None


def test_reruns_under_xdist_are_reruns(tmp_path: Path) -> None:
    pytest.importorskip("xdist")
    write_project(tmp_path, people=claim_text(*CLAIMS))
    output = beside(there("rerunfailures"), tmp_path, "-p", "xdist", "-n", "2")
    assert counted(output) == "1 failed, 1 passed, 4 rerun, 1 inconclusive"
    assert {name: len(found) for name, found in cases(tmp_path).items()} == dict.fromkeys(
        ("holds", "undecided", "opposite"), 1
    )
