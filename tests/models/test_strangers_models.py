"""A model from a stranger, be it broken or hostile, is one clear error of that model."""

from __future__ import annotations

import shutil
import warnings
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from strangers import CONFIGS, HEADERS, TOKENIZERS, Harm, pattern
from tiny_models import make_model, make_tokenizer

from neuronclaims.cache.run_cache import RunCache
from neuronclaims.engines.measure import measure
from neuronclaims.errors import NeuronClaimsError
from neuronclaims.measurements import Activations, TokenRule
from neuronclaims.measurements.errors import ModelError, told_as
from neuronclaims.models.sources import LoadedModel, open_model
from neuronclaims.models.token_texts import token_texts
from neuronclaims.models.tokenization_check import check_tokenization

PROMPTS = ("the dog", "a" * 60)
WANTED = Activations("mlp_post", 1, TokenRule("mean", "prompt"), PROMPTS)

HARMED = [
    pytest.param(harm, says, id=f"{what}: {name}")
    for what, cases in {"config": CONFIGS, "weights": HEADERS, "tokenizer": TOKENIZERS}.items()
    for name, (harm, says) in cases.items()
]


@pytest.mark.parametrize(("harm", "says"), HARMED)
def test_a_harmed_folder_is_one_clear_error(folder_of, tmp_path: Path, harm: Harm, says: str) -> None:
    folder = shutil.copytree(folder_of("gpt2"), tmp_path / "model")
    harm(folder)
    with pytest.raises(NeuronClaimsError) as caught:
        measure(open_model("./model", tmp_path), [WANTED], cache=RunCache(tmp_path / "cache"))
    told = str(caught.value)
    assert says in told
    assert str(folder) in told or "model" in told
    assert len(told) < 1_000
    assert len(told.splitlines()) == 1


NAMES = [
    "~nosuchuser/x",
    "a\0b",
    "./a\0b",
    "x" * 300,
    "x/" + "y" * 5_000,
    "/" * 5_000,
    "\ud800",
    "",
    " ",
    "..",
    "/dev/zero",
]


@pytest.mark.parametrize("name", NAMES, ids=lambda name: repr(name[:20]))
def test_a_name_that_cannot_be_one_is_one_clear_error(tmp_path: Path, name: str) -> None:
    with pytest.raises(NeuronClaimsError) as caught:
        open_model(name, tmp_path)
    assert len(str(caught.value)) < 1_500
    assert "\0" not in str(caught.value)


def quantised(model: Any) -> Any:
    import torch

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return torch.ao.quantization.quantize_dynamic(model, {torch.nn.Linear}, dtype=torch.qint8)


def integers(model: Any) -> Any:
    import torch

    weight = model.transformer.h[0].mlp.c_fc
    weight.weight = torch.nn.Parameter(weight.weight.to(torch.int8), requires_grad=False)
    return model


def offloaded(model: Any) -> Any:
    return model.to("meta")


class Raises:
    """Every attribute is an error of somebody else's code."""

    def __getattr__(self, name: str) -> Any:
        raise RuntimeError(f"there is no {name}")


def raising(model: Any) -> Any:
    def forward(*_: Any, **__: Any) -> Any:
        raise LookupError("no such head")

    model.base_model.forward = forward
    return model


def panicking(model: Any) -> Any:
    class PanicException(BaseException):
        """As libraries written in Rust raise it."""

    def forward(*_: Any, **__: Any) -> Any:
        raise PanicException("called `unwrap` on a None value")

    model.base_model.forward = forward
    return model


def unsettled(model: Any) -> Any:
    model.config.to_dict = lambda: [1]
    return model


def bare(model: Any) -> Any:
    """Make of a model what nanoGPT has: a module, with a configuration that is a plain object."""
    import torch

    found = torch.nn.Linear(2, 2)
    found.config = SimpleNamespace(n_layer=3)
    del model
    return found


OBJECTS: dict[str, tuple[Callable[[Any], Any], str]] = {
    "nanoGPT": (bare, "not a model of Transformers"),
    "nothing": (lambda _: None, "not a model of Transformers"),
    "an object that raises": (lambda _: Raises(), "cannot be used: there is no config"),
    "offloaded": (offloaded, "not in memory"),
    "quantised": (lambda _: quantised(make_model("llama")), "is quantised"),
    "quantised by another library": (integers, "is quantised"),
    "a forward that raises": (raising, "no such head"),
    "a forward that panics": (panicking, "called `unwrap` on a None value"),
    "settings that are a list": (unsettled, "is no mapping"),
    "another model's configuration": (lambda model: setattr(model.config, "n_layer", 7) or model, "7 layers"),
}


@pytest.mark.parametrize("cached", [True, False])
@pytest.mark.parametrize(("change", "says"), OBJECTS.values(), ids=OBJECTS)
def test_an_object_that_cannot_be_measured_is_one_clear_error(
    tmp_path: Path, change: Callable[[Any], Any], says: str, cached: bool
) -> None:
    handed = LoadedModel(change(make_model("gpt2")), make_tokenizer("plain"))
    cache = RunCache(tmp_path / "cache") if cached else None
    with pytest.raises(NeuronClaimsError) as caught:
        measure(open_model("ours", tmp_path, {"ours": handed}), [WANTED], cache=cache)
    assert says in str(caught.value)
    assert "ours" in str(caught.value)


@pytest.mark.parametrize("handed", [("model", "tokenizer"), 3, None, b"folder", {"model": 1}], ids=repr)
def test_what_is_no_model_at_all_is_one_clear_error(tmp_path: Path, handed: Any) -> None:
    with pytest.raises(NeuronClaimsError, match=r"'ours' is a (tuple|int|NoneType|bytes|dict), neither"):
        open_model("ours", tmp_path, {"ours": handed})


def test_a_tokenizer_that_panics_is_an_error_of_its_model(folder_of: Any, tmp_path: Path) -> None:
    folder = shutil.copytree(folder_of("gpt2"), tmp_path / "model")
    pattern("(a+)+b")(folder)
    source = open_model("./model", tmp_path)
    for read in (lambda: token_texts(source).number("a" * 60), lambda: check_tokenization(source, [WANTED])):
        with pytest.raises(NeuronClaimsError, match="retry-limit-in-match"):
            read()


def test_what_ends_a_process_or_a_test_is_not_kept() -> None:
    for ends in (
        KeyboardInterrupt(),
        SystemExit(),
        GeneratorExit(),
        pytest.skip.Exception(),
        pytest.exit.Exception(),
    ):
        with pytest.raises(type(ends)), told_as(ModelError, "the model"):
            raise ends
