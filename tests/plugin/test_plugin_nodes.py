"""Claim files in pytest's tree: names, selection, marks."""

from __future__ import annotations

import pytest
from inner import MORE, claim_text, write_model

HOLDS = f"{{id: holds, claim: neuron 0:0 {MORE}}}"
OPPOSITE = f"{{id: opposite, claim: neuron 0:1 {MORE}}}"
SPARE = f"{{id: spare-11:36, claim: neuron 1:0 {MORE}}}"


def names(result: pytest.RunResult) -> list[str]:
    return [line for line in result.outlines if ".claims.yaml::" in line and " " not in line]


def test_a_claim_is_named_by_file_model_and_id(write, run) -> None:
    write(people=claim_text(HOLDS, SPARE, f"neuron 1:1 {MORE}", models="model, other"))
    ids = ["holds", "spare-11:36", "1-1-more-tall-short"]
    expected = [f"people.claims.yaml::{model}::{name}" for model in ("model", "other") for name in ids]
    assert names(run("--collect-only", "-q")) == expected


def test_models_of_one_name_are_told_apart_even_by_their_number(write, run, pytester) -> None:
    write_model(pytester.path / "sub-model")
    write(people=claim_text(HOLDS, models="model, sub/model, ./sub/model"))
    found = [name.split("::")[1] for name in names(run("--collect-only", "-q"))]
    assert found == ["model", "sub-model", "sub-model-2"]
    result = run("--claims-report=.")
    headings = [line.split(" ")[2] for line in result.outlines if line.startswith("people.claims.yaml on ")]
    assert headings == found


@pytest.mark.parametrize(
    ("arguments", "chosen"),
    [
        (["people.claims.yaml::other::holds"], {"passed": 1}),
        (["people.claims.yaml::other"], {"passed": 2, "failed": 1}),
        (["-k", "11:36"], {"passed": 2, "deselected": 4}),
        (["-k", "other and not opposite"], {"passed": 2, "deselected": 4}),
        (["--deselect", "people.claims.yaml::model"], {"passed": 2, "failed": 1, "deselected": 3}),
        (["-x"], {"passed": 1, "failed": 1}),
        (["-p", "no:terminal"], {}),
        (["--setup-plan", "-k", "holds and other"], {"deselected": 5}),
    ],
)
def test_pytest_selects_claims_as_it_selects_tests(write, run, arguments, chosen) -> None:
    write(people=claim_text(HOLDS, OPPOSITE, SPARE, models="model, other"))
    result = run("-p", "no:cacheprovider", *arguments)
    if arguments[-1] == "no:terminal":
        assert result.ret == 1
        return
    outcomes = result.parseoutcomes()
    assert {
        word: count for word, count in outcomes.items() if word not in ("warnings",)
    }.items() >= chosen.items()


def test_only_what_failed_is_run_again(write, run) -> None:
    write(
        people=claim_text(
            HOLDS, OPPOSITE, f"{{id: undecided, claim: neuron 0:2 {MORE}}}", "neuron 9:9 " + MORE
        )
    )
    assert run().parseoutcomes() == {"passed": 1, "failed": 1, "inconclusive": 1, "broken": 1}
    again = run("--lf", "-v").parseoutcomes()
    assert again == {"failed": 1, "inconclusive": 1, "broken": 1, "deselected": 1}
    first = run("--ff", "-v").outlines
    assert next(line for line in first if "::model::" in line).startswith(
        "people.claims.yaml::model::opposite"
    )
    stepwise = run("--sw")
    assert stepwise.parseoutcomes()["failed"] == 1
    stepwise.stdout.fnmatch_lines(["*Interrupted: Test failed, continuing from this test next run*"])


def test_a_claim_can_be_called_from_below_by_its_absolute_path(write, run, pytester, monkeypatch):
    folder = write(people=claim_text(HOLDS))
    (folder / "deep").mkdir()
    monkeypatch.chdir(folder / "deep")
    for path in ("..", "../people.claims.yaml::model::holds", str(folder / "people.claims.yaml")):
        result = run("--rootdir", str(folder), "-c", "/dev/null", path)
        assert result.parseoutcomes() == {"passed": 1}, path


