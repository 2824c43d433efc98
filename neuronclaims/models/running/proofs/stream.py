"""Proofs of the residual stream: our forward against the model's own plain call, and block against block."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch

from neuronclaims.models.bringing.offloaded import device_of
from neuronclaims.models.running.loading import Ready
from neuronclaims.models.running.passes import forward
from neuronclaims.models.running.proofs.looking import Looked

NEAR = {torch.float32: 1e-4, torch.float64: 1e-4, torch.float16: 2e-2, torch.bfloat16: 8e-2}
"""Shares of the largest value by which two computations of the same may differ through rounding."""


def near(ready: Ready, one: torch.Tensor, other: torch.Tensor) -> bool:
    """Say whether two computations gave the same, but for rounding."""
    if one.shape != other.shape:
        return False
    one, other = one.float(), other.float().to(one.device)
    finite = one.isfinite() & other.isfinite()
    if not bool((one.isfinite() == other.isfinite()).all()):
        return False
    size = float(other[finite].abs().max()) if bool(finite.any()) else 0.0
    apart = float((one - other)[finite].abs().max()) if bool(finite.any()) else 0.0
    return apart <= tolerance(ready) * max(size, 1e-6)


def tolerance(ready: Ready) -> float:
    """Return the share of the largest value by which two computations of this model may differ."""
    return NEAR.get(ready.rounds_as, 5e-2)


_HOOKS = (
    "_forward_hooks",
    "_forward_pre_hooks",
    "_forward_hooks_with_kwargs",
    "_forward_pre_hooks_with_kwargs",
)


@contextmanager
def _left_as_it_was(model: Any) -> Iterator[None]:
    """Take away what Transformers puts on modules to return hidden states: it would make of the model another one."""
    before = [
        (module, set(vars(module)), {name: dict(getattr(module, name)) for name in _HOOKS})
        for module in model.modules()
    ]
    try:
        yield
    finally:
        for module, names, hooks in before:
            for name, kept in hooks.items():
                there = getattr(module, name)
                for key in [key for key in there if key not in kept]:
                    del there[key]
            for name in set(vars(module)) - names:
                delattr(module, name)


class PlainCall:
    """What the model gives when it is called as its own page says: with a text's tokens, and nothing else."""

    def __init__(self, ready: Ready, ids: torch.Tensor) -> None:
        asked: dict[str, Any] = {"input_ids": ids, "output_hidden_states": True, "return_dict": True}
        if "use_cache" in inspect.signature(ready.body.forward).parameters and ready.facts.causal:
            asked["use_cache"] = False
        with _left_as_it_was(ready.model):
            output = ready.body(**asked)
        self.last: torch.Tensor = output.last_hidden_state[0].float().cpu()
        states = getattr(output, "hidden_states", None)
        self.states = [state[0].float().cpu() for state in states] if states else []


def body_fails(ready: Ready, plain: PlainCall, seen: Looked) -> str | None:
    """Say why our forward is not the model's own: other positions, another mask, another body."""
    if near(ready, seen.last, plain.last):
        return None
    apart = (
        float((seen.last - plain.last).abs().max()) if seen.last.shape == plain.last.shape else float("nan")
    )
    return (
        f"{ready.facts.name} gives another last state when it is called plainly than as it is run here ({apart:.3g} "
        "apart): its positions or its mask are not known here"
    )


def looks_ahead(ready: Ready, ids: torch.Tensor, seen: Looked) -> str | None:
    """Say why a model that should predict the next token cannot: what it gives depends on tokens that follow."""
    if not ready.facts.causal:
        return None
    other = ids.clone()
    other[0, -1] = ids[0, 0] if int(ids[0, 0]) != int(ids[0, -1]) else ids[0, 1]
    positions = torch.arange(ids.shape[1], device=ids.device).expand_as(ids)
    hidden, _ = forward(ready, other, torch.ones_like(ids), positions)
    if near(ready, hidden[0, :-1].float(), seen.last[:-1]):
        return None
    return (
        f"what {ready.facts.name} gives at a position depends on later tokens, so it predicts no next token"
    )


def stream_fails(ready: Ready, plain: PlainCall, seen: Looked, site: str, layer: int) -> str | None:
    """Say why a layer's input or output is not the residual stream."""
    value = seen.values[site, layer]
    before, after = layer + (site == "resid_post"), layer + (site == "resid_post") - 1
    if len(plain.states) == ready.facts.layers + 1 and before < ready.facts.layers:
        # Some models (Mamba, RWKV) count what blocks give, not what they are given.
        counted = [plain.states[before], *([plain.states[before - 1]] if before else [])]
        first = before == 0 and near(ready, seen.gave[0].get("", value), plain.states[0])
        if not first and not any(near(ready, value, each) for each in counted):
            return f"it is not what the model calls its hidden state {before}"
    if site == "resid_post" and before < ready.facts.layers:
        if not near(ready, value, seen.given[before].get("", value)):
            return "the next block is given something else"
    elif site == "resid_post":
        return _end_fails(ready, plain, seen, value)
    elif after >= 0 and not near(ready, value, seen.gave[after].get("", value)):
        return "the block before gave something else"
    return None


def _end_fails(ready: Ready, plain: PlainCall, seen: Looked, value: torch.Tensor) -> str | None:
    """Say why the last block's output is not what the model's last state is made of."""
    del seen
    if near(ready, value, plain.last):
        return None
    path = ready.architecture.blocks.rpartition(".")[0]
    ends = [ready.body.get_submodule(path) if path else ready.body, ready.body]
    modules = {id(child): child for whole in ends for child in whole.children()}
    for module in modules.values():
        given = _alone(module, value, ready)
        if given is not None and near(ready, given, plain.last):
            return None
    return "neither it nor a norm of it is the model's last state"


def _alone(module: Any, value: torch.Tensor, ready: Ready) -> torch.Tensor | None:
    """Return what a module makes of the last state; None where it cannot."""
    if type(module).__name__ in ("ModuleList", "Embedding"):
        return None
    try:
        found = module(value.to(device_of(module) or ready.device, ready.model.dtype).unsqueeze(0))
    except Exception:  # it is no norm: whatever it wants, it is not given
        return None
    return found[0].float().cpu() if isinstance(found, torch.Tensor) else None


def final_norm_fails(ready: Ready, plain: PlainCall, seen: Looked, layer: int) -> str | None:
    """Say why the final norm's output is not the model's last state."""
    if near(ready, seen.values["final_norm", layer], plain.last):
        return None
    return "it is not the model's last state"
