"""What is written under a change equals what plain Transformers writes, greedily, with a hook on the model."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
import torch
from tiny_models import CAUSAL

from neuronclaims.engines.measure import measure
from neuronclaims.measurements import Ablation, ChangedContinuations, Continuations, Divergence, Generation
from neuronclaims.measurements.changing.interventions import Add
from neuronclaims.models.sources import open_model
from neuronclaims.prompts.sampling import Sampling
from neuronclaims.tokens.spans import LAST_TOKEN

PROMPTS = ("I like Hanoi.", "She went to the old market", "In the market he ate")
NEW = 12
NEURONS = ((2, 5), (3, 71), (4, 300))


@cache
def source():
    return open_model("demo", Path())


@cache
def plain():
    from transformers import AutoModelForCausalLM, AutoTokenizer

    folder = source().folder
    return AutoModelForCausalLM.from_pretrained(folder).eval(), AutoTokenizer.from_pretrained(folder)


def of_plain(text: str, add: float, *, last_of_prompt: bool = False) -> str:
    """Continue with ``generate`` of Transformers, ``add`` added to some neurons of mlp_post."""
    model, tokenizer = plain()
    ids = torch.tensor([tokenizer(text)["input_ids"]])
    handles = []
    for layer, index in NEURONS:

        def change(_, args, index=index):
            hidden = args[0].clone()
            if not last_of_prompt:
                hidden[..., index] += add
            elif hidden.shape[1] > 1:
                hidden[:, -1, index] += add
            return (hidden,)

        handles.append(model.transformer.h[layer].mlp.c_proj.register_forward_pre_hook(change))
    with torch.no_grad():
        made = model.generate(
            ids, attention_mask=torch.ones_like(ids), max_new_tokens=NEW, do_sample=False, pad_token_id=0
        )
    for handle in handles:
        handle.remove()
    return tokenizer.decode(made[0, ids.shape[1] :], skip_special_tokens=True)


def need(replacement, at="all", sampling=None):
    change = Ablation("mlp_post", NEURONS, replacement, Divergence(), PROMPTS, at=at)
    return ChangedContinuations(change, Generation(NEW, sampling))


def test_texts_are_those_of_transformers_with_a_hook():
    everywhere, at_last = need(Add(9.0)), need(Add(9.0), LAST_TOKEN)
    answers = measure(source(), [everywhere, at_last, need("zero")])
    assert answers[everywhere].shape == (3, 2, 1)
    for row, text in enumerate(PROMPTS):
        assert answers[everywhere][row, :, 0].tolist() == [of_plain(text, 0.0), of_plain(text, 9.0)]
        expected = [of_plain(text, 0.0), of_plain(text, 9.0, last_of_prompt=True)]
        assert answers[at_last][row, :, 0].tolist() == expected
    assert (answers[everywhere][:, 0] != answers[everywhere][:, 1]).any(), "the test sees a change"
    assert (answers[everywhere][:, 1] != answers[at_last][:, 1]).any(), "the test sees where"


def test_drawn_texts_share_their_noise_before_and_after():
    still, moved = (need(Add(add), sampling=Sampling(1.0, 3)) for add in (0.0, 9.0))
    answers = measure(source(), [still, moved])
    assert answers[still].shape == (3, 2, 3)
    assert (answers[still][:, 0] == answers[still][:, 1]).all()
    assert (answers[moved][:, 0] == answers[still][:, 0]).all()
    assert (answers[moved][:, 0] != answers[moved][:, 1]).any()
    assert len(set(answers[still][0, 0])) > 1


def test_a_resampled_neuron_holds_the_same_values_with_a_cache_and_without(monkeypatch):
    change = Ablation("mlp_post", NEURONS, "resample", Divergence(), PROMPTS, ("A cat", "The dog saw it"))
    asked = ChangedContinuations(change, Generation(NEW))
    cached = measure(source(), [asked])[asked]
    from neuronclaims.models.running.changing import written

    monkeypatch.setattr(written, "caches", lambda _: False)
    assert measure(source(), [asked])[asked].tolist() == cached.tolist()


WORDS = ("the old dog ran to the river", "she sat", "food in the old market was new")


@pytest.mark.parametrize("name", CAUSAL)
def test_on_every_architecture_a_change_of_nothing_writes_what_the_model_writes(name, source_of):
    found = source_of(name)
    change = Ablation("resid_post", ((1, 5),), Add(0.0), Divergence(), WORDS)
    asked, moved = (
        ChangedContinuations(each, Generation(6))
        for each in (change, replace(change, replacement=Add(500.0)))
    )
    plainly = Continuations(WORDS, Generation(6))
    answers = measure(found, [asked, moved, plainly])
    assert answers[asked][:, 0, 0].tolist() == answers[asked][:, 1, 0].tolist() == answers[plainly].tolist()
    assert (answers[moved][:, 0] == answers[asked][:, 0]).all()
    assert (answers[moved][:, 1] != answers[asked][:, 0]).any()


def test_an_answer_of_a_chat_ends_where_the_model_ends_it(tmp_path):
    from chat_models import chat, chatting

    found = open_model(str(chatting(tmp_path / "chatty")), Path())
    items = tuple(chat(("user", text)).item for text in ("Where is Hanoi?", "Who ate the fruit?"))
    asked = ChangedContinuations(
        Ablation("mlp_post", NEURONS, Add(0.0), Divergence(), items), Generation(NEW)
    )
    plainly = Continuations(items, Generation(NEW))
    answers = measure(found, [asked, plainly])
    assert answers[asked][:, 1, 0].tolist() == answers[plainly].tolist()


def test_a_length_must_be_given():
    change = Ablation("mlp_post", NEURONS, "zero", Divergence(), PROMPTS)
    with pytest.raises(Exception, match="at least 1"):
        measure(source(), [ChangedContinuations(change, Generation(0))])
