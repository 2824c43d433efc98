"""Shares of positions above a value, on counts set by hand, against SciPy and loops."""

from __future__ import annotations

import json

import numpy as np
import pytest
from changed_claims import claim_file
from scipy.stats import binomtest

from neuronclaims.claim_files.errors import ClaimFileError
from neuronclaims.study import Study

SENTENCE = 'neuron 1:2 above 2.5 predicts " an" in at least 40% of positions in corpus'
ROWS = {f"document {place:02}": (10, 3, 1, 3 if place < 13 else 0) for place in range(16)}
"""Positions, those from the value on, hits below, hits from it on."""


@pytest.fixture
def judge(tmp_path):
    def judge(claim=SENTENCE, rows=ROWS, head=""):
        def measure(source, measurements, *, cache, options, progress):
            [asked] = measurements
            assert asked.edges == (2.5,)
            made = [rows[name] for name in asked.documents]
            return {
                asked: np.array(
                    [[n, low + high, 0.5, n - above, above, low, high] for n, above, low, high in made],
                    np.float32,
                )
            }

        sets = f"sets: {json.dumps({'corpus': list(rows)})}\n"
        file = claim_file(tmp_path, json.dumps(claim), head=head + sets)
        [result] = Study(measure=measure).judge(file, "model").values()
        return result

    return judge


def test_where_documents_are_all_or_nothing_the_interval_is_clopper_pearsons(judge):
    result = judge()
    assert (result.error, result.verdict, result.evidence.effect.value) == (None, "supported", 13 / 16)
    low, high = binomtest(13, 16).proportion_ci(0.95, "exact")
    assert (result.evidence.effect.low, result.evidence.effect.high) == pytest.approx((low, high), abs=1e-6)
    pooled = {effect.key: effect.value for effect in result.evidence.other_effects}
    assert pooled == {"share_above_pooled": 39 / 48, "share_below_pooled": pytest.approx(16 / 112)}
    assert judge(SENTENCE.replace("40%", "99%")).verdict == "refuted"
    assert judge(SENTENCE.replace("at least 40%", "at most 40%")).verdict == "refuted"
    assert judge(SENTENCE.replace("40%", "75%")).verdict == "inconclusive"


def test_documents_weigh_alike_and_those_never_so_high_say_nothing(judge):
    rows = {"one": (100, 50, 0, 50), "two": (10, 2, 0, 1), "three": (10, 0, 5, 0), "four": (9, 4, 0, 1)}
    result = judge(rows=rows)
    assert result.evidence.effect.value == pytest.approx(np.mean([1.0, 0.5, 0.25]))
    assert result.evidence.counts == (("corpus", 3),)
    assert any("in 3 of 4 documents" in note for note in result.evidence.notes)
    alone = judge(rows={"one": (5, 1, 0, 1), "two": (5, 0, 0, 0)}).error
    assert "Name a lower value" in alone


def test_several_neurons_are_refused(judge):
    with pytest.raises(ClaimFileError, match="of one neuron"):
        judge(SENTENCE.replace("neuron 1:2", "every neuron of 1:2, 1:3"))
