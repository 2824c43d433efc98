"""What becomes of a verdict in pytest: the same plain and under xdist."""

from __future__ import annotations

import re

import pytest
from inner import MORE, claim_text
from worlds import OUTCOMES


def test_every_verdict_is_what_it_should_be_to_the_session(world) -> None:
    assert {name: (claim["verdict"], claim["outcome"]) for name, claim in world.claims.items()} == OUTCOMES
    assert world.code == 1


def test_verdicts_are_counted_under_their_own_categories(world) -> None:
    closing = world.output.strip().splitlines()[-1]
    found = {word: int(count) for count, word in re.findall(r"(\d+) (\w+)", closing)}
    expected = {"failed": 3, "passed": 5, "skipped": 2, "xfailed": 1, "inconclusive": 2, "broken": 13}
    assert found.items() >= expected.items()


def test_a_failure_is_told_once_and_named_once(world) -> None:
    failures = world.section("FAILURES").splitlines()
    assert [line.split(": ")[1] for line in failures if line.startswith("people.claims.yaml:")] == [
        "supported, though marked xfail (lost in v2)"
    ], "the section of claims tells of all others"
    lines = world.section("short test summary info").splitlines()
    for name, said in {
        "opposite": "REFUTED people.claims.yaml::model::opposite",
        "wrongly-refuted": "SUPPORTED (expected refuted) people.claims.yaml::model::wrongly-refuted",
        "holds-again": "SUPPORTED (marked xfail) people.claims.yaml::model::holds-again",
    }.items():
        assert sum(line.split(" - ")[0] == said for line in lines) == 1, name
    assert "Traceback" not in world.output
    assert "neuronclaims/" not in world.output


def test_the_short_summary_names_each_failing_claim_once_and_an_error_of_a_model_once(world) -> None:
    lines = world.section("short test summary info").splitlines()
    failing = [name for name, (_, outcome) in OUTCOMES.items() if outcome == "failed"]
    named = [
        name
        for line in lines
        for name in failing
        if line.split(" - ")[0].endswith(f"people.claims.yaml::model::{name}")
    ]
    assert sorted(named) == sorted(failing)
    assert [line for line in lines if "absent" in line and "(12 claims) - No model 'absent'" in line] != []
    assert sum(not line.startswith("  ") for line in lines) == len(failing) + 1
    assert max(len(line) for line in lines if "absent" not in line) <= 100
    assert world.section("claims").count("there is no such folder in") == 1


def test_a_claim_of_a_model_that_does_not_open_is_broken_in_every_report(world) -> None:
    broken = [claim for claim in world.report["claims"] if claim["model"] == "absent"]
    assert len(broken) == len(OUTCOMES)
    assert {(claim["outcome"], claim["error"][:17]) for claim in broken} == {("failed", "No model 'absent'")}


def test_inconclusive_claims_may_be_skipped_instead(write, run) -> None:
    write(people=claim_text(f"{{id: undecided, claim: neuron 0:2 {MORE}}}", f"neuron 0:0 {MORE}"))
    result = run("--claims-inconclusive=skip", "-rs", "-v")
    assert result.ret == 0
    assert result.parseoutcomes() == {"passed": 1, "inconclusive": 1}
    result.stdout.fnmatch_lines(
        [
            "*::undecided INCONCLUSIVE (people.claims.yaml:10: inconclusive:*",
            "2 claims: 1 supported, 1 inconclusive; 1 not as expected, as allowed",
            "*short test summary info*",
            "INCONCLUSIVE people.claims.yaml::model::undecided*",
        ]
    )


def test_a_skip_stands_at_the_line_of_the_claim(write, pytester) -> None:
    write(people=claim_text(f"neuron 0:2 {MORE}"))
    reports = pytester.inline_run("-p", "neuronclaims.plugin", "--claims-inconclusive=skip").getreports()
    call = next(report for report in reports if getattr(report, "when", "") == "call")
    path, line, reason = call.longrepr
    assert (path, line) == (str(pytester.path / "people.claims.yaml"), 10)
    assert reason.startswith(f"people.claims.yaml:10: inconclusive: neuron 0:2 {MORE}. ")


