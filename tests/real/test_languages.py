"""Claims about French and English on SmolLM2-135M-Instruct, against plain Transformers, SciPy and statsmodels."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
from independent import Judged, judge
from plain_smollm2 import Plain, model_folder, needs_smollm2

from neuronclaims.claim_files.reader import read_claim_file
from neuronclaims.kinds import templates
from neuronclaims.results import Result
from neuronclaims.study import Study

HERE = Path(__file__).parent
FILE = HERE / "languages.claims.yaml"
NAMES = {
    "AUROC": "AUROC",
    "mean difference": "difference",
    "difference of means": "difference",
    "dz": "standardised",
}


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Result]:
    study = Study(cache=tmp_path_factory.mktemp("cache"))
    return study.judge(read_claim_file(FILE, templates()), str(model_folder()))


@pytest.fixture(scope="module")
def judged() -> dict[str, Judged]:
    return judge(FILE, Plain())


@needs_smollm2
def test_every_claim_comes_out_as_expected_and_as_it_does_independently(results, judged) -> None:
    assert {each.id: each.verdict for each in results.values()} == {
        name: found.verdict for name, found in judged.items()
    }
    assert [f"{each.id}: {each.verdict}" for each in results.values() if not each.as_expected] == []
    assert {each.verdict for each in results.values()} == {"supported", "refuted", "inconclusive"}


@needs_smollm2
def test_values_ranks_effects_and_p_are_those_of_plain_transformers_and_scipy(results, judged) -> None:
    for name, found in judged.items():
        evidence = results[name].evidence
        for row, units in zip(evidence.figures[0].rows, found.units, strict=True):
            assert len(row.values) == len(units)
            np.testing.assert_allclose(
                np.sort(row.values), np.sort(units), rtol=1e-3, atol=1e-4, err_msg=name
            )
        expected = found.effects[NAMES[evidence.effect.name]]
        shown = (evidence.effect.value, evidence.effect.low, evidence.effect.high)
        assert shown == pytest.approx((expected.value, expected.low, expected.high), rel=1e-3, abs=1e-4), name
        assert evidence.test.exact == found.exact
        drawn = 14 * np.sqrt(found.p * (1 - found.p) / 9_999) + 8 / 9_999
        assert evidence.test.p_value == pytest.approx(found.p, abs=0 if found.exact else drawn, rel=1e-2), (
            name
        )
        assert (evidence.rank.place if evidence.rank else None) == found.rank, name


def test_no_sentence_that_chose_a_neuron_tests_it() -> None:
    texts = [
        {row["text"] for row in csv.DictReader((HERE / folder / "languages.csv").open(encoding="utf-8"))}
        for folder in ("prompts", "discovery")
    ]
    assert all(texts)
    assert not texts[0] & texts[1]
