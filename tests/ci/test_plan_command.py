"""``neuronclaims plan``: nothing is loaded for it here; what is kept is told, what is not known is said."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import neuronclaims
from neuronclaims.cli import main
from neuronclaims.demo import MODEL_FOLDER

SETS = {
    "hanoi": [f"{name} lives in Hanoi." for name in ("Tom", "Ann", "Bo", "Cy", "Di", "Ed", "Fay", "Gus")],
    "baseline": [f"{name} paints a door." for name in ("Tom", "Ann", "Bo", "Cy", "Di", "Ed", "Fay", "Gus")],
}
MORE = "neuron 2:340 activates more for hanoi than baseline"


def write(folder: Path, *claims: str, model: str = "demo") -> Path:
    path = folder / "x.claims.yaml"
    head = (
        f"version: 1\nmodels: [{model}]\nsite: mlp_post\ntokens: mean of prompt\nsets: {json.dumps(SETS)}\n"
    )
    path.write_text(f"{head}claims: {json.dumps(claims)}\n")
    return path


@pytest.fixture(autouse=True)
def _no_model(monkeypatch) -> None:
    monkeypatch.setattr(
        "neuronclaims.models.running.loading.load", lambda *_: pytest.fail("a model is loaded")
    )


def test_a_plan_counts_what_is_to_run_and_says_why_no_time_is_known(tmp_path, monkeypatch, capsys) -> None:
    monkeypatch.chdir(tmp_path)
    write(tmp_path, MORE)
    assert main(["plan", "--no-pilot", "--effect", "1.2 sd"]) == 0
    out = capsys.readouterr().out
    assert "runs      16 prompts" in out
    assert "1.2 sd" in out
    assert "0.8 sd" not in out
    assert "time" in out
    assert "about" not in out.split("time")[1].splitlines()[0]
    with pytest.raises(SystemExit):
        main(["plan", "--no-pilt"])
    assert main(["plan", "--no-pilot", "--effect", "very much"]) == 1
    assert "very much" in capsys.readouterr().err


def test_a_claim_that_cannot_be_tested_fails_the_plan_and_leaves_the_others(
    tmp_path, monkeypatch, capsys
) -> None:
    monkeypatch.chdir(tmp_path)
    write(tmp_path, MORE, MORE.replace("2:340", "9:1"))
    assert main(["plan", "--no-pilot"]) == 1
    out = capsys.readouterr().out
    assert "demo has no layer 9" in " ".join(out.split())
    assert "runs      16 prompts" in out


def test_a_folder_without_weights_is_planned_but_for_its_time(tmp_path, monkeypatch, capsys) -> None:
    bare = tmp_path / "bare"
    bare.mkdir()
    for name in ("config.json", "tokenizer.json", "tokenizer_config.json"):
        if (MODEL_FOLDER / name).exists():
            (bare / name).write_bytes((MODEL_FOLDER / name).read_bytes())
    monkeypatch.chdir(tmp_path)
    write(tmp_path, MORE, model="./bare")
    assert main(["plan"]) == 0
    out = " ".join(capsys.readouterr().out.split())
    assert "16 prompts" in out
    assert "weights" in out
    assert "about" not in out.split(" time ")[1].split(" memory ")[0]


def test_the_plan_of_python_has_a_row_for_each_claim(tmp_path) -> None:
    planned = neuronclaims.plan(
        MORE, "demo", sets=SETS, site="mlp_post", tokens="mean of prompt", cache=None, pilot=False
    )
    assert [each.sentence for each in planned.claims] == [MORE]
    assert "demo" in str(planned)
    assert "<script" not in planned._repr_html_()


def test_what_is_held_and_how_it_is_kept_count_in_the_plan(tmp_path, monkeypatch, capsys) -> None:
    monkeypatch.chdir(tmp_path)
    write(tmp_path, MORE)
    said = {}
    for name, options in {"plain": [], "halved": ["--store", "bfloat16"], "set": []}.items():
        if name == "set":
            (tmp_path / "pytest.ini").write_text("[pytest]\nclaims_store = bfloat16\n")
        assert main(["plan", "--no-pilot", *options]) == 0
        line = next(each for each in capsys.readouterr().out.splitlines() if each.strip().startswith("disk"))
        said[name] = float(line.split()[1])
    # 16 rows of 512 numbers: 16.4 kB less of them, beside headers and notes that take as much as before.
    assert said["plain"] - said["halved"] == pytest.approx(16.4, abs=1.0)
    assert said["set"] == said["halved"]
    assert main(["plan", "--no-pilot", "--memory", "4 gigs"]) == 1
    assert "4GiB" in capsys.readouterr().err
