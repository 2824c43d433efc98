"""Derive the tensors between a neuron and the logits: their names, and what the final norm does."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from neuronclaims.models.structure.architecture import HookPoint, OutputWeights


def output_weights(
    model: Any, body: Any, blocks: str, sites: Mapping[str, HookPoint], hidden: int
) -> OutputWeights | None:
    """Return the names of a model's output weights; None where what a neuron writes is not its column of them.

    That is so without an MLP that is known, or a final norm. Where the MLP's output is normalised before it is added,
    a neuron's column is scaled by that norm's weights, and by a number that all neurons share.
    """
    out, final = sites.get("mlp_out"), sites.get("final_norm")
    embed, head = model.get_input_embeddings(), model.get_output_embeddings()
    added = sites.get("mlp_out_normed")
    if out is None or final is None or "mlp_post" not in sites:
        return None
    if embed is None or head is None or not hasattr(body.get_submodule(final.module), "weight"):
        return None
    names = {id(module): path for path, module in model.named_modules()}
    norm = body.get_submodule(final.module)
    if tuple(norm.weight.shape) != (hidden,):
        return None  # Reformer's norm is of two streams at once
    if out.module not in dict(body.get_submodule(blocks)[0].named_modules()):
        return None
    first = body.get_submodule(blocks)[0].get_submodule(out.module)
    centres, less_one = _norm_does(norm, hidden)
    block = body.get_submodule(blocks)[0]
    if added is not None and added.module not in dict(block.named_modules()):
        return None  # OLMo Hybrid normalises what the MLP adds in some layers only
    between = block.get_submodule(added.module) if added is not None else None
    if between is not None and (centres or type(between) is not type(norm)):
        return None
    return OutputWeights(
        f"{out.module}.weight",
        f"{names[id(norm)]}.weight",
        f"{names[id(embed)]}.weight",
        f"{names[id(head)]}.weight",
        by_neuron=type(first).__name__ == "Conv1D",
        centres=centres,
        norm_less_one=less_one,
        added=f"{added.module}.weight" if added is not None else "",
    )


def _norm_does(norm: Any, hidden: int) -> tuple[bool, bool]:
    """Return whether a norm takes the mean away, and whether its scale is stored less 1: by trying a copy of it."""
    import torch

    drawn = torch.Generator(device="cpu").manual_seed(0)
    with torch.device("cpu"), torch.no_grad():
        values = torch.randn(1, hidden, generator=drawn, device="cpu")
        tried = copy.deepcopy(norm).to_empty(device="cpu").float()
        for parameter in tried.parameters():
            parameter.zero_()
        less_one = bool(tried(values).abs().max() > 0)
        if not less_one:
            tried.weight.fill_(1.0)
        return bool(torch.allclose(tried(values), tried(values + 3.0), atol=1e-4)), less_one
