"""How many weights a model has, and through how many of them a token goes: counted on its modules, loaded or not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

_EXPERTS = ("num_local_experts", "num_experts", "n_routed_experts", "moe_num_experts")
_CHOSEN = ("num_experts_per_tok", "num_experts_per_token", "moe_top_k", "top_k")
"""How configurations call the experts that a layer has, and how many of them a token goes through."""
_OTHER_SENSES = ("vision", "visual", "audio", "image")
"""Parts of names of modules that no text goes through."""


@dataclass(frozen=True, slots=True)
class ModelSize:
    """The weights of a model: ``all`` of them, those that a token of text is multiplied with, and the LM ``head``.

    ``used`` leaves out the embedding, which is looked up, the head, and experts that are not chosen.
    """

    all: int
    used: int
    head: int


def size_of(model: Any) -> ModelSize:
    """Return the size of a torch model; weights that are tied count once."""
    head = model.get_output_embeddings() if hasattr(model, "get_output_embeddings") else None
    passed_by = {
        f"{name}.{inner}"
        for name, module in model.named_modules()
        if module is head or type(module).__name__.endswith("Embedding")
        for inner, _ in module.named_parameters(recurse=False)
    }
    chosen = _share_of_experts(model.config.to_dict())
    every = dict(model.named_parameters())  # tied weights are named once
    used = sum(
        weight.numel() * (chosen if ".experts." in name else 1.0)
        for name, weight in every.items()
        if weight.ndim > 1 and name not in passed_by and not any(sense in name for sense in _OTHER_SENSES)
    )
    of_head = getattr(head, "weight", None)
    return ModelSize(
        sum(weight.numel() for weight in every.values()),
        round(used),
        of_head.numel() if of_head is not None else 0,
    )


def _share_of_experts(config: Mapping[str, Any]) -> float:
    """Return which share of a layer's experts a token goes through; 1 where a configuration names none.

    >>> _share_of_experts({"text_config": {"num_experts": 128, "num_experts_per_tok": 8}}), _share_of_experts({})
    (0.0625, 1.0)
    """
    for level in _levels(config):
        there, taken = (
            next((level[key] for key in keys if _is_count(level.get(key))), None)
            for keys in (_EXPERTS, _CHOSEN)
        )
        if there is not None and taken is not None:
            return float(min(1.0, taken / there))
    return 1.0


def _levels(config: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield config
    yield from (level for level in config.values() if isinstance(level, Mapping))


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 1
