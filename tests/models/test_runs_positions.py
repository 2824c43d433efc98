"""Padding, special tokens and generation: which positions count, and that company changes nothing."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny_models import CAUSAL, LAYERS, MODELS, WORDS, make_model, make_tokenizer, style_of

from neuronclaims.engines.measure import measure
from neuronclaims.measurements import Activations, Generation, TokenRule
from neuronclaims.measurements.activations import Pooled as Need
from neuronclaims.measurements.errors import MeasurementError
from neuronclaims.models.options import RunOptions
from neuronclaims.models.running.encode import collate, encode
from neuronclaims.models.running.loading import load
from neuronclaims.models.running.passes import generate
from neuronclaims.models.running.pooling import Recorder
from neuronclaims.models.sources import LoadedModel, Source, open_model

PROMPTS = (
    "the old dog ran to the river",
    "Hanoi is the capital of Vietnam and food in the old market was new",
    "she sat",
    "unheard words in the street",
)
POOLS = ("mean", "last", "max")


def ask(
    prompts=PROMPTS, spans=("prompt",), limits=(7,), sites=("resid_post", "mlp_post"), layers=(0, LAYERS - 1)
):
    return [
        Activations(
            site, layer, TokenRule(pool, span), prompts, None if span == "prompt" else Generation(limit)
        )
        for site in sites
        for layer in layers
        for pool in POOLS
        for span in spans
        for limit in limits
    ]


def full_pass(source: Source, text: list[int], layer: int, site: str = "resid_post") -> torch.Tensor:
    """The values of one site at every position of a text, from one plain forward of the bare model."""
    model = source.loaded.model
    seen = []
    path = {"gpt2": "h", "opt": "decoder.layers", "bert": "encoder.layer"}.get(
        model.config.model_type, "layers"
    )
    block = model.base_model.get_submodule(path)[layer]
    handle = block.register_forward_hook(
        lambda m, i, out: seen.append(out if torch.is_tensor(out) else out[0])
    )
    with torch.no_grad():
        model(torch.tensor([text]))
    handle.remove()
    return seen[0][0]


def hugging_face_text(source: Source, prompt: str, new_tokens: int) -> tuple[list[int], list[int]]:
    """A prompt's tokens and its greedy continuation by ``generate``, stop token included."""
    model, tokenizer = source.loaded.model, source.loaded.tokenizer
    ids = tokenizer(prompt)["input_ids"]
    given_ids = torch.tensor([ids])
    made = model.generate(
        given_ids,
        attention_mask=torch.ones_like(given_ids),
        max_new_tokens=new_tokens,
        do_sample=False,
        pad_token_id=0,
    )
    return ids, made[0, len(ids) :].tolist()


def with_stop(hand_over, name: str) -> Source:
    """A model that writes a special token now and then, and a word that ends its text, but never at once."""
    for seed in range(20):
        source = hand_over(name, seed=seed)
        head = source.loaded.model.get_output_embeddings().weight
        word = hugging_face_text(source, PROMPTS[1], 3)[1][-1]
        with torch.no_grad():
            head[[2, word]] = head[[word, 2]]
        texts = [hugging_face_text(source, prompt, 12)[1] for prompt in PROMPTS]
        early = {2, *(token for text in texts for token in text[:2])}
        stops = [token for text in texts for token in text[2:6] if token > 3 and token not in early]
        if stops and all(text[0] != 2 for text in texts) and any(2 in text[:6] for text in texts):
            source.loaded.model.generation_config.eos_token_id = stops[0]
            return source
    raise AssertionError(f"no random {name} will do")


@pytest.mark.parametrize("name", list(MODELS))
def test_a_padded_batch_gives_what_single_prompts_give(source_of, name: str) -> None:
    spans = ("prompt", "generated", "emitting") if name in CAUSAL else ("prompt",)
    asked = [*ask(), *(ask(spans=spans[1:]) if name in CAUSAL else [])]
    together = measure(source_of(name), asked)
    alone = measure(source_of(name), asked, options=RunOptions(batch_prompts=1))
    for question in asked:
        np.testing.assert_allclose(together[question], alone[question], atol=1e-4, rtol=1e-4)


