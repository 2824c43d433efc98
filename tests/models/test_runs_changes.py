"""Predictions after neurons were changed equal those of plain forwards with one hook, on every architecture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
import pytest
import torch
from tiny_models import CAUSAL, LAYERS

from neuronclaims.engines.measure import measure
from neuronclaims.measurements import (
    Ablation,
    AblationSweep,
    Pair,
    Prediction,
    Restoration,
    RestorationSweep,
)
from neuronclaims.measurements.changing.along import ChangedAlong
from neuronclaims.measurements.changing.interventions import Add, Clamp, Scale
from neuronclaims.measurements.errors import IntegrityError, MeasurementError
from neuronclaims.models.options import RunOptions
from neuronclaims.models.running.changing import sweeps

PAIRS = (
    Pair("the old dog ran to the river", "the old cat ran to the river"),
    Pair("Hanoi is the capital of Vietnam and", "Hanoi is the market of Vietnam and"),
    Pair("she sat near the big tree", "he sat under the small tree"),
)
PROMPTS = ("the old dog ran to the river", "she sat", "food in the old market was new")
REFERENCE = ("a small bird sang", "they ate rice and saw the lake")
ASKED = Prediction(" dog", " cat")
MLP_OUT = {
    "gpt2": "mlp.c_proj",
    "gpt_neox": "mlp.dense_4h_to_h",
    "opt": "fc2",
}
BLOCKS = {"gpt2": "transformer.h", "gpt_neox": "gpt_neox.layers", "opt": "model.decoder.layers"}


class Plain:
    """A model of Transformers with one plain hook: text in, logits out."""

    def __init__(self, source) -> None:
        self.model, self.tokenizer = source.loaded.model, source.loaded.tokenizer
        kind = self.model.config.model_type
        self.blocks = self.model.get_submodule(BLOCKS.get(kind, "model.layers"))
        self.out = MLP_OUT.get(kind, "mlp.down_proj")

    def ids(self, text: str) -> torch.Tensor:
        return torch.tensor([self.tokenizer(text)["input_ids"]])

    def logits(self, text: str, hooks=()) -> torch.Tensor:
        handles = [self.hook(*hook) for hook in hooks]
        with torch.no_grad():
            logits = self.model(self.ids(text)).logits[0]
        for handle in handles:
            handle.remove()
        return logits

    def hook(self, site: str, layer: int, change):
        block = self.blocks[layer]
        if site == "resid_post":

            def after(_, __, output):
                hidden = output if torch.is_tensor(output) else output[0]
                flat = change(hidden.reshape(-1, hidden.shape[-1])).reshape(hidden.shape)
                return flat if torch.is_tensor(output) else (flat, *output[1:])

            return block.register_forward_hook(after)

        def before(_, args):
            hidden = args[0]
            return (change(hidden.reshape(-1, hidden.shape[-1])).reshape(hidden.shape),)

        return block.get_submodule(self.out).register_forward_pre_hook(before)

    def values(self, text: str, site: str, layer: int) -> torch.Tensor:
        kept = []

        def keep(hidden):
            kept.append(hidden.clone())
            return hidden

        self.logits(text, [(site, layer, keep)])
        return kept[0]

    def dog_over_cat(self, logits: torch.Tensor) -> float:
        dog, cat = self.tokenizer.convert_tokens_to_ids(["dog", "cat"])
        return float(logits[-1, dog] - logits[-1, cat])


def put(columns, values, positions="all"):
    def change(hidden):
        hidden = hidden.clone()
        rows = slice(-1, None) if positions == "last" else slice(None)
        for column in columns:
            hidden[rows, column] = values[rows, column]
        return hidden

    return change


@pytest.mark.parametrize("positions", ["all", "last"])
@pytest.mark.parametrize("site", ["mlp_post", "resid_post"])
@pytest.mark.parametrize("name", CAUSAL)
def test_a_sweep_equals_one_plain_forward_per_neuron(hand_over, name, site, positions) -> None:
    source = hand_over(name)
    plain = Plain(source)
    layer = 1
    asked = RestorationSweep(site, layer, ASKED, PAIRS, positions)
    # Few tokens a batch, so that the layer goes through in several parts.
    found = measure(source, [asked], options=RunOptions(batch_tokens=64))[asked]
    for row, pair in zip(found, PAIRS, strict=True):
        clean = plain.values(pair.clean, site, layer)
        expected = [
            plain.dog_over_cat(plain.logits(pair.clean)),
            plain.dog_over_cat(plain.logits(pair.corrupted)),
        ]
        for index in range(clean.shape[1]):
            hook = (site, layer, put([index], clean, positions))
            expected.append(plain.dog_over_cat(plain.logits(pair.corrupted, [hook])))
        np.testing.assert_allclose(row, expected, rtol=1e-4, atol=2e-4)
    # A change that reaches the prediction moves it; before the last position GPT-2's last layer would not.
    assert np.ptp(found[:, 2:]) > 1e-3


@pytest.mark.parametrize("name", CAUSAL)
def test_neurons_of_several_layers_are_restored_together(hand_over, name) -> None:
    source = hand_over(name)
    plain = Plain(source)
    neurons = ((0, 3), (2, 5), (0, 7))
    asked = Restoration("mlp_post", neurons, ASKED, PAIRS)
    found = measure(source, [asked])[asked]
    for row, pair in zip(found, PAIRS, strict=True):
        hooks = [
            (
                "mlp_post",
                layer,
                put([i for at, i in neurons if at == layer], plain.values(pair.clean, "mlp_post", layer)),
            )
            for layer in (0, 2)
        ]
        expected = [
            plain.dog_over_cat(plain.logits(pair.clean)),
            plain.dog_over_cat(plain.logits(pair.corrupted)),
            plain.dog_over_cat(plain.logits(pair.corrupted, hooks)),
        ]
        np.testing.assert_allclose(row, expected, rtol=1e-4, atol=2e-4)


def test_restoring_a_whole_residual_restores_the_clean_prediction(hand_over) -> None:
    source = hand_over("llama")
    width = source.facts().widths["resid_post"]
    everything = tuple((LAYERS - 1, index) for index in range(width))
    asked = Restoration("resid_post", everything, ASKED, PAIRS)
    found = measure(source, [asked])[asked]
    np.testing.assert_allclose(found[:, 2], found[:, 0], rtol=1e-4, atol=1e-5)
    assert (np.abs(found[:, 0] - found[:, 1]) > 1e-3).all()


@pytest.mark.parametrize("replacement", ["zero", "mean", "resample"])
@pytest.mark.parametrize("name", ["gpt2", "llama", "opt"])
def test_ablation_equals_plain_forwards(hand_over, name, replacement) -> None:
    source = hand_over(name)
    plain = Plain(source)
    reference = () if replacement == "zero" else REFERENCE
    asked = Ablation("mlp_post", ((1, 4), (1, 9)), replacement, ASKED, PROMPTS, reference)
    found = measure(source, [asked])[asked]
    dog = plain.tokenizer.convert_tokens_to_ids("dog")
    special = [token in plain.tokenizer.all_special_ids for token in plain.ids(PROMPTS[0])[0].tolist()]
    pool = torch.cat([plain.values(text, "mlp_post", 1)[sum(special) :] for text in REFERENCE])
    for row, text in zip(found, PROMPTS, strict=True):
        before = plain.logits(text)
        length = len(before)
        values = {"zero": torch.zeros(length, pool.shape[1]), "mean": pool.mean(0).expand(length, -1)}
        if replacement == "resample":
            assert 0 <= row[4] < 5
            continue
        after = plain.logits(text, [("mlp_post", 1, put([4, 9], values[replacement]))])
        p, q = before.log_softmax(-1), after.log_softmax(-1)
        divergence = (p.exp() * (p - q)).sum(-1)[sum(special) :].mean()
        expected = [
            plain.dog_over_cat(before),
            plain.dog_over_cat(after),
            float(p[-1, dog].exp()),
            float(q[-1, dog].exp()),
            float(divergence),
        ]
        np.testing.assert_allclose(row, expected, rtol=1e-4, atol=1e-4)


@dataclass(frozen=True)
class Negate:
    """An intervention of another package: one class, which imports no torch."""

    takes: ClassVar[Literal["nothing", "reference", "pairs"]] = "nothing"

    def __str__(self) -> str:
        return "negate"

    def put(self, values):
        return -values.own


@pytest.mark.parametrize(
    ("intervention", "plainly"),
    [
        (Add(5.0), lambda values: values + 5.0),
        (Scale(-2.0), lambda values: values * -2.0),
        (Clamp(0.75), lambda values: torch.full_like(values, 0.75)),
        (Negate(), lambda values: -values),
    ],
    ids=["add", "scale", "clamp", "negate"],
)
@pytest.mark.parametrize("name", ["gpt2", "llama", "opt"])
def test_any_intervention_equals_plain_hooks_that_see_what_was_changed_below(
    hand_over, name, intervention, plainly
) -> None:
    source = hand_over(name)
    plain = Plain(source)
    neurons = ((0, 3), (0, 8), (2, 5))
    both, sweep = (
        Ablation("mlp_post", neurons, intervention, ASKED, PROMPTS),
        AblationSweep("mlp_post", 1, intervention, ASKED, PROMPTS),
    )
    found = measure(source, [both, sweep])

    def change(columns):
        def hook(hidden):
            return put(columns, plainly(hidden))(hidden)

        return hook

    for number, text in enumerate(PROMPTS):
        before = plain.dog_over_cat(plain.logits(text))
        hooks = [("mlp_post", 0, change([3, 8])), ("mlp_post", 2, change([5]))]
        after = plain.dog_over_cat(plain.logits(text, hooks))
        np.testing.assert_allclose(found[both][number, :2], [before, after], rtol=1e-4, atol=1e-4)
        for index in (0, 17, 47):
            alone = plain.dog_over_cat(plain.logits(text, [("mlp_post", 1, change([index]))]))
            np.testing.assert_allclose(found[sweep][number, 1 + index], alone, rtol=1e-4, atol=1e-4)
    # What lies above is given what the layers below became, so the two layers are not changed independently.
    assert np.ptp(found[both][:, 0] - found[both][:, 1]) > 1e-4


@pytest.mark.parametrize("name", ["gpt2", "llama"])
def test_whole_layers_and_neurons_of_another_site_change_along(hand_over, name) -> None:
    source = hand_over(name)
    plain = Plain(source)
    along = (ChangedAlong("mlp_post", (), (2,)), ChangedAlong("resid_post", ((1, 4), (1, 7))))
    both = Ablation("mlp_post", ((0, 3),), Scale(-1.5), ASKED, PROMPTS, also=along)
    layer = Ablation("mlp_post", (), "zero", ASKED, PROMPTS, also=(ChangedAlong("mlp_post", (), (1,)),))
    pairs = PAIRS[:2]
    back = Restoration("mlp_post", ((0, 3),), ASKED, pairs, also=along)
    found = measure(source, [both, layer, back])

    def scaled(columns):
        return lambda hidden: put(columns, hidden * -1.5)(hidden)

    for number, text in enumerate(PROMPTS):
        hooks = [
            ("mlp_post", 0, scaled([3])),
            ("mlp_post", 2, lambda hidden: hidden * -1.5),
            ("resid_post", 1, scaled([4, 7])),
        ]
        after = plain.dog_over_cat(plain.logits(text, hooks))
        np.testing.assert_allclose(found[both][number, 1], after, rtol=1e-4, atol=1e-4)
        hooks = [("mlp_post", 1, lambda hidden: torch.zeros_like(hidden))]
        np.testing.assert_allclose(
            found[layer][number, 1], plain.dog_over_cat(plain.logits(text, hooks)), rtol=1e-4, atol=1e-4
        )
    assert (found[both][:, 0] == found[layer][:, 0]).all()
    assert np.ptp(found[back][:, 2] - found[back][:, 1]) > 1e-5


def test_an_ablation_sweep_equals_ablating_each_neuron(hand_over) -> None:
    source = hand_over("gpt2")
    sweep = AblationSweep("mlp_post", 2, "mean", ASKED, PROMPTS, REFERENCE)
    single = [Ablation("mlp_post", ((2, index),), "mean", ASKED, PROMPTS, REFERENCE) for index in (0, 5, 47)]
    answers = measure(source, [sweep, *single])
    for one, index in zip(single, (0, 5, 47), strict=True):
        np.testing.assert_allclose(answers[sweep][:, 0], answers[one][:, 0], rtol=1e-4, atol=1e-5)
        np.testing.assert_allclose(answers[sweep][:, 1 + index], answers[one][:, 1], rtol=1e-4, atol=1e-4)


def test_pairs_of_unequal_length_are_refused_with_both_token_lists(hand_over) -> None:
    pair = Pair("the old dog ran", "the old dog ran away")
    with pytest.raises(MeasurementError, match=r"4 of .*the \| old \| dog \| ran.* and 5 of"):
        measure(hand_over("gpt2"), [Restoration("mlp_post", ((0, 1),), ASKED, (pair,))])


@pytest.mark.parametrize(
    ("text", "made"), [(" dog cat", "2 of it: ' dog'"), (" zebra", "another of it: ' <unk>'")]
)
def test_a_prediction_must_be_a_single_token(text, made, hand_over) -> None:
    asked = Ablation("mlp_post", ((0, 1),), "zero", Prediction(text), PROMPTS)
    with pytest.raises(
        MeasurementError, match=f"'{text}' is no single token of handed; its tokenizer makes {made}"
    ):
        measure(hand_over("gpt2"), [asked])


def test_an_encoder_predicts_nothing(source_of) -> None:
    with pytest.raises(MeasurementError, match="predicts no next token"):
        measure(source_of("bert"), [Ablation("mlp_post", ((0, 1),), "zero", ASKED, PROMPTS)])


def test_a_sweep_that_cannot_start_in_the_middle_is_noticed(hand_over, monkeypatch) -> None:
    entered = sweeps.starting_at

    def wrong(ready, layer, residual):
        return entered(ready, layer, residual * 1.5)

    monkeypatch.setattr(sweeps, "starting_at", wrong)
    with pytest.raises(IntegrityError, match="cannot be run from its middle"):
        measure(hand_over("gpt2"), [RestorationSweep("mlp_post", 1, ASKED, PAIRS)])


def test_the_model_is_left_as_it_was(hand_over) -> None:
    source = hand_over("gpt2")
    plain = Plain(source)
    before = plain.logits(PROMPTS[0])
    measure(
        source,
        [RestorationSweep("mlp_post", 2, ASKED, PAIRS), AblationSweep("mlp_post", 1, "zero", ASKED, PROMPTS)],
    )
    assert torch.equal(before, plain.logits(PROMPTS[0]))
    assert not any("forward" in vars(block) for block in plain.blocks)


def test_a_module_that_runs_twice_or_never_is_not_changed_in_silence(hand_over, monkeypatch) -> None:
    monkeypatch.setattr(
        "neuronclaims.engines.local.unproven", lambda ready, needs: {}
    )  # what the run finds itself

    def twice(mlp):
        return lambda x: (mlp.c_proj(mlp.act(mlp.c_fc(x))) + mlp.c_proj(mlp.act(mlp.c_fc(x)))) / 2

    def never(mlp):
        return lambda x: mlp.act(mlp.c_fc(x)) @ mlp.c_proj.weight + mlp.c_proj.bias

    question = Ablation("mlp_post", ((1, 3),), "zero", ASKED, PROMPTS)
    for forward, said in ((twice, "seen more than once"), (never, "never seen")):
        source = hand_over("gpt2")
        mlp = source.loaded.model.transformer.h[1].mlp
        mlp.forward = forward(mlp)
        with pytest.raises(IntegrityError, match=f"mlp_post of layer 1 was {said}"):
            measure(source, [question])
        assert not any(
            module._forward_hooks or module._forward_pre_hooks for module in source.loaded.model.modules()
        )
