"""Sessions that are saved and compared, plain and under xdist, of parts and of the whole."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest
from inner import MORE, PLUGIN, claim_text, write_project
from inner import session as process

HOLDS = f"{{id: holds, claim: neuron 0:0 {MORE}}}"
LOWER = f"{{id: lower, claim: neuron 0:1 {MORE}, expect: refuted}}"
APART = "{id: apart, claim: neuron 1:1 separates tall from short}"


class Done(NamedTuple):
    """A session that came to its end."""

    returncode: int
    stdout: str
    stderr: str


CLAIMS = (HOLDS, LOWER, APART)
SILENT = ("{0: 3.0, 1: -3.0}", "{1: -3.0}")
"""What makes neuron 0 of the fake model one that tells nothing."""


@pytest.fixture
def session(pytester: pytest.Pytester) -> Callable[..., Done]:
    """Run pytest here and now; where xdist is asked for, in processes of its own."""

    def run(folder: Path, *arguments: str) -> Done:
        if "xdist" in arguments:
            done = process(folder, *arguments)
            return Done(done.returncode, done.stdout, done.stderr)
        ran = pytester.runpytest_inprocess(*PLUGIN, "-p", "no:cacheprovider", *arguments)
        return Done(int(ran.ret), ran.stdout.str(), ran.stderr.str())

    return run


@pytest.fixture
def project(write: Callable[..., Path], session: Callable[..., Done]) -> Path:
    """A project whose model is whole and whose claims are saved."""
    folder = write()
    written(folder, *CLAIMS)
    done = session(folder, "--claims-save")
    assert "Saved 3 claims to the baseline .baselines/main.json" in done.stdout
    assert done.returncode == 0
    return folder


def written(folder: Path, *claims: str, name: str = "people") -> None:
    write_project(folder, **{name: claim_text(*claims)})
    (folder / "model" / "tokenizer.json").write_text("{}")


def silence(folder: Path) -> None:
    """Let neuron 0 tell nothing any more: another model."""
    conftest = folder / "conftest.py"
    conftest.write_text(conftest.read_text().replace(*SILENT))
    config = folder / "model" / "config.json"
    config.write_text(config.read_text().replace('"vocab_size": 9', '"vocab_size": 8'))


def rows(folder: Path, name: str = "main") -> dict[str, dict]:
    return json.loads((folder / ".baselines" / f"{name}.json").read_text())["claims"]


def statuses(output: str) -> str:
    found = re.search(r"^(\d+ claims? compared: .*)$", output, re.M)
    return found[1] if found else ""


def test_the_same_model_again_holds_every_claim(project, session):
    done = session(project, "--claims-compare")
    assert statuses(done.stdout) == "3 claims compared: 3 held"
    assert "The same weights" in done.stdout
    assert done.returncode == 0


@pytest.mark.parametrize("how", [(), ("-p", "xdist", "-n", "2")])
def test_a_lost_claim_fails_in_its_own_item_by_a_name_of_its_own(project, session, how):
    if how:
        pytest.importorskip("xdist")
    silence(project)
    done = session(project, "--claims-compare", "--claims-inconclusive=skip", "-v", *how)
    assert done.returncode == 1
    assert statuses(done.stdout) == "3 claims compared: 2 held, 1 lost; 1 fails"
    assert re.search(
        r"people\.claims\.yaml::model::holds LOST|LOST.*people\.claims\.yaml::model::holds", done.stdout
    )
    assert re.search(
        r"LOST people\.claims\.yaml::model::holds - was supported, is inconclusive: ", done.stdout
    )
    assert re.search(r"= .*1 lost.*2 passed|2 passed.*1 lost", done.stdout)
    assert "what changed is the model: weights" in done.stdout
    assert "Traceback" not in done.stdout


def test_the_short_summary_has_each_failing_claim_once_under_the_word_that_made_it_fail(project, session):
    turns = "{id: turns, claim: neuron 1:1 activates less for tall than short}"
    written(project, *CLAIMS, turns, f"{{id: undecided, claim: neuron 0:2 {MORE}}}")
    session(project, "--claims-save")
    silence(project)
    conftest = project / "conftest.py"
    conftest.write_text(conftest.read_text().replace("{1: -3.0}", "{1: -3.0 + 6.0 * layer}"))
    summary = session(project, "--claims-compare").stdout.partition(" short test summary info ")[2]
    named = re.findall(r"^(\w+) people\.claims\.yaml::model::(\w+) - (was )?", summary, re.M)
    assert named == [("LOST", "holds", "was "), ("LOST", "turns", "was "), ("INCONCLUSIVE", "undecided", "")]
    allowed = session(project, "--claims-compare", "--claims-fail-on=nothing").stdout
    summary = allowed.partition(" short test summary info ")[2]
    assert sorted(re.findall(r"^(\w+) people\.claims\.yaml::model::(\w+) - ", summary, re.M)) == [
        ("INCONCLUSIVE", "holds"),
        ("INCONCLUSIVE", "undecided"),
        ("REFUTED", "turns"),
    ]


def test_what_fails_is_said_and_nothing_else_does(project, session):
    silence(project)
    loose = session(project, "--claims-compare", "--claims-fail-on=missing", "--claims-inconclusive=skip")
    assert loose.returncode == 0
    assert "1 lost" in statuses(loose.stdout)
    (project / "pytest.ini").write_text("[pytest]\nclaims_fail_on = nothing\n")
    assert session(project, "--claims-compare", "--claims-inconclusive=skip").returncode == 0


def test_a_part_of_the_claims_is_judged_as_the_whole_would_and_misses_none(project, session):
    silence(project)
    fail = ("--claims-compare", "--claims-fail-on=lost,missing", "--claims-inconclusive=skip")
    whole, part = session(project, *fail), session(project, *fail, "-k", "holds")
    sentence = re.compile(r"holds - (was supported.*)$", re.M)
    assert sentence.search(whole.stdout)[1] == sentence.search(part.stdout)[1]
    assert statuses(part.stdout) == "1 claim compared: 1 lost; 1 fails"
    one = session(project, *fail, "people.claims.yaml::model::lower")
    assert (one.returncode, statuses(one.stdout)) == (0, "1 claim compared: 1 held")


def test_a_claim_that_is_gone_is_missing_and_an_edited_one_is_edited_not_lost(project, session):
    silence(project)
    write_claims = claim_text(HOLDS.replace("more for tall", "less for tall"), LOWER)
    (project / "people.claims.yaml").write_text(write_claims)
    done = session(project, "--claims-compare", "--claims-fail-on=lost,missing", "--claims-inconclusive=skip")
    assert statuses(done.stdout) == "3 claims compared: 1 held, 1 edited, 1 missing; 1 fails"
    assert "MISSING people.claims.yaml::model::apart - the baseline has this claim" in done.stdout
    assert done.returncode == 1


def test_a_claim_file_that_is_gone_is_missed_by_a_run_of_its_folder_alone(project, session):
    written(project, HOLDS, name="others")
    session(project, "--claims-save")
    (project / "people.claims.yaml").unlink()
    whole = session(project, "--claims-compare", "--claims-fail-on=missing")
    assert statuses(whole.stdout) == "4 claims compared: 1 held, 3 missing; 3 fail"
    assert whole.returncode == 1
    file = session(project, "--claims-compare", "--claims-fail-on=missing", "others.claims.yaml")
    assert (file.returncode, statuses(file.stdout)) == (0, "1 claim compared: 1 held")


def test_a_skipped_claim_is_not_missing(project, session):
    skipped = HOLDS.replace("}", ", skip: {reason: later}}")
    (project / "people.claims.yaml").write_text(claim_text(skipped, LOWER, APART))
    done = session(project, "--claims-compare", "--claims-fail-on=missing")
    assert (done.returncode, statuses(done.stdout)) == (0, "2 claims compared: 2 held")


def test_saving_a_part_updates_its_rows_and_keeps_all_others(project, session):
    before = rows(project)
    silence(project)
    session(project, "--claims-save", "-k", "holds")
    after = rows(project)
    assert before.keys() == after.keys()
    changed = {name.rsplit("::", 1)[1] for name in before if before[name] != after[name]}
    assert changed == {"holds"}
    environments = json.loads((project / ".baselines" / "main.json").read_text())["environments"]
    assert len(environments) == 2


def test_xdist_saves_what_one_process_saves(project, session):
    pytest.importorskip("xdist")
    session(project, "--claims-save=spread", "-p", "xdist", "-n", "2")
    assert rows(project, "spread") == rows(project)


def test_values_are_kept_by_their_prompts_and_give_the_effect_again(project, session):
    row = rows(project)["people.claims.yaml::model::holds"]
    first, second = (list(row["values"][side].values()) for side in ("first", "second"))
    assert len(first) == len(second) == 8
    assert sum(first) / 8 - sum(second) / 8 == pytest.approx(row["effect"]["value"], rel=1e-5)
    assert not any("Ann" in line for line in (project / ".baselines" / "main.json").read_text().splitlines())


def test_a_claim_that_breaks_is_untestable_and_its_row_is_left_alone(project, session):
    before = rows(project)
    broken = claim_text(HOLDS, LOWER, APART, tall=["unmeasurable man", "a tall man", "tall Bob"])
    (project / "people.claims.yaml").write_text(broken)
    done = session(project, "--claims-compare", "--claims-save", "--claims-fail-on=untestable")
    assert "3 untestable" in statuses(done.stdout)
    assert done.returncode == 1
    assert rows(project) == before


def test_a_model_that_does_not_load_leaves_every_claim_untestable_and_no_row_changed(project, session):
    before = rows(project)
    conftest = project / "conftest.py"
    conftest.write_text(conftest.read_text().replace('== "unloadable"', '== "model" '))
    done = session(project, "--claims-compare", "--claims-save", "--claims-fail-on=untestable")
    assert statuses(done.stdout) == "3 claims compared: 3 untestable; 3 fail"
    assert "does not load" in done.stdout
    assert "Traceback" not in done.stdout
    assert rows(project) == before


ERRORS: dict[str, tuple[tuple[str, ...], str]] = {
    "another name": (("--claims-compare=mian",), "There is no baseline 'mian': looked in"),
    "a path": (("--claims-compare=old/main.json",), "There is no such folder."),
    "a path as name": (("--claims-save", "people.claims.yaml"), "--claims-save took 'people.claims.yaml'"),
    "a bad name": (("--claims-save=a:b",), "cannot be the name of a baseline"),
    "bad words": (("--claims-compare", "--claims-fail-on=losst"), "Did you mean 'lost'?"),
    "nothing to compare": (("--claims-fail-on=lost",), "add --claims-compare=NAME"),
}


@pytest.mark.parametrize("which", ERRORS)
def test_what_cannot_be_is_one_usage_error(project, session, which):
    arguments, said = ERRORS[which]
    done = session(project, *arguments)
    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    assert said in done.stderr + done.stdout
    assert "Traceback" not in done.stderr + done.stdout
    assert "INTERNALERROR" not in done.stderr + done.stdout


def test_a_worker_that_finds_no_baseline_says_so_in_each_claim(project, session):
    pytest.importorskip("xdist")
    done = session(project, "--claims-compare=nope", "-p", "xdist", "-n", "2")
    assert done.returncode == 1
    assert "There is no baseline 'nope'" in done.stdout
    assert "INTERNALERROR" not in done.stdout
    assert "Traceback" not in done.stdout


def test_accepting_takes_the_last_compared_run_and_deletes_nothing(project, session, monkeypatch, capsys):
    from neuronclaims.cli import main

    monkeypatch.chdir(project)
    silence(project)
    more = f"{{id: more, claim: neuron 1:0 {MORE}}}"
    (project / "people.claims.yaml").write_text(claim_text(HOLDS, LOWER, more))
    session(project, "--claims-compare")
    old = rows(project)
    assert main(["accept", "--only-new"]) == 0
    new = rows(project)
    assert new.keys() - old.keys() == {"people.claims.yaml::model::more"}
    assert all(new[name] == old[name] for name in old)
    assert main(["accept", "-k", "holds or apart"]) == 0
    assert rows(project)["people.claims.yaml::model::holds"]["verdict"] == "inconclusive"
    assert "people.claims.yaml::model::apart" in rows(project)
    assert "0 claims added, 1 changed" in capsys.readouterr().out


def test_accepting_what_did_not_change_keeps_the_noise_that_was_measured(
    project, session, monkeypatch, capsys
):
    from neuronclaims.cli import main

    monkeypatch.chdir(project)
    path = project / ".baselines" / "main.json"
    saved = json.loads(path.read_text())
    for row in saved["claims"].values():
        row["values"]["noise"] = 1e-7
    path.write_text(json.dumps(saved))
    session(project, "--claims-compare")
    assert main(["accept"]) == 0
    assert "0 claims added, 0 changed, 3 as they were" in capsys.readouterr().out
    assert {row["values"]["noise"] for row in rows(project).values()} == {1e-7}
    silence(project)
    session(project, "--claims-compare")
    assert main(["accept", "-k", "holds"]) == 0
    assert "noise" not in rows(project)["people.claims.yaml::model::holds"]["values"]


def test_two_files_are_compared_on_the_command_line_as_in_a_session(project, session, monkeypatch, capsys):
    from neuronclaims.cli import main

    silence(project)
    session(project, "--claims-save=v2")
    monkeypatch.chdir(project)
    assert main(["compare", "main", "v2"]) == 0
    assert main(["compare", "main", "v2", "--fail-on", "lost,weaker:20%"]) == 1
    assert "3 claims compared: 2 held, 1 lost; 1 fails" in capsys.readouterr().out
    assert main(["compare", "main", "v3"]) == 1
    assert "There: main, v2" in capsys.readouterr().err


def test_reports_are_compared_by_what_they_tell(project, session, monkeypatch, capsys):
    from neuronclaims.cli import main

    monkeypatch.chdir(project)
    session(project, "--claims-report=one")
    silence(project)
    session(project, "--claims-report=two")
    assert main(["compare", "one/claims.json", "two/claims.json", "--fail-on=lost"]) == 1
    out = capsys.readouterr().out
    assert "1 lost" in out
    assert "compare baselines" in " ".join(out.split())


def gone(folder: Path, session: Callable[..., Done], *arguments: str) -> Path:
    """Take the claim 'apart' out of its file, and compare."""
    (folder / "people.claims.yaml").write_text(claim_text(HOLDS, LOWER))
    session(folder, "--claims-compare=main", *arguments)
    return folder / ".baselines" / "main.json"


def test_rows_whose_claims_are_gone_are_shown_and_taken_out_when_told_to(
    project, session, monkeypatch, capsys
):
    from neuronclaims.cli import main

    path = gone(project, session)
    monkeypatch.chdir(project)
    whole = rows(project)
    capsys.readouterr()
    assert main(["accept", "--prune"]) == 1  # nobody is there to say yes
    assert rows(project) == whole
    out = capsys.readouterr().out
    assert "people.claims.yaml::model::apart - neuron 1:1 separates tall from short" in out
    assert "holds" not in out
    assert main(["accept", "--prune", "-k", "holds", "--yes"]) == 0
    assert rows(project) == whole
    assert main(["accept", "--prune", "--yes"]) == 0
    assert "1 row taken out, 2 left" in capsys.readouterr().out
    assert rows(project) == {name: row for name, row in whole.items() if not name.endswith("apart")}
    assert main(["accept", "--prune", "--yes"]) == 0
    assert path.is_file()


@pytest.mark.parametrize("part", [("-k", "holds"), ("people.claims.yaml::model::holds",), ("--lf",), ("-x",)])
def test_a_run_of_a_part_cannot_say_which_rows_are_to_go(project, session, monkeypatch, capsys, part):
    from neuronclaims.cli import main

    if part == ("-x",):
        silence(project)
    whole = rows(project)
    gone(project, session, *part, *(("-p", "cacheprovider") if part == ("--lf",) else ()))
    monkeypatch.chdir(project)
    assert main(["accept", "--prune", "--yes"]) == 1
    assert "of a part of the claims, or did not come to its end" in capsys.readouterr().err
    assert rows(project) == whole


def test_a_row_that_was_saved_again_since_is_not_taken_out(project, session, monkeypatch, capsys):
    from neuronclaims.cli import main

    gone(project, session)
    silence(project)
    written(project, *CLAIMS)
    silence(project)
    session(project, "--claims-save")
    whole = rows(project)
    monkeypatch.chdir(project)
    assert main(["accept", "--prune", "--yes"]) == 0
    assert rows(project) == whole
    assert "every row has its claim" in capsys.readouterr().out


@pytest.mark.parametrize("words", [["--prune", "--only-new"], ["--yes"]])
def test_options_of_accept_that_do_not_go_together_are_an_error(project, monkeypatch, capsys, words):
    from neuronclaims.cli import main

    monkeypatch.chdir(project)
    assert main(["accept", *words]) == 1
    assert words[0] in capsys.readouterr().err


def test_a_session_in_which_nothing_could_be_saved_says_so(write, session):
    folder = write()
    written(folder, *CLAIMS)
    conftest = folder / "conftest.py"
    conftest.write_text(conftest.read_text().replace('== "unloadable"', '== "model" '))
    done = session(folder, "--claims-save")
    assert (
        "Nothing was saved to the baseline .baselines/main.json: none of the 3 claims could be tested."
        in (done.stdout)
    )
    assert not (folder / ".baselines").exists()


def test_claims_of_which_it_is_not_known_what_measured_them_are_not_saved_and_it_is_said(write, session):
    folder = write()
    written(folder, *CLAIMS)
    (folder / "model" / "tokenizer.json").unlink()
    done = session(folder, "--claims-save")
    assert "Nothing was saved to the baseline .baselines/main.json: what the claims were measured with" in (
        done.stdout
    )


def test_a_session_without_a_claim_says_that_nothing_was_saved_or_compared(write, session):
    folder = write()
    (folder / "test_plain.py").write_text("def test_it(): pass\n")
    done = session(folder, "--claims-save", "--claims-compare")
    assert "Nothing was saved to a baseline (--claims-save): no claim was tested." in done.stdout
    assert "Nothing was compared with a baseline (--claims-compare): no claim was tested." in done.stdout
    assert "no claim was tested" not in session(folder).stdout


def test_a_session_none_of_whose_claims_the_baseline_has_says_that_nothing_was_compared(project, session):
    (project / "people.claims.yaml").rename(project / "others.claims.yaml")
    done = session(project, "--claims-compare")
    assert (
        "Nothing was compared: the baseline main has no claim of this session; its claims are of people"
        in (done.stdout)
    )
    (project / "others.claims.yaml").rename(project / "people.claims.yaml")
    assert "Nothing was compared" not in session(project, "--claims-compare", "-k", "holds").stdout