@pytest.mark.usefixtures("without_proofs")
@pytest.mark.parametrize("name", ["llama", "bert"])
def test_prompts_of_the_same_tokens_are_measured_once_and_so_tie_exactly(hand_over, name: str) -> None:
    source = hand_over(name)
    rows: list[int] = []
    source.loaded.model.get_input_embeddings().register_forward_pre_hook(
        lambda _, args: rows.append(len(args[0]))
    )
    alike = (
        "the wug sat in  Hanoi",
        "the dax sat in Hanoi",
        "the  fep sat in Hanoi",
    )  # unknown words are one token
    question = Activations("mlp_post", 1, TokenRule("mean", "prompt"), alike)
    answer = measure(source, [question])[question]
    assert rows == [1]
    assert (answer == answer[0]).all()


@pytest.mark.parametrize("name", CAUSAL)
def test_greedy_text_is_that_of_hugging_face_generate_batched_or_alone(hand_over, name: str) -> None:
    source = with_stop(hand_over, name)
    ready = load(source, RunOptions())
    wanted = [hugging_face_text(source, prompt, 12)[1] for prompt in PROMPTS]
    assert 2 < min(len(text) for text in wanted) < max(len(text) for text in wanted)
    needs = [Need("resid_post", 0, "mean", "generated", 12)]

    def continued(prompts) -> list[list[int]]:
        rows = encode(ready, prompts, 12)
        with torch.inference_mode():
            return generate(
                ready, collate(rows, 0, "left", ready.device), Recorder(ready, needs, len(rows)), 12
            )

    assert continued(PROMPTS) == wanted
    assert [continued([prompt])[0] for prompt in PROMPTS] == wanted


@pytest.mark.parametrize("name", CAUSAL)
def test_generated_and_emitting_positions_are_those_of_one_forward_over_the_whole_text(
    hand_over, name: str
) -> None:
    source = with_stop(hand_over, name)
    stop = source.loaded.model.generation_config.eos_token_id
    asked = ask(spans=("generated", "emitting"), limits=(2, 7), sites=("resid_post",))
    answers = measure(source, asked)
    for row, prompt in enumerate(PROMPTS):
        for limit in (2, 7):
            ids, text = hugging_face_text(source, prompt, limit)
            start = len(ids)
            places = {
                "generated": [start + j for j, token in enumerate(text) if token not in (stop, 1, 2)],
                "emitting": [
                    start - 1 + j for j in range(len(text)) if (ids + text)[start - 1 + j] not in (1, 2)
                ],
            }
            for layer in (0, LAYERS - 1):
                values = full_pass(source, ids + text, layer)
                for span in ("generated", "emitting"):
                    chosen = values[places[span]]
                    wanted = {"mean": chosen.mean(0), "last": chosen[-1], "max": chosen.amax(0)}
                    for pool in POOLS:
                        question = Activations(
                            "resid_post", layer, TokenRule(pool, span), PROMPTS, Generation(limit)
                        )
                        np.testing.assert_allclose(answers[question][row], wanted[pool], atol=2e-4, rtol=1e-4)


def test_one_pass_over_mixed_spans_gives_what_separate_passes_give(source_of) -> None:
    spans, asked = ("generated", "emitting"), ask()
    asked += ask(spans=spans)
    mixed = measure(source_of("llama"), asked)
    for question in asked:
        np.testing.assert_allclose(
            mixed[question], measure(source_of("llama"), [question])[question], rtol=1e-4, atol=1e-4
        )


def test_bos_and_separators_never_enter_a_pool_and_unknown_words_do(hand_over) -> None:
    for name, text in (("llama", slice(1, None)), ("bert", slice(1, -1))):
        source = hand_over(name)
        tokens = source.loaded.tokenizer("unheard words sat")["input_ids"]
        assert tokens.count(0) == 2
        values = full_pass(source, tokens, 0)
        (answer,) = measure(
            source, [Activations("resid_post", 0, TokenRule("mean", "prompt"), ("unheard words sat",))]
        ).values()
        np.testing.assert_allclose(answer[0], values[text].mean(0), atol=1e-4, rtol=1e-4)
        assert np.abs(answer[0] - values.mean(0).numpy()).max() > 0.01


