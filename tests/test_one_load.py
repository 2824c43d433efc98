"""A model is loaded once on an empty cache and not at all on a full one, whatever is wrong with the claims."""

from __future__ import annotations

import json
import shutil
import textwrap
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from cases import for_each

from neuronclaims.claim_files.claims import ClaimFile
from neuronclaims.claim_files.reader import read_claim_file
from neuronclaims.demo import MODEL_FOLDER
from neuronclaims.kinds import templates
from neuronclaims.measurements.errors import ModelError
from neuronclaims.measurements.plan import Job
from neuronclaims.models.sources import LoadedModel
from neuronclaims.results import Result
from neuronclaims.study import Study

STARTS = ("We ate", "She lives", "They met", "He was born", "It rained")
GOOD = "neuron 2:340 activates more for hanoi than calm"
TOO_LONG = "neuron 2:340 activates more for long than calm"
SEVERAL_TOKENS = 'ablating neuron 2:340 lowers " Hanoi Hanoi" over " home" in hanoi'
NO_LAYER = "neuron 99:1 activates more for hanoi than calm"


def listed(end: str) -> str:
    return "[" + ", ".join(f"{start} {end}" for start in STARTS) + "]"


def claim_file(folder: Path, *claims: str, tokens: str = "mean of prompt", **sets: str) -> ClaimFile:
    sets = {"hanoi": listed("in Hanoi."), "calm": listed("at home."), **sets}
    head = f"version: 1\nmodels: [m]\nsite: mlp_post\ntokens: {tokens}\n"
    of_sets = "".join(f"  {name}: {texts}\n" for name, texts in sets.items())
    path = folder / "x.claims.yaml"
    text = f"{head}sets:\n{of_sets}claims:\n" + "".join(f"  - '{claim}'\n" for claim in claims)
    path.write_text(textwrap.dedent(text), encoding="utf-8")
    return read_claim_file(path, templates())


@pytest.fixture
def loads(monkeypatch) -> list[str]:
    """Count how often a model is loaded."""
    from neuronclaims.engines import local

    seen: list[str] = []
    load = local.load
    monkeypatch.setattr(local, "load", lambda source, *rest: seen.append(source.name) or load(source, *rest))
    return seen


def judged(folder: Path, file: ClaimFile, model: Path = MODEL_FOLDER) -> Mapping[str, Result]:
    return Study(cache=folder / "cache", models={"m": model}).judge(file, "m")


def errors(results: Mapping[str, Result]) -> list[str | None]:
    return [result.error for result in results.values()]


def test_once_cold_and_not_at_all_warm_whatever_is_broken(loads, tmp_path) -> None:
    file = claim_file(tmp_path, GOOD, TOO_LONG, SEVERAL_TOKENS, NO_LAYER, long=listed("so " * 600))
    first = errors(judged(tmp_path, file))
    assert len(loads) == 1
    assert first[0] is None
    assert "takes 128 at most" in str(first[1])
    assert "' Hanoi Hanoi' is no single token" in str(first[2])
    assert "has no layer 99" in str(first[3])
    again = errors(judged(tmp_path, file))
    assert len(loads) == 1
    for before, after in zip(first, again, strict=True):
        assert str(after).startswith(str(before).split(" (Asked for:")[0])


def test_nothing_is_loaded_where_all_is_refused_by_config_and_tokenizer(loads, tmp_path) -> None:
    claim = "neuron 2:340 activates more for long than longer"
    file = claim_file(tmp_path, claim, NO_LAYER, long=listed("so " * 600), longer=listed("so " * 700))
    assert all(errors(judged(tmp_path, file)))
    assert loads == []


def test_what_fails_while_it_runs_is_remembered_and_alone(loads, tmp_path) -> None:
    """A text after which the model stops at once has nothing generated, which only a run can tell."""
    stopping = shutil.copytree(MODEL_FOLDER, tmp_path / "model")
    config = json.loads((stopping / "config.json").read_text(encoding="utf-8"))
    generation = {"eos_token_id": list(range(config["vocab_size"]))}
    (stopping / "generation_config.json").write_text(json.dumps(generation), encoding="utf-8")
    file = claim_file(tmp_path, GOOD, tokens="mean of generated\ngenerate: {max_new_tokens: 3}")
    for _ in range(2):
        (said,) = errors(judged(tmp_path, file, stopping))
        assert "wrote no text after the prompt" in str(said)
    assert len(loads) == 1


