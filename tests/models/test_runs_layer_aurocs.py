"""Every neuron of a layer beside the top prediction, and beside labels: AUROCs by comparing all pairs of positions."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from test_runs_changes import Plain
from tiny_models import CONTEXT, WORDS

from neuronclaims.cache.run_cache import RunCache
from neuronclaims.engines.measure import measure
from neuronclaims.measurements import LabelCounts, LayerAurocs, Readout
from neuronclaims.models.running.documents.layer_aurocs import aurocs_row
from neuronclaims.prompts import PromptInput
from neuronclaims.token_classes import TokenClass, TokenLabel

RNG = np.random.default_rng(3)
DOCUMENTS = tuple(" ".join(RNG.choice(WORDS, size)) for size in (6, 19, 30, 1))


def by_pairs(values: np.ndarray, hits: np.ndarray) -> np.ndarray:
    """The AUROC of each column [positions, m]: of all pairs of a hit and another position, how many it wins."""
    if hits.all() or not hits.any():
        return np.full(values.shape[1], -1.0)
    high, low = values[hits][:, None], values[~hits][None]
    return ((high > low) + 0.5 * (high == low)).mean(axis=(0, 1))


def test_aurocs_of_any_values_are_those_of_all_pairs() -> None:
    for size, many in ((2, 3), (9, 40), (31, 7)):
        ties = RNG.integers(-2, 3, size=(size, many)).astype(float)
        for hits in (
            RNG.random(size) < 0.4,
            np.arange(size) == 1,
            np.arange(size) % 2 == 0,
            np.zeros(size, bool),
            np.ones(size, bool),
        ):
            row = aurocs_row(torch.from_numpy(ties), hits)
            assert row[:2].tolist() == [size, hits.sum()]
            np.testing.assert_allclose(row[2:], by_pairs(ties, hits), rtol=1e-6)
            columns = LayerAurocs("mlp_post", 0, "", ("",)).columns(row[None])
            expected = np.where(by_pairs(ties, hits) < 0, np.nan, by_pairs(ties, hits))
            np.testing.assert_allclose(columns.aurocs[0], expected, rtol=0, atol=1e-15)
    broken = torch.tensor([[1.0, 1.0], [float("nan"), 2.0]])
    assert np.isnan(aurocs_row(broken, np.array([True, False]))).tolist() == [False, False, True, False]


@pytest.mark.parametrize("name", ["gpt2", "llama"])
def test_all_neurons_are_put_beside_the_top_prediction(hand_over, name, monkeypatch, tmp_path) -> None:
    source = hand_over(name)
    plain = Plain(source)
    tops = [plain.logits(text).argmax(-1).numpy() for text in DOCUMENTS]
    texts = plain.tokenizer.convert_ids_to_tokens(np.unique(np.concatenate(tops)).tolist())
    words = [f" {text}" for text in texts if not text.startswith("<")]
    wanted = TokenClass(tuple(words[:2])) if len(words) > 1 else words[0]
    numbers = plain.tokenizer.convert_tokens_to_ids([word.strip() for word in words[:2]])
    asked = [LayerAurocs("mlp_post", layer, wanted, DOCUMENTS) for layer in (0, 1)]
    found = measure(source, asked, cache=RunCache(tmp_path))
    for each in asked:
        for row, text, top in zip(found[each], DOCUMENTS, tops, strict=True):
            kept = [one not in plain.tokenizer.all_special_ids for one in plain.ids(text)[0].tolist()]
            values = plain.values(text, "mlp_post", each.layer).double().numpy()[kept]
            np.testing.assert_allclose(row[2:], by_pairs(values, np.isin(top[kept], numbers)), atol=1e-6)
    assert (found[asked[0]][:, 2:] >= 0).any()
    monkeypatch.setattr("neuronclaims.models.running.documents.layer_aurocs._HELD", 1)  # a layer at a time
    monkeypatch.setattr("neuronclaims.models.running.documents.layer_aurocs._COLUMNS", 5)
    again = measure(source, asked)
    assert all(np.array_equal(found[each], again[each]) for each in asked)


def test_it_is_what_single_neurons_answer_in_long_documents_and_for_labels(hand_over) -> None:
    source = hand_over("gpt2")
    long = (" ".join(RNG.choice(WORDS, 2 * CONTEXT + 9)), *DOCUMENTS)
    labels = tuple(PromptInput(text).with_labels([(0, 3, "noun"), (8, 15, "noun")]).item for text in long)
    layer = (
        LayerAurocs("resid_post", 1, " dog", long),
        LayerAurocs("resid_post", 1, TokenLabel("noun"), labels),
    )
    single = [
        Readout("resid_post", 1, 7, " dog", (), long),
        LabelCounts("resid_post", 1, 7, "noun", (), labels),
    ]
    found = measure(source, [*layer, *single])
    for every, one in zip(layer, single, strict=True):
        assert np.array_equal(found[every][:, [0, 1, 2 + 7]], found[one][:, :3])
    assert str(layer[0].request.need) == '["layer aurocs", "resid_post", 1, " dog"]'
    assert str(layer[1].request.need) == '["layer aurocs", "resid_post", 1, {"label": "noun"}]'