def test_only_a_refuted_claim_satisfies_its_xfail(write, run) -> None:
    xfail = "xfail: {reason: known}"
    write(
        people=claim_text(
            f"{{id: refuted, claim: neuron 0:1 {MORE}, {xfail}}}",
            f"{{id: undecided, claim: neuron 0:2 {MORE}, {xfail}}}",
            f"{{id: broken, claim: neuron 9:2 {MORE}, {xfail}}}",
        ),
        crash=claim_text(
            f"{{id: crash, claim: neuron 0:0 activates more for odd than short, {xfail}}}",
            odd=["a defect", "an odd one"],
            models="other",
        ),
    )
    assert run().parseoutcomes() == {"xfailed": 1, "inconclusive": 1, "broken": 1, "failed": 1}


def test_a_defect_keeps_its_traceback_and_is_met_once(write, run, pytester) -> None:
    odd = {"odd": ["a defect", "another one"]}
    write(people=claim_text("neuron 0:0 activates more for odd than short", f"neuron 0:1 {MORE}", **odd))
    result = run()
    assert result.parseoutcomes() == {"failed": 2}
    result.stdout.fnmatch_lines(
        [
            "*def fake_measure(*",
            "E *RuntimeError: a defect of the engine",
            "people.claims.yaml:12: could not be tested: RuntimeError: a defect of the engine (its traceback is*",
        ]
    )
    assert result.stdout.str().count("def fake_measure(") == 1
    assert (pytester.path / "measured.log").read_text() == "model\n"


def test_a_session_that_fails_only_by_our_categories_ends_in_red(write, run) -> None:
    write(people=claim_text(f"neuron 0:2 {MORE}"))
    result = run("--color=yes")
    assert result.ret == 1
    closing = result.outlines[-1]
    assert "\x1b[31m" in closing
    assert "1 inconclusive" in closing
    assert [
        line
        for line in result.outlines
        if "1 claim: 1 inconclusive; 1 not as expected" in line and "\x1b[1;31m" in line
    ]


@pytest.mark.parametrize(
    ("option", "allowed"),
    [
        ("inconclusive", "fail or skip"),
        ("dtype", "float32, bfloat16, float16 or auto"),
        ("attention", "sdpa, eager, flash_attention_2 or flex_attention"),
        ("device", "cpu, cuda, cuda:N, mps or auto"),
    ],
)
def test_a_bad_value_of_an_option_is_a_usage_error_that_names_the_allowed_ones(
    write, run, pytester, option, allowed
):
    write(people=claim_text(f"neuron 0:0 {MORE}"))
    result = run(f"--claims-{option}=odd")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"ERROR: --claims-{option} must be {allowed}, not 'odd'"])
    pytester.makeini(f"[pytest]\nclaims_{option} = odd\n")
    result = run()
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"ERROR: claims_{option} must be {allowed}, not 'odd'"])


def test_a_share_of_claims_may_be_enough_and_other_failures_still_count(write, run, pytester) -> None:
    write(people=claim_text(f"neuron 0:0 {MORE}", f"neuron 0:1 {MORE}"))
    enough, short = run("--claims-fail-under=50%"), run("--claims-fail-under=51")
    assert (enough.ret, short.ret) == (0, 1)
    enough.stdout.fnmatch_lines(
        ["50 % of 2 claims as expected, at least the 50 % of --claims-fail-under: passed"]
    )
    short.stdout.fnmatch_lines(["*fewer than the 51 % of --claims-fail-under: failed"])
    pytester.makepyfile("def test_other():\n    assert False")
    assert run("--claims-fail-under=50%").ret == 1
    assert "a share such as 90%" in run("--claims-fail-under=half").stderr.str()
