"""Counts of a neuron against the model's own top prediction, document by document."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from test_runs_changes import Plain
from tiny_models import CAUSAL, CONTEXT, WORDS

from neuronclaims.cache.run_cache import RunCache
from neuronclaims.engines.measure import measure
from neuronclaims.measurements import Readout
from neuronclaims.measurements.errors import MeasurementError
from neuronclaims.token_classes import TokenClass, TokenClassError

RNG = np.random.default_rng(5)
DOCUMENTS = tuple(" ".join(RNG.choice(WORDS, size)) for size in (5, 17, 30, 1))
EDGES = (-0.5, -0.1, 0.0, 0.3)


def slow(plain: Plain, text: str, layer: int, index: int, token: int) -> list[float]:
    """The row, counted one position after another."""
    values = plain.values(text, "mlp_post", layer)[:, index].double().tolist()
    tops = plain.logits(text).argmax(-1).tolist()
    special = [one in plain.tokenizer.all_special_ids for one in plain.ids(text)[0].tolist()]
    seen = [(v, t == token) for v, t, s in zip(values, tops, special, strict=True) if not s]
    bins, hits = [0] * 5, [0] * 5
    for value, hit in seen:
        place = sum(value >= edge for edge in EDGES)
        bins[place] += 1
        hits[place] += hit
    on, off = [v for v, h in seen if h], [v for v, h in seen if not h]
    wins = [1.0 if a > b else 0.5 if a == b else 0.0 for a in on for b in off]
    return [len(seen), len(on), sum(wins) / len(wins) if wins else -1.0, *bins, *hits]


@pytest.mark.parametrize("name", CAUSAL)
def test_counts_equal_those_made_position_by_position(hand_over, name) -> None:
    source = hand_over(name)
    plain = Plain(source)
    tops = torch.cat([plain.logits(text).argmax(-1) for text in DOCUMENTS])
    token = int(tops.mode().values)
    text = " " + plain.tokenizer.convert_ids_to_tokens(token)
    asked = Readout("mlp_post", 1, 7, text, EDGES, DOCUMENTS)
    found = measure(source, [asked])[asked]
    expected = [slow(plain, document, 1, 7, token) for document in DOCUMENTS]
    np.testing.assert_allclose(found, expected, rtol=1e-6)
    assert found[:, 1].sum() > 0


def test_a_class_counts_each_of_its_tokens_and_a_pattern_names_them_by_their_texts(hand_over) -> None:
    source = hand_over("gpt2")
    plain = Plain(source)
    tops = torch.cat([plain.logits(text).argmax(-1) for text in DOCUMENTS])
    common, numbers = tops.unique(return_counts=True)
    named = [plain.tokenizer.convert_ids_to_tokens(int(one)) for one in common[numbers.argsort()[-2:]]]
    listed = TokenClass(tuple(f" {one}" for one in named))
    matching = TokenClass(pattern="|".join(named))
    alone = [Readout("mlp_post", 1, 7, f" {one}", EDGES, DOCUMENTS) for one in named]
    both = [Readout("mlp_post", 1, 7, one, EDGES, DOCUMENTS) for one in (listed, matching)]
    found = measure(source, [*alone, *both])
    assert np.array_equal(found[both[0]], found[both[1]])
    hits = sum(found[one][:, [1, *range(8, 13)]] for one in alone)
    assert np.array_equal(found[both[0]][:, [1, *range(8, 13)]], hits)
    assert hits[:, 0].sum() > found[alone[0]][:, 1].sum() > 0
    with pytest.raises(MeasurementError, match="No token of"):
        measure(source, [Readout("mlp_post", 1, 7, TokenClass(pattern="[0-9]{30}"), EDGES, DOCUMENTS)])


def test_a_pattern_that_runs_for_ever_is_ended(monkeypatch) -> None:
    monkeypatch.setattr("neuronclaims.token_classes.SECONDS", 0.05)
    with pytest.raises(TokenClassError, match="repeats inside repeats"):
        TokenClass(pattern="(a|ab?)+(?:a+)+c?b").members(["a" * 60] * 3)


def test_names_in_the_cache_of_single_tokens_stay(hand_over) -> None:
    edges = (0.0, 1.0)
    one = Readout("mlp_post", 1, 7, " an", edges, DOCUMENTS).request.need
    assert str(one) == '["readout", "mlp_post", 1, 7, " an", [0.0, 1.0]]'
    names = {
        str(Readout("mlp_post", 1, 7, wanted, edges, DOCUMENTS).request.need)
        for wanted in (" an", TokenClass((" an",)), TokenClass((" an", " a")), TokenClass(pattern=" an"))
    }
    assert len(names) == 4


def test_long_documents_are_read_in_pieces(hand_over) -> None:
    source = hand_over("gpt2")
    plain = Plain(source)
    document = " ".join(RNG.choice(WORDS, 2 * CONTEXT + 9))
    asked = Readout("mlp_post", 0, 3, " dog", (0.0,), (document,))
    row = measure(source, [asked])[asked][0]
    words = document.split()
    pieces = [" ".join(words[start : start + CONTEXT]) for start in range(0, len(words), CONTEXT)]
    above = sum(int((plain.values(piece, "mlp_post", 0)[:, 3] >= 0).sum()) for piece in pieces)
    assert row[0] == len(words)
    assert row[4] == above


def test_a_document_read_once_is_kept(source_of, tmp_path, monkeypatch) -> None:
    source = source_of("gpt2")
    asked = Readout("mlp_post", 0, 3, " dog", EDGES, DOCUMENTS)
    first = measure(source, [asked], cache=RunCache(tmp_path))[asked]
    monkeypatch.setattr("neuronclaims.engines.local.LocalEngine", lambda *_: pytest.fail("measured again"))
    assert np.array_equal(first, measure(source, [asked], cache=RunCache(tmp_path))[asked])


def test_edges_must_rise(hand_over) -> None:
    with pytest.raises(MeasurementError, match="must rise"):
        measure(hand_over("gpt2"), [Readout("mlp_post", 0, 3, " dog", (0.0, 0.0), DOCUMENTS)])


def test_documents_are_kept_in_batches_of_positions(hand_over, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr("neuronclaims.models.running.readout._TOGETHER", 20)
    source = hand_over("gpt2")
    asked = Readout("mlp_post", 0, 3, " dog", EDGES, DOCUMENTS)
    found = measure(source, [asked], cache=RunCache(tmp_path))[asked]
    assert (
        len(list(tmp_path.glob("activations/*/*.safetensors"))) == 2
    )  # 5 + 17 positions, then 30; 1 with either
    alone = [Readout("mlp_post", 0, 3, " dog", EDGES, (document,)) for document in DOCUMENTS]
    assert np.array_equal(found, [measure(source, [one])[one][0] for one in alone])


@pytest.mark.parametrize("name", ["gpt2", "llama", "gemma", "gpt_neox"])
def test_the_legacy_readout_drops_scale_and_shift_of_the_final_norm_and_takes_the_input_embedding(
    hand_over, name
) -> None:
    source = hand_over(name)
    plain = Plain(source)
    weight = plain.model.get_input_embeddings().weight.double()
    tops, own = [], []
    for text in DOCUMENTS:
        state = plain.values(text, "resid_post", 2).double()
        if name in ("gpt2", "gpt_neox"):
            state = (state - state.mean(-1, keepdim=True)) / state.std(-1, correction=0, keepdim=True)
        else:
            state = state / state.square().mean(-1, keepdim=True).sqrt()
        words = [one not in plain.tokenizer.all_special_ids for one in plain.ids(text)[0].tolist()]
        tops.append((state @ weight.T).argmax(-1)[words])
        own.append(plain.logits(text).argmax(-1)[words])
    assert (torch.cat(tops) != torch.cat(own)).any()
    texts = plain.tokenizer.convert_ids_to_tokens(list(range(len(weight))))
    token = next(int(one) for one in torch.cat(tops).unique() if not texts[one].startswith("<"))
    asked = [
        Readout("mlp_post", 1, 7, " " + texts[token], EDGES, DOCUMENTS, legacy) for legacy in (True, False)
    ]
    found = measure(source, asked)
    assert found[asked[0]][:, 1].tolist() == [int((top == token).sum()) for top in tops]
    assert found[asked[1]][:, 1].tolist() == [int((top == token).sum()) for top in own]
    assert np.array_equal(found[asked[0]][:, 3:8], found[asked[1]][:, 3:8])


def test_states_that_the_input_embedding_cannot_read_are_refused(hand_over) -> None:
    asked = Readout("mlp_post", 0, 3, " dog", EDGES, DOCUMENTS, legacy_embed=True)
    with pytest.raises(MeasurementError, match="16 numbers and states of 32"):
        measure(hand_over("opt_post_norm"), [asked])


def test_tokens_of_later_documents_are_made_when_their_turn_comes(hand_over, monkeypatch) -> None:
    from neuronclaims.measurements.plan import jobs, union
    from neuronclaims.models.options import RunOptions
    from neuronclaims.models.running import readout
    from neuronclaims.models.running.loading import load

    made: list[str] = []

    def encode(ready, text):
        made.append(text)
        return encode_long(ready, text)

    encode_long = readout.encode_long
    monkeypatch.setattr(readout, "encode_long", encode)
    monkeypatch.setattr(readout, "_TOGETHER", 1)
    source = hand_over("gpt2")
    [job] = jobs(union(source.facts(), [Readout("mlp_post", 0, 3, " dog", EDGES, DOCUMENTS)]))
    batches = readout.work(load(source, RunOptions()), job, RunOptions())
    assert made == list(job.items)  # all are checked before the first forward
    for number, batch in enumerate(batches, start=1):
        assert batch.items == (job.items[number - 1],)
        assert made[len(DOCUMENTS) :] == list(job.items[:number])
