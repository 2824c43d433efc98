"""``neuronclaims trend``: when a finding appeared in a series of models, and when it was lost."""

from __future__ import annotations

import json
from itertools import product
from pathlib import Path

import pytest
from cases import for_each

from neuronclaims.cli import main
from neuronclaims.reports.trend import UNTESTED, story, story_with_onset
from neuronclaims.results import Onset

WORDS = {"+": "supported", "-": "refuted", "?": "inconclusive", "!": "could not be tested"}


def story_of(series: str) -> str:
    return story([(f"m{place}", WORDS[letter]) for place, letter in enumerate(series)])


@for_each(
    "series, sentence",
    [
        ("+++", "supported in all 3 models"),
        ("-?-", "supported in none of 3 models"),
        ("??++", "appears in m2, and is supported in all after it"),
        ("++-", "supported from the first, m0, on; last supported in m1, refuted in m2"),
        ("?++?", "appears in m1; last supported in m2, no longer shown (inconclusive) in m3"),
        ("+?+", "comes and goes: supported in m0, m2"),
        ("+!+", "supported in all 2 models; could not be tested in 1"),
        ("!!", "tested in no model; could not be tested in 2"),
        ("+", "supported in m0"),
        ("-!", "refuted in m0; could not be tested in 1"),
        ("?+!", "appears in m1, and is supported in all after it; could not be tested in 1"),
    ],
)
def test_a_series_is_told_in_a_sentence(series, sentence):
    assert story_of(series) == sentence


def test_every_series_has_a_sentence_of_its_shape():
    for length in range(1, 6):
        for letters in product("+-?!", repeat=length):
            known = [letter == "+" for letter in letters if letter != "!"]
            if len(known) < 2:
                continue  # no series; the cases above have them
            sentence, runs = (
                story_of("".join(letters)),
                "".join("x" if each else " " for each in known).split(),
            )
            shapes = {
                0: "supported in none",
                1: ("supported in all", "appears in", "supported from the first"),
            }
            assert sentence.startswith(shapes.get(len(runs), "comes and goes"))
            assert (", and is supported in all after it" in sentence) == (
                len(runs) == 1 and known[-1] and not all(known)
            )


TEST = {"p_value": 0.0001, "alpha": 0.05, "family": 2, "correction": "holm"}


def report(folder: Path, *rows: tuple[str, str, str | None]) -> Path:
    effect = {"name": "AUROC", "value": 0.81234, "low": 0.7, "high": 0.9}
    claims = [
        {
            "file": "x.claims.yaml",
            "id": name,
            "model": model,
            "verdict": verdict,
            "evidence": {"effect": effect, "test": TEST} if verdict else None,
        }
        for name, model, verdict in rows
    ]
    path = folder / "claims.json"
    path.write_text(json.dumps({"schema": 3, "claims": claims}), encoding="utf-8")
    return path


def test_checkpoints_stand_in_the_order_of_the_report_which_is_that_of_the_claim_file(tmp_path, capsys):
    path = report(
        tmp_path,
        ("a", "step3", None),
        ("b", "step3", None),
        ("a", "step20", "refuted"),
        ("a", "step1000", "supported"),
    )
    assert main(["trend", str(path), "-k", "a"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines[1:4]] == ["step3", "step20", "step1000"]
    assert lines[3].split()[1:] == ["supported", "AUROC", "0.812", "[0.7,", "0.9]"]
    told = "appears in step1000, and is supported in all after it; could not be tested in 1"
    assert " ".join(" ".join(lines[4:6]).split()) == f"{told}; onset in step3 or step1000"
    assert max(map(len, lines)) <= 80
    assert "::b" not in "".join(lines)


def test_the_order_can_be_given_and_leaves_the_others_out(tmp_path, capsys):
    path = report(tmp_path, ("a", "x", "supported"), ("a", "y", "refuted"), ("a", "z", "refuted"))
    assert main(["trend", str(path), "--models", "y,x"]) == 0
    assert "appears in x" in capsys.readouterr().out
    assert main(["trend", str(path), "--models", "y,w"]) == 1
    assert "no model 'w'; it has x, y, z" in capsys.readouterr().err


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"claims": [{}]}', '{"claims": []}', '{"claims": 3}', '{"claims": [3]}']
)
def test_what_is_no_report_is_one_clear_error(tmp_path, capsys, text):
    (tmp_path / "x.json").write_text(text, encoding="utf-8")
    assert main(["trend", str(tmp_path / "x.json")]) == 1
    assert capsys.readouterr().err.count("\n") == 1
    assert main(["trend", str(tmp_path / "missing.json")]) == 1


def test_names_cannot_move_the_cursor(tmp_path, capsys):
    assert main(["trend", str(report(tmp_path, ("a\x1b[2J", "m\nx", "supported")))]) == 0
    out = capsys.readouterr().out
    assert "\x1b" not in out
    assert len(out.splitlines()) == 3 + 3
    assert max(map(len, out.splitlines())) <= 80


def test_looks_of_several_reports_are_judged_with_alpha_spent_over_them(tmp_path, capsys):
    """p = .01 of 2 claims is enough at the first look (.025 / 2), not at the second (.0083 / 2) by itself."""
    paths = []
    for number, (verdict, p) in enumerate(
        [("inconclusive", 0.5), ("supported", 0.01), ("supported", 0.001), ("supported", 0.01)], start=1
    ):
        (tmp_path / str(number)).mkdir()
        path = report(tmp_path / str(number), ("a", "m", verdict))
        text = json.loads(path.read_text())
        text["claims"][0]["evidence"]["test"]["p_value"] = p
        path.write_text(json.dumps(text))
        paths.append(path)

    def verdicts(*which: Path) -> list[str]:
        assert main(["trend", *map(str, which)]) == 0
        out = capsys.readouterr().out
        assert "alpha spent over the looks" in " ".join(out.split())
        return [line.split("  ")[2].strip() for line in out.splitlines()[1 : 1 + len(which)]]

    assert verdicts(*paths[:3]) == ["inconclusive", "inconclusive", "supported"]
    assert verdicts(paths[1], paths[2]) == ["supported", "supported"]
    assert verdicts(*paths[1:]) == ["supported"] * 3  # handed on: 3/4 of alpha are left


def test_verdicts_of_a_series_are_told_as_they_are(tmp_path, capsys):
    path = report(tmp_path, ("a", "x", "inconclusive"), ("a", "y", "supported"))
    text = json.loads(path.read_text())
    for claim in text["claims"]:
        claim["look"] = {"kind": "closed"}
        claim["evidence"]["test"]["p_value"] = 0.02
    path.write_text(json.dumps(text))
    assert main(["trend", str(path)]) == 0
    out = capsys.readouterr().out
    assert "appears in y, and is supported in all after it; onset in x to y" in out
    assert "alpha" not in out


def test_no_onset_is_told_of_a_claim_that_was_never_tested():
    for verdicts, onset in (((None, None), False), ((None, "inconclusive"), True)):
        series = [(f"m{place}", verdict or UNTESTED) for place, verdict in enumerate(verdicts)]
        assert ("onset" in story_with_onset(series, Onset.of(verdicts), {})) is onset
