"""Claims that a neuron goes with the position of tokens, on correlations set by hand."""

from __future__ import annotations

import json

import numpy as np
import pytest
from changed_claims import claim_file
from scipy.stats import permutation_test

from neuronclaims.measurements import Activations
from neuronclaims.study import Study

SENTENCE = "neuron 1:2 goes with position in prose"
ROWS = {
    f"document {place:02}": (9, value)
    for place, value in enumerate([0.4, 0.2, -0.1, 0.5, 0.3, 0.6, 0.1, -0.2, 0.45, 0.35, 0.25, 0.55])
}


@pytest.fixture
def judge(tmp_path):
    def judge(claim=SENTENCE, rows=ROWS, head="", prose=None):
        def measure(source, measurements, *, cache, options, progress):
            assert not any(isinstance(asked, Activations) for asked in measurements)
            return {
                asked: np.array([rows[name] for name in asked.documents], np.float32)
                for asked in measurements
            }

        sets = f"sets: {json.dumps({'prose': prose or list(rows)})}\n"
        file = claim_file(tmp_path, json.dumps(claim), head=head + sets)
        [result] = Study(measure=measure).judge(file, "model").values()
        return result

    return judge


def test_the_mean_of_the_documents_is_tested_by_flipping_signs(judge):
    clear = {name: (9, value) for name, value in zip(ROWS, (0.6, 0.7, 0.65, 0.62, 0.68, 0.71), strict=False)}
    alone, result = judge(rows=clear), judge()
    values = np.array([value for _, value in clear.values()])
    flips = permutation_test(
        (values, np.zeros_like(values)),
        lambda a, b, axis: np.mean(a - b, axis=axis),
        permutation_type="samples",
        vectorized=True,
        n_resamples=np.inf,
    )
    assert alone.evidence.effect.value == pytest.approx(values.mean(), abs=1e-7)
    p = alone.evidence.test.p_value  # that of the interval is smaller
    assert p == pytest.approx(flips.pvalue, abs=1e-12) == 2 / 2**6
    assert (result.error, result.verdict) == (None, "supported")
    assert result.evidence.counts == (("prose", 12),)
    assert judge(SENTENCE.replace("goes", "rises")).verdict == "supported"
    assert judge(SENTENCE.replace("goes", "falls")).verdict == "refuted"
    assert judge(f"{SENTENCE} with correlation at least 0.8").verdict == "refuted"
    at_least = SENTENCE.replace("goes", "rises") + " with correlation at least 0."
    assert [judge(at_least + digit, clear).verdict for digit in "39"] == ["supported", "refuted"]


def test_what_lies_within_the_margin_does_not_go_with_it(judge):
    rows = {name: (9, 0.1 * (-1) ** place) for place, name in enumerate(ROWS)}
    denial = SENTENCE.replace("goes", "does not go")
    assert judge(denial, rows, "margin: 0.3\n").verdict == "supported"
    assert judge(denial, dict.fromkeys(ROWS, (9, 0.9)), "margin: 0.3\n").verdict == "refuted"


def test_documents_without_a_correlation_are_counted_out_and_groups_count_once(judge):
    rows = ROWS | {"short": (2, -2.0)}
    result = judge(rows=rows)
    assert result.evidence.counts == (("prose", 12),)
    assert any("1 document of 13 tells nothing" in note for note in result.evidence.notes)
    grouped = [{"text": name, "group": str(place // 2)} for place, name in enumerate(ROWS)]
    assert judge(prose=grouped).evidence.counts == (("prose", 6),)
    assert "Take longer" in judge(rows={"one": (9, 0.5), "two": (2, -2.0)}).error


def test_every_neuron_is_judged_and_a_search_and_waves_are_refused(judge):
    assert judge("every neuron of 1:2, 1:3 goes with position in prose").verdict == "supported"
    assert "discovered_on" in judge("some neuron of layer 1 goes with position in prose").error
    assert "discovered_on" in judge(head="searched: layer 1\n").error
    assert "column 'position'" in judge(f"{SENTENCE} with period 4").error


def test_a_column_of_that_name_comes_first(tmp_path):
    numbered = [{"text": name, "numbers": {"position": place}} for place, name in enumerate(ROWS)]

    def measure(source, measurements, *, cache, options, progress):
        assert all(isinstance(asked, Activations) for asked in measurements)
        return {asked: np.arange(len(asked.prompts) * 4.0).reshape(-1, 4) for asked in measurements}

    file = claim_file(tmp_path, json.dumps(SENTENCE), head=f"sets: {json.dumps({'prose': numbered})}\n")
    [result] = Study(measure=measure).judge(file, "model").values()
    assert result.evidence.effect.value == 1.0
