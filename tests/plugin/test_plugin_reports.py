"""What a session leaves behind: claims.json and JUnit's properties."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest
from inner import MORE, NAMES, claim_text, report_of, session, write_project
from worlds import OUTCOMES

sys.path.insert(0, str(Path(__file__).parents[1] / "reports"))
from hostile import ATTACK

import neuronclaims.reports.json.report as json_report

HOLDS = f"{{id: holds, claim: neuron 0:0 {MORE}}}"


def test_a_real_report_fits_the_published_schema(world) -> None:
    jsonschema = pytest.importorskip("jsonschema")
    schema = json.loads(Path(json_report.__file__).with_name("claims-report.schema.json").read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(world.report, schema)
    broken = {**world.report, "claims": [{**world.report["claims"][0], "verdict": "maybe"}]}
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(broken, schema)


def test_the_report_sums_up_its_claims(world) -> None:
    assert world.report["summary"] == {
        "claims": 24,
        "supported": 4,
        "refuted": 3,
        "inconclusive": 4,
        "broken": 1 + 12,
        "as_expected": 6,
        "failed": 6 + 12,
        "missing": 0,
        "judged_before": 0,
    }
    assert world.report["schema"] == json_report.SCHEMA_VERSION
    assert world.report["complete"] is True
    assert {"neuronclaims", "python", "numpy", "pytest"} <= world.report["environment"].keys()


def test_the_page_has_a_section_for_every_claim(world) -> None:
    page = (world.folder / "index.html").read_text(encoding="utf-8")
    assert page.count("<article ") == world.report["summary"]["claims"]
    assert "Partial report" not in page
    assert all(f"pytest people.claims.yaml::model::{name}</bdi>" in page for name in OUTCOMES)


def test_junit_has_flat_properties_and_the_message_of_each_failure(world) -> None:
    for name, (verdict, outcome) in OUTCOMES.items():
        case = world.cases[name]
        properties = {p.get("name"): p.get("value") for p in case.iter("property")}
        claim = world.claims[name]
        assert properties.get("claims.verdict") == verdict
        assert properties["claims.sentence"] == claim["sentence"]
        if claim["evidence"] is not None:
            assert float(properties["claims.p_adjusted"]) == claim["evidence"]["test"]["p_adjusted"]
            assert float(properties["claims.effect"]) == claim["evidence"]["effect"]["value"]
            assert properties["claims.n"] == str(sum(count for _, count in claim["evidence"]["counts"]))
        failure = case.find("failure")
        assert (failure is not None) == (outcome == "failed"), name
        if failure is not None:
            assert f"people.claims.yaml:{claim['line']}: " in failure.get("message", "") + (
                failure.text or ""
            )
        assert case.get("classname") == "people.claims.yaml.model"


UNSEEN = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200f\u202a-\u202e\u2066-\u2069\u2028\ufeff]")


def test_what_users_write_is_text_in_every_report(write, run, pytester, monkeypatch) -> None:
    evil = ATTACK.replace("\ud800", "")  # which claim files refuse
    claims = [
        json.dumps({"id": name, "claim": f"neuron 0:{k} activates more for {of} than short", "because": evil})
        for k, (name, of) in enumerate({"holds": "bad", "fails": "bad", "breaks": "broken"}.items())
    ]
    sets = {"bad": [f"{name} is tall {evil}" for name in NAMES], "broken": [f"unmeasurable {evil}", "x"]}
    write(people=claim_text(*claims, **sets))
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(pytester.path / "summary.md"))
    result = run(
        "-v", "--color=no", "--claims-report=.", "--junitxml=junit.xml", "--claims-export=claims.tex"
    )
    assert result.parseoutcomes() == {"passed": 1, "failed": 1, "broken": 1}
    texts = [(pytester.path / name).read_text("utf-8") for name in ("claims.json", "junit.xml", "summary.md")]
    for text in (result.stdout.str(), *texts):
        assert not UNSEEN.search(text)
    assert [claim["because"] for claim in report_of(pytester.path)["claims"]] == [evil] * 3
    properties = [
        (p.get("name"), p.get("value", "")) for p in ElementTree.parse("junit.xml").iter("property")
    ]
    (error,) = [value for name, value in properties if name == "claims.error"]
    assert "</script><script>window.hacked=1</script>" in error
    assert (pytester.path / "claims.tex").read_text("utf-8").count(r" \\") == 4
    assert "<script" not in texts[2]
    assert "<img" not in texts[2]


def test_a_report_that_cannot_be_written_is_one_error_beneath_the_table(write, run, pytester) -> None:
    write(people=claim_text(HOLDS))
    (pytester.path / "occupied").write_text("a file")
    result = run("--claims-report=occupied")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    text = result.stdout.str()
    assert text.count("could not be written") == 1
    result.stdout.fnmatch_lines(
        ["SUPPORTED  holds  *", "1 claim: 1 supported; all as expected", "The report *occupied*"]
    )
    assert "Traceback" not in text
    assert "INTERNALERROR" not in text


def test_a_session_cut_short_says_so(tmp_path) -> None:
    cut = claim_text(
        "neuron 0:0 activates more for odd than few", odd=["an interrupt", "one"], models="other"
    )
    write_project(tmp_path, a_first=claim_text(HOLDS), b_second=cut)
    done = session(tmp_path, "--claims-report=.")
    assert done.returncode == pytest.ExitCode.INTERRUPTED
    assert "SUPPORTED  holds  " in done.stdout
    report = report_of(tmp_path)
    assert report["complete"] is False
    assert [claim["id"] for claim in report["claims"]] == ["holds"]
    assert "Partial report" in (tmp_path / "index.html").read_text(encoding="utf-8")


def test_stopping_at_the_first_failure_leaves_an_incomplete_report(write, run, pytester) -> None:
    write(people=claim_text(f"neuron 0:1 {MORE}", HOLDS))
    assert run("--claims-report=.").ret == pytest.ExitCode.TESTS_FAILED
    assert report_of(pytester.path)["complete"] is True
    assert run("--claims-report=.", "-x").ret == pytest.ExitCode.TESTS_FAILED
    assert report_of(pytester.path)["complete"] is False


def test_folders_are_taken_from_the_command_line_or_from_the_rootdir(
    write, run, pytester, monkeypatch
) -> None:
    folder = write(people=claim_text(HOLDS))
    pytester.makeini("[pytest]\nclaims_report = kept/here\n")
    (folder / "deep").mkdir()
    monkeypatch.chdir(folder / "deep")
    assert run("..").ret == 0
    assert report_of(folder / "kept" / "here")["claims"][0]["nodeid"] == "people.claims.yaml::model::holds"
    assert run("..", "--claims-report=mine").ret == 0
    assert report_of(folder / "deep" / "mine")["claims"][0]["nodeid"] == "people.claims.yaml::model::holds"
    assert not list(folder.rglob(".claims.json*"))


def test_a_run_cache_that_cannot_be_written_is_told_once(write, run, pytester) -> None:
    write(people=claim_text(HOLDS, f"{{id: opposite, claim: neuron 0:1 {MORE}}}"))
    conftest = pytester.path / "conftest.py"
    conftest.write_text(conftest.read_text().replace("def claims_study(", "def no_claims_study("))
    (pytester.path / "model" / "tokenizer.json").write_text("{}")
    (pytester.path / "occupied").write_text("a file")
    result = run("--claims-cache=occupied/cache")
    assert result.parseoutcomes() == {"broken": 2}
    assert result.stdout.str().count("cannot be written: ") == 1
    result.stdout.fnmatch_lines(
        ["BROKEN  2 claims: holds, opposite", "BROKEN people.claims.yaml::model (2 claims) - *"]
    )