def test_listing_claims_measures_nothing_and_writes_nothing(write, run, pytester) -> None:
    write(people=claim_text(HOLDS, models="model, absent"))
    result = run("--collect-only", "--claims-report=out")
    result.stdout.fnmatch_lines(
        ["*<ClaimFileNode people.claims.yaml>", "*<ModelNode model>", "*<ClaimItem holds>"]
    )
    assert result.ret == 0
    assert not (pytester.path / "measured.log").exists()
    assert not (pytester.path / "out").exists()


def test_a_report_points_at_the_line_of_its_claim(write, run, pytester) -> None:
    write(people=claim_text(HOLDS, OPPOSITE))
    reports = pytester.inline_run("-p", "neuronclaims.plugin").getreports("pytest_runtest_logreport")
    places = {report.location for report in reports}
    assert places == {
        ("people.claims.yaml", 9, "model::holds"),
        ("people.claims.yaml", 10, "model::opposite"),
    }
    lines = (pytester.path / "people.claims.yaml").read_text().splitlines()
    assert "holds" in lines[9]
    assert "opposite" in lines[10]


def test_tags_select_without_being_registered(write, run) -> None:
    tagged = f"{{id: tagged, claim: neuron 0:0 {MORE}, tags: [of-note, places]}}"
    write(people=claim_text(tagged, OPPOSITE))
    result = run("-m", "places and of-note")
    assert result.parseoutcomes() == {"passed": 1, "deselected": 1}
    assert "Warning" not in result.stdout.str()


def test_tags_that_cannot_be_marks_are_located_errors(write, run, pytester) -> None:
    pytester.makeini("[pytest]\nmarkers = places: of places\n")
    tagged = f"{{id: tagged, claim: neuron 0:0 {MORE}, tags: [TAGS]}}"
    write(
        people=claim_text(
            tagged.replace("TAGS", "places"), tagged.replace("TAGS", "palces").replace("tagged", "two")
        )
    )
    result = run("--strict-markers")
    assert result.ret == pytest.ExitCode.INTERRUPTED
    result.stdout.fnmatch_lines(
        ["people.claims.yaml:11:5: the tag 'palces' is not among pytest's registered markers*"]
    )
    for tag, said in {
        "xfail": "since pytest's mark of that name does something; give the claim the key 'xfail' instead",
        "parametrize": "since pytest's mark of that name does something",
        "_hidden": "since pytest has no marks with such a name",
        "not": "since pytest has no marks with such a name",
    }.items():
        write(people=claim_text(tagged.replace("TAGS", tag)))
        run().stdout.fnmatch_lines(
            [f"people.claims.yaml:10:5: '{tag}' cannot be a tag, {said} (a tag of*'tagged')"]
        )


def test_a_file_with_problems_is_one_error_without_a_traceback(write, run) -> None:
    write(
        people=claim_text(
            "neuron 0:0 activates mroe for tall than short", "neuron 0:0 activates more for tal than short"
        )
    )
    result = run()
    assert result.ret == pytest.ExitCode.INTERRUPTED
    result.stdout.fnmatch_lines(["people.claims.yaml:10:*'mroe'*", "people.claims.yaml:11:*'tal'*"])
    assert "Traceback" not in result.stdout.str()
    assert result.parseoutcomes() == {"errors": 1}


def test_claims_that_cannot_pass_are_named_before_any_model_runs(write, run, pytester) -> None:
    few = "activates more for few than pair"
    write(
        people=claim_text(
            f"{{id: lost, claim: neuron 0:0 {few}}}",
            f"{{id: lost-as-known, claim: neuron 0:0 {few}, expect: inconclusive}}",
            f"{{id: left-out, claim: neuron 0:0 {few}, skip: {{reason: too few}}}}",
            pair=["one", "two"],
            models="model, other",
        )
    )
    result = run("--collect-only")
    warned = [line for line in result.outlines if "cannot be supported" in line]
    # Of two prompts against two there are six arrangements, of which two are as far apart; Holm's first step over three
    # claims makes 2/6 a 1.
    assert warned == [
        "people.claims.yaml:11: cannot be supported: with 2 prompts and 2 prompts in a family of 3 "
        "even the clearest result has an adjusted p of 1, above 0.05; 5 prompts per set would be enough; "
        "nor can it be refuted"
    ]
    assert not (pytester.path / "measured.log").exists()
    assert "cannot be supported" not in run("--collect-only", "-q").stdout.str()
