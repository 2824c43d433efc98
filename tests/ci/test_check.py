"""``neuronclaims check``: what is wrong with claim files, in words, as JSON and as annotations, without any model."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from neuronclaims.cli import main

GOOD = """\
version: 1
models: [no/such-model]
site: mlp_post
tokens: mean of prompt
sets:
  a: [one, two, three, four, five]
  b: [six, seven, eight, nine, ten]
claims:
  - neuron 1:2 activates more for a than b
  - neuron 1:3 separates a from b
"""
BAD = GOOD.replace("than b", "than c").replace("version: 1", "version: 1\nalpa: 0.05")


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "claims" / "below").mkdir(parents=True)
    (tmp_path / "claims" / "good.claims.yaml").write_text(GOOD, encoding="utf-8")
    return tmp_path


def bad(folder: Path, name: str = "bad.claims.yml", text: str = BAD) -> None:
    (folder / "claims" / "below" / name).write_text(text, encoding="utf-8")


def test_good_files_pass_without_their_model(folder, capsys):
    assert main(["check", "claims"]) == 0
    assert capsys.readouterr().out.replace("\\", "/") == (
        "claims/good.claims.yaml:\n  a: 5 written in the claim file\n  b: 5 written in the claim file\n"
        "1 claim file, 2 claims that can be read\n"
    )


def test_a_list_that_must_be_got_first_is_told_and_is_no_mistake(folder, capsys):
    neurons = "neurons:\n  german: {file: german.csv, get: fetch it from https://example.org/german}\n"
    text = GOOD.replace("claims:\n", f"{neurons}claims:\n  - at least 50% of german activate more for a than b\n")
    bad(folder, "listed.claims.yml", text)
    said = "not checked: needs 'german.csv', which is not here: fetch it from https://example.org/german"
    assert main(["check", "claims"]) == 0
    assert f"claims/below/listed.claims.yml: {said}" in capsys.readouterr().out.replace("\\", "/")
    assert main(["check", "claims", "--format=json"]) == 0
    listed = json.loads(capsys.readouterr().out)["files"][0]
    assert (listed["claims"], listed["problems"]) == (0, [])
    assert [f"not checked: {each}" for each in listed["not_checked"]] == [said]
    command = [sys.executable, "-m", "pytest", "-q", "-rs", "--collect-only", "-p", "no:cacheprovider"]
    collected = subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder)
    assert collected.returncode == 0, collected.stdout
    assert said.removeprefix("not checked: ") in " ".join(collected.stdout.split())
    (folder / "claims/below/german.csv").write_text("layer,neuron\n1,2\n1,3\n")
    assert main(["check", "claims"]) == 0
    assert "2 claim files, 5 claims that can be read" in capsys.readouterr().out
    bad(folder, "listed.claims.yml", text.replace("a, get", "b, gte").replace("get:", "gte:"))
    assert main(["check", "claims"]) == 1, "another mistake is told as ever"


def test_bad_files_fail_with_the_words_pytest_has_for_them(folder, capsys):
    bad(folder)
    command = [sys.executable, "-m", "pytest", "--collect-only", "-p", "no:cacheprovider"]
    collected = subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder).stdout
    assert main(["check"]) == 1
    out = capsys.readouterr().out
    assert "claims/below/bad.claims.yml:2:1: " in out.replace("\\", "/")
    assert "^^^^ did you mean 'alpha'?" in out
    assert out.endswith("2 claim files, 2 claims that can be read; 2 problems\n")
    wrong, account = out.split("claims/good.claims.yaml:\n")
    assert account.count("\n") == 3
    for line in wrong.splitlines():
        assert line.strip() in collected


def test_json_has_every_problem_with_its_place(folder, capsys):
    bad(folder)
    assert main(["check", "--format", "json", "claims"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert told["ok"] is False
    wrong, right = told["files"]
    assert (right["claims"], right["problems"], right["warnings"]) == (2, [], [])
    places = [(each["line"], each["column"], each["suggestion"]) for each in wrong["problems"]]
    assert places == [(2, 1, "alpha"), (10, BAD.splitlines()[9].index("than c") + 6, None)]


def test_annotations_hold_whatever_a_file_holds_in_one_line(folder, capsys):
    bad(folder, "odd,100%:x.claims.yaml", GOOD.replace("- neuron 1:2", '- "neuron 1:2\\n::error::%"'))
    assert main(["check", "--format", "github", "claims"]) == 1
    lines = capsys.readouterr().out.splitlines()
    commands = [line for line in lines if line.startswith("::")]
    assert len(commands) == 1
    found = re.fullmatch(r"::error file=([^,:]+),line=(\d+),col=(\d+)::(.*)", commands[0])
    assert found[1].endswith("odd%2C100%25%3Ax.claims.yaml")
    assert "%" not in re.sub(r"%(25|0A|0D)", "", found[4])


def test_a_claim_that_cannot_be_supported_is_a_warning_and_passes(folder, capsys):
    few = GOOD.replace("a: [one, two, three, four, five]", "a: [one, two]")
    (folder / "claims" / "good.claims.yaml").write_text(few, encoding="utf-8")
    assert main(["check"]) == 0
    assert "good.claims.yaml:9:5: cannot be supported: with 2 prompts and 5" in capsys.readouterr().out
    assert main(["check", "--format", "github"]) == 0
    assert capsys.readouterr().out.count("::warning file=") == 2


@pytest.mark.parametrize("path", ["empty", "missing.claims.yaml"])
def test_nothing_passes_by_being_empty(folder, capsys, path):
    (folder / "empty" / ".hidden").mkdir(parents=True)
    (folder / "empty" / ".hidden" / "x.claims.yaml").write_text(GOOD, encoding="utf-8")
    assert main(["check", path]) == 1
    told = capsys.readouterr()
    assert "no claim file" in told.err or "there is no such file" in told.out


@pytest.mark.parametrize("form", ["text", "json", "github"])
def test_a_folder_without_claim_files_hides_nothing_of_the_others(folder, capsys, form):
    (folder / "empty").mkdir()
    assert main(["check", "empty", "claims", "--format", form]) == 1
    told = capsys.readouterr()
    assert told.err == (
        "neuronclaims: There is no claim file (*.claims.yaml) in empty: name another folder.\n"
    )
    if form == "json":
        read = json.loads(told.out)
        assert (read["ok"], [each["claims"] for each in read["files"]]) == (False, [2])
    else:
        assert told.out.endswith("1 claim file, 2 claims that can be read\n")


def test_a_claim_that_its_prompts_cannot_test_fails(folder, capsys):
    bad(folder, text=GOOD.replace("a: [one, two, three, four, five]", "a: [one]"))
    assert main(["check"]) == 1
    assert "bad.claims.yml:9:5: " in capsys.readouterr().out


def test_a_reader_that_has_seen_enough_is_no_error(folder):
    for number in range(40):
        bad(folder, f"{number}.claims.yaml", BAD * 40)
    done = subprocess.run(
        f"{sys.executable} -c 'from neuronclaims.cli import main; raise SystemExit(main([\"check\"]))' | head -1",
        shell=True,
        capture_output=True,
        text=True,
        check=True,
        cwd=folder,
    )
    assert done.stdout.count("\n") == 1
    assert done.stderr == ""


def test_tags_that_pytest_would_refuse_are_refused(folder, capsys):
    tagged = GOOD.replace(
        "- neuron 1:3 separates a from b", "- {claim: neuron 1:3 separates a from b, tags: [skip]}"
    )
    bad(folder, text=tagged)
    assert main(["check"]) == 1
    assert "'skip' cannot be a tag" in capsys.readouterr().out


def test_no_model_library_is_loaded(folder):
    code = "import sys; from neuronclaims.cli import main; main(['check']); print('torch' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=folder
    )
    assert done.stdout.splitlines()[-1] == "False"
