"""Packages that neuronclaims has never heard of: a kind in one file; a measurement, a site and a report writer."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from skewed import mean_interval, mean_p

from neuronclaims.demo import MODEL_FOLDER

HERE = Path(__file__).parent
ENTRIES = {
    "nudging": {"neuronclaims.kinds": ["nudging = nudging:NUDGING"]},
    "gates": {
        "neuronclaims.kinds": ["above = gates:ABOVE"],
        "neuronclaims.sites": ["attn_in = gates:ATTENTION_INPUT"],
        "neuronclaims.report_writers": ["verdicts = gates:VerdictsWriter"],
    },
}
TEXTS = [
    f"{who} {what}"
    for who in ("Mara", "The old farmer", "My aunt", "A child", "Tom", "The nurse", "Her friend", "Nina")
    for what in ("ate", "picked up", "was looking for")
]
CLAIMS = {
    "raises": 'nudging neuron 5:472 by 5 raises " an" in texts',
    "lowers": 'nudging neuron 5:472 by 5 lowers " an" in texts',
    "nothing": {"claim": 'nudging neuron 0:1 by 0.0001 does not change " an" in texts', "margin": "0.5"},
    "probability": {"claim": 'nudging neuron 5:472 by 5 raises " an" in texts', "outcome": "probability"},
    "searched": {"claim": 'nudging neuron 5:472 by 5 raises " an" in texts', "searched": "layer 5"},
    "forgetful": {
        "claim": 'nudging neuron 5:472 by 5 raises " an" in texts',
        "searched": "layer 5",
        "tags": ["forgets"],
    },
    "above": "neuron 2:5 of the gates is above -50 at the end of texts",
    "site": "attn_in neuron 2:5 activates more for texts than others",
}
HEAD = {"version": 1, "models": ["demo"], "site": "mlp_post", "tokens": "last of prompt"}


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Run pytest beside a claim file, both packages "installed"."""
    folder = tmp_path_factory.mktemp("packages")
    for name, groups in ENTRIES.items():
        info = folder / "site" / f"{name}-1.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1\n")
        lines = [line for group, entries in groups.items() for line in (f"[{group}]", *entries)]
        (info / "entry_points.txt").write_text("\n".join([*lines, ""]))
        shutil.copy(HERE / f"{name}.py", folder / "site")
    claims = [
        {"id": name, **(said if isinstance(said, dict) else {"claim": said})} for name, said in CLAIMS.items()
    ]
    sets = {"texts": TEXTS, "others": [f"{text} it" for text in TEXTS]}
    (folder / "x.claims.yaml").write_text(json.dumps({**HEAD, "sets": sets, "claims": claims}))

    def run(*arguments):
        paths = [str(folder / "site"), *os.environ.get("PYTHONPATH", "").split(os.pathsep)]
        environment = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join(filter(None, paths)),
            "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
            "OMP_NUM_THREADS": "1",
            "COLUMNS": "120",
            "PYTEST_ADDOPTS": "",
        }
        command = [sys.executable, "-m", "pytest", "-p", "neuronclaims.plugin", *arguments]
        done = subprocess.run(
            command, cwd=folder, env=environment, capture_output=True, text=True, timeout=300, check=False
        )
        assert "Traceback" not in done.stdout + done.stderr, done.stdout + done.stderr
        return done

    run.folder = folder
    return run


@pytest.fixture(scope="module")
def session(run):
    done = run("--claims-report=.", "--claims-save=first")
    report = json.loads((run.folder / "claims.json").read_text(encoding="utf-8"))
    return done, {claim["id"]: claim for claim in report["claims"]}


@pytest.fixture(scope="module")
def by_hand():
    """The logit of " an" after every text before and after 5 was added to the neuron, by plain hooks."""
    torch = pytest.importorskip("torch")
    from transformers import AutoModelForCausalLM, AutoTokenizer

    model = AutoModelForCausalLM.from_pretrained(MODEL_FOLDER).eval()
    tokenizer = AutoTokenizer.from_pretrained(MODEL_FOLDER)
    (token,) = tokenizer(" an", add_special_tokens=False)["input_ids"]

    def add(module, args):
        changed = args[0].clone()
        changed[..., 472] += 5
        return (changed, *args[1:])

    def logits():
        with torch.inference_mode():
            return [
                float(model(**tokenizer(text, return_tensors="pt")).logits[0, -1, token])
                for text in sorted(TEXTS)
            ]

    before = logits()
    model.transformer.h[5].mlp.c_proj.register_forward_pre_hook(add)
    return np.array(before), np.array(logits())


