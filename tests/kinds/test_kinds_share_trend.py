"""The share of a token over a neuron's value, on values set by hand, against fitted lines and SciPy."""

from __future__ import annotations

import json

import numpy as np
import pytest
from changed_claims import claim_file
from scipy.stats import rankdata, ttest_1samp

from neuronclaims.claim_files.errors import ClaimFileError
from neuronclaims.kinds.logit_readout.share_trend import rises_of
from neuronclaims.study import Study

SENTENCE = 'the share of " an" among top predictions rises with neuron 1:2 in corpus'
RNG = np.random.default_rng(4)
ROWS = {}
"""The values and hits of each document's positions: the higher the value, the more often the token is on top."""
for place in range(40):
    values = RNG.normal(size=30).astype(np.float32).astype(float)
    ROWS[f"document {place:02}"] = values, (RNG.random(30) < 1 / (1 + np.exp(2 - 2 * values))).astype(float)


def auroc(values, hits) -> float:
    """Return the AUROC by ranks, -1 where there is none."""
    n, h = len(hits), hits.sum()
    if h in (0, n):
        return -1.0
    return float((rankdata(values)[hits > 0].sum() - h * (h + 1) / 2) / (h * (n - h)))


@pytest.fixture
def judge(tmp_path):
    def judge(claim=SENTENCE, rows=ROWS, head="", edges=46):
        def measure(source, measurements, *, cache, options, progress):
            [asked] = measurements
            assert len(asked.edges) == edges
            answer = []
            for values, hits in (rows[name] for name in asked.documents):
                places = np.searchsorted(asked.edges, values, side="right")
                counts = np.bincount(places, minlength=edges + 1)
                top = np.bincount(places, weights=hits, minlength=edges + 1)
                answer.append([len(hits), hits.sum(), auroc(values, hits), *counts, *top])
            return {asked: np.array(answer, np.float32)}

        sets = f"sets: {json.dumps({'corpus': list(rows)})}\n"
        file = claim_file(tmp_path, json.dumps(claim), head=head + sets)
        [result] = Study(measure=measure).judge(file, "model").values()
        return result

    return judge


def test_the_effect_is_the_mean_of_lines_fitted_over_the_order_of_the_values(judge):
    fitted = [
        np.polyfit(values.argsort().argsort() / (len(values) - 1), hits, 1)[0]
        for values, hits in ROWS.values()
    ]
    result = judge()
    assert result.verdict == "supported"
    assert result.evidence.effect.value == pytest.approx(np.mean(fitted), abs=1e-9)
    plain = ttest_1samp(fitted, 0).confidence_interval(0.95)
    assert result.evidence.effect.low <= plain.low + 1e-9
    assert result.evidence.effect.high >= plain.high - 1e-9
    assert result.evidence.effect.low > 0.8 * plain.low
    bins, spread, null = result.evidence.figures
    assert (bins.kind, spread.kind, null.kind) == ("bins", "distributions", "null")
    values, hits = (np.concatenate(column) for column in zip(*ROWS.values(), strict=True))
    row = next(row for row in bins.bins if row.start == 0.4)
    assert row.share == pytest.approx(hits[(values >= 0.4) & (values < 0.6)].mean())
    assert sorted(spread.rows[0].values) == pytest.approx(sorted(fitted))
    coarse = judge(head="bins: {start: '-2', stop: '2', width: '1'}\n", edges=5)
    assert coarse.evidence.effect == result.evidence.effect  # bins are for looking at


def test_the_other_way_a_number_and_does_not_come_out_as_they_should(judge):
    assert judge(SENTENCE.replace("rises", "falls")).verdict == "refuted"
    turned = {name: (-values, hits) for name, (values, hits) in ROWS.items()}
    assert judge(SENTENCE.replace("rises", "falls"), turned).verdict == "supported"
    least = " by at least {}% from lowest to highest"
    assert judge(SENTENCE + least.format(5)).verdict == "supported"
    assert judge(SENTENCE + least.format(95)).verdict == "refuted"
    loose = {name: (values, RNG.permutation(hits)) for name, (values, hits) in ROWS.items()}
    denied = SENTENCE.replace("rises with", "does not go with")
    assert judge(denied, loose, "margin: 0.3\n").verdict == "supported"
    assert judge(denied, ROWS, "margin: 0.1\n").verdict == "refuted"
    assert "nowhere, or everywhere" in " ".join(
        judge(rows={**ROWS, "none": (np.arange(9.0), np.zeros(9))}).evidence.notes
    )


def test_ties_and_documents_without_a_hit_count_as_they_are():
    values, hits = np.array([0.0, 0, 0, 1, 1]), np.array([0.0, 1, 0, 1, 1])
    ranks = rankdata(values)
    expected = 12 * (hits * (ranks - ranks.mean())).sum() / (5 * 6)
    found = rises_of(
        np.array([5.0, 7.0, 3.0]), np.array([3.0, 0, 3]), np.array([auroc(values, hits), -1, -1])
    )
    assert found == pytest.approx([expected, 0, 0])


def test_what_cannot_be_claimed_is_refused_with_a_reason(judge):
    for claim, said in (
        (SENTENCE.replace("neuron 1:2", "every neuron of 1:2, 1:3"), "claimed of one"),
        (SENTENCE.replace('" an"', 'label "noun"'), "is of the text"),
        (SENTENCE + " by at least 0% from lowest to highest", "between 0% and 100%"),
        (SENTENCE.replace("rises with", "does not go with"), "margin"),
    ):
        with pytest.raises(ClaimFileError, match=said):
            judge(claim)
    with pytest.raises(ClaimFileError, match="only the one named"):
        judge(head="searched: layer 1\n")
    nowhere = {name: (values, np.zeros(30)) for name, (values, _) in ROWS.items()}
    assert "at none of 1,200 positions" in judge(rows=nowhere).error
