"""The composite action: its shell steps do what they say, whatever its inputs hold, and others are pinned."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest
from steps import ROOT, Runner, evaluated, read

ACTION = read("action.yml")
STEPS = {step.get("name", step.get("uses")): step for step in ACTION["runs"]["steps"]}
CLAIMS = """\
version: 1
models: [demo]
site: mlp_post
tokens: mean of prompt
sets:
  hanoi: [{hanoi}]
  baseline: [{baseline}]
claims:
  - neuron 2:340 activates more for hanoi than baseline
"""
HANOI = [
    f"{start} in Hanoi."
    for start in ("We ate", "She lives", "They met", "He was born", "It rained", "I slept")
]
OTHERS = [
    f"{start} at home."
    for start in ("We ate", "She lives", "They met", "He was born", "It rained", "I slept")
]


@pytest.fixture
def runner(tmp_path) -> Runner:
    return runner_in(tmp_path)


def runner_in(folder: Path, **options) -> Runner:
    made = Runner(folder, **options)
    (made.folder / "claims").mkdir()
    text = CLAIMS.format(hanoi=", ".join(HANOI), baseline=", ".join(OTHERS))
    (made.folder / "claims" / "x.claims.yaml").write_text(text, encoding="utf-8")
    return made


def step(runner: Runner, name: str, **inputs: str):
    """Run one step with the action's default inputs, and some others."""
    given = {key: value["default"] for key, value in ACTION["inputs"].items()}
    given |= {key.replace("_", "-"): value for key, value in inputs.items()}
    values = {f"inputs.{key}": value for key, value in given.items()} | {"github.action_path": "/the/action"}
    environment = {key: evaluated(text, values) for key, text in STEPS[name]["env"].items()}
    return runner.bash(STEPS[name]["run"], environment)


def words(runner: Runner) -> list[str]:
    return re.findall(r"<([^>]*)>", runner.calls.read_text(encoding="utf-8"))


def test_it_installs_itself_or_what_it_is_told_after_the_requirements(runner):
    assert step(runner, "Install").returncode == 0
    assert step(runner, "Install", package="neuronclaims==1.0", requirements="pins.txt").returncode == 0
    calls = runner.calls.read_text(encoding="utf-8").splitlines()
    assert [call.split()[-1] for call in calls] == ["/the/action", "pins.txt", "neuronclaims==1.0"]


def test_a_broken_claim_file_stops_it_with_an_annotation(runner):
    assert step(runner, "Check the claim files").returncode == 0
    path = runner.folder / "claims" / "x.claims.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("than baseline", "than base"), encoding="utf-8")
    done = step(runner, "Check the claim files")
    assert done.returncode == 1
    assert done.stdout.startswith("::error file=claims/x.claims.yaml,line=")


def keys(runner: Runner) -> dict[str, str]:
    runner.output.write_text("", encoding="utf-8")
    done = step(runner, "Name the cache")
    assert done.returncode == 0, done.stderr
    return runner.outputs()


def test_the_cache_has_a_new_name_when_claims_change_and_only_then(runner):
    first = keys(runner)
    assert set(first) == {"libraries", "claims"}
    assert all(re.fullmatch("[0-9a-f]{16}", value) for value in first.values())
    (runner.folder / "claims" / ".baselines").mkdir()
    (runner.folder / "claims" / ".baselines" / "main.json").write_text("{}", encoding="utf-8")
    assert keys(runner) == first
    (runner.folder / "claims" / "more.csv").write_text("text\nx\n", encoding="utf-8")
    second = keys(runner)
    assert second["libraries"] == first["libraries"]
    assert second["claims"] != first["claims"]
    fake = runner.folder.parent / "bin" / "python"
    fake.write_text(fake.read_text(encoding="utf-8").replace("numpy==1.0", "numpy==2.0"), encoding="utf-8")
    assert keys(runner) == second
    fake.write_text(fake.read_text(encoding="utf-8").replace("torch==2.0", "torch==2.1"), encoding="utf-8")
    assert keys(runner)["libraries"] != first["libraries"]


def test_pytest_is_given_the_claims_and_folders_and_nothing_else(runner):
    assert step(runner, "Test the claims").returncode == 0
    assert words(runner) == [
        "-m",
        "pytest",
        "claims",
        "--claims-report=claims-report",
        "--claims-cache=.neuronclaims",
    ]


def test_pytest_is_given_baseline_and_arguments_word_by_word(runner):
    args = """-k "hanoi and not 'x y'" --claims-model='a b=models/a b' -rs"""
    done = step(
        runner, "Test the claims", baseline="main", fail_on="lost,weaker:20%", args=args, path="my claims"
    )
    assert done.returncode == 0, done.stderr
    assert words(runner)[2:] == [
        "my claims",
        "--claims-report=claims-report",
        "--claims-cache=.neuronclaims",
        "--claims-compare=main",
        "--claims-fail-on=lost,weaker:20%",
        "-k",
        "hanoi and not 'x y'",
        "--claims-model=a b=models/a b",
        "-rs",
    ]


