"""A series of models is one test: against enumeration, for all that can go wrong with one of its looks."""

from __future__ import annotations

import json
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import ttest_ind
from skewed_sets import difference_p

from neuronclaims.claim_files.claims import ClaimFile
from neuronclaims.claim_files.errors import ClaimFileError
from neuronclaims.claim_files.reader import read_claim_file
from neuronclaims.errors import NeuronClaimsError
from neuronclaims.kinds import templates
from neuronclaims.measurements.errors import MeasurementError
from neuronclaims.planning.announcements import unreachable
from neuronclaims.results import Onset
from neuronclaims.study import Study

CONFIG = {"model_type": "gpt2", "n_layer": 1, "n_embd": 4, "n_head": 2, "n_positions": 64, "vocab_size": 9}
MORE = "neuron 0:{} activates more for up than down"


def series(
    folder: Path, looks: int, *claims: str, kind: str = "closed", prompts: int = 5, top: str = ""
) -> ClaimFile:
    models = [f"step{place}" for place in range(1, looks + 1)]
    for model in models:
        (folder / model).mkdir(exist_ok=True)
        (folder / model / "config.json").write_text(json.dumps(CONFIG))
        (folder / model / "model.safetensors").write_bytes(b"")
    sets = {name: [f"{name} {number:03d}" for number in range(prompts)] for name in ("up", "down")}
    head = f"version: 1\nmodels: {json.dumps(models)}\nseries: {kind}\nsite: resid_post\ntokens: last of prompt\n{top}"
    path = folder / "x.claims.yaml"
    path.write_text(
        head + f"sets: {json.dumps(sets)}\nclaims:\n" + "".join(f"  - {claim}\n" for claim in claims)
    )
    return read_claim_file(path, templates())


def study_of(values: dict[str, np.ndarray | Exception]) -> Study:
    """Answers with the values [looks' prompts of up, then of down, 4 neurons] of each model."""

    def measure(source, measurements, **_):
        found = values[source.name]
        if isinstance(found, Exception):
            raise found
        half = len(found) // 2
        return {
            need: (found[:half] if need.prompts[0].startswith("up") else found[half:]).astype(np.float32)
            for need in measurements
        }

    return Study(measure=measure)


def judged(file: ClaimFile, values: dict[str, np.ndarray | Exception]):
    study = study_of(values)
    return {model: study.judge(file, model) for model in file.models}


def drawn(file: ClaimFile, seed: int, prompts: int = 5) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    return {
        model: rng.normal(size=(2 * prompts, 4)).astype(np.float32).astype(float) for model in file.models
    }


def step_down_p(columns: np.ndarray) -> np.ndarray:
    """Two-sided step-down maxT p [looks] of values [units, looks], the first half against the second, by all ways."""
    units, looks = columns.shape
    half = units // 2

    def t(rows) -> np.ndarray:
        chosen = np.isin(np.arange(units), rows)
        return np.asarray(ttest_ind(columns[chosen], columns[~chosen]).statistic)

    null = np.array([t(rows) for rows in combinations(range(units), half)])
    sides = []
    for sign in (1, -1):
        seen, drawn_t = sign * t(range(half)), sign * null
        order = np.argsort(-seen)
        p = np.empty(looks)
        for place, look in enumerate(order):
            rest = drawn_t[:, order[place:]].max(axis=1)
            p[look] = np.mean(rest >= seen[look] - 1e-9)
        p[order] = np.maximum.accumulate(p[order])
        sides.append(p)
    return np.minimum(1, 2 * np.minimum(*sides))


