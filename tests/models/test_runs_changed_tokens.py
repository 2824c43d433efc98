"""Changes at named tokens equal plain forwards with one hook at those tokens, also of pairs of unequal length."""

from __future__ import annotations

import numpy as np
import pytest
from test_runs_changes import ASKED, REFERENCE, Plain

from neuronclaims.engines.measure import measure, measure_each
from neuronclaims.measurements import Ablation, AblationSweep, Pair, Restoration, RestorationSweep
from neuronclaims.models.options import RunOptions
from neuronclaims.prompts import PromptInput
from neuronclaims.tokens.grammar import read_at

LAYER = 1
UNEQUAL = (
    Pair("the old dog ran to the river", "the small red cat ran to the river"),
    Pair("he saw a dog near the big tree and sat", "she saw a cat near the tree and sat"),
    Pair("the dog sat in the street", "the cat sat in the street"),
    Pair("a dog ran", "a cat ran"),
)
"""Two pairs have unequal lengths; every text has one of two animals, and each word is one token."""


def offset(plain: Plain, text: str) -> int:
    """How many special tokens stand before the words."""
    return plain.ids(text).shape[1] - len(text.split())


def moved(columns, own, values, theirs):
    """Put values at some tokens: those of the places ``theirs`` in other values."""

    def change(hidden):
        hidden = hidden.clone()
        for place, other in zip(own, theirs, strict=True):
            for column in columns:
                hidden[place, column] = values[other, column]
        return hidden

    return change


def animal(text: str) -> int:
    return next(place for place, word in enumerate(text.split()) if word in ("dog", "cat"))


PLACES = {
    "last": lambda text: [len(text.split()) - 1],
    "token -2 of prompt": lambda text: [len(text.split()) - 2],
    "first of prompt": lambda text: [0],
    "first after animal": lambda text: [animal(text) + 1],
    "animal": lambda text: [animal(text)],
}


def items(pairs):
    """The pairs with the animal of each text as a column."""
    return tuple(
        Pair(*(PromptInput(text, spans=(("animal", text.split()[animal(text)]),)).item for text in texts))
        for texts in ((pair.clean, pair.corrupted) for pair in pairs)
    )


@pytest.mark.parametrize("at", list(PLACES))
@pytest.mark.parametrize("name", ["gpt2", "llama"])
def test_unequal_pairs_are_restored_where_tokens_stand_for_one_another(hand_over, name, at) -> None:
    source = hand_over(name)
    plain = Plain(source)
    pairs = items(UNEQUAL) if "animal" in at else UNEQUAL
    sweep = RestorationSweep("mlp_post", LAYER, ASKED, pairs, read_at(at))
    joint = Restoration("mlp_post", ((0, 3), (LAYER, 5)), ASKED, pairs, read_at(at))
    answers = measure(source, [sweep, joint], options=RunOptions(batch_tokens=64))
    for row, together, pair in zip(answers[sweep], answers[joint], UNEQUAL, strict=True):
        starts = offset(plain, pair.corrupted)
        own, theirs = (
            [starts + place for place in PLACES[at](text)] for text in (pair.corrupted, pair.clean)
        )
        clean = {layer: plain.values(pair.clean, "mlp_post", layer) for layer in (0, LAYER)}
        expected = [plain.dog_over_cat(plain.logits(text)) for text in (pair.clean, pair.corrupted)]
        np.testing.assert_allclose(row[:2], expected, rtol=1e-4, atol=2e-4)
        for index in range(0, clean[LAYER].shape[1], 7):
            hook = ("mlp_post", LAYER, moved([index], own, clean[LAYER], theirs))
            after = plain.dog_over_cat(plain.logits(pair.corrupted, [hook]))
            np.testing.assert_allclose(row[2 + index], after, rtol=1e-4, atol=2e-4)
        hooks = [
            ("mlp_post", layer, moved([index], own, clean[layer], theirs))
            for layer, index in ((0, 3), (LAYER, 5))
        ]
        after = plain.dog_over_cat(plain.logits(pair.corrupted, hooks))
        np.testing.assert_allclose(together[2], after, rtol=1e-4, atol=2e-4)
    if at == "last":
        assert np.ptp(answers[sweep][:, 2:]) > 1e-3


