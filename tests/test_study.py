"""The journey of a claim, with arithmetic for a model: what is measured, when, and what is wrong for whom."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from neuronclaims import Study, judge
from neuronclaims.claim_files.claims import ClaimFile
from neuronclaims.claim_files.reader import read_claim_file
from neuronclaims.errors import NeuronClaimsError
from neuronclaims.kinds import templates
from neuronclaims.measurements.errors import IntegrityError, MeasurementError, ModelError
from neuronclaims.planning.announcements import unreachable

CONFIG = {"model_type": "gpt2", "n_layer": 2, "n_embd": 4, "n_head": 2, "n_positions": 64, "vocab_size": 9}
WORDS = "abcdefgh"
BIG_SMALL = "neuron 0:0 activates more for big than small"


class Recorded:
    """Answers with the length of a prompt and a bit of its first letter; remembers what it was asked."""

    def __init__(self, fail: type[Exception] | None = None) -> None:
        self.asked: list[tuple[str, list[str]]] = []
        self.fail = fail

    def __call__(self, source, measurements, *, cache, options, progress):
        prompts = [prompt for measurement in measurements for prompt in measurement.prompts]
        self.asked.append((source.name, prompts))
        if self.fail is not None:
            raise self.fail("the run failed")
        if any("unmeasurable" in prompt for prompt in prompts):
            raise MeasurementError("no tokens")
        return {
            m: np.array(
                [[len(p) + ord(p[0]) / 100 + i * m.layer for i in range(4)] for p in m.prompts], np.float32
            )
            for m in measurements
        }


@pytest.fixture
def write(tmp_path: Path):
    """Write a model and a claim file on it, and read the file."""

    def make(*claims: str, name: str = "x", **sets: list[str]) -> ClaimFile:
        for model in ("model", "other"):
            (tmp_path / model).mkdir(exist_ok=True)
            (tmp_path / model / "config.json").write_text(json.dumps(CONFIG))
            (tmp_path / model / "model.safetensors").write_bytes(b"")
        big, small = [f"{w} is very very big" for w in WORDS], [f"{w} is small" for w in WORDS]
        sets = {"big": big, "small": small, **sets}
        lines = ["version: 1", "models: [model]", "site: resid_post", "tokens: mean of prompt", "sets:"]
        lines += [f"  {key}: {json.dumps(prompts)}" for key, prompts in sets.items()]
        path = tmp_path / f"{name}.claims.yaml"
        path.write_text("\n".join([*lines, "claims:", *(f"  - {claim}" for claim in claims)]) + "\n")
        return read_claim_file(path, templates())

    return make


def test_one_run_of_each_model_serves_every_file_and_each_prompt_list_once(write) -> None:
    first = write(BIG_SMALL, "neuron 0:1 separates big from small", name="first")
    second = write(BIG_SMALL, "neuron 0:2 separates big from odd", name="second", odd=["one", "another"])
    measure = Recorded()
    study = Study(measure=measure)
    for model in ("model", "other"):
        study.expect(first, model)
        study.expect(second, model)
    for _ in range(2):
        for model in ("model", "other"):
            assert len(study.judge(first, model)) == len(study.judge(second, model)) == 2
    assert [name for name, _ in measure.asked] == ["model", "other"]
    assert sorted(measure.asked[0][1]) == sorted(
        [prompt.text for name in ("big", "small") for prompt in first.sets[name].prompts] + ["one", "another"]
    )


def test_the_reason_of_a_separation_names_the_set_whose_values_are_higher(write) -> None:
    file = write("neuron 0:1 separates big from small", "neuron 0:1 separates small from big")
    for result in Study(measure=Recorded()).judge(file, "model").values():
        assert "values are higher for big than for small, as claimed" in result.reason


def test_a_file_nobody_announced_is_measured_when_it_comes(write) -> None:
    first, second = (
        write(BIG_SMALL, name="first"),
        write("neuron 0:0 separates big from odd", odd=["one", "two"]),
    )
    measure = Recorded()
    study = Study(measure=measure)
    study.judge(first, "model")
    study.judge(second, "model")
    assert [len(prompts) for _, prompts in measure.asked] == [16, 2]


def test_a_prompt_that_cannot_be_measured_breaks_the_claims_that_use_it_and_no_other(write) -> None:
    file = write(
        f"{{id: fine, claim: {BIG_SMALL}}}",
        "{id: hit, claim: neuron 0:0 separates big from odd}",
        "{id: also-hit, claim: neuron 1:0 separates odd from small}",
        "{id: apart, claim: neuron 1:1 separates big from small}",
        odd=["unmeasurable", "fine"],
    )
    results = Study(measure=Recorded()).judge(file, "model")
    told = "no tokens (Asked for: activations at resid_post, mean of prompt; layers 0 and 1; 2 prompts.)"
    assert {name: result.error for name, result in results.items()} == {
        "fine": None,
        "hit": told,
        "also-hit": told,
        "apart": None,
    }
    assert [result.id for result in results.values()] == ["fine", "hit", "also-hit", "apart"]
    test = results["fine"].evidence.test
    assert test.family == 4
    # 12,870 ways to share sixteen prompts out; two claims reach 2/12870 and 1/12870, two in error count as p = 1.
    assert test.p_value == pytest.approx(2 / 12870)
    assert test.p_adjusted == pytest.approx(8 / 12870)


def test_a_model_that_does_not_open_gives_one_error_and_is_not_tried_again(write, monkeypatch) -> None:
    import neuronclaims.study as room

    tried = []
    opened = room.open_model
    monkeypatch.setattr(room, "open_model", lambda *args, **how: tried.append(args) or opened(*args, **how))
    file = write(BIG_SMALL)
    study = Study(measure=Recorded())
    study.expect(file, "./absent")
    raised = []
    for _ in range(3):
        with pytest.raises(ModelError, match="There is no folder") as caught:
            study.judge(file, "./absent")
        raised.append(caught.value)
    assert raised[0] is raised[1] is raised[2]
    assert len(tried) == 1


@pytest.mark.parametrize("kind", [ModelError, IntegrityError, RuntimeError])
def test_a_run_that_fails_is_not_repeated_for_other_claims_or_files(write, kind) -> None:
    first, second = write(BIG_SMALL, name="first"), write(BIG_SMALL, name="second")
    measure = Recorded(fail=kind)
    study = Study(measure=measure)
    for file in (first, second, first):
        with pytest.raises(kind, match="the run failed"):
            study.judge(file, "model")
    assert len(measure.asked) == 1


def test_a_file_whose_claims_need_nothing_measurable_measures_nothing(write) -> None:
    measure = Recorded()
    [result] = Study(measure=measure).judge(write("neuron 9:0 separates big from small"), "model").values()
    assert result.verdict is None
    assert "no layer 9" in (result.error or "")
    assert measure.asked == []


def test_too_few_prompts_are_known_before_any_model(write) -> None:
    few = {"one": ["a", "b", "c"], "two": ["d", "e", "f", "g"]}
    alone = write("neuron 0:0 activates more for one than two", **few)
    # Three against four can be shared out in 35 ways, so the least two-sided p is 2/35.
    assert list(unreachable(alone)) == [alone.claims[0].id]
    enough = write("neuron 0:0 activates more for one than two", **few | {"one": ["a", "b", "c", "h"]})
    assert unreachable(enough) == {}  # 2/70
    both = write(
        "neuron 0:0 activates more for one than two", "neuron 0:1 activates more for one than two", **few
    )
    assert list(unreachable(both)) == [claim.id for claim in both.claims]
    assert unreachable(both)[both.claims[1].id] == (
        "with 3 prompts and 4 prompts in a family of 2 even the clearest result has an adjusted p of 0.11, above 0.05; "
        "4 and 6 prompts would be enough; nor can it be refuted"  # 2 x 2/210
    )


def test_judge_puts_a_file_to_all_its_models_or_to_one(write, monkeypatch, tmp_path) -> None:
    import neuronclaims.scripting.judge as room

    measure = Recorded()
    monkeypatch.setattr(room, "Study", lambda **kw: Study(**kw, measure=measure))
    file = write(
        f"{{id: a, claim: {BIG_SMALL}}}", "{id: b, claim: neuron 0:0 activates less for big than small}"
    )
    file.path.write_text(file.path.read_text().replace("[model]", "[model, other]"))
    results = judge(file.path, cache=None)
    assert [(r.model, r.id, r.verdict) for r in results] == [
        (model, name, verdict)
        for model in ("model", "other")
        for name, verdict in (("a", "supported"), ("b", "refuted"))
    ]
    assert [r.model for r in judge(str(file.path), "other", cache=None)] == ["other", "other"]
    with pytest.raises(NeuronClaimsError, match="absent"):
        judge(file.path, "./absent", cache=None)


def test_only_claims_whose_own_limit_is_near_are_drawn_for_longer(write) -> None:
    """With three claims Holm compares the least p with .05/3, the next with .05/2, the last with .05."""
    many = 12  # 2.7 million relabellings: too many to enumerate
    big = [f"{letter} is big" for letter in "abcdefghijkl"]
    small = [f"{letter} is small" for letter in "abcdefghijkl"]
    file = write(
        *(f"neuron 0:{index} activates more for big than small" for index in range(3)), big=big, small=small
    )
    shifts = {0: 3.0, 1: 0.02, 2: -0.02}
    noise = np.random.default_rng(3).standard_normal((many, 3))

    def measure(source, measurements, *, cache, options, progress):
        return {
            m: np.column_stack(
                [noise[:, i] + (shifts[i] if "big" in m.prompts[0] else 0.0) for i in (0, 1, 2)]
            ).astype(np.float32)
            for m in measurements
        }

    results = Study(measure=measure).judge(file, "model")
    tests = [result.evidence.test for result in results.values()]
    assert tests[0].p_value < 0.001
    assert min(tests[1].p_value, tests[2].p_value) > 0.1
    assert {test.arrangements for test in tests} == {9999}


def test_a_claim_whose_p_lies_at_its_own_limit_is_drawn_for_longer(write) -> None:
    big = [f"{letter} is big" for letter in "abcdefghijkl"]
    small = [f"{letter} is small" for letter in "abcdefghijkl"]
    file = write("neuron 0:0 activates more for big than small", big=big, small=small)
    values = np.random.default_rng(0).standard_normal((24, 1))
    values[:12] += 0.05 - values[:12].mean()
    values[12:] -= values[12:].mean()
    # Scaled until Welch's t is that of p = 0.05, near which the permutation test lies too.
    from scipy import stats

    for shift in np.linspace(0, 3, 3001):
        moved = values[:12] + shift
        if stats.ttest_ind(moved, values[12:], equal_var=False).pvalue[0] <= 0.0499:
            break

    def measure(source, measurements, *, cache, options, progress):
        return {m: (moved if "big" in m.prompts[0] else values[12:]).astype(np.float32) for m in measurements}

    (result,) = Study(measure=measure).judge(file, "model").values()
    assert result.evidence.test.p_value == pytest.approx(0.05, abs=0.006)
    assert result.evidence.test.arrangements > 9999
