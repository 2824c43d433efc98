"""Losses, entropies and divergences under a change equal those of plain forwards of Transformers with one hook."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
import torch

from neuronclaims.engines.measure import measure
from neuronclaims.measurements import Ablation, Divergence, Entropy, Loss, Prediction
from neuronclaims.measurements.changing.controls import Controls
from neuronclaims.measurements.changing.interventions import Scale
from neuronclaims.measurements.errors import MeasurementError
from neuronclaims.models.sources import open_model
from neuronclaims.tokens.spans import ChangedTokens, Span

PROMPTS = ("I like Hanoi.", "She went to the old market", "And the fruit he ate was an apple, of all things")
CHANGED = ((2, 5), (2, 71), (4, 300))


@cache
def source():
    from pathlib import Path

    return open_model("demo", Path())


@cache
def plain():
    from transformers import AutoModelForCausalLM, AutoTokenizer

    folder = source().folder
    return AutoModelForCausalLM.from_pretrained(folder).eval(), AutoTokenizer.from_pretrained(folder)


def logits(text: str, neurons=(), factor: float = 30.0) -> tuple[list[int], np.ndarray]:
    """The ids and the logits [tokens, vocabulary] of a plain forward, some neurons of mlp_post times a factor."""
    model, tokenizer = plain()
    handles = []
    for layer in {layer for layer, _ in neurons}:
        columns = [index for at, index in neurons if at == layer]

        def change(_, args, columns=columns):
            hidden = args[0].clone()
            hidden[..., columns] *= factor
            return (hidden,)

        handles.append(model.transformer.h[layer].mlp.c_proj.register_forward_pre_hook(change))
    ids = tokenizer(text)["input_ids"]
    with torch.no_grad():
        found = model(torch.tensor([ids])).logits[0].double()
    for handle in handles:
        handle.remove()
    return ids, found.log_softmax(-1).numpy()


def of_plain(what: str, text: str, neurons=()) -> tuple[float, float]:
    ids, logs = logits(text, neurons)
    _, before = logits(text)
    if what == "loss":
        own = [(logs[at - 1, ids[at]], logs[at - 1].argmax() == ids[at]) for at in range(1, len(ids))]
        return -np.mean([each for each, _ in own]), np.mean([hit for _, hit in own])
    if what == "entropy":
        chances = np.exp(logs[-1])
        return -(chances * logs[-1]).sum(), chances.max()
    text = ~np.isin(ids, plain()[1].all_special_ids)
    apart = (np.exp(before) * (before - logs)).sum(-1)
    return apart[text].mean(), (before.argmax(-1) == logs.argmax(-1))[text].mean()


ASKED = {"loss": Loss(), "entropy": Entropy(), "divergence": Divergence()}


def test_outcomes_are_those_of_a_plain_forward_with_a_hook():
    needs = {
        what: Ablation("mlp_post", CHANGED, Scale(30.0), asked, PROMPTS) for what, asked in ASKED.items()
    }
    answers = measure(source(), list(needs.values()))
    for what, need in needs.items():
        found = need.columns(answers[need])
        for row, text in enumerate(PROMPTS):
            before, after = of_plain(what, text), of_plain(what, text, CHANGED)
            assert (found.before[row], found.beside_before[row]) == pytest.approx(
                before, rel=1e-4, abs=2e-4
            ), what
            assert (found.after[row], found.beside_after[row]) == pytest.approx(after, rel=1e-4, abs=2e-4), (
                what
            )
            assert found.divergence[row] == pytest.approx(
                of_plain("divergence", text, CHANGED)[0], rel=1e-4, abs=2e-4
            )
        assert np.abs(found.after - found.before).max() > 0.05, f"{what} moves: the test sees something"


def test_controls_have_the_outcomes_too():
    needs = [
        Controls(Ablation("mlp_post", ((2, 5),), Scale(30.0), asked, PROMPTS), 2) for asked in ASKED.values()
    ]
    answers = measure(source(), needs)
    for need, what in zip(needs, ASKED, strict=True):
        found, drawn = need.columns(answers[need]), need.neurons(answers[need])
        for row, text in enumerate(PROMPTS):
            for copy in range(2):
                expected = of_plain(what, text, ((2, int(drawn[row, copy, 0])),))[0]
                assert found.after[row, copy] == pytest.approx(expected, rel=1e-4, abs=2e-4)


def test_a_loss_of_a_span_counts_its_tokens_alone():
    whole, part = (
        Ablation("mlp_post", CHANGED, "zero", asked, ("I like Hanoi.",))
        for asked in (Loss(), Loss(ChangedTokens("all", Span("quoted", "Hanoi"))))
    )
    answers = measure(source(), [whole, part])
    ids, logs = logits("I like Hanoi.")
    tokens = plain()[1].convert_ids_to_tokens(ids)
    places = [at for at, token in enumerate(tokens) if "Hanoi" in token.replace("Ġ", "")]
    assert len(places) == 1, tokens
    expected = -logs[places[0] - 1, ids[places[0]]]
    assert part.columns(answers[part]).before[0] == pytest.approx(expected, rel=1e-4, abs=2e-4)
    assert whole.columns(answers[whole]).before[0] != pytest.approx(expected, rel=1e-4, abs=2e-4)


def test_names_in_the_cache_stay_and_no_two_are_alike():
    of = {
        asked: str(Ablation("mlp_post", ((2, 5),), "zero", asked, PROMPTS).need)
        for asked in (
            *ASKED.values(),
            Loss(ChangedTokens("all", Span("quoted", "Hanoi"))),
            Prediction("loss"),
            Prediction(" a", " b"),
        )
    }
    assert of[Prediction(" a", " b")] == '["zero", "mlp_post", "2:5", "all", " a", " b"]'
    assert len(set(of.values())) == len(of)


def test_a_first_token_has_no_loss():
    need = Ablation("mlp_post", ((2, 5),), "zero", Loss(ChangedTokens("all", Span("bos"))), PROMPTS)
    with pytest.raises(MeasurementError, match="predicted from what stands before it"):
        measure(source(), [need])
