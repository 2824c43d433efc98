"""Sessions that end before their time: what is known is told everywhere, and called partial."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from inner import MORE, claim_text, report_of, session, write_project

NAMES = [f"c{number}" for number in range(4)]
KNOWN = ["c0", "c1", "c2"]
TROUBLE = """
import os, pathlib, signal, time
import pytest

# What started the tests may ignore these (nohup, a job in the background), and children inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGTERM, signal.SIG_DFL)
HERE = pathlib.Path(__file__).parent

class Arrived:
    @pytest.hookimpl(trylast=True)
    def pytest_runtest_logreport(self, report):
        if report.when == "teardown":
            (HERE / "arrived").touch()

def pytest_configure(config):
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(Arrived())

def wait_for(name):
    for _ in range(12_000):  # two minutes
        if (HERE / name).exists():
            return
        time.sleep(0.01)

def pytest_runtest_call(item):
    how = os.environ.get("TROUBLE")
    if item.name != "c3" or item.parent.name != "other" or not how:
        return
    if how == "die":
        os._exit(3)
    if hasattr(item.config, "workerinput"):
        wait_for("arrived")
        os.kill(os.getppid(), getattr(signal, how))
    else:
        os.kill(os.getpid(), getattr(signal, how))
    wait_for("stopped")

def pytest_keyboard_interrupt():
    (HERE / "stopped").touch()

def pytest_runtest_logstart(nodeid):
    if os.environ.get("TROUBLE") == "internal" and nodeid.endswith("other::c3"):
        raise RuntimeError("a defect of some plugin")
"""
XDIST = ("-p", "xdist", "-n", "2", "--dist", "loadscope", "--max-worker-restart=0")
MISSING = "people.claims.yaml::other::c3"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A claim file on two models, and what can befall its last claim."""
    claims = [f"{{id: {name}, claim: neuron 0:{number} {MORE}}}" for number, name in enumerate(NAMES)]
    write_project(tmp_path, people=claim_text(*claims, models="model, other"))
    conftest = tmp_path / "conftest.py"
    conftest.write_text(conftest.read_text() + TROUBLE)
    return tmp_path


