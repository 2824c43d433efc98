"""Sessions that are compared, and then look for the neurons of lost claims where their true places are known."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from demo_model import variants
from forked import run_pytest
from thorough import draws

from neuronclaims.cli import main
from neuronclaims.demo import MODEL_FOLDER
from neuronclaims.reports.json import report as json_report
from neuronclaims.sentences.subjects.neurons import Neuron

ROOT = Path(__file__).parents[2]
CLAIMS = """\
version: 1
models: [demo]
site: mlp_post
tokens: mean of prompt
sets:
  hanoi: {file: prompts/hanoi.csv, column: text, group: group}
  vietnam: {file: prompts/vietnam.csv, column: text, group: group}
  baseline: {file: prompts/baseline.csv, column: text, group: group}
claims:
  - {id: hanoi, claim: neuron 2:340 activates more for hanoi than baseline}
  - {id: vietnam, claim: neuron 0:95 separates vietnam from baseline}
  - {id: stream, claim: resid_post neuron 4:72 activates more for hanoi than baseline}
"""
NEURONS = {"hanoi": Neuron(2, 340), "vietnam": Neuron(0, 95)}
OBJECT = """\
import pytest
from transformers import AutoModelForCausalLM, AutoTokenizer
from neuronclaims import LoadedModel

@pytest.fixture(scope="session")
def claims_models():
    folder = "new model"
    return {"demo": LoadedModel(AutoModelForCausalLM.from_pretrained(folder), AutoTokenizer.from_pretrained(folder))}
"""
WHICH = """
import sys

def pytest_unconfigure():
    print("LOADED", *(name for name in ("torch", "transformers", "neuronclaims.rematch") if name in sys.modules))
"""
FOLDER = ("--claims-model=demo=new model",)
XDIST = ("-p", "xdist", "-n", "2", "--dist", "loadscope")


class Project:
    """A folder with claims that were saved on the demo model, and a copy of that whose neurons were permuted."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "claims").mkdir()
        shutil.copytree(ROOT / "claims" / "prompts", folder / "claims" / "prompts")
        (folder / "claims" / "x.claims.yaml").write_text(CLAIMS, encoding="utf-8")
        (folder / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
        self.places = variants.permuted(MODEL_FOLDER, folder / "new model")
        variants.zeroed(MODEL_FOLDER, folder / "zeroed", 2, 340)

    def session(self, *arguments: str, forked: bool = True) -> subprocess.CompletedProcess[str]:
        plugins = ("-p", "neuronclaims.plugin", "-p", "no:cacheprovider")
        environment = {name: text for name, text in os.environ.items() if not name.startswith("PYTEST")}
        environment |= {
            "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
            "GITHUB_STEP_SUMMARY": str(self.folder / "summary.md"),
        }
        given = ["claims", *plugins, *arguments]
        if forked:
            return run_pytest(self.folder, given, environment)
        return subprocess.run(
            [sys.executable, "-m", "pytest", *given],
            cwd=self.folder,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )

    def true_place(self, neuron: Neuron) -> str:
        return str(Neuron(neuron.layer, int(self.places[neuron.layer][neuron.index])))

    def reported(self) -> dict[str, Any]:
        text = (self.folder / "rep" / "claims.json").read_text(encoding="utf-8")
        report = json.loads(text)
        jsonschema.validate(report, json_report.schema())
        return {claim["id"]: claim for claim in report["claims"]}


@pytest.fixture(scope="module")
def project(tmp_path_factory) -> Project:
    made = Project(tmp_path_factory.mktemp("moved"))
    done = made.session("--claims-save")
    assert done.returncode == 0, done.stdout + done.stderr
    return made


@pytest.mark.parametrize("how", draws(["folder"], ["folder", "spread", "object"]))
def test_lost_neurons_are_found_where_they_are_and_every_report_says_so(project, how):
    """In one process, under xdist, and with a model that conftest.py hands over as an object."""
    if how == "spread":
        pytest.importorskip("xdist")
    conftest, summary = project.folder / "conftest.py", project.folder / "summary.md"
    summary.write_text("", encoding="utf-8")
    conftest.write_text(OBJECT if how == "object" else "", encoding="utf-8")
    arguments = {"folder": FOLDER, "spread": (*FOLDER, *XDIST), "object": ()}[how]
    done = project.session("--claims-compare", "--claims-rematch=demo", "--claims-report=rep", *arguments)
    conftest.unlink()
    assert done.returncode == 1, done.stdout + done.stderr
    told = project.reported()
    assert told["stream"]["rematch"] is None
    for name, neuron in NEURONS.items():
        assert told[name]["drift"] == "lost"
        found, place = told[name]["rematch"], project.true_place(neuron)
        assert found["status"] == "moved"
        assert found["verdict"] == "supported"
        ((old, new, r),) = (each.values() for each in found["neurons"])
        assert (old, new) == (str(neuron), place)
        assert r > 0.999
        sentence = f"moved to {place} (r = 1.00), supported there on the other half of the prompts"
        assert found["sentence"] == sentence
        assert re.search(
            rf"^LOST \S+::{name} - .*\n  in the new model: {re.escape(sentence)}$", done.stdout, re.M
        )
        assert f"In the new model: {sentence}." in summary.read_text(encoding="utf-8")
        assert f"In the new model: {sentence}." in (project.folder / "rep/index.html").read_text(
            encoding="utf-8"
        )
    command = "neuronclaims rematch claims/x.claims.yaml --old demo --new 'new model'"
    assert (command in done.stdout) == (how != "object")
    assert "Traceback" not in done.stdout + done.stderr


def test_the_command_that_a_hint_names_writes_the_claims_about_the_new_model(project, monkeypatch):
    done = project.session("--claims-compare", *FOLDER)
    assert done.returncode == 1
    assert "in the new model" not in done.stdout
    (command,) = re.findall(
        r"^Lost neurons may have moved\. To look for them: (.*) \(or pytest", done.stdout, re.M
    )
    words = shlex.split(command)
    assert words[:2] == ["neuronclaims", "rematch"]
    monkeypatch.chdir(project.folder)
    assert main(words[1:]) == 0
    text = (project.folder / "claims" / "x.rematched.claims.yaml").read_text(encoding="utf-8")
    (project.folder / "claims" / "x.rematched.claims.yaml").unlink()
    assert all(f"neuron {project.true_place(neuron)} " in text for neuron in NEURONS.values())


def test_a_silenced_neuron_is_not_found_and_the_reason_is_told(project):
    done = project.session(
        "--claims-compare",
        "--claims-rematch=other=nowhere",
        "--claims-rematch=demo=demo",
        "--claims-model=demo=zeroed",
    )
    assert done.returncode == 1
    (why,) = re.findall(r"^  in the new model: not found: (.*)$", done.stdout, re.M)
    assert re.search(r"\(?r = 0\.\d\d", why)
    assert "To write the claims" not in done.stdout


def test_where_nothing_is_lost_nothing_is_looked_for_and_no_model_library_loaded(project):
    (project.folder / "conftest.py").write_text(WHICH, encoding="utf-8")
    done = project.session("--claims-compare", "--claims-rematch=nowhere", forked=False)
    (project.folder / "conftest.py").unlink()
    assert done.returncode == 0
    assert re.search(r"^LOADED$", done.stdout, re.M)
    assert "nowhere" not in done.stdout
