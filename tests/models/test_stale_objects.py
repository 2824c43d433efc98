"""What was measured is what is named: whatever is changed under a warm cache, values are those of an empty one."""

from __future__ import annotations

import types
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cases import for_each
from thorough import draws
from tiny_models import make_model, make_tokenizer

from neuronclaims.cache.run_cache import RunCache
from neuronclaims.engines.measure import measure
from neuronclaims.measurements import Activations, TokenRule
from neuronclaims.measurements.errors import RunError, RunWarning
from neuronclaims.models.options import RunOptions
from neuronclaims.models.sources import LoadedModel, Source, open_model

PROMPTS = ("the old dog ran to the river", "Hanoi is the capital of Vietnam", "she sat")
READ = Activations("resid_post", 2, TokenRule("mean", "prompt"), PROMPTS)
MORE = Activations("resid_post", 2, TokenRule("mean", "prompt"), (*PROMPTS, "a new bird sang"))


def handed(change: Callable[[Any, Any], Any] | None = None, **config: Any) -> Source:
    """Give a tiny GPT-2 with the same weights each time, changed; ``change`` may give another object instead."""
    model, tokenizer = make_model("gpt2", **config), make_tokenizer("plain")
    other = change(model, tokenizer) if change is not None else None
    model = model if other is None else other
    return open_model("ours", Path("."), {"ours": LoadedModel(model, tokenizer)})


def hook(model: Any, _: Any) -> None:
    def zero(module: Any, args: tuple[Any, ...]) -> tuple[Any, ...]:
        return (args[0] * 0, *args[1:])

    model.transformer.h[1].mlp.c_proj.register_forward_pre_hook(zero)


def steer(model: Any, _: Any) -> None:
    model.transformer.h[0].register_forward_hook(lambda module, args, output: output + 1.0)


def activation(model: Any, _: Any) -> None:
    import torch

    model.transformer.h[1].mlp.act = torch.nn.ReLU()


def own_activation(model: Any, _: Any) -> None:
    import torch

    class Mine(torch.nn.Module):
        def forward(self, values: torch.Tensor) -> torch.Tensor:
            return values * 2

    model.transformer.h[1].mlp.act = Mine()


def eps(model: Any, _: Any) -> None:
    model.transformer.h[1].ln_1.eps = 0.5


def patched(model: Any, _: Any) -> None:
    plain = model.transformer.h[1].mlp.forward
    model.transformer.h[1].mlp.forward = types.MethodType(
        lambda self, *args: plain(*args) * 3, model.transformer.h[1].mlp
    )


def weight(model: Any, _: Any) -> None:
    model.transformer.h[1].mlp.c_proj.weight.data[7] = 0.0


def swapped(model: Any, _: Any) -> None:
    rows = model.transformer.wte.weight.data
    rows[[10, 11]] = rows[[11, 10]].clone()


def buffer(model: Any, _: Any) -> None:
    import torch

    model.transformer.h[1].mlp.register_buffer("shift", torch.ones(32), persistent=False)
    model.transformer.h[1].mlp.register_forward_hook(lambda module, args, output: output + module.shift)


def parametrized(model: Any, _: Any) -> None:
    import torch
    from torch.nn.utils import parametrize

    class Halved(torch.nn.Module):
        def forward(self, values: torch.Tensor) -> torch.Tensor:
            return values / 2

    parametrize.register_parametrization(model.transformer.h[1].mlp.c_proj, "weight", Halved())


def scaled(model: Any, _: Any) -> None:
    model.transformer.h[1].attn.scaling = 0.01


def eager(model: Any, _: Any) -> None:
    model.set_attn_implementation("eager")


def dtype(model: Any, _: Any) -> None:
    import torch

    model.to(torch.bfloat16)


def trained(model: Any, _: Any) -> None:
    model.train()


def added_tokens(_: Any, tokenizer: Any) -> None:
    tokenizer.add_tokens(["dog ran"])


