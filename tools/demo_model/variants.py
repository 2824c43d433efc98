"""Relatives of the embedded model, each in a folder of its own: what upgrades do to a model, with the answer known.

Each takes the folder of a GPT-2 with safetensors weights and a folder to write to, and leaves the first as it is.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from demo_model.train import Recipe, new_model, optimise, reproducibly, token_batches
from neuronclaims.errors import NeuronClaimsError

Tensors: TypeAlias = dict[str, Any]
WEIGHTS: Final = "model.safetensors"
KEPT: Final = ("config.json", "generation_config.json", "tokenizer.json", "tokenizer_config.json")


def saved_again(folder: Path, out: Path) -> None:
    """Save the same weights once more: another file, with a note in its head, of the same numbers."""
    _written(folder, out, lambda tensors: tensors)


def rounded(folder: Path, out: Path) -> None:
    """Round all weights to the nearest bfloat16; they are kept in the number type they had."""
    import torch

    def changed(tensors: Tensors) -> Tensors:
        return {name: tensor.to(torch.bfloat16).to(tensor.dtype) for name, tensor in tensors.items()}

    _written(folder, out, changed)


def permuted(folder: Path, out: Path, seed: int = 0) -> dict[int, NDArray[np.int64]]:
    """Permute the MLP neurons inside each block and return, by layer, the new index of each old one.

    The function of the model stays what it was, but for the order in which it sums. No neuron keeps its index.
    """
    import torch

    places: dict[int, NDArray[np.int64]] = {}

    def changed(tensors: Tensors) -> Tensors:
        for layer, names in _mlps(tensors):
            width = tensors[names["c_fc.bias"]].shape[0]
            places[layer] = _derangement(width, np.random.default_rng([seed, layer]))
            order = torch.from_numpy(np.argsort(places[layer]))
            for name, axis in (("c_fc.weight", 1), ("c_fc.bias", 0), ("c_proj.weight", 0)):
                tensors[names[name]] = tensors[names[name]].index_select(axis, order).contiguous()
        return tensors

    _written(folder, out, changed)
    return places


def zeroed(folder: Path, out: Path, layer: int, index: int) -> None:
    """Set all weights into and out of one MLP neuron to zero: it is silent on every text."""

    def changed(tensors: Tensors) -> Tensors:
        names = dict(_mlps(tensors)).get(layer)
        if names is None or not 0 <= index < tensors[names["c_fc.bias"]].shape[0]:
            raise NeuronClaimsError(f"The model in {folder} has no MLP neuron {layer}:{index}.")
        tensors[names["c_fc.weight"]][:, index] = 0
        tensors[names["c_fc.bias"]][index] = 0
        tensors[names["c_proj.weight"]][index] = 0
        return tensors

    _written(folder, out, changed)


def fine_tuned(folder: Path, out: Path, *, steps: int = 20, rate: float = 3e-4, seed: int = 1) -> list[float]:
    """Train on a little more of the world's text and return the losses, nats a token: seconds on a CPU."""
    recipe = replace(_recipe(folder), seed=seed, steps=steps, learning_rate=rate, warmup=1, growing=0, rows=8)

    def start(_: int) -> Any:
        from transformers import GPT2LMHeadModel

        return GPT2LMHeadModel.from_pretrained(folder, local_files_only=True)

    return _trained(folder, out, recipe, start)


def another_seed(folder: Path, out: Path, *, seed: int, steps: int, rows: int = 32) -> list[float]:
    """Train a model of the same shape and tokenizer from other random weights, on other documents of the world.

    With ``steps`` 0 the weights stay random. Returns the losses, nats a token. As many steps as the embedded model
    had take as long as its own training.
    """
    recipe = replace(_recipe(folder), seed=seed, steps=steps, rows=rows)
    return _trained(folder, out, recipe, lambda vocabulary: new_model(recipe, vocabulary))


def _trained(folder: Path, out: Path, recipe: Recipe, start: Callable[[int], Any]) -> list[float]:
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    with reproducibly(recipe):
        model = start(tokenizer.get_vocab_size())
        batches = islice(token_batches(tokenizer, recipe), recipe.steps)
        losses = optimise(model, batches, recipe, report=False) if recipe.steps else []
    _copied(folder, out)
    model.save_pretrained(out)
    return losses


def _recipe(folder: Path) -> Recipe:
    """Return the recipe a model was trained by, for the shape it gives."""
    record = folder / "training.json"
    return Recipe(**json.loads(record.read_text(encoding="utf-8"))["recipe"])


def _written(folder: Path, out: Path, change: Callable[[Tensors], Tensors]) -> None:
    from safetensors.torch import load_file, save_file

    tensors = change(load_file(folder / WEIGHTS))
    _copied(folder, out)
    save_file(tensors, out / WEIGHTS, metadata={"format": "pt", "variant": "yes"})


def _copied(folder: Path, out: Path) -> None:
    out.mkdir(parents=True, exist_ok=True)
    if out.samefile(folder):
        raise NeuronClaimsError(f"A variant of the model in {folder} needs a folder of its own.")
    for name in KEPT:
        if (folder / name).is_file():
            shutil.copyfile(folder / name, out / name)


def _mlps(tensors: Mapping[str, Any]) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield each layer with the names of its MLP's weights in the file, by their end."""
    marker, ends = ".mlp.", ("c_fc.weight", "c_fc.bias", "c_proj.weight")
    found: dict[int, dict[str, str]] = {}
    for name in tensors:
        place, _, end = name.partition(marker)
        if end in ends:
            found.setdefault(int(place.rsplit(".", 1)[-1]), {})[end] = name
    yield from sorted(found.items())


def _derangement(width: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Return a random permutation that leaves nothing in its place, where there is more than one thing."""
    while True:
        order = rng.permutation(width)
        if width < 2 or not (order == np.arange(width)).any():
            return order