def run(folder: Path, trouble: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    summary = {"GITHUB_STEP_SUMMARY": str(folder / "summary.md")}
    return session(folder, "--claims-report=.", *arguments, TROUBLE=trouble, **summary)


def check_partial(folder: Path, output: str, sentence: str) -> None:
    report = report_of(folder)
    assert report["complete"] is False
    assert report["missing"] == [MISSING]
    assert [claim["id"] for claim in report["claims"]] == [*NAMES, *KNOWN]
    assert f"Partial: {sentence}\n" in output
    assert "Partial report" in (folder / "index.html").read_text(encoding="utf-8")
    assert f"Partial: {sentence}." in (folder / "summary.md").read_text(encoding="utf-8")
    assert not list(folder.glob(".claims.json*")) + list(folder.glob(".index.html*"))


@pytest.mark.parametrize(
    ("trouble", "code", "said"),
    [
        ("SIGINT", pytest.ExitCode.INTERRUPTED, "KeyboardInterrupt"),
        ("SIGTERM", pytest.ExitCode.INTERRUPTED, "told to terminate (SIGTERM)"),
        ("internal", pytest.ExitCode.INTERNAL_ERROR, "RuntimeError: a defect of some plugin"),
    ],
)
def test_an_interrupted_session_tells_what_it_knows(project, trouble, code, said) -> None:
    done = run(project, trouble)
    assert done.returncode == code
    assert said in done.stdout
    assert "SUPPORTED  c0  " in done.stdout
    check_partial(project, done.stdout, "the run was interrupted after 7 of 8 claims")


@pytest.mark.parametrize(("trouble", "arguments"), [("SIGINT", ()), ("", ("--maxfail=1",))])
def test_xdist_stopped_early_tells_what_it_knows(project, trouble, arguments) -> None:
    pytest.importorskip("xdist")
    done = run(project, trouble, *XDIST, *arguments)
    assert done.returncode == pytest.ExitCode.INTERRUPTED
    report = report_of(project)
    known = {claim["nodeid"] for claim in report["claims"]}
    assert report["complete"] is False
    assert known
    assert not known & set(report["missing"])
    assert len(known) + len(report["missing"]) == 8
    assert f"Partial: the run was interrupted after {len(known)} of 8 claims" in done.stdout


def test_a_worker_that_dies_takes_only_its_own_claim_along(project) -> None:
    pytest.importorskip("xdist")
    done = run(project, "die", *XDIST)
    assert done.returncode != 0
    report = report_of(project)
    broken = [claim["nodeid"] for claim in report["claims"] if claim["verdict"] is None]
    assert (report["complete"], len(report["claims"]), broken) == (True, 8, [MISSING])


def test_an_interruption_before_any_result_leaves_the_earlier_report_alone(project) -> None:
    run(project, "", "-k", "other")
    files = ("claims.json", "index.html", "summary.md")
    before = [(project / name).read_bytes() for name in files]
    done = run(project, "SIGINT", "people.claims.yaml::other::c3")
    assert done.returncode == pytest.ExitCode.INTERRUPTED
    assert [(project / name).read_bytes() for name in files] == before


@pytest.mark.parametrize(
    ("chosen", "known"), [(("-k", "c0 or c1"), 4), (("--deselect", "people.claims.yaml::other"), 4), ((), 8)]
)
def test_claims_not_chosen_are_not_missed(project, chosen, known) -> None:
    done = run(project, "", *chosen)
    report = report_of(project)
    assert (report["complete"], report["missing"], len(report["claims"])) == (True, [], known)
    assert "Partial" not in done.stdout + (project / "summary.md").read_text(encoding="utf-8")


def test_only_what_failed_before_makes_a_whole_report_of_its_own(write, run, pytester) -> None:
    write(
        people=claim_text(
            f"{{id: holds, claim: neuron 0:0 {MORE}}}", f"{{id: not, claim: neuron 0:1 {MORE}}}"
        )
    )
    run("--claims-report=.")
    run("--claims-report=.", "--lf")
    report = report_of(pytester.path)
    assert (report["complete"], [claim["id"] for claim in report["claims"]]) == (True, ["not"])


def test_skipped_claims_are_not_missed_and_those_without_a_verdict_are(write, run, pytester) -> None:
    skipped = f"{{id: out, claim: neuron 0:0 {MORE}, skip: {{reason: not today}}}}"
    write(people=claim_text(f"{{id: holds, claim: neuron 0:0 {MORE}}}", skipped))
    assert run("--claims-report=.").ret == 0
    assert report_of(pytester.path)["complete"] is True
    defect = claim_text(f"neuron 0:0 {MORE}", tall=["a defect", "tall"], models="other")
    write(people=claim_text(f"{{id: holds, claim: neuron 0:0 {MORE}}}"), second=defect)
    result = run("--claims-report=.")
    assert report_of(pytester.path)["missing"] == ["second.claims.yaml::other::0-0-more-tall-short"]
    result.stdout.fnmatch_lines(["Partial: 1 of 2 claims have a result"])


def test_a_claim_file_that_cannot_be_read_is_missed(write, run, pytester) -> None:
    write(
        people=claim_text(f"{{id: holds, claim: neuron 0:0 {MORE}}}"),
        wrong=claim_text("neuron 0:0 activates"),
    )
    result = run("--claims-report=.", "--continue-on-collection-errors")
    assert report_of(pytester.path)["missing"] == ["wrong.claims.yaml"]
    result.stdout.fnmatch_lines(["Partial: *"])


@pytest.mark.parametrize("setting", [(), ("--claims-summary=off",)])
def test_the_job_summary_is_written_where_github_asks_unless_it_is_off(
    write, run, pytester, monkeypatch, setting: tuple[str, ...]
) -> None:
    write(people=claim_text(f"{{id: holds, claim: neuron 0:0 {MORE}}}"))
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(pytester.path / "summary.md"))
    assert run(*setting).ret == 0
    assert (pytester.path / "summary.md").exists() is (not setting)


def test_a_job_summary_that_cannot_be_written_is_a_sentence_and_no_failure(
    write, run: Callable[..., pytest.RunResult], pytester, monkeypatch
) -> None:
    write(people=claim_text(f"{{id: holds, claim: neuron 0:0 {MORE}}}"))
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(pytester.path / "none" / "summary.md"))
    result = run("--claims-report=.")
    assert result.ret == 0
    assert result.stdout.str().count("could not be written") == 1
    assert report_of(pytester.path)["complete"] is True


@pytest.mark.skipif(os.name == "nt", reason="signals are POSIX's")
def test_sigterm_is_left_alone_where_no_claims_are_or_somebody_uses_it(write, run, pytester) -> None:
    seen = "import signal\ndef test_it():\n    print('SEEN', signal.getsignal(signal.SIGTERM))\n"
    pytester.makepyfile(test_plain=seen)
    here = signal.signal(signal.SIGTERM, signal.SIG_DFL)
    try:
        result = run("-s")
        result.stdout.fnmatch_lines([f"*SEEN {signal.SIG_DFL!s}*"])
        write(people=claim_text(f"{{id: holds, claim: neuron 0:0 {MORE}}}"))
        run()
        assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL
    finally:
        signal.signal(signal.SIGTERM, here)