def test_a_model_that_does_not_load_is_remembered_until_its_files_change(loads, tmp_path) -> None:
    broken = shutil.copytree(MODEL_FOLDER, tmp_path / "model")
    config = json.loads((broken / "config.json").read_text(encoding="utf-8"))
    (broken / "config.json").write_text(json.dumps(config | {"n_layer": 5}), encoding="utf-8")
    file = claim_file(tmp_path, GOOD)
    for _ in range(2):
        with pytest.raises(ModelError, match="leaves no place for"):
            judged(tmp_path, file, broken)
    assert len(loads) == 1
    (broken / "config.json").write_text(json.dumps(config), encoding="utf-8")
    assert errors(judged(tmp_path, file, broken)) == [None]
    assert len(loads) == 2


def test_a_model_object_changed_between_two_files_is_measured_anew_for_the_second(tmp_path) -> None:
    from transformers import AutoModelForCausalLM, AutoTokenizer

    model = AutoModelForCausalLM.from_pretrained(MODEL_FOLDER)
    tokenizer = AutoTokenizer.from_pretrained(MODEL_FOLDER)

    def effect(study: Study, file: ClaimFile) -> float | None:
        (result,) = study.judge(file, "m").values()
        assert result.evidence is not None
        return result.evidence.effect.value

    def files() -> list[ClaimFile]:
        found = []
        for name, ends in (("one", "in Hanoi."), ("two", "in Hanoi now.")):
            (tmp_path / name).mkdir(exist_ok=True)
            found.append(claim_file(tmp_path / name, GOOD, hanoi=listed(ends)))
        return found

    first, second = files()
    study = Study(models={"m": LoadedModel(model, tokenizer)})
    study.expect(first, "m")
    before = effect(study, first)
    model.transformer.h[2].mlp.c_fc.weight.data[:, 340] = 0.0
    after = effect(study, second)
    assert effect(study, first) == before
    fresh = Study(models={"m": LoadedModel(model, tokenizer)})
    assert after == effect(fresh, second)


def failing(monkeypatch, error: Exception) -> list[str]:
    """Let every run of texts fail with an error; return the texts it was tried for."""
    from neuronclaims.measurements.errors import MeasurementError, told_as
    from neuronclaims.models.running import pooled

    tried: list[str] = []

    def work(ready: object, job: Job, options: object) -> Iterator[object]:
        tried.extend(job.items)
        with told_as(MeasurementError, "The model failed"):
            raise error

    monkeypatch.setattr(pooled, "work", work)
    return tried


@for_each("error", [UserWarning("an old way to say it"), RecursionError("too deep here")])
def test_what_only_one_run_meets_is_not_remembered(error, tmp_path) -> None:
    file, folder = claim_file(tmp_path, GOOD), tmp_path / type(error).__name__
    with pytest.MonkeyPatch.context() as patch:
        failing(patch, error)
        (said,) = errors(judged(folder, file))
        assert "The model failed" in str(said)
    assert errors(judged(folder, file)) == [None]


def test_another_version_of_this_package_tries_again(tmp_path) -> None:
    from neuronclaims.cache import failures

    file = claim_file(tmp_path, GOOD)
    with pytest.MonkeyPatch.context() as patch:
        failing(patch, ValueError("a defect that will be mended"))
        for _ in range(2):
            (said,) = errors(judged(tmp_path, file))
        assert "which is remembered" in str(said)
    assert errors(judged(tmp_path, file)) != [None]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(failures, "version", lambda _: "99")
        assert errors(judged(tmp_path, file)) == [None]


def test_failures_of_a_measurement_of_others_and_of_a_model_object_are_not_told_again(tmp_path) -> None:
    from transformers import AutoModelForCausalLM, AutoTokenizer

    file = claim_file(tmp_path, GOOD)
    handed = LoadedModel(
        AutoModelForCausalLM.from_pretrained(MODEL_FOLDER), AutoTokenizer.from_pretrained(MODEL_FOLDER)
    )

    def of_object() -> list[str | None]:
        return errors(Study(cache=tmp_path / "cache", models={"m": handed}).judge(file, "m"))

    with pytest.MonkeyPatch.context() as patch:
        failing(patch, ValueError("a passing state"))
        assert of_object() != [None]
    assert of_object() == [None]

    from neuronclaims.measurements.activations import Pooled

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Pooled, "worker", f"{__name__}:defective")
        (said,) = errors(judged(tmp_path / "others", file))
        assert "their own defect" in str(said)
    assert errors(judged(tmp_path / "others", file)) == [None]


def defective(ready: object, job: object, options: object) -> Iterator[object]:
    from neuronclaims.measurements.errors import MeasurementError

    raise MeasurementError("their own defect")