def test_what_pytest_comes_to_is_what_the_step_comes_to(runner):
    runner.environment["PYTEST_EXIT"] = "3"
    assert step(runner, "Test the claims").returncode == 3


@pytest.mark.parametrize("evil", ["$(touch owned)", "x; touch owned `touch owned`", "x\n'\"; touch owned #"])
def test_no_input_is_ever_run(runner, evil):
    for name in ("Install", "Check the claim files", "Name the cache", "Test the claims"):
        step(runner, name, **dict.fromkeys(ACTION["inputs"], evil))
    step(runner, "Test the claims", args=evil)
    assert not list(runner.folder.rglob("owned"))
    for each in STEPS.values():
        assert "${{" not in each.get("run", "")


def test_every_action_is_pinned_to_a_commit_and_says_its_version():
    for path in ("action.yml", "docs/examples/github.yml"):
        for line in (ROOT / path).read_text(encoding="utf-8").splitlines():
            if "uses:" in line and "your-organisation" not in line:
                assert re.search(r"uses: actions/[a-z/-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$", line), line


def test_every_input_is_used_and_every_use_is_an_input():
    text = (ROOT / "action.yml").read_text(encoding="utf-8")
    used = set(re.findall(r"inputs\.([a-z-]+)", text))
    assert used == set(ACTION["inputs"])
    example = read("docs/examples/github.yml")["jobs"]["claims"]["steps"][-1]["with"]
    assert set(example) <= set(ACTION["inputs"])


def test_values_and_report_are_kept_also_when_claims_fail():
    for name in ("Keep what was measured", "Keep the report"):
        assert "!cancelled()" in STEPS[name]["if"]
    names = list(STEPS)
    assert (
        names.index("Fetch what was measured before")
        < names.index("Test the claims")
        < names.index("Keep the report")
    )
    assert (
        STEPS["Keep what was measured"]["with"]["key"]
        == STEPS["Fetch what was measured before"]["with"]["key"]
    )


def test_all_steps_together_test_a_claim_and_leave_report_summary_and_cache(tmp_path):
    runner = runner_in(tmp_path, real_pytest=True)
    (runner.folder / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
    for name in ("Install", "Check the claim files", "Name the cache", "Test the claims"):
        done = step(runner, name, args="-p no:cacheprovider --claims-save=main")
        assert done.returncode == 0, done.stdout + done.stderr
    told = json.loads((runner.folder / "claims-report" / "claims.json").read_text(encoding="utf-8"))
    assert [claim["verdict"] for claim in told["claims"]] == ["supported"]
    assert "supported" in runner.summary.read_text(encoding="utf-8")
    assert list((runner.folder / ".neuronclaims").rglob("*.safetensors"))
    done = step(runner, "Test the claims", baseline="main", fail_on="lost,weaker:20%,missing")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "held" in done.stdout
    path = runner.folder / "claims" / "x.claims.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("2:340", "2:341"), encoding="utf-8")
    assert step(runner, "Test the claims", baseline="main", fail_on="lost,missing").returncode == 1
    assert step(runner, "Test the claims", baseline="nosuch").returncode == 4  # pytest's code for wrong usage


def test_the_steps_of_the_gitlab_example_run_as_they_are_written(tmp_path):
    runner = runner_in(tmp_path)
    shutil.copy(ROOT / "docs/examples/.gitlab-ci.yml", runner.folder)
    job = read("docs/examples/.gitlab-ci.yml")["claims"]
    done = runner.bash("\n".join(job["script"]), {"CLAIMS": "claims", "BASELINE": "main"})
    assert done.returncode == 0, done.stderr
    assert "1 claim file, 1 claim that can be read" in done.stdout
    assert "requirements.txt" in runner.calls.read_text(encoding="utf-8")
    assert "--claims-compare=main" in words(runner)
    assert job["artifacts"]["when"] == "always"
    assert job["artifacts"]["reports"]["junit"] in " ".join(words(runner))


def test_the_hook_checks_files_by_the_installed_command(runner):
    (hook,) = read(".pre-commit-hooks.yaml")
    assert hook["language"] == "system"
    assert re.search(hook["files"], "claims/x.claims.yaml")
    assert re.search(hook["files"], "claims/prompts/hanoi.csv")
    assert not re.search(hook["files"], "README.md")
    assert runner.bash(f"{hook['entry']} claims", {}).returncode == 0
    (runner.folder / "claims" / "x.claims.yaml").write_text("version: 1\n", encoding="utf-8")
    assert runner.bash(f"{hook['entry']} claims", {}).returncode == 1
