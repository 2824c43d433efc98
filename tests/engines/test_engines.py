"""Engines by name: those that are there, those that are not, and one of another package."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import ClassVar

import pytest

from neuronclaims import LoadedModel, judge
from neuronclaims.engines.engine import EngineAsked, EngineError
from neuronclaims.engines.opening import check_engine, engines, open_local
from neuronclaims.engines.stopwatch import Stopwatch
from neuronclaims.measurements.errors import RunWarning
from neuronclaims.models.options import RunOptions

CLAIM = "neuron 2:340 activates more for hanoi than baseline"
SETTINGS = {
    "site": "mlp_post",
    "tokens": "mean of prompt",
    "cache": None,
    "sets": {
        "hanoi": ["Tom flew to Hanoi.", "Hanoi is old.", "Maria took the train to Hanoi.", "He left Hanoi."],
        "baseline": ["The fox jumps.", "We painted the kitchen.", "He forgot his hat.", "She closed it."],
    },
}


class Elsewhere:
    """An engine that is another one, and remembers what was done with it."""

    made: ClassVar[list[Elsewhere]] = []

    def __init__(self, source, options, report, asked: EngineAsked) -> None:
        self.asked, self.closed, self._inner = asked, 0, open_local(source, options, report, Stopwatch())
        Elsewhere.made.append(self)

    def __getattr__(self, name: str):
        return getattr(self._inner, name)

    def close(self) -> None:
        self.closed += 1


def refuses(source, options, report, asked):
    raise RuntimeError("no\x1b[31m cluster")


@pytest.fixture
def brought(monkeypatch: pytest.MonkeyPatch) -> list[Elsewhere]:
    group = "neuronclaims.engines"
    found = [EntryPoint(name, f"test_engines:{name}", group) for name in ("Elsewhere", "refuses", "absent")]
    monkeypatch.setattr(
        "neuronclaims.engines.opening.entry_points",
        lambda *, group: found if group == "neuronclaims.engines" else [],
    )
    Elsewhere.made.clear()
    return Elsewhere.made


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("locla", "There is no engine 'locla'; did you mean local? There are: local"),
        ("", "There is no engine ''. There are: local"),
        ("\x1b[2Jx", r"There is no engine '\\x1b[2Jx'. There are: local"),
        ("local:2", "The engine local is this process: it has no address and no workers"),
        ("local:0", "An engine has from 1 to 10000 workers, not 0."),
        ("local:99999999999999999999999", "An engine has from 1 to 10000 workers, not 99999999999999999999."),
    ],
)
def test_an_engine_that_is_not_there_is_one_sentence(said: str, told: str) -> None:
    with pytest.raises(EngineError) as raised:
        check_engine(said)
    assert str(raised.value).startswith(told)
    with pytest.raises(EngineError):
        judge(CLAIM, "demo", options=RunOptions(engine=said), **SETTINGS)


def test_an_engine_of_another_package_measures_and_is_closed(brought: list[Elsewhere]) -> None:
    assert engines()[0] == "local"
    assert {"Elsewhere", "refuses"} <= set(engines())
    here = judge(CLAIM, "demo", **SETTINGS)[0]
    there = judge(CLAIM, "demo", options=RunOptions(engine="Elsewhere:3:host:1"), **SETTINGS)[0]
    assert there.evidence == here.evidence
    [engine] = brought
    assert (engine.asked, engine.closed) == (EngineAsked("Elsewhere", 3, "host:1"), 1)
    for name, reason in (("refuses", "does not open: no\\x1b[31m cluster"), ("absent", "does not open: ")):
        with pytest.raises(EngineError, match="The engine") as raised:
            judge(CLAIM, "demo", options=RunOptions(engine=name), **SETTINGS)
        assert reason in str(raised.value)


def test_a_model_handed_over_is_measured_here_which_is_said(brought: list[Elsewhere]) -> None:
    from neuronclaims.models.running.loading import load
    from neuronclaims.models.sources import open_model

    ready = load(open_model("demo", Path()), RunOptions())
    with pytest.warns(RunWarning, match="was handed over as an object"):
        found = judge(
            CLAIM,
            LoadedModel(ready.model, ready.tokenizer),
            options=RunOptions(engine="Elsewhere"),
            **SETTINGS,
        )
    assert found[0].verdict == "supported"
    assert not brought


def test_pytest_and_the_command_line_refuse_an_unknown_engine_before_anything_runs(tmp_path: Path) -> None:
    (tmp_path / "a.claims.yaml").write_text(
        "models: [demo]\nclaims: ['neuron 2:340 writes \" a\" more than 1%']\n"
    )
    for command in (
        ["-m", "pytest", "--claims-engine", "locale"],
        ["-m", "neuronclaims", "measure", "--engine", "locale"],
    ):
        done = subprocess.run([sys.executable, *command], cwd=tmp_path, capture_output=True, text=True)
        assert done.returncode != 0
        assert "There is no engine 'locale'; did you mean local?" in done.stdout + done.stderr
        assert "Traceback" not in done.stdout + done.stderr
