"""A neuron's value beside the position of every token: SciPy's rank correlation, from plain Transformers."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.stats import spearmanr
from tiny_models import CONTEXT, MODELS, WORDS

from neuronclaims.engines.measure import measure
from neuronclaims.measurements import PositionCorrelations
from neuronclaims.measurements.documents.positions import UNDEFINED

RNG = np.random.default_rng(7)
DOCUMENTS = tuple(" ".join(RNG.choice(WORDS, size)) for size in (5, 17, CONTEXT + 30, 2))


def slow(source, text: str, layer: int, index: int) -> list[float]:
    model, tokenizer = source.loaded.model, source.loaded.tokenizer
    ids = tokenizer(text)["input_ids"]
    values, places = [], []
    for start in range(0, len(ids), CONTEXT):
        piece = ids[start : start + CONTEXT]
        with torch.no_grad():
            states = model(torch.tensor([piece]), output_hidden_states=True).hidden_states[layer + 1][0]
        kept = [place for place, one in enumerate(piece) if one not in tokenizer.all_special_ids]
        values += states[kept, index].double().tolist()
        places += kept
    return [len(values), spearmanr(values, places)[0] if len(values) > 2 else UNDEFINED]


@pytest.mark.parametrize("name", MODELS)
def test_correlations_are_scipys_over_the_places_that_the_model_sees(hand_over, name) -> None:
    source = hand_over(name)
    asked = PositionCorrelations("resid_post", 1, 7, DOCUMENTS)
    found = measure(source, [asked])[asked]
    expected = [slow(source, document, 1, 7) for document in DOCUMENTS]
    np.testing.assert_allclose(found, expected, atol=1e-6)
    assert found[3, 1] == UNDEFINED
    assert 0 < abs(found[:3, 1]).max() <= 1


def test_equal_values_go_with_nothing_and_a_broken_value_is_an_error_of_who_reads_it() -> None:
    from neuronclaims.models.running.positions import _row

    places = np.arange(4)
    assert _row(np.ones(4), places).tolist() == [4, UNDEFINED]
    assert np.isnan(_row(np.array([1.0, np.nan, 2.0, 3.0]), places)).all()
    ties = np.array([2.0, 1.0, 1.0, 5.0])
    assert _row(ties, places)[1] == pytest.approx(spearmanr(ties, places)[0], abs=1e-7)