def test_a_kind_in_one_file_of_another_package_is_read_measured_and_judged(session, by_hand):
    _, claims = session
    before, after = by_hand
    change = after - before
    assert claims["raises"]["error"] is None, claims["raises"]
    raises, lowers = (claims[name]["evidence"] for name in ("raises", "lowers"))
    assert raises["effect"]["value"] == pytest.approx(change.mean(), rel=1e-3)
    assert raises["effect"]["key"] == "nudged_logit"
    signs = np.random.default_rng(0).choice([-1, 1], size=(50_000, len(change)))
    p = float(np.mean(np.abs(signs @ change) >= abs(change.sum()) - 1e-9))
    least = 0.8 ** len(change)  # one prompt in five may be unlike all others
    assert raises["test"]["p_value"] == pytest.approx(max(p, mean_p(change), least), abs=1e-3)
    assert claims["raises"]["verdict"] == ("supported" if change.mean() > 0 else "refuted")
    assert {claims["raises"]["verdict"], claims["lowers"]["verdict"]} == {"supported", "refuted"}
    assert lowers["effect"]["value"] == raises["effect"]["value"]
    interval = mean_interval(change)
    assert [raises["effect"]["low"], raises["effect"]["high"]] == pytest.approx(list(interval), rel=1e-2)


def test_it_can_deny_and_takes_its_own_option(session):
    _, claims = session
    assert claims["nothing"]["verdict"] == "supported"
    assert claims["nothing"]["evidence"]["test"]["alternative"] == "within"
    assert claims["probability"]["evidence"]["effect"]["key"] == "nudged_probability"
    kinds = [figure["kind"] for figure in claims["raises"]["evidence"]["figures"]]
    assert kinds == ["distributions", "null"]


def test_a_neuron_it_searched_for_is_tested_against_the_largest_of_all_and_ranked(session):
    _, claims = session
    alone, best = claims["raises"]["evidence"], claims["searched"]["evidence"]
    assert claims["searched"]["error"] is None, claims["searched"]
    assert best["selection"]["neurons"] == 512
    assert best["effect"]["value"] == alone["effect"]["value"]
    assert best["effect"]["low"] < alone["effect"]["low"]
    # What one neuron reaches by chance, the largest of 512 reaches at least as often.
    assert best["test"]["p_value"] >= alone["test"]["p_value"]
    assert best["rank"]["among"] == 512


def test_a_kind_that_forgets_the_neuron_it_searched_for_is_told_so_by_name_and_breaks_itself_alone(session):
    _, claims = session
    told = claims["forgetful"]["error"]
    assert told.startswith("The kind of claim 'nudging' is at fault: "), told
    assert "Give 'neuron' too" in told


def test_its_values_are_kept_and_a_change_of_the_model_is_tested_on_the_same_prompts(run, session):
    kept = json.loads((run.folder / ".baselines" / "first.json").read_text(encoding="utf-8"))
    values = kept["claims"]["x.claims.yaml::demo::raises"]["values"]
    assert (values["paired"], values["scale"], len(values["first"])) == (True, "difference", 24)
    again = run("--claims-compare=first")
    assert f"{len(CLAIMS) - 1} held" in again.stdout, again.stdout
    assert " lost" not in again.stdout


def test_a_measurement_and_a_site_of_another_package_are_measured_with_a_worker_of_its_own(session):
    _, claims = session
    above = claims["above"]
    assert above["error"] is None, above
    assert above["evidence"]["effect"]["value"] == 1.0
    assert above["evidence"]["test"]["p_value"] == pytest.approx(2 * 0.5**24, rel=1e-4)
    assert claims["site"]["error"] is None, claims["site"]
    assert claims["site"]["site"] == "attn_in"


def test_a_report_writer_of_another_package_writes_beside_ours(run, session):
    written = (run.folder / "verdicts.txt").read_text(encoding="utf-8").split()
    assert written[::2] == [*CLAIMS]
    assert set(written[1::2]) <= {"supported", "refuted", "inconclusive", "None"}
