"""Texts that are drawn: as often as the model's own softmax says, the same in any batch, one unit per prompt."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
import torch
from scipy import stats

from neuronclaims.engines.measure import measure
from neuronclaims.measurements import Activations, Continuations, Generation, TokenRule
from neuronclaims.measurements.activations import Pooled
from neuronclaims.measurements.errors import MeasurementError
from neuronclaims.models.continuations import BETWEEN
from neuronclaims.models.options import RunOptions
from neuronclaims.models.running import integrity, pooled
from neuronclaims.models.sources import Source
from neuronclaims.prompts.noise import GumbelNoise
from neuronclaims.prompts.sampling import Sampling

PROMPTS = (
    "the old dog ran to the river",
    "Hanoi is the capital of Vietnam and food in the old market was new",
    "she sat",
)
TEXTLESS = {"gpt2": {2}, "llama": {1, 2}}
"""The tokens that are no text: those that begin and end one. That of unknown words stands for text."""

DRAWN = Generation(5, Sampling(1.5, 3, seed=7))


def values(generate: Generation = DRAWN, pool: str = "mean", span: str = "generated") -> Activations:
    return Activations("resid_post", 1, TokenRule(pool, span), PROMPTS, generate)


def texts(generate: Generation = DRAWN, prompts: tuple[str, ...] = PROMPTS) -> Continuations:
    return Continuations(prompts, generate)


@pytest.fixture
def written(monkeypatch) -> list[list[tuple[int, ...]]]:
    """Return a list that gets what each pass wrote, row by row: prompt and continuation as tokens."""
    found: list[list[tuple[int, ...]]] = []
    plain = pooled.generate

    def generate(ready, batch, *rest):
        made = plain(ready, batch, *rest)
        found.append([(row.ids, tuple(tokens)) for row, tokens in zip(batch.rows, made, strict=True)])
        return made

    monkeypatch.setattr(pooled, "generate", generate)
    return found


def logits(source: Source, ids: list[int]) -> torch.Tensor:
    with torch.no_grad():
        return source.loaded.model(torch.tensor([ids])).logits[0, -1].double()


def test_noise_is_standard_gumbel_and_each_its_own() -> None:
    noise = GumbelNoise(0, 0, (5, 7)).gumbel(20_000)
    assert stats.kstest(noise, stats.gumbel_r.cdf).pvalue > 0.001
    stream = GumbelNoise(0, 0, (5, 7))
    assert np.array_equal(np.concatenate([stream.gumbel(8_000), stream.gumbel(12_000)]), noise)
    others = [
        GumbelNoise(1, 0, (5, 7)),
        GumbelNoise(0, 1, (5, 7)),
        GumbelNoise(0, 0, (5, 8)),
        GumbelNoise(0, 0, (57,)),
    ]
    for other in others:
        assert abs(stats.pearsonr(other.gumbel(20_000), noise).statistic) < 0.03


@pytest.mark.parametrize("temperature", [0.5, 2.0])
def test_tokens_come_as_often_as_the_model_s_softmax_says(hand_over, written, temperature) -> None:
    source, many = hand_over("gpt2"), 1_500
    measure(source, [texts(Generation(1, Sampling(temperature, many)), PROMPTS[:1])])
    drawn = Counter(tokens[0] for rows in written for _, tokens in rows)
    predicted = logits(source, source.loaded.tokenizer(PROMPTS[0])["input_ids"])

    def p_at(assumed: float) -> float:
        expected = (torch.softmax(predicted / assumed, 0) * many).numpy()
        common = expected >= 5
        seen = np.array([drawn[token] for token in range(len(expected))], dtype=float)
        pairs = [(seen[common], expected[common]), (seen[~common].sum(), expected[~common].sum())]
        observed, wanted = (np.append(*each) for each in zip(*pairs, strict=True))
        kept = wanted > 0
        return float(stats.chisquare(observed[kept], wanted[kept]).pvalue)

    assert sum(drawn.values()) == many
    assert len(written) < many / 10  # texts share batches
    assert p_at(temperature) > 0.001
    assert p_at(2 * temperature) < 1e-6
    assert p_at(temperature / 2) < 1e-6


@pytest.mark.parametrize("name", ["gpt2", "llama"])
def test_a_prompt_s_value_is_the_mean_over_its_texts(hand_over, written, name) -> None:
    source = hand_over(name)
    asked = {pool: values(pool=pool) for pool in ("mean", "max", "last")}
    found = measure(source, list(asked.values()))
    textless = TEXTLESS[name]
    for place, prompt in enumerate(PROMPTS):
        ids = tuple(source.loaded.tokenizer(prompt)["input_ids"])
        made = [tokens for rows in written for row, tokens in rows if row == ids]
        assert len(made) == 3
        assert len(set(made)) > 1
        pools = {pool: [] for pool in asked}
        for tokens in made:
            with torch.no_grad():
                states = source.loaded.model(torch.tensor([[*ids, *tokens]]), output_hidden_states=True)
            kept = [len(ids) + at for at, token in enumerate(tokens) if token not in textless]
            inner = states.hidden_states[2][0][kept].double()  # behind block 1
            if len(kept):
                pools["mean"].append(inner.mean(0))
                pools["max"].append(inner.amax(0))
                pools["last"].append(inner[-1])
        for pool, ask in asked.items():
            wanted = torch.stack(pools[pool]).mean(0).numpy()
            np.testing.assert_allclose(found[ask][place], wanted, rtol=1e-4, atol=1e-5)


def test_neither_batches_nor_other_prompts_change_what_is_drawn(hand_over) -> None:
    source = hand_over("gpt2")
    asked = [values(), texts()]
    first = measure(source, asked, options=RunOptions(batch_prompts=64))
    for options in (RunOptions(batch_prompts=1), RunOptions(batch_prompts=2), RunOptions(again=True)):
        found = measure(source, asked, options=options)
        assert found[texts()].tolist() == first[texts()].tolist()
        np.testing.assert_allclose(found[values()], first[values()], rtol=1e-4, atol=1e-5)
    alone = texts(prompts=PROMPTS[2:])
    assert measure(source, [alone])[alone].tolist() == first[texts()].tolist()[2:]
    other = texts(Generation(5, Sampling(1.5, 3, seed=8)))
    more = texts(Generation(5, Sampling(1.5, 4, seed=7)))
    found = measure(source, [other, more])
    assert found[other].tolist() != first[texts()].tolist()
    # More texts are those there were, and others.
    for few, many in zip(first[texts()].tolist(), found[more].tolist(), strict=True):
        assert many.split(BETWEEN)[:3] == few.split(BETWEEN)


def test_greedy_text_is_what_it_was_and_has_the_name_it_had(hand_over) -> None:
    source = hand_over("gpt2")
    greedy = values(Generation(5)), texts(Generation(5))
    alone, together = measure(source, list(greedy)), measure(source, [*greedy, values(), texts()])
    for each in greedy:
        assert np.array_equal(alone[each], together[each])
    need = Pooled("resid_post", 1, "mean", "generated", 5)
    assert (str(need), need.work) == ("resid_post/1/mean of generated/5", "pooled")
    assert str(texts(Generation(5)).request.need) == "written/5"
    assert str(values().request.need) == "resid_post/1/mean of generated/5/1.5 x3 #7"
    # At a temperature near 0 the likeliest token is drawn every time.
    cold = texts(Generation(5, Sampling(1e-4, 2)))
    for drawn, most in zip(measure(source, [cold])[cold], together[greedy[1]], strict=True):
        assert drawn.split(BETWEEN) == [most, most]


def test_texts_that_end_at_once_count_for_nothing_and_a_prompt_with_none_else_is_named(
    hand_over, written
) -> None:
    source = hand_over("gpt2")
    model = source.loaded.model
    ids = source.loaded.tokenizer(PROMPTS[2])["input_ids"]
    model.generation_config.eos_token_id = int(logits(source, ids).argmax())
    many = Generation(1, Sampling(0.7, 12))
    asked = Activations("resid_post", 1, TokenRule("last", "generated"), PROMPTS[2:], many)
    found = measure(source, [asked])[asked][0]
    drawn = [tokens[0] for rows in written for _, tokens in rows]
    stop = model.generation_config.eos_token_id
    kept = [token for token in drawn if token not in {stop, *TEXTLESS["gpt2"]}]
    assert 0 < len(kept) < 12
    with torch.no_grad():
        states = [
            model(torch.tensor([[*ids, token]]), output_hidden_states=True).hidden_states[2][0, -1]
            for token in kept
        ]
    np.testing.assert_allclose(found, torch.stack(states).mean(0).numpy(), rtol=1e-4, atol=1e-5)
    cold = Generation(1, Sampling(1e-4, 2))
    with pytest.raises(
        MeasurementError, match=r"Of 2 texts drawn at temperature 0.0001, seed 0 after the prompt"
    ):
        measure(source, [Activations("resid_post", 1, TokenRule("last", "generated"), PROMPTS[2:], cold)])


def test_some_texts_of_a_probe_are_run_again_alone_and_what_has_no_mean_is_refused(
    hand_over, monkeypatch
) -> None:
    source, checked = hand_over("gpt2"), []
    plain = integrity.check_alone
    monkeypatch.setattr(pooled, "check_alone", lambda *given: (checked.append(given[2]), plain(*given)))
    measure(source, [values(Generation(5, Sampling(1.5, 41)))])
    assert len(checked) == 3
    assert len(set(map(tuple, checked))) > 1
    for pool in ("each 3", "legacy_growing"):
        with pytest.raises(MeasurementError, match="leave 'temperature' out"):
            measure(source, [values(pool=pool)])
