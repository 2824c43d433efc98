"""Kinds of claim that the study, the plugin and the reports have never heard of go all the way through them."""

from __future__ import annotations

import json
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest
from jsonschema import Draft202012Validator
from scipy import stats as scipy_stats
from seam_claims import CLAIMS
from statsmodels.stats.multitest import multipletests

from neuronclaims.reports.json import report as json_report


@pytest.fixture(scope="module")
def session(toys):
    done = toys("-v", "-rA", "--claims-report=.", "--junitxml=junit.xml")
    report = json.loads((toys.folder / "claims.json").read_text(encoding="utf-8"))
    return done, {claim["id"]: claim for claim in report["claims"]}, report, toys.folder


VERDICTS = {
    "high": "supported",
    "low": "refuted",
    "beyond": "supported",
    "not-beyond": "inconclusive",  # 2 P(none of 20) at 20 % is 0.023, too much for nine claims
    "few-beyond": "inconclusive",
    "restores": "supported",
    "restores-not": "refuted",
    "nothing": "inconclusive",
    "flat": "supported",
    "steep": "refuted",
    "contrast": "supported",
}


def test_every_sort_of_kind_gets_its_verdict(session):
    done, claims, _, _ = session
    assert {name: claim["verdict"] for name, claim in claims.items()} == VERDICTS, done.stdout
    assert {name: claim["kind"] for name, claim in claims.items()} == {
        name: re.split("-", {"high": "index", "low": "index", "steep": "flat"}.get(name, name))[0]
        for name in claims
    } | {"beyond": "share", "not-beyond": "share", "few-beyond": "share", "nothing": "restores"}


def test_reasons_name_what_each_kind_counts(session):
    _, claims, _, _ = session
    reasons = {name: claim["reason"] for name, claim in claims.items()}
    assert reasons["high"] == "The neuron's index is 5; at least 5 was claimed."
    assert reasons["low"] == "The neuron's index is 4; at least 5 was claimed."
    assert reasons["few-beyond"].startswith("With 3 documents and 9 claims corrected together, the smallest")
    assert reasons["few-beyond"].endswith(" would be enough for the clearest of results.")
    assert reasons["nothing"].startswith("The effect to be recovered")
    assert "between -1 and 1, as claimed" in reasons["flat"]


def test_facts_take_no_place_among_the_corrected(session):
    _, claims, _, _ = session
    assert claims["high"]["evidence"]["test"] is claims["low"]["evidence"]["test"] is None
    tests = {name: claim["evidence"]["test"] for name, claim in claims.items() if claim["evidence"]["test"]}
    assert len(tests) == 9
    assert {test["family"] for test in tests.values()} == {9}
    raw = [test["p_value"] for test in tests.values()]
    right = multipletests(raw, method="holm")[1]
    assert [test["p_adjusted"] for test in tests.values()] == pytest.approx(list(right), rel=1e-5)
    assert tests["beyond"]["p_value"] == pytest.approx(
        2 * scipy_stats.binomtest(20, 20, 0.6, alternative="greater").pvalue
    )


def test_the_report_keeps_to_its_published_schema_and_tells_figures_apart(session):
    _, claims, report, _ = session
    published = Path(json_report.__file__).with_name("claims-report.schema.json").read_text(encoding="utf-8")
    Draft202012Validator(json.loads(published)).validate(report)
    kinds = {figure["kind"] for claim in claims.values() for figure in claim["evidence"]["figures"]}
    assert kinds == {"distributions", "null", "points", "surface", "table", "matrix", "bins"} | {
        "ladder",
        "other table",
    }


def test_a_figure_of_a_kind_nobody_knows_keeps_its_data_and_is_shown_as_a_table(session):
    done, claims, _, folder = session
    ladder, broken = claims["high"]["evidence"]["figures"][-2:]
    assert ladder["data"] == {"rungs": [1.5, 2.5, None]}
    assert ladder["table"]["rows"] == [["1.5", "inf"]]
    assert broken["table"]["rows"] == [["rungs", "[]"]]
    assert "rungs of the ladder" in (folder / "index.html").read_text(encoding="utf-8")
    assert "1.5  inf" in done.stdout


@pytest.mark.parametrize("spread", [(), ("-p", "xdist.plugin", "-n", "2")], ids=["here", "on workers"])
def test_a_report_writer_of_another_package_writes_its_file_and_a_broken_one_is_a_sentence(toys, spread):
    (toys.folder / "ids.txt").unlink(missing_ok=True)
    done = toys("--claims-report=.", *spread)
    assert set((toys.folder / "ids.txt").read_text(encoding="utf-8").split()) == {*CLAIMS}
    assert "Written: claims.json, history.jsonl, index.html, ids.txt" in done.stdout, done.stdout
    assert (
        "The report ink could not be written, by a defect of what writes it (ZeroDivisionError: no ink)."
        in (" ".join(done.stdout.split()))
    )
    assert "Traceback" not in done.stdout + done.stderr


def test_junit_has_a_p_only_for_what_was_tested(session):
    _, _, _, folder = session
    cases = {
        case.get("name"): {p.get("name") for p in case.iter("property")}
        for case in ElementTree.parse(folder / "junit.xml").iter("testcase")
    }
    assert "claims.p_value" in cases["beyond"]
    assert "claims.p_value" not in cases["high"]
    assert "claims.effect" in cases["high"]


def test_what_too_few_documents_cannot_show_is_said_before_any_model_runs(session):
    done, _, _, _ = session
    before = done.stdout[: done.stdout.index("toys.claims.yaml::model::high")]
    assert "cannot be supported: with 3 documents in a family of 9" in before
    assert "has an index" not in before


@pytest.mark.parametrize("columns", [60, 100, 146, 200])
def test_every_figure_is_drawn_at_every_width(toys, columns):
    text = toys("-v", columns=columns).stdout
    section = re.split(r"=+ claims =+\n", text)[1].split("\n=")[0]
    assert max(map(len, section.splitlines())) <= columns
    for part in ("share on top", "share recov", "0:0 0.00", "tall", "neuron 0", "and 3 more", "No test"):
        assert part in section, part
    assert "Traceback" not in text
    for name in CLAIMS:
        assert f"::{name} " in text
