"""The commands that read what a run left: explain, history, badge; one session of the demo model serves all."""

from __future__ import annotations

import json

import pytest
from test_judge import CLAIM, KEYS, SETS

from neuronclaims import judge
from neuronclaims.cli import main
from neuronclaims.reports.account import Account
from neuronclaims.reports.entry import Entry
from neuronclaims.reports.history.file import HistoryWriter
from neuronclaims.reports.json.report import JsonWriter

TEXT = f"""
version: 1
models: [demo]
site: {KEYS["site"]}
tokens: {KEYS["tokens"]}
sets: {json.dumps(SETS)}
claims:
  - {{id: hanoi, claim: {CLAIM}}}
  - {{id: less, claim: neuron 2:340 activates less for hanoi than baseline, because: "<b>\\u202e"}}
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    folder = tmp_path_factory.mktemp("project")
    (folder / "pytest.ini").write_text("[pytest]\nclaims_cache = values\n")
    (folder / "claims").mkdir()
    (folder / "claims" / "x.claims.yaml").write_text(TEXT)
    reports = folder / "reports"
    reports.mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        found = judge("claims/x.claims.yaml")
    entries = [
        Entry(f"claims/x.claims.yaml::demo::{each.id}", "passed" if each.as_expected else "failed", each)
        for each in found
    ]
    for _ in range(2):
        HistoryWriter().write(reports, Account(tuple(entries)))
    JsonWriter().write(reports, Account(tuple(entries)))
    return folder


def test_a_claim_is_explained_from_its_file_and_from_a_report(project, monkeypatch, capsys):
    monkeypatch.chdir(project)
    told = []
    for arguments in (
        ["claims/x.claims.yaml::less"],
        ["less"],
        ["x.claims.yaml::less", "--report", "reports"],
    ):
        assert main(["explain", *arguments]) == 0
        told.append(capsys.readouterr().out.replace("claims/x.claims.yaml", "x.claims.yaml"))
    assert told[0] == told[1]
    assert told[0].startswith("REFUTED: neuron 2:340 activates less for hanoi than baseline")
    assert told[0].splitlines()[:8] == told[2].splitlines()[:8]
    assert "\u202e" not in told[0]
    assert main(["explain", "lass"]) == 1
    assert "Did you mean 'less'?" in capsys.readouterr().err
    assert main(["explain", "less", "--report", "nowhere"]) == 1


def test_the_history_tells_every_session_and_baseline(project, monkeypatch, capsys):
    monkeypatch.chdir(project)
    assert main(["history"]) == 0
    rows = [line.split("  ") for line in capsys.readouterr().out.splitlines()]
    # Two sessions of one second may share a mark.
    assert {name.rsplit("::", 1)[1]: set(marks) for marks, name in rows} == {"hanoi": {"S"}, "less": {"R"}}
    assert main(["history", "hanoi"]) == 0
    out = capsys.readouterr().out
    assert out.count("supported") == 2
    assert out.count("difference of means") == out.count("(95 % interval)") == out.count("supported")
    assert max(map(len, out.splitlines())) <= 80
    assert main(["history", "--report", "nowhere"]) == 1
    assert "Nothing is kept yet" in capsys.readouterr().err


def test_a_badge_counts_what_is_as_expected(project, monkeypatch, capsys):
    monkeypatch.chdir(project)
    assert main(["badge", "--label", "findings"]) == 0
    assert json.loads(capsys.readouterr().out) == {
        "schemaVersion": 1, "label": "findings", "message": "1 of 2 as expected", "color": "orange",
    }  # fmt: skip
    assert main(["badge", "-o", "badge.json"]) == 0
    assert json.loads((project / "badge.json").read_text())["label"] == "claims"
    assert main(["badge", "--report", "nowhere"]) == 1


def test_one_model_alone_has_no_trend(project, monkeypatch, capsys):
    monkeypatch.chdir(project)
    assert main(["trend", "reports/claims.json"]) == 0
    assert "One model alone has no trend" in capsys.readouterr().out