@pytest.mark.parametrize("name", ["gpt2", "llama"])
def test_ablations_are_made_at_the_tokens_that_are_named(hand_over, name) -> None:
    source = hand_over(name)
    plain = Plain(source)
    prompts = ("the old dog ran to the river", "a dog sat", "she saw the dog near a big house")
    rules = {
        'all of "dog"': lambda words: [words.index("dog")],
        'after "dog"': lambda words: range(words.index("dog") + 1, len(words)),
        "prompt": lambda words: range(len(words)),
        "token 2 of prompt": lambda words: [1],
    }
    for rule, pick in rules.items():
        joint = Ablation(
            "mlp_post", ((LAYER, 4), (LAYER, 9)), "mean", ASKED, prompts, REFERENCE, read_at(rule)
        )
        sweep = AblationSweep("mlp_post", LAYER, "zero", ASKED, prompts, at=read_at(rule))
        answers = measure(source, [joint, sweep])
        pool = [plain.values(text, "mlp_post", LAYER)[offset(plain, text) :].double() for text in REFERENCE]
        mean = sum(each.sum(0) for each in pool) / sum(len(each) for each in pool)
        for row, alone, text in zip(answers[joint], answers[sweep], prompts, strict=True):
            own = [offset(plain, text) + place for place in pick(text.split())]
            zeros = plain.values(text, "mlp_post", LAYER) * 0
            hook = ("mlp_post", LAYER, moved([4, 9], own, zeros + mean.float(), own))
            after = plain.dog_over_cat(plain.logits(text, [hook]))
            np.testing.assert_allclose(row[1], after, rtol=1e-4, atol=2e-4, err_msg=rule)
            for index in (0, 11):
                hook = ("mlp_post", LAYER, moved([index], own, zeros, own))
                after = plain.dog_over_cat(plain.logits(text, [hook]))
                np.testing.assert_allclose(alone[1 + index], after, rtol=1e-4, atol=2e-4, err_msg=rule)


def test_bos_is_changed_where_it_is_asked_for(hand_over) -> None:
    source = hand_over("llama")
    plain = Plain(source)
    prompts = ("the old dog ran to the river",)
    asked = Ablation("mlp_post", ((LAYER, 4),), "zero", ASKED, prompts, at=read_at("bos"))
    zeros = plain.values(prompts[0], "mlp_post", LAYER) * 0
    after = plain.dog_over_cat(plain.logits(prompts[0], [("mlp_post", LAYER, moved([4], [0], zeros, [0]))]))
    np.testing.assert_allclose(measure(source, [asked])[asked][0, 1], after, rtol=1e-4, atol=2e-4)


def test_a_pair_whose_tokens_do_not_stand_for_one_another_is_named(hand_over) -> None:
    source = hand_over("gpt2")
    words = {
        "all": "must have equally many tokens where all are changed",
        'after "the"': "one text of a pair has",
    }
    pairs = (Pair("the dog ran", "the cat ran"), Pair("he saw the dog", "he saw the big cat"))
    questions = {at: Restoration("mlp_post", ((0, 3),), ASKED, pairs, read_at(at)) for at in words}
    right = Restoration("mlp_post", ((0, 3),), ASKED, pairs, read_at("last"))
    answers = measure_each(source, [*questions.values(), right])
    assert right in answers
    for at, said in words.items():
        assert said in str(answers.failed[questions[at]])
    assert "1 token (dog) in 'he saw the dog'" in str(answers.failed[questions['after "the"']])


def test_names_of_what_there_was_are_what_they_were() -> None:
    pair = Pair("a dog", "a cat")
    asked = [
        Restoration("mlp_post", ((0, 3),), ASKED, (pair,), at).request.need
        for at in ("all", "last", read_at("bos"))
    ]
    assert [str(need) for need in asked] == [
        f'["restored", "mlp_post", "0:3", "{at}", " dog", " cat"]' for at in ("all", "last", "all of bos")
    ]
