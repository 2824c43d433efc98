"""The composite action: its shell steps do what they say, whatever its inputs hold, and others are pinned."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest
from steps import ROOT, Runner, evaluated, read
from thorough import THOROUGH

ACTION = read("action.yml")
STEPS = {step.get("name", step.get("uses")): step for step in ACTION["runs"]["steps"]}
RUN = [name for name, each in STEPS.items() if "run" in each]
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


def step(runner: Runner, name: str, known: Mapping[str, str] | None = None, **inputs: str):
    """Run one step with the action's default inputs, some others, and what is known from steps before."""
    given = {key: value["default"] for key, value in ACTION["inputs"].items()}
    given |= {key.replace("_", "-"): value for key, value in inputs.items()}
    values = {f"inputs.{key}": value for key, value in given.items()} | {"github.action_path": "/the/action"}
    values |= {"steps.measured.outputs.cache-matched-key": "", **(known or {})}
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
    runner.environment["PYTHONPATH"] = str(runner.folder.parent / "libraries")
    install(runner, "numpy", "99.0")
    assert keys(runner) == second
    for name in ("torch", "transformers", "tokenizers"):
        before = keys(runner)
        install(runner, name, "99.0")
        assert keys(runner)["libraries"] != before["libraries"]


def install(runner: Runner, name: str, version: str) -> None:
    """Let another version of a library come first in the path."""
    folder = runner.folder.parent / "libraries" / f"{name}-{version}.dist-info"
    folder.mkdir(parents=True)
    (folder / "METADATA").write_text(f"Name: {name}\nVersion: {version}\n", encoding="utf-8")


def test_measured_values_are_kept_when_there_are_others_than_were_fetched_and_only_then(runner):
    """A new model is measured anew for the same claims, so libraries and claims do not name what was measured."""
    assert values(runner, "") == {"values": "", "new": "yes"}
    shards = runner.folder / ".neuronclaims" / "activations" / "one"
    shards.mkdir(parents=True)
    (shards / "a.safetensors").touch()
    first = values(runner, "")
    assert re.fullmatch("[0-9a-f]{16}", first["values"])
    assert first["new"] == "yes"
    (runner.folder / ".neuronclaims" / "compared.json").touch()
    assert values(runner, f"some-key-{first['values']}") == {**first, "new": "no"}
    (shards / "b.safetensors").touch()
    second = values(runner, f"some-key-{first['values']}")
    assert second["new"] == "yes"
    assert second["values"] != first["values"]


def values(runner: Runner, fetched: str) -> dict[str, str]:
    runner.output.write_text("", encoding="utf-8")
    assert (
        step(
            runner, "Name what was measured", {"steps.measured.outputs.cache-matched-key": fetched}
        ).returncode
        == 0
    )
    return runner.outputs()


def test_pytest_is_given_the_claims_and_folders_and_nothing_else(runner):
    assert step(runner, "Test the claims").returncode == 0
    assert words(runner) == [
        "-m",
        "pytest",
        "claims",
        "--claims-report=claims-report",
        "--claims-cache=.neuronclaims",
        "--claims-verify",
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
        "--claims-verify",
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
    for name in RUN:
        step(runner, name, **dict.fromkeys(ACTION["inputs"], evil))
    step(runner, "Test the claims", args=evil)
    step(runner, "Test the claims", baseline=evil, if_no_baseline="save", rematch=evil)
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


def test_values_and_report_are_kept_also_when_claims_fail_or_time_runs_out():
    for name in ("Name what was measured", "Keep what was measured", "Keep the report"):
        assert "always()" in STEPS[name]["if"]
    names = list(STEPS)
    order = [
        "Fetch what was measured before",
        "Test the claims",
        "Name what was measured",
        "Keep what was measured",
    ]
    assert sorted(order, key=names.index) == order
    fetched, kept = (STEPS[name]["with"] for name in (order[0], order[-1]))
    assert fetched["path"] == kept["path"]
    assert kept["key"] == f"{fetched['key']}-${{{{ steps.values.outputs.values }}}}"
    assert f"{fetched['key']}-" in fetched["restore-keys"].splitlines()


def test_every_step_that_runs_something_is_run_here():
    assert RUN == [
        "Install",
        "Check the claim files",
        "Name the cache",
        "Test the claims",
        "Name what was measured",
    ]


def test_old_models_are_handed_on_a_line_each(runner):
    done = step(runner, "Test the claims", baseline="main", rematch="ours=models/the old one\nother=b\n")
    assert done.returncode == 0, done.stderr
    assert words(runner)[-3:] == [
        "--claims-compare=main",
        "--claims-rematch=ours=models/the old one",
        "--claims-rematch=other=b",
    ]


@pytest.mark.skipif(not THOROUGH, reason="loads the model four times (THOROUGH=1)")
def test_a_first_run_saves_a_baseline_where_it_was_told_to_and_fails_elsewhere(tmp_path):
    runner = runner_in(tmp_path, real_pytest=True)
    (runner.folder / "pytest.ini").write_text("[pytest]\naddopts = -p no:cacheprovider\n", encoding="utf-8")
    done = step(runner, "Test the claims", baseline="main")
    assert done.returncode == 4
    assert "There is no baseline 'main'" in done.stdout + done.stderr
    done = step(
        runner, "Test the claims", baseline="main", if_no_baseline="save", fail_on="lost", rematch="demo"
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.splitlines()[-1].startswith("::warning title=Nothing was compared::")
    saved = runner.folder / "claims-report" / "baselines" / "main.json"
    assert saved.read_bytes() == (runner.folder / "claims" / ".baselines" / "main.json").read_bytes()
    done = step(
        runner, "Test the claims", baseline="main", if_no_baseline="save", fail_on="lost", rematch="demo"
    )
    assert done.returncode == 0
    assert "1 claim compared: 1 held" in done.stdout
    done = step(runner, "Test the claims", baseline="mian", if_no_baseline="save")
    assert done.returncode == 4
    assert "Did you mean" in done.stdout + done.stderr or "There: main" in done.stdout + done.stderr


@pytest.mark.skipif(not THOROUGH, reason="installs and runs everything once more (THOROUGH=1)")
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
    assert "rematch" not in " ".join(words(runner))
    assert (
        runner.bash(
            job["script"][-1], {"CLAIMS": "claims", "BASELINE": "main", "OLD_MODEL": "old one"}
        ).returncode
        == 0
    )
    assert "--claims-rematch=old one" in words(runner)
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
