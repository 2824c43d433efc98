"""One claim file put to several models: their order in reports, and models added on the command line."""

from __future__ import annotations

import pytest
from inner import MORE, claim_text, report_of, write_model

HOLDS = f"{{id: holds, claim: neuron 0:0 {MORE}}}"
OPPOSITE = f"{{id: opposite, claim: neuron 0:1 {MORE}}}"
STEPS = ("step9", "step1000", "last", "a-copy")
"""Neither by name nor by number."""


@pytest.fixture
def checkpoints(write, pytester) -> None:
    for name in STEPS:
        write_model(pytester.path / name)
    write(people=claim_text(HOLDS, OPPOSITE, models=", ".join(STEPS)))


def reported(pytester: pytest.Pytester) -> list[tuple[str, str]]:
    return [(claim["model"], claim["id"]) for claim in report_of(pytester.path)["claims"]]


ALL = [(model, name) for model in STEPS for name in ("holds", "opposite")]


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("-k", "not step9"),
        ("-k", "a-copy or last"),
        ("people.claims.yaml::a-copy", "people.claims.yaml::step9"),
        ("-p", "xdist", "-n", "2", "--dist", "load"),
    ],
)
def test_reports_keep_the_file_s_order_of_models_however_claims_are_chosen_and_run(
    checkpoints, run, pytester, arguments
) -> None:
    if "xdist" in arguments:
        pytest.importorskip("xdist")
    result = run("-p", "no:cacheprovider", "--claims-report=.", *arguments)
    found = reported(pytester)
    assert found == [each for each in ALL if each in found]
    assert len({model for model, _ in found}) > 1
    headings = [
        line.split("claims.yaml on ")[1].split()[0]
        for line in result.outlines
        if line.startswith("people.claims.yaml on ")
    ]
    assert headings == [model for model in STEPS if (model, "holds") in found]


def test_a_model_with_a_plus_is_put_to_every_file_after_those_it_names(write, run, pytester) -> None:
    write(
        people=claim_text(HOLDS),
        others=claim_text(HOLDS, models="other, model"),
        both=claim_text(HOLDS, OPPOSITE),
    )
    write_model(pytester.path / "weights" / "new")
    result = run(
        "--claims-report=.", "--claims-model=+other=model", "--claims-model", "+lab/late = weights/new"
    )
    assert result.parseoutcomes() == {"passed": 9, "failed": 3}
    claims = report_of(pytester.path)["claims"]
    assert [claim["nodeid"] for claim in claims if claim["id"] == "holds"] == [
        *(f"both.claims.yaml::{name}::holds" for name in ("model", "other", "late")),
        *(f"others.claims.yaml::{name}::holds" for name in ("other", "model", "late")),
        *(f"people.claims.yaml::{name}::holds" for name in ("model", "other", "late")),
    ]
    assert run("both.claims.yaml::late::holds", "--claims-model=+lab/late=weights/new").ret == 0


def test_a_model_is_added_by_the_configuration_too_and_workers_know_of_it(write, run, pytester) -> None:
    pytest.importorskip("xdist")
    write(people=claim_text(HOLDS, OPPOSITE))
    pytester.makeini("[pytest]\nclaims_model =\n    +new = other\n")
    run("-p", "xdist", "-n", "2", "--claims-report=.")
    assert reported(pytester) == [
        (model, name) for model in ("model", "new") for name in ("holds", "opposite")
    ]


LATE = "no claim file that was collected names a model 'late'; they name model"


@pytest.mark.parametrize("more", [(), ("-k", "holds"), ("--collect-only",), ("--claims-dry-run",)])
def test_without_a_plus_a_model_no_file_names_is_an_error_that_says_what_to_write(write, run, more) -> None:
    write(people=claim_text(HOLDS), others=claim_text(HOLDS, models="other"))
    result = run("--claims-model=late=other", *more)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(
        ["ERROR: --claims-model: no claim file*'late'; they name other, model. To put * write +late=FOLDER."]
    )
    near = run("--claims-model=modle=other", *more)
    near.stderr.fnmatch_lines(["*Did you mean 'model'?*"])


@pytest.mark.parametrize("given", ["model=other", "+late=other", "other=model"])
def test_a_model_that_any_file_collected_names_or_that_is_added_is_none(write, run, given) -> None:
    write(people=claim_text(HOLDS), others=claim_text(HOLDS, models="other"))
    assert run(f"--claims-model={given}").ret == 0
    assert run(f"--claims-model={given}", "-k", "people").ret == 0


def test_where_no_claim_file_is_collected_nothing_is_said_of_models(write, run, pytester) -> None:
    write()
    pytester.makepyfile("def test_it(): pass")
    assert run("--claims-model=late=other").parseoutcomes() == {"passed": 1}


def test_workers_cannot_stop_the_session_so_each_claim_says_it(write, run) -> None:
    pytest.importorskip("xdist")
    write(people=claim_text(HOLDS))
    result = run("-p", "xdist", "-n", "2", "--claims-model=late=other")
    assert result.ret == 1
    result.stdout.fnmatch_lines([f"*{LATE}*"])
    assert "INTERNALERROR" not in result.stdout.str()


def test_the_configuration_of_a_project_may_name_models_of_files_that_are_not_run(
    write, run, pytester
) -> None:
    write(people=claim_text(HOLDS))
    pytester.makeini("[pytest]\nclaims_model =\n    late = other\n")
    whole, part = run(), run("people.claims.yaml")
    assert whole.parseoutcomes() == {"passed": 1, "warnings": 1}
    assert LATE in " ".join(whole.stdout.str().split())
    assert part.parseoutcomes() == {"passed": 1}


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("+", "must be NAME=FOLDER, such as gpt2=models/gpt2, or +NAME=FOLDER, not '+'"),
        ("+=other", "must be NAME=FOLDER, such as gpt2=models/gpt2, or +NAME=FOLDER, not '+=other'"),
        ("+late", "must be NAME=FOLDER, such as gpt2=models/gpt2, or +NAME=FOLDER, not '+late'"),
        ("+late=", "must be NAME=FOLDER, such as gpt2=models/gpt2, or +NAME=FOLDER, not '+late='"),
        ("+late=nowhere", "there is no folder */nowhere for the model 'late'"),
    ],
)
def test_a_bad_value_is_one_clear_error(write, run, value, said) -> None:
    write(people=claim_text(HOLDS))
    result = run(f"--claims-model={value}")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert [line for line in result.errlines if "--claims-model" in line] == [result.errlines[0]]
    result.stderr.fnmatch_lines([f"ERROR: --claims-model*{said}"])
    assert result.stdout.str() == ""


def test_help_tells_of_added_models(write, run) -> None:
    write()
    text = " ".join(run("--help").stdout.str().split())
    assert "--claims-model=[+]NAME=FOLDER" in text
    assert "+NAME=FOLDER tests every claim file on it" in text