def test_a_real_model_padded_with_its_unknown_token_is_measured_at_its_own_positions(stories) -> None:
    prompts = ("Once upon a time", "Lily likes ☃ snow", "Tom")
    ready = load(stories, RunOptions())
    asked = [Activations("resid_post", layer, TokenRule("mean", "prompt"), prompts) for layer in range(4)]
    answers = measure(stories, asked)
    for row, prompt in enumerate(prompts):
        with torch.no_grad():
            ids = ready.tokenizer(prompt, return_tensors="pt")["input_ids"]
            hidden = ready.model(ids, output_hidden_states=True).hidden_states
        for layer, question in enumerate(asked):
            np.testing.assert_allclose(
                answers[question][row], hidden[layer + 1][0, 1:].mean(0), atol=1e-4, rtol=1e-4
            )


def test_a_real_model_writes_the_text_hugging_face_writes(stories) -> None:
    source = open_model(
        "s",
        Path("."),
        {"s": LoadedModel(load(stories, RunOptions()).model, load(stories, RunOptions()).tokenizer)},
    )
    ready = load(source, RunOptions())
    prompts = ("Once upon a time", "Lily and Tom went to the big park. They", "The dog")
    rows = encode(ready, prompts, 40)
    needs = [Need("mlp_post", 1, "max", "emitting", 40)]
    with torch.inference_mode():
        made = generate(ready, collate(rows, 0, "left", ready.device), Recorder(ready, needs, 3), 40)
    assert made == [hugging_face_text(source, prompt, 40)[1] for prompt in prompts]


@pytest.mark.parametrize(
    ("name", "prompt", "says"),
    [
        ("gpt2", "", "has no token of text"),
        ("llama", "", "has no token of text"),
        ("bert", "  ", "has no token of text"),
        ("llama", "</s>", "has no token of text"),
        ("llama", "the dog " * 40, "has 81 tokens, but handed takes 64 at most"),
    ],
)
def test_a_prompt_that_cannot_be_measured_is_named(hand_over, name: str, prompt: str, says: str) -> None:
    with pytest.raises(MeasurementError) as caught:
        measure(
            hand_over(name), [Activations("resid_post", 0, TokenRule("last", "prompt"), ("the dog", prompt))]
        )
    assert says in str(caught.value)
    assert repr(" ".join(prompt.split()) or prompt)[:20] in str(caught.value)


def test_a_prompt_too_long_for_its_continuation_is_named(hand_over) -> None:
    question = Activations(
        "resid_post", 0, TokenRule("last", "generated"), ("the dog " * 30,), Generation(20)
    )
    with pytest.raises(
        MeasurementError, match=r"61 tokens and 20 new ones, but handed takes 64 at most. Shorten it by 17"
    ):
        measure(hand_over("llama"), [question])


def test_a_prompt_after_which_nothing_is_written_is_named(hand_over) -> None:
    source = hand_over("gpt2")
    source.loaded.model.generation_config.eos_token_id = hugging_face_text(source, PROMPTS[0], 1)[1]
    question = Activations("resid_post", 0, TokenRule("mean", "generated"), PROMPTS, Generation(5))
    with pytest.raises(
        MeasurementError, match="wrote no text after the prompt 'the old dog ran to the river'"
    ):
        measure(source, [question])


@settings(max_examples=25)
@given(
    st.lists(
        st.lists(st.sampled_from(WORDS[:8]), min_size=1, max_size=9).map(" ".join), min_size=1, max_size=7
    ),
    st.data(),
)
def test_rows_answer_the_prompts_asked_whatever_the_batch(prompts: list[str], data) -> None:
    source = LOADED.setdefault("gpt2", hand_over_once())
    size = data.draw(st.integers(1, 8))
    question = Activations("mlp_post", 1, TokenRule("mean", "prompt"), tuple(prompts))
    answer = measure(source, [question], options=RunOptions(batch_prompts=size))[question]
    for row, prompt in enumerate(prompts):
        if prompt not in ALONE:
            single = Activations("mlp_post", 1, TokenRule("mean", "prompt"), (prompt,))
            ALONE[prompt] = measure(source, [single])[single][0]
        np.testing.assert_allclose(answer[row], ALONE[prompt], rtol=1e-4, atol=1e-4)


LOADED: dict[str, Source] = {}
ALONE: dict[str, np.ndarray] = {}


def hand_over_once() -> Source:
    return open_model(
        "handed", Path("."), {"handed": LoadedModel(make_model("gpt2"), make_tokenizer(style_of("gpt2")))}
    )
