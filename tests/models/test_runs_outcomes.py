"""Losses, entropies and divergences under a change equal those of plain forwards of Transformers with one hook."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pytest
import torch

from neuronclaims.engines.measure import measure
from neuronclaims.measurements import Ablation, ByNorm, Divergence, Entropy, Loss, Prediction
from neuronclaims.measurements.changing.controls import Controls
from neuronclaims.measurements.changing.interventions import Clamp, Scale
from neuronclaims.measurements.errors import MeasurementError
from neuronclaims.models.sources import LoadedModel, open_model
from neuronclaims.tokens.spans import ChangedTokens, Span

PROMPTS = ("I like Hanoi.", "She went to the old market", "And the fruit he ate was an apple, of all things")
CHANGED = ((2, 5), (2, 71), (4, 300))


@cache
def source():
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


@pytest.mark.parametrize("sort", ["layer norm", "layer norm, bfloat16", "rms norm", "rms norm, less 1"])
def test_a_final_norm_that_is_held_divides_by_the_scale_that_it_had_before(sort):
    from tiny_models import make_model, make_tokenizer

    kind = {"rms norm": "llama", "rms norm, less 1": "gemma"}.get(sort, "gpt2")
    near = 0.03 if "bfloat16" in sort else 2e-4
    model = make_model(kind)
    body = getattr(model, "transformer", None) or model.model
    norm, block = (body.ln_f, body.h[0].mlp) if kind == "gpt2" else (body.norm, body.layers[0].mlp)
    last = block.c_proj if kind == "gpt2" else block.down_proj
    with torch.no_grad():
        torch.manual_seed(3)
        for parameter in norm.parameters():
            parameter.copy_(torch.randn(parameter.shape) + 0.5)
    if "bfloat16" in sort:
        model.to(torch.bfloat16)
    tokenizer = make_tokenizer("plain")
    texts = ("the old dog", "a small red cat saw")
    given: list[torch.Tensor] = []

    def run(text: str, changed: bool, scale: torch.Tensor | None) -> torch.Tensor:
        """Log probabilities of the next token; ``scale`` is what the norm divides the last state by, if not its own."""

        def change(_, args):
            values = args[0].clone()
            values[..., 2] = 8.0
            return (values,)

        def keep(_, args, output):
            given.append(args[0][0, -1].double())
            if scale is None:
                return output
            state = args[0][0, -1].double()
            if kind == "gpt2":
                held = (state - state.mean()) / scale * norm.weight.double() + norm.bias.double()
            else:
                held = state / scale * (norm.weight.double() + (kind == "gemma"))
            output = output.clone()
            output[0, -1] = held.to(output.dtype)
            return output

        handles = [norm.register_forward_hook(keep)]
        if changed:
            handles.append(last.register_forward_pre_hook(change))
        with torch.no_grad():
            found = model(torch.tensor([tokenizer(text)["input_ids"]])).logits[0, -1].double().log_softmax(-1)
        for handle in handles:
            handle.remove()
        return found

    def scale_of(state: torch.Tensor) -> torch.Tensor:
        small = getattr(norm, "eps", None) or getattr(norm, "variance_epsilon", None)
        spread = state.var(correction=0) if kind == "gpt2" else state.square().mean()
        return (spread + small).sqrt()

    needs = {
        way: Ablation("mlp_post", ((0, 2),), Clamp(8.0), ByNorm(Entropy(), way), texts)
        for way in ("fixed", "through")
    }
    answers = measure(
        open_model("held", Path(), {"held": LoadedModel(model, tokenizer)}), list(needs.values())
    )
    for row, text in enumerate(texts):
        before = run(text, False, None)
        scale = scale_of(given[-1])
        held, whole = run(text, True, scale), run(text, True, None)
        entropies = [float(-(logs.exp() * logs).sum()) for logs in (before, held, whole)]
        fixed, through = (needs[way].columns(answers[needs[way]]) for way in ("fixed", "through"))
        assert (fixed.before[row], fixed.after[row]) == pytest.approx(entropies[:2], rel=1e-4, abs=near)
        assert through.before[row] == pytest.approx(0, abs=1e-5)
        assert through.after[row] == pytest.approx(entropies[2] - entropies[1], rel=1e-3, abs=near)
        assert abs(entropies[2] - entropies[1]) > 0.01, "the norm's scale matters, so the test sees something"


def test_a_model_without_a_final_norm_has_nothing_that_goes_through_one():
    from tiny_models import make_model, make_tokenizer

    model = make_model("opt_post_norm")
    asked = Ablation("mlp_post", ((0, 2),), "zero", ByNorm(Entropy(), "through"), PROMPTS)
    with pytest.raises(MeasurementError, match="final_norm"):
        measure(open_model("bare", Path(), {"bare": LoadedModel(model, make_tokenizer("plain"))}), [asked])


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
            *(ByNorm(of, way) for of in (Entropy(), Loss()) for way in ("through", "fixed")),
            ByNorm(Loss(ChangedTokens("all", Span("quoted", "Hanoi"))), "fixed"),
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
