"""A module of somebody's own (``ModuleModel``): read, changed and continued as plain hooks say; wrong ones refused."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nano_gpt
import numpy as np
import pytest
import torch
from nano_gpt import GPT, decode, encode, make_gpt, whole_logits
from torch import nn

from neuronclaims import ModuleModel
from neuronclaims.cache.run_cache import RunCache
from neuronclaims.engines.measure import measure
from neuronclaims.engines.noise import noise_floor
from neuronclaims.measurements import (
    Ablation,
    AblationSweep,
    Activations,
    Continuations,
    Generation,
    Prediction,
    TokenRule,
)
from neuronclaims.measurements.errors import MeasurementError, ModelError
from neuronclaims.models.sources import Source, open_model
from neuronclaims.prompts.sampling import Sampling
from neuronclaims.tokens.spans import Span

TEXTS = ("the dog ran.", "a cat", "Hanoi is far, they say", "b")
SITES = {
    "mlp_pre": "mlp.c_fc:output",
    "mlp_post": "mlp.c_proj:input",
    "mlp_out": "mlp.c_proj:output",
    "attn_out": "attn.c_proj:output",
    "resid_mid": "ln_2:input",
    "final_norm": "transformer.ln_f:output",
}


def ours(model: Any = None, **changes: Any) -> ModuleModel:
    how: dict[str, Any] = {
        "blocks": "transformer.h",
        "context": 48,
        "sites": SITES,
        "forward": whole_logits,
        "decode": decode,
        "tokenizer": encode,
    }
    how |= changes
    return ModuleModel(model if model is not None else make_gpt(), **how)


def source_of(handed: ModuleModel) -> Source:
    return open_model("ours", Path("."), {"ours": handed})


def ask(handed: ModuleModel, *asked: Any, cache: RunCache | None = None) -> dict[Any, Any]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = measure(source_of(handed), asked, cache=cache)
    return dict(found)


def at(gpt: GPT, path: str, side: str, text: str) -> np.ndarray:
    """The values [tokens, width] that a module is given or gives on one text, by a plain hook."""
    kept: list[torch.Tensor] = []
    module = gpt.get_submodule(path)
    handle = (
        module.register_forward_pre_hook(lambda _, args: kept.append(args[0]))
        if side == "input"
        else module.register_forward_hook(lambda _, args, output: kept.append(output))
    )
    with torch.no_grad():
        whole_logits(gpt, torch.tensor([encode(text)]))
    handle.remove()
    return kept[0][0].numpy()


@pytest.mark.parametrize("site", ["resid_pre", "resid_post", *SITES])
def test_every_site_is_what_a_plain_hook_sees(site: str) -> None:
    gpt, layer = make_gpt(), 2 if site == "final_norm" else 1
    path, _, side = SITES.get(site, f":{'input' if site == 'resid_pre' else 'output'}").partition(":")
    where = path if site == "final_norm" else f"transformer.h.{layer}.{path}".rstrip(".")
    asked = {pool: Activations(site, layer, TokenRule(pool, "prompt"), TEXTS) for pool in ("last", "mean")}
    found = ask(ours(gpt), *asked.values())
    seen = [at(gpt, where, side, text) for text in TEXTS]
    np.testing.assert_allclose(found[asked["last"]], [each[-1] for each in seen], atol=2e-5)
    np.testing.assert_allclose(found[asked["mean"]], [each.mean(0) for each in seen], atol=2e-5)


def continued(gpt: GPT, text: str, most: int, stops: tuple[int, ...] = ()) -> list[int]:
    ids = encode(text)
    with torch.no_grad():
        for _ in range(most):
            ids.append(int(gpt(torch.tensor([ids]))[0][0, -1].argmax()))
            if ids[-1] in stops:
                break
    return ids


def test_the_end_of_a_module_is_shown_to_be_that() -> None:
    asked = Activations("resid_post", 2, TokenRule("last", "prompt"), TEXTS)
    gpt = make_gpt()
    found = ask(ours(gpt), asked)[asked]
    seen = [at(gpt, "transformer.h.2", "output", text)[-1] for text in TEXTS]
    np.testing.assert_allclose(found, seen, atol=2e-5)
    norm = Activations("final_norm", 2, TokenRule("last", "prompt"), TEXTS)
    with pytest.raises(MeasurementError, match="at one position changes what is predicted at others"):
        ask(ours(gpt, sites={"final_norm": "transformer.wte:output"}), norm)


@pytest.mark.parametrize("stopping", [False, True])
def test_texts_are_continued_as_a_plain_loop_does(stopping: bool) -> None:
    gpt, most = make_gpt(), 6
    plain = [continued(gpt, text, most) for text in TEXTS]
    new = [ids[len(encode(text)) :] for text, ids in zip(TEXTS, plain, strict=True)]
    later = [token for tokens in new for token in tokens[1:] if token not in {each[0] for each in new}]
    stops = (later[0],) if stopping else ()
    plain = [continued(gpt, text, most, stops) for text in TEXTS]
    handed, rule = ours(gpt, stops=stops), ("mean", "generated")
    made = Activations("mlp_post", 1, TokenRule(*rule), TEXTS, Generation(most))
    emitting = Activations("mlp_post", 1, TokenRule("mean", "emitting"), TEXTS, Generation(most))
    texts = Continuations(TEXTS, Generation(most))
    found = ask(handed, made, emitting, texts)
    for row, (text, ids) in enumerate(zip(TEXTS, plain, strict=True)):
        values = at(gpt, "transformer.h.1.mlp.c_proj", "input", decode(ids))
        written = [place for place in range(len(encode(text)), len(ids)) if ids[place] not in stops]
        assert str(found[texts][row]) == decode([ids[place] for place in written])
        np.testing.assert_allclose(found[made][row], values[written].mean(0), atol=2e-5)
        before = range(len(encode(text)) - 1, len(ids) - 1)
        np.testing.assert_allclose(found[emitting][row], values[before].mean(0), atol=2e-5)


def test_texts_are_drawn_the_same_in_any_batch_and_nothing_but_rounding_is_noise() -> None:
    drawn = Generation(4, Sampling(1.0, samples=3, seed=1))
    asked = Activations("mlp_post", 1, TokenRule("mean", "generated"), TEXTS, drawn)
    alone = Activations("mlp_post", 1, TokenRule("mean", "generated"), TEXTS[1:2], drawn)
    greedy = Activations("mlp_post", 1, TokenRule("mean", "generated"), TEXTS, Generation(4))
    found = ask(ours(), asked, greedy)
    np.testing.assert_allclose(found[asked][1:2], ask(ours(), alone)[alone], atol=2e-5)
    assert np.abs(found[asked] - found[greedy]).max() > 0.1
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        noise = noise_floor(source_of(ours()), [greedy])
    assert noise[greedy].largest < 1e-4


def test_changed_neurons_change_predictions_as_in_a_plain_hook() -> None:
    gpt, token = make_gpt(), encode("e")[0]
    one = Ablation("mlp_post", ((1, 5), (2, 7)), "zero", Prediction("e"), TEXTS)
    swept = AblationSweep("mlp_post", 1, "zero", Prediction("e"), TEXTS[:2])
    found = ask(ours(gpt), one, swept)

    def predicted(text: str, zeroed: list[tuple[int, int]]) -> float:
        def zero(neuron: int) -> Callable[..., Any]:
            return lambda _, args: (args[0].index_fill(2, torch.tensor([neuron]), 0.0), *args[1:])

        handles = [
            gpt.transformer["h"][layer].mlp.c_proj.register_forward_pre_hook(zero(neuron))
            for layer, neuron in zeroed
        ]
        with torch.no_grad():
            logits = gpt(torch.tensor([encode(text)]))[0]
        for handle in handles:
            handle.remove()
        return float(logits[0, -1, token])

    columns = one.columns(found[one])
    np.testing.assert_allclose(columns.before, [predicted(text, []) for text in TEXTS], atol=5e-5)
    np.testing.assert_allclose(
        columns.after, [predicted(text, [(1, 5), (2, 7)]) for text in TEXTS], atol=5e-5
    )
    sweep = swept.columns(found[swept])
    alone = [[predicted(text, [(1, neuron)]) for neuron in range(64)] for text in TEXTS[:2]]
    np.testing.assert_allclose(sweep.after, alone, atol=5e-5)


def test_its_code_has_no_lasting_name_so_its_values_are_not_kept(tmp_path: Path) -> None:
    handed, asked = ours(), Activations("mlp_post", 1, TokenRule("last", "prompt"), TEXTS)
    source = source_of(handed)
    first, second = source.fingerprint(), source.fingerprint()
    assert "nano_gpt." in str(first.unknown)
    assert first.weights != second.weights
    cache = RunCache(tmp_path)
    with pytest.warns(Warning, match=r"measured and not kept.*nano_gpt\."):
        measure(source, [asked], cache=cache)
    assert not list(tmp_path.rglob("*.safetensors"))
    state = source.state()
    with torch.no_grad():
        handed.model.lm_head.weight.add_(1)
    assert source.state() != state


def test_quoted_texts_are_found_by_decoding() -> None:
    gpt = make_gpt()
    asked = Activations("mlp_post", 1, TokenRule("last", Span("quoted", "dog")), ("the dog ran.", "a dog"))
    found = ask(ours(gpt), asked)[asked]
    seen = [
        at(gpt, "transformer.h.1.mlp.c_proj", "input", text)[place]
        for text, place in zip(asked.prompts, (6, 4), strict=True)
    ]
    np.testing.assert_allclose(found, seen, atol=2e-5)


class Words:
    """A tokenizer as tiktoken has it."""

    def encode(self, text: str) -> list[int]:
        return encode(text)

    def decode(self, ids: list[int]) -> str:
        return decode(ids)


def test_a_tokenizer_with_encode_and_decode_needs_nothing_else() -> None:
    asked = Continuations(TEXTS, Generation(3))
    plain = ask(ours(), asked)[asked]
    assert list(ask(ours(tokenizer=Words(), decode=None), asked)[asked]) == list(plain)
    with pytest.raises(ModelError, match=r"decode=FUNCTION"):
        ask(ours(decode=None), asked)


class Twice(GPT):
    def forward(self, idx: torch.Tensor, targets: Any = None) -> Any:
        for block in self.transformer["h"]:
            block(self.transformer["wte"](idx))
        return super().forward(idx, targets)


class Ahead(GPT):
    def forward(self, idx: torch.Tensor, targets: Any = None) -> Any:
        logits, loss = super().forward(idx, idx)
        return logits + logits.mean(1, keepdim=True), loss


class Apart(GPT):
    def forward(self, idx: torch.Tensor, targets: Any = None) -> Any:
        x = self.transformer["wte"](idx)
        for block in self.transformer["h"]:
            x = block(x) * 2
        return self.lm_head(x), None


class Chance(GPT):
    def forward(self, idx: torch.Tensor, targets: Any = None) -> Any:
        logits, loss = super().forward(idx, idx)
        return logits + torch.rand_like(logits), loss


def test_a_module_in_training_mode_is_measured_without_dropout_and_left_in_it() -> None:
    gpt, asked = make_gpt(), Activations("resid_post", 2, TokenRule("last", "prompt"), TEXTS)
    plain = ask(ours(gpt), asked)[asked]
    for block in gpt.transformer["h"]:
        block.mlp.c_fc = nn.Sequential(block.mlp.c_fc, nn.Dropout(0.5))
    gpt.train()
    np.testing.assert_array_equal(ask(ours(gpt, sites={}), asked)[asked], plain)
    assert all(module.training for module in gpt.modules())


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "logits of the last token": ({"forward": None}, r"forward=lambda gpt, ids: gpt\(ids, ids\)\[0\]"),
    "no logits": ({"forward": lambda gpt, ids: "no"}, "should return logits, not a str"),
    "a forward that fails": ({"forward": lambda gpt, ids: gpt.no}, "does not run on 3 tokens"),
    "other blocks": ({"blocks": "transformer.blocks"}, "Did you mean blocks='transformer.h'"),
    "no blocks": ({"blocks": ""}, "Did you mean blocks='transformer.h'"),
    "no context": ({"context": 0}, "context=1024"),
    "a context that is a truth value": ({"context": True}, "context=1024"),
    "an unknown site": ({"sites": {"mlp_pst": "mlp.c_proj:input"}}, "Did you mean mlp_post"),
    "no side": ({"sites": {"mlp_post": "mlp.c_proj"}}, "'mlp.c_proj:input'"),
    "no such module": ({"sites": {"mlp_post": "mlp.c_prj:input"}}, "Did you mean 'mlp.c_proj'"),
    "a module that is not run": ({"sites": {"mlp_post": "mlp:input"}, "model": "unused"}, "is never run"),
    "a module that runs twice": ({"model": Twice}, "runs 2 times"),
    "a module that looks ahead": ({"model": Ahead}, "depends on later tokens"),
    "blocks that are no chain": ({"model": Apart, "sites": {}}, "no chain of blocks"),
    "chance": ({"model": Chance}, "or on chance"),
    "no module": ({"model": 3}, "not a torch.nn.Module"),
    "no tokenizer": ({"tokenizer": None}, "an object with encode and decode"),
}


@pytest.mark.parametrize(("changes", "says"), WRONG.values(), ids=WRONG)
def test_what_does_not_fit_the_module_is_one_clear_error(changes: dict[str, Any], says: str) -> None:
    changes = dict(changes)
    model = changes.pop("model", None)
    if model == "unused":
        model = make_gpt()
        for block in model.transformer["h"]:
            block.mlp.spare = nn.Linear(2, 2)
        changes["sites"] = {"mlp_post": "mlp.spare:input"}
    elif callable(model):
        torch.manual_seed(0)
        model = model().eval() if isinstance(model, type) else model()
    with pytest.raises(ModelError, match=says) as caught:
        source_of(ours(model, **changes))
    assert "ours" in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1


def test_a_tokenizer_that_makes_no_ids_and_a_text_too_long_are_errors_of_the_text() -> None:
    asked = Activations("mlp_post", 1, TokenRule("last", "prompt"), ("a" * 49, "b"))
    with pytest.raises(MeasurementError, match="49 tokens, but ours takes 48 at most"):
        ask(ours(), asked)
    short = Activations("mlp_post", 1, TokenRule("last", "prompt"), ("b",))
    with pytest.raises(ModelError, match="whole numbers"):
        ask(ours(tokenizer=lambda text: [0.5]), short)
    with pytest.raises(MeasurementError, match="do not belong together"):
        ask(ours(tokenizer=lambda text: [len(nano_gpt.LETTERS)]), short)
