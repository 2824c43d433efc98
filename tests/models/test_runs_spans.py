"""Values at named tokens are those of one plain forward at the places that one finds by hand."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from test_runs_positions import full_pass

from neuronclaims.engines.measure import measure, measure_each
from neuronclaims.measurements import Activations, Generation, TokenRule
from neuronclaims.measurements.errors import MeasurementError
from neuronclaims.measurements.pools import TokenPool, pool_of
from neuronclaims.models.chats.templates import Rendered
from neuronclaims.models.running.pooling import Positions, fold, made
from neuronclaims.models.splitting import split_by
from neuronclaims.prompts import ChatMessage, PromptInput
from neuronclaims.tokens.grammar import read_tokens
from neuronclaims.tokens.spans import Span

PROMPTS = ("the old dog ran to the river", "she saw the dog near a big red house and sat", "a dog sat")
"""Every word is one token of the tiny models, and each prompt has one dog."""


def asked(rule: str, prompts=PROMPTS, generate: int = 0) -> Activations:
    return Activations(
        "resid_post", 1, TokenRule(*read_tokens(rule)), prompts, Generation(generate) if generate else None
    )


def rows_of(source, rule: str, prompts=PROMPTS, generate: int = 0) -> np.ndarray:
    question = asked(rule, prompts, generate)
    return measure(source, [question])[question]


def by_words(source, prompt: str, pick) -> torch.Tensor:
    """The values at the words that ``pick`` chooses by their places; special tokens stand before them."""
    tokenizer = source.loaded.tokenizer
    ids = tokenizer(prompt)["input_ids"]
    words = prompt.split()
    first = len(ids) - len(words)
    return full_pass(source, ids, 1)[[first + place for place in pick(words)]]


RULES = {
    "first of prompt": lambda words: [0],
    "token 2 of prompt": lambda words: [1],
    "token -2 of prompt": lambda words: [len(words) - 2],
    'last of "dog"': lambda words: [words.index("dog")],
    'first after "dog"': lambda words: [words.index("dog") + 1],
    'last after "dog"': lambda words: [len(words) - 1],
    'mean of " dog "': lambda words: [words.index("dog")],
    'mean after "dog"': lambda words: range(words.index("dog") + 1, len(words)),
    'mean of every "a"': lambda words: [place for place, word in enumerate(words) if "a" in word],
    'max of every "a"': lambda words: [place for place, word in enumerate(words) if "a" in word],
    'token 2 of every "a"': lambda words: [[place for place, word in enumerate(words) if "a" in word][1]],
}


@pytest.mark.parametrize("name", ["gpt2", "llama"])
def test_named_tokens_are_read_where_they_stand(hand_over, name) -> None:
    source = hand_over(name)
    prompts = (PROMPTS[1], "a dog sat near a tree", "the dog sat and ran")
    answers = measure(source, [asked(rule, prompts) for rule in RULES])
    for rule, pick in RULES.items():
        for row, prompt in zip(answers[asked(rule, prompts)], prompts, strict=True):
            values = by_words(source, prompt, pick)
            expected = values.amax(0) if rule.startswith("max") else values.mean(0)
            np.testing.assert_allclose(row, expected.numpy(), rtol=1e-4, atol=1e-5, err_msg=rule)


def test_special_tokens_are_read_when_they_are_asked_for(hand_over) -> None:
    source = hand_over("llama")
    tokenizer = source.loaded.tokenizer
    whole = rows_of(source, "mean of prompt including special tokens")
    bos = rows_of(source, "value at bos")
    for prompt, mean, first in zip(PROMPTS, whole, bos, strict=True):
        ids = tokenizer(prompt)["input_ids"]
        assert ids[0] == tokenizer.bos_token_id
        values = full_pass(source, ids, 1)
        np.testing.assert_allclose(mean, values.mean(0).numpy(), rtol=1e-4, atol=1e-5)
        np.testing.assert_allclose(first, values[0].numpy(), rtol=1e-4, atol=1e-5)


def test_columns_of_the_row_are_read_where_they_stand(hand_over) -> None:
    source = hand_over("gpt2")
    texts = {"the old dog ran to the river": "old dog", "the dog saw the dog": "[16, 19]"}
    prompts = tuple(PromptInput(text, spans=(("subject", own),)).item for text, own in texts.items())
    found = rows_of(source, "mean of subject", prompts)
    places = ([1, 2], [4])
    for row, text, own in zip(found, texts, places, strict=True):
        expected = by_words(source, text, lambda _, own=own: own).mean(0)
        np.testing.assert_allclose(row, expected.numpy(), rtol=1e-4, atol=1e-5)


def test_roles_of_a_chat_are_read_where_they_stand(hand_over) -> None:
    source = hand_over("llama")
    tokenizer = source.loaded.tokenizer
    tokenizer.chat_template = (
        "{{ bos_token }}{% for m in messages %}{{ m.role }} near {{ m.content }} and {% endfor %}"
    )
    chat = PromptInput(
        messages=(
            ChatMessage("system", "he ate"),
            ChatMessage("user", "the old dog sat"),
            ChatMessage("assistant", "it ran"),
            ChatMessage("user", "a bird"),
        )
    )
    text = tokenizer.apply_chat_template(
        [{"role": m.role, "content": m.content} for m in chat.messages], tokenize=False
    )
    ids = tokenizer(text, add_special_tokens=False)["input_ids"]
    words = tokenizer.convert_ids_to_tokens(ids)
    values = full_pass(source, ids, 1)
    places = {
        "system": [words.index("he"), words.index("ate")],
        "user": [*range(words.index("the"), words.index("the") + 4), words.index("a"), words.index("bird")],
        "assistant": [words.index("it"), words.index("ran")],
    }
    for role, own in places.items():
        (row,) = rows_of(source, f"mean of {role}", (chat.item,))
        np.testing.assert_allclose(row, values[own].mean(0).numpy(), rtol=1e-4, atol=1e-5, err_msg=role)
    (row,) = rows_of(source, "last of assistant", (chat.item,))
    np.testing.assert_allclose(row, values[words.index("ran")].numpy(), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", ["gpt2", "llama"])
def test_named_tokens_and_generated_ones_are_read_in_one_pass(hand_over, name) -> None:
    source = hand_over(name)
    rules = ("first of generated", "token 3 of generated", "token -2 of generated", "each 4")
    each = Activations("resid_post", 1, TokenRule("each 4", "generated"), PROMPTS, Generation(4))
    tail = Activations("resid_post", 1, TokenRule("token -2", "emitting"), PROMPTS, Generation(4))
    emitting = Activations("resid_post", 1, TokenRule("each 4", "emitting"), PROMPTS, Generation(4))
    questions = [asked(rule, generate=4) for rule in rules[:3]]
    answers = measure(source, [*questions, each, tail, emitting, asked('last of "dog"')])
    for row in range(len(PROMPTS)):
        count = int(answers[each][row][0])
        table = answers[each][row][1:].reshape(4, -1)
        assert count >= 3
        for question, place in zip(questions, (0, 2, count - 2), strict=True):
            np.testing.assert_allclose(answers[question][row], table[place], rtol=1e-4, atol=1e-5)
        emitted = answers[emitting][row]
        last = emitted[1:].reshape(4, -1)[int(emitted[0]) - 2]
        np.testing.assert_allclose(answers[tail][row], last, rtol=1e-4, atol=1e-5)
    alone = rows_of(source, 'last of "dog"')
    np.testing.assert_allclose(answers[asked('last of "dog"')], alone, rtol=1e-4, atol=1e-5)


def test_one_place_is_kept_over_several_steps() -> None:
    steps = [torch.tensor([[[1.0], [2.0], [3.0]]]), torch.tensor([[[4.0]]]), torch.tensor([[[5.0]]])]
    masks = [torch.tensor([[True, False, True]]), torch.tensor([[True]]), torch.tensor([[False]])]
    for number, expected in {1: 1.0, 2: 3.0, 3: 4.0, -2: 3.0, -3: 1.0}.items():
        so_far, before = None, torch.zeros(1, dtype=torch.long)
        for values, mask in zip(steps, masks, strict=True):
            so_far = fold(TokenPool(number), so_far, values, Positions.of(mask, before))
            before = before + mask.sum(1)
        assert so_far is not None
        assert made(TokenPool(number), so_far, before).tolist() == [[expected]]


def test_same_tokens_with_other_spans_are_not_taken_for_one_another(hand_over) -> None:
    """Two prompts of the same tokens, of which the claim reads different ones."""
    source = hand_over("gpt2")
    first, second = (PromptInput("the old dog ran", spans=(("s", own),)).item for own in ("old", "dog"))
    one, two = rows_of(source, "last of s", (first, second))
    np.testing.assert_allclose(one, by_words(source, "the old dog ran", lambda _: [1])[0].numpy(), atol=1e-5)
    np.testing.assert_allclose(two, by_words(source, "the old dog ran", lambda _: [2])[0].numpy(), atol=1e-5)


def test_a_prompt_without_the_tokens_is_named_and_breaks_its_claim_alone(hand_over) -> None:
    source = hand_over("llama")
    wrong = {
        'last of "cat"': "The prompt 'the old dog ran to the river' does not hold \"cat\"",
        'last of "the"': 'holds "the" 2 times: [the] old dog ran…, … dog ran to [the] river',
        "token 5 of prompt": "'token 5 of prompt' has no token in the prompt 'a dog sat'",
        "last of subject": "has nothing in the column 'subject'",
        "mean of user": "is a plain text",
        "token 6 of generated": "'token 6 of generated' has no token",
    }
    questions = [asked(rule, generate=4 if "generated" in rule else 0) for rule in wrong]
    right = asked("last of prompt")
    answers = measure_each(source, [*questions, right])
    assert right in answers
    for question, said in zip(questions, wrong.values(), strict=True):
        assert said in str(answers.failed[question])


def test_names_of_what_there_was_are_what_they_were() -> None:
    assert str(asked("last of prompt").request.need) == "resid_post/1/last of prompt/0"
    assert str(asked("mean of generated", generate=4).request.need) == "resid_post/1/mean of generated/4"
    assert str(asked('last of "dog"').request.need) == 'resid_post/1/last of "dog"/0'
    assert str(asked("value at bos").request.need) == "resid_post/1/value at bos/0"
    assert [pool_of(text) for text in ("first", "token 1", "token -1")] == [
        TokenPool(1),
        TokenPool(1),
        pool_of("last"),
    ]
    with pytest.raises(MeasurementError, match="No token rule"):
        pool_of("token 0")


def test_slow_tokenizers_are_told_what_they_lack() -> None:
    split = Span("quoted", "dog")

    class Slow:
        is_fast, all_special_ids, unk_token_id = False, (), None

        def __call__(self, texts, **_):
            return {"input_ids": [[5, 6] for _ in texts]}

        def convert_ids_to_tokens(self, ids):
            return [str(number) for number in ids]

    (found,) = split_by(Slow(), ["a dog"], [Rendered("a dog")])
    assert found.places(Span("prompt")) == (0, 1)
    with pytest.raises(Exception, match="a slow one"):
        found.places(split)