def test_labels_are_exchanged_once_for_all_looks_and_the_file_is_corrected_by_holm(tmp_path) -> None:
    file = series(tmp_path, 3, MORE.format(0), MORE.format(1) + " by at least 0.5")
    values = drawn(file, 3)
    for place, model in enumerate(file.models):
        values[model][:5, 0] += 3.0
        values[model][:5, 1] += 1.5 * place
    within = []
    # Five prompts can miss one in five: no p against a number is below 0.8^5.
    for neuron, shift, least in ((0, 0.0, 0.0), (1, 0.5, 0.8**5)):
        columns = np.column_stack([values[model][:, neuron] for model in file.models])
        columns[:5] -= shift
        alone = [max(least, difference_p(look[:5], look[5:])) for look in columns.T]
        within.append(np.maximum(step_down_p(columns), alone).tolist())
    expected = stats_over_claims(within)
    found = judged(file, values)
    for place, model in enumerate(file.models):
        for claim, looks in zip(file.claims, expected, strict=True):
            test = found[model][claim.id].evidence.test
            assert test.p_adjusted == pytest.approx(looks[place], rel=1e-6)
            assert test.p_value <= test.p_adjusted
            shown = found[model][claim.id].verdict in ("supported", "refuted")
            assert shown == (looks[place] <= 0.05)


def stats_over_claims(p: list[list[float]]) -> list[list[float]]:
    """Two claims: one that has a verdict at every look leaves alpha to the other."""
    last = [max(looks) for looks in p]
    first = last.index(min(last))
    found = [[min(1.0, 2 * each) for each in looks] for looks in p]
    other = 1 - first
    found[other] = [min(2 * each, max(2 * last[first], each)) for each in p[other]]
    return [[min(1.0, each) for each in looks] for looks in found]


def test_where_labels_cannot_be_exchanged_at_the_boundary_looks_are_corrected_by_holm(tmp_path) -> None:
    file = series(tmp_path, 4, MORE.format(0) + " by at least 0.2 sd")
    values = drawn(file, 8)
    values["step3"][:5, 0] += 4.0
    found = judged(file, values)
    tests = [found[model][file.claims[0].id].evidence.test for model in file.models]
    alone = sorted(test.p_value for test in tests)
    holm = np.minimum(1, np.maximum.accumulate([p * (4 - rank) for rank, p in enumerate(alone)]))
    assert sorted(test.p_adjusted for test in tests) == pytest.approx(holm)


def test_a_series_of_one_model_is_judged_as_a_file_without_series(tmp_path) -> None:
    claims = (MORE.format(0), MORE.format(1) + " by at least 1 sd", MORE.format(2))
    file = series(tmp_path, 1, *claims)
    values = drawn(file, 2)
    values["step1"][:5] += np.array([4.0, 3.0, 0.0, 0.0])
    one = judged(file, values)["step1"]
    (tmp_path / "x.claims.yaml").write_text(
        (tmp_path / "x.claims.yaml").read_text().replace("series: closed\n", "")
    )
    plain = judged(read_claim_file(tmp_path / "x.claims.yaml", templates()), values)["step1"]
    for name, result in one.items():
        assert result.evidence.test == plain[name].evidence.test
        assert (result.verdict, result.reason) == (plain[name].verdict, plain[name].reason)
        assert plain[name].look is None


def test_a_look_in_error_keeps_its_place_and_helps_no_other(tmp_path) -> None:
    file = series(tmp_path, 4, MORE.format(0), MORE.format(1) + " by at least 0.2 sd")
    values: dict[str, np.ndarray | Exception] = dict(drawn(file, 4))
    values["step4"][:5, :2] += 4.0
    whole = judged(file, values)
    broken = {**values, "step2": MeasurementError("no tokens")}
    study = study_of(broken)
    assert all(result.error.startswith("no tokens") for result in named(study, file, "step2").values())
    for model in ("step1", "step3", "step4"):
        for name, result in study.judge(file, model).items():
            before, after = whole[model][name].evidence.test, result.evidence.test
            assert after.p_adjusted >= before.p_adjusted - 1e-12
            assert result.look.looks == 4
            assert 2 in result.look.onset.candidates  # what was not seen is not excluded


def named(study: Study, file: ClaimFile, model: str):
    try:
        return study.judge(file, model)
    except NeuronClaimsError as error:  # of a model as a whole
        pytest.fail(str(error))


def test_a_model_that_does_not_open_is_its_own_error_alone(tmp_path) -> None:
    file = series(tmp_path, 3, MORE.format(0))
    (tmp_path / "step2" / "config.json").write_text("{}")
    study = study_of(dict(drawn(file, 1)))
    for _ in range(2):
        with pytest.raises(NeuronClaimsError):
            study.judge(file, "step2")
    assert [study.judge(file, model)[file.claims[0].id].look.place for model in ("step1", "step3")] == [1, 3]


