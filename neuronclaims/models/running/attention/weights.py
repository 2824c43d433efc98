"""Read the attention weights of some layers while a model runs, and prove that they are those it uses.

Fast implementations of attention never hold the weights, so for these runs alone the model's own code for ``eager``
attention is taken. What it gives is compared with the model as it was loaded.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeAlias

import torch

from neuronclaims.measurements.attention.attention import ATTENTION
from neuronclaims.measurements.errors import IntegrityError, MeasurementError
from neuronclaims.models.running.hooks import Place, StopForward, traced
from neuronclaims.models.running.loading import Ready
from neuronclaims.models.running.passes import forward
from neuronclaims.models.running.proofs.looking import token_ids
from neuronclaims.models.running.proofs.stream import near

See: TypeAlias = Callable[[int, torch.Tensor], None]
"""Sees the weights [rows, heads, tokens, tokens] of a layer: those of each token over all tokens."""

_CONFIG = "_attn_implementation_internal"
"""Where configurations of Transformers keep which implementation of attention runs."""


@dataclass(frozen=True, slots=True)
class WeightsGiven:
    """Where the weights are given: by layer the path of a module in its block.

    ``asked`` says that the model must be asked for them in its call.
    """

    modules: Mapping[int, str]
    asked: bool


@contextmanager
def eager(ready: Ready) -> Iterator[None]:
    """Let a model compute attention by its plain code, and put back what it had."""
    configs = {id(config): config for config in _configs(ready.model)}
    before = {key: getattr(config, _CONFIG) for key, config in configs.items()}
    try:
        for config in configs.values():
            setattr(config, _CONFIG, "eager")
        yield
    finally:
        for key, config in configs.items():
            setattr(config, _CONFIG, before[key])


def weights_given(ready: Ready, layers: Collection[int]) -> WeightsGiven:
    """Find the weights of some layers, and prove them on a short text; only to be called while the model runs.

    Raises MeasurementError where the model gives none, or others than those it uses.
    """
    ids = token_ids(ready)
    places = _values_beside(ready, layers)
    plain, _ = _run(ready, ids)
    with eager(ready):
        given = _found(ready, ids, layers)
        weights: dict[int, torch.Tensor] = {}
        with (
            seeing(ready, given, lambda layer, seen: weights.update({layer: seen.detach().clone()})),
            traced(ready, tuple(ids.shape), retain=places) as kept,
        ):
            hidden, _ = _run(ready, ids, given.asked)
    if not near(ready, hidden[0].float(), plain[0].float()):
        raise MeasurementError(
            f"{ready.facts.name} gives another result with attention 'eager' than as it was loaded, so its attention "
            "weights are not those of the model that other claims are about."
        )
    for layer in layers:
        why = _fails(ready, weights[layer][0].float(), kept, layer)
        if why is not None:
            raise MeasurementError(
                f"The attention weights of layer {layer} of {ready.facts.name} ({ready.facts.architecture}) are not "
                f"measured, since they are not shown to be those it uses: {why}."
            )
    return given


@contextmanager
def seeing(ready: Ready, given: WeightsGiven, see: See, stop: bool = False) -> Iterator[None]:
    """Show the weights of each layer to ``see`` in the one forward inside; with ``stop`` it ends when all were seen.

    Raises IntegrityError where a layer's weights are not seen once.
    """
    runs = dict.fromkeys(given.modules, 0)
    waiting = set(given.modules)

    def hook(layer: int, _: Any, __: Any, output: Any) -> None:
        turn, turns = ready.turn(layer)
        runs[layer] += 1
        if turn != runs[layer] - 1 < turns:
            return  # a block that is shared, run for another layer
        found = _square(output, ready.facts.heads)
        if found is None or layer not in waiting:
            raise IntegrityError(
                f"The attention weights of layer {layer} of {ready.facts.name} were not given once in one forward; "
                "nothing of this run is kept."
            )
        waiting.discard(layer)
        see(layer, found)
        if stop and not waiting:
            raise StopForward

    handles = [
        ready.blocks[layer].get_submodule(path).register_forward_hook(partial(hook, layer))
        for layer, path in given.modules.items()
    ]
    try:
        with suppress(StopForward):
            yield
    finally:
        for handle in handles:
            handle.remove()
    if waiting:
        raise IntegrityError(
            f"The attention weights of layer {min(waiting)} of {ready.facts.name} were never given while it ran; "
            "nothing of this run is kept."
        )


def _configs(model: Any) -> Iterator[Any]:
    for module in model.modules():
        config = getattr(module, "config", None)
        if hasattr(config, _CONFIG):
            yield config


def _run(ready: Ready, ids: torch.Tensor, asked: bool = False) -> tuple[torch.Tensor, Any]:
    positions = torch.arange(ids.shape[1], device=ids.device).expand_as(ids)
    return forward(ready, ids, torch.ones_like(ids), positions, weights=asked)


def _found(ready: Ready, ids: torch.Tensor, layers: Collection[int]) -> WeightsGiven:
    """Look for the modules that give weights: first as the model is, then where it is asked for them."""
    for asked in (False, True):
        modules: dict[int, str] = {}
        with _looking(ready, layers, modules), suppress(TypeError):
            _run(ready, ids, asked)
        if modules.keys() >= set(layers):
            return WeightsGiven({layer: modules[layer] for layer in layers}, asked)
    missing = min(set(layers) - modules.keys())
    raise MeasurementError(
        f"{ready.facts.name} ({ready.facts.architecture}) gives no attention weights of its {ready.facts.heads} heads "
        f"at layer {missing}, so what they look at cannot be measured."
    )


@contextmanager
def _looking(ready: Ready, layers: Collection[int], modules: dict[int, str]) -> Iterator[None]:
    """Note the innermost module of each block that gives weights."""

    def hook(layer: int, path: str, _: Any, __: Any, output: Any) -> None:
        if layer not in modules and _square(output, ready.facts.heads) is not None:
            modules[layer] = path

    handles = [
        module.register_forward_hook(partial(hook, layer, path))
        for layer in layers
        for path, module in ready.blocks[layer].named_modules()
    ]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def _square(output: Any, heads: int) -> torch.Tensor | None:
    """Return the weights [rows, heads, tokens, tokens] among what a module gives, None where there are none."""
    for part in output if isinstance(output, (tuple, list)) else ():
        square = isinstance(part, torch.Tensor) and part.ndim == 4 and part.shape[2] == part.shape[3]
        if square and part.shape[1] == heads:
            found: torch.Tensor = part
            return found
    return None


def _values_beside(ready: Ready, layers: Collection[int]) -> list[Place]:
    """Return the values that weights are multiplied with, and what comes of it, where the model has both."""
    facts = ready.facts
    sites = ("v", ATTENTION)
    if not all(site in facts.widths for site in sites):
        return []
    return [
        (site, layer)
        for layer in layers
        if all(layer in facts.layers_at(other) for other in sites)
        for site in sites
    ]


def _fails(ready: Ready, weights: torch.Tensor, kept: Mapping[Place, torch.Tensor], layer: int) -> str | None:
    """Say why weights [heads, tokens, tokens] cannot be those of a layer."""
    slack = 64 * torch.finfo(ready.rounds_as).eps
    if not bool(weights.isfinite().all()):
        return None  # claims that read them are errors
    if bool((weights < -slack).any()) or bool((weights.sum(-1) > 1 + slack).any()):
        return "they are no shares of 1"
    if ready.facts.causal and bool((weights.triu(1).abs() > slack).any()):
        return "tokens look ahead"
    if ("v", layer) not in kept:
        return None
    values, given = kept["v", layer][0].float(), kept[ATTENTION, layer][0].float()
    heads, tokens = weights.shape[0], weights.shape[1]
    size = given.shape[1] // heads
    groups, odd = divmod(values.shape[1], size)
    if odd or heads % groups:
        return "keys and values are shared in another way than by groups of heads"
    values = values.reshape(tokens, groups, size).repeat_interleave(heads // groups, 1)
    product = torch.einsum("hqk,khs->qhs", weights, values).reshape(tokens, heads * size)
    return (
        None if near(ready, product, given) else "the values they weigh do not add up to what the heads give"
    )