def padding_side(_: Any, tokenizer: Any) -> None:
    tokenizer.padding_side = "left"


def lowercase(_: Any, tokenizer: Any) -> None:
    from tokenizers import normalizers

    tokenizer.backend_tokenizer.normalizer = normalizers.Replace("Hanoi", "Vietnam")


def own_class(model: Any, _: Any) -> None:
    class Mine(type(model.transformer.h[1].mlp)):  # type: ignore[misc]
        def forward(self, values: Any) -> Any:
            return super().forward(values) * 2

    model.transformer.h[1].mlp.__class__ = Mine


def global_hook(model: Any, _: Any) -> None:
    model.transformer.h[0].mlp.dropout.p = 0.9  # nothing in evaluation, but another setting


def compiled(model: Any, _: Any) -> Any:
    import torch

    return torch.compile(model, backend="eager")


CHANGES = (
    *(hook, steer, activation, own_activation, eps, patched, weight, swapped, buffer, parametrized, scaled),
    *(eager, dtype, trained, added_tokens, padding_side, lowercase, own_class, global_hook, compiled),
)


def values(source: Source, cache: Path | None, asked: Activations = READ, **options: bool) -> Any:
    """Measure; whatever is refused with a clear error is that error's text, so that it can be compared too."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RunWarning)
        try:
            return measure(
                source, [asked], cache=RunCache(cache) if cache else None, options=RunOptions(**options)
            )[asked]
        except RunError as error:
            return np.array([str(error)])


def same(one: Any, other: Any) -> bool:
    if one.dtype.kind == "U" or other.dtype.kind == "U":
        return bool(np.array_equal(one, other))
    return one.shape == other.shape and bool(np.allclose(one, other, rtol=1e-5, atol=1e-6))


@for_each("change", draws(CHANGES[::3], CHANGES))
def test_a_changed_object_never_gets_values_of_the_unchanged_one_nor_gives_it_its_own(
    change, tmp_path
) -> None:
    plain, truth = values(handed(), None), values(handed(change), None)
    there = tmp_path / change.__name__
    assert same(values(handed(), there), plain)
    assert same(values(handed(change), there), truth)
    assert same(values(handed(), there), plain)
    back = tmp_path / f"{change.__name__}-back"
    assert same(values(handed(change), back), truth)
    assert same(values(handed(), back), plain)
    found = values(handed(change), back, MORE)
    assert same(found if found.dtype.kind == "U" else found[:3], truth)


def test_most_changes_do_change_values_here() -> None:
    plain = values(handed(), None)
    alike = {change.__name__ for change in CHANGES if same(values(handed(change), None), plain)}
    assert alike <= {"eager", "trained", "padding_side", "global_hook", "compiled"}


def test_what_cannot_be_hashed_is_measured_and_not_kept_and_that_is_said(tmp_path) -> None:
    with pytest.warns(
        RunWarning, match=r"measured and not kept .* it has a forward hook on transformer\.h\.0"
    ):
        measure(handed(steer), [READ], cache=RunCache(tmp_path))
    assert not list(tmp_path.rglob("*.safetensors"))


def test_a_cache_that_holds_other_values_than_the_model_gives_is_not_used(source_of, tmp_path) -> None:
    from neuronclaims.cache.context import Context

    source = source_of("gpt2")
    truth = values(source, None)
    write = Context.write
    with pytest.MonkeyPatch.context() as patch:
        forged = {"by": 1.0}
        patch.setattr(
            Context,
            "write",
            lambda self, items, found: write(self, items, {n: v + forged["by"] for n, v in found.items()}),
        )
        values(source, tmp_path)
    assert same(values(source, tmp_path), truth + np.float32(1.0))
    with pytest.warns(
        RunWarning, match="The run cache is not used for gpt2: resid_post/2/mean of prompt/0 is not"
    ):
        found = measure(source, [READ], cache=RunCache(tmp_path), options=RunOptions(verify=True))[READ]
    assert same(found, truth)
