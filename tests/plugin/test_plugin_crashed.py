"""A worker that is killed in the middle of a claim: whoever counts the claims, counts the same."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest
from inner import MORE, claim_text, report_of, session, write_project

KILLED = "c3"
KILLING = f"""
import os, signal

@pytest.fixture(autouse=True)
def killed(request):
    if request.node.name == "{KILLED}" and hasattr(request.config, "workerinput"):
        os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.parametrize("more", [(), ("--max-worker-restart=0",)])
def test_after_a_killed_worker_the_report_the_summary_and_pytest_agree(
    tmp_path: Path, more: tuple[str, ...]
) -> None:
    pytest.importorskip("xdist")
    claims = [f"{{id: c{number}, claim: neuron {number % 2}:0 {MORE}}}" for number in range(7)]
    write_project(tmp_path, people=claim_text(*claims))
    with (tmp_path / "conftest.py").open("a", encoding="utf-8") as conftest:
        conftest.write(KILLING)
    written = ("--claims-report=.", "--junitxml=junit.xml", "-q", "-rA")
    done = session(tmp_path, "-p", "xdist", "-n", "2", *written, *more)
    assert done.returncode == pytest.ExitCode.TESTS_FAILED
    report = report_of(tmp_path)
    found = {claim["id"]: (claim["verdict"], claim["outcome"]) for claim in report["claims"]}
    missing = {name.rsplit("::", 1)[1] for name in report["missing"]}
    assert found.pop(KILLED) == (None, "failed")
    assert set(found.values()) == {("supported", "passed")}
    assert missing | set(found) == {f"c{number}" for number in range(7)} - {KILLED}
    assert report["complete"] is (not missing)
    assert report["summary"]["broken"] == 1
    (error,) = (claim["error"] for claim in report["claims"] if claim["id"] == KILLED)
    assert re.search(r"crashed or was killed \(worker 'gw\d+' crashed while running", error)
    last = done.stdout.strip().splitlines()[-1]
    assert re.match(rf"{len(found)} passed, 1 broken in ", last), last
    assert f"{len(found) + 1} claims: {len(found)} supported, 1 broken" in done.stdout
    assert bool(missing) is ("Partial: " in done.stdout)
    listed = re.findall(r"^(SUPPORTED|BROKEN) people\.claims\.yaml::model::(c\d)", done.stdout, re.MULTILINE)
    assert {name: word for word, name in listed} == {**dict.fromkeys(found, "SUPPORTED"), KILLED: "BROKEN"}
    cases = list(ElementTree.parse(tmp_path / "junit.xml").iter("testcase"))
    assert sorted(case.get("name", "") for case in cases) == sorted([*found, KILLED])
    assert [case.get("name") for case in cases if len(case) and case[0].tag == "error"] == [KILLED]