def test_the_looks_of_an_open_series_spend_alpha_and_are_never_judged_anew(tmp_path) -> None:
    claims = (MORE.format(0), MORE.format(1))
    file = series(tmp_path, 4, *claims, kind="open", prompts=7)
    values = drawn(file, 6, prompts=7)
    for model in file.models[1:]:
        values[model][:7, 0] += 6.0
    found = judged(file, values)
    shares = {name: [found[model][name].look.share for model in file.models] for name in found["step1"]}
    clear, flat = (shares[claim.id] for claim in file.claims)
    assert clear == pytest.approx(
        [1 / 2, 1 / 6, 1 / 6 + 1 / 12, 1 / 6 + 1 / 12 + 1 / 20]
    )  # handed on from step2 on
    assert flat == pytest.approx([1 / 2, 1 / 6, 1 / 12, 1 / 20])
    for model in file.models:
        for result in found[model].values():
            test = result.evidence.test
            assert test.p_adjusted == pytest.approx(min(1.0, 2 * test.p_value / result.look.share))
    shorter = series(tmp_path, 2, *claims, kind="open", prompts=7)
    early = judged(shorter, values)
    for model in shorter.models:
        for name, result in early[model].items():
            assert result.evidence == found[model][name].evidence
            assert result.verdict == found[model][name].verdict


def test_a_late_look_is_drawn_as_often_as_its_share_of_alpha_needs(tmp_path) -> None:
    """Look 16 has 1 / 272 of alpha: p must be below 1.8e-4, which the first 9,999 draws cannot reach."""
    file = series(tmp_path, 16, MORE.format(0), kind="open", prompts=12, top="correction: none\n")
    values = drawn(file, 9, prompts=12)
    values["step16"][:12, 0] += 5.0
    found = judged(file, values)["step16"][file.claims[0].id]
    assert found.look.share == pytest.approx(1 / 272)
    assert found.verdict == "supported"


def test_the_onset_set_leaves_out_what_is_refuted_and_what_comes_after_the_first_support(tmp_path) -> None:
    assert Onset.of(["refuted", None, "refuted", "inconclusive", "supported", "inconclusive"]) == Onset(
        (2, 4, 5), False, 5
    )
    assert Onset.of(["refuted", "refuted"]) == Onset((), True, None)
    assert Onset.of(["supported"]) == Onset((1,), False, 1)
    file = series(tmp_path, 4, MORE.format(0) + " by at least 2", prompts=14)
    values = drawn(file, 5, prompts=14)
    for place, model in enumerate(file.models):
        values[model][:14, 0] += 8.0 * (place >= 2)
    found = judged(file, values)
    verdicts = [found[model][file.claims[0].id].verdict for model in file.models]
    assert verdicts == ["refuted", "refuted", "supported", "supported"]
    assert {found[model][file.claims[0].id].look.onset for model in file.models} == {Onset((3,), False, 3)}


def test_a_series_says_beforehand_which_claims_no_effect_can_pass(tmp_path) -> None:
    few = series(
        tmp_path, 3, MORE.format(0), MORE.format(1), prompts=5
    )  # 2 of 252 ways, for two claims: .016
    assert unreachable(few) == {}
    assert set(unreachable(series(tmp_path, 3, MORE.format(0), prompts=3))) == {few.claims[0].id}
    opened = series(
        tmp_path, 3, *(MORE.format(n) for n in range(4)), kind="open"
    )  # 4 claims at half of alpha: .063
    assert set(unreachable(opened)) == {claim.id for claim in opened.claims}


def test_what_a_series_cannot_be_corrected_by_is_one_error_with_its_place(tmp_path) -> None:
    with pytest.raises(
        ClaimFileError, match=r"x\.claims\.yaml:6:13: the claims of a series are corrected by holm"
    ):
        series(tmp_path, 2, MORE.format(0), top="correction: max-statistic\n")
    with pytest.raises(ClaimFileError, match="closed"):
        series(tmp_path, 2, MORE.format(0), kind="true")
