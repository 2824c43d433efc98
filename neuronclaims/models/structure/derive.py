"""Derive the architecture of a model from its modules: its blocks, their sites, its sizes, how it must be run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from neuronclaims.measurements.errors import ModelError
from neuronclaims.models.facts import LARGEST, MOST_LAYERS
from neuronclaims.models.structure import words
from neuronclaims.models.structure.architecture import Architecture, Derived, HookPoint, Part
from neuronclaims.models.structure.block import BlockSites, Sizes, sites_of
from neuronclaims.models.structure.output_weights import output_weights
from neuronclaims.sites import OWN_SITES


def derive(model: Any, spec: str, *, causal: bool, loads_as: str) -> Architecture:
    """Return the architecture of a model of Transformers, whose weights need not be there (torch's meta device).

    Raises ModelError for a model that has no list of blocks, or no width.
    """
    text = text_config(model.config)
    layers, hidden = _count(text, "num_hidden_layers", spec), _count(text, "hidden_size", spec)
    body, body_path = _body(model)
    shared = _shared(model.config, body)
    path, blocks = (shared[0], (shared[1],) * layers) if shared else _blocks(body, layers, spec)
    sizes = Sizes(hidden, _heads(text))
    found = [sites_of(block, sizes) for block in blocks]
    sites, elsewhere, refused = _together(found)
    for site, part in words.CORRECTED.get(str(model.config.model_type), {}).items():
        if site in sites:
            sites[site] = replace(sites[site], part=Part(*part))
    _without_streams(text, sites, refused)
    final = _final(body, path)
    if final is not None:
        sites["final_norm"] = HookPoint(final, "output", hidden, "body")
    else:
        refused["final_norm"] = "no norm is known behind its last block."
    derived = Derived(
        {"hidden": hidden, "layers": layers, "context": _context(model, text)},
        elsewhere,
        refused,
        loads_as,
        _attention(model, text),
        body_path,
        shared is not None,
    )
    kind = str(model.config.model_type)
    weights = output_weights(model, body, path, sites, hidden) if causal and shared is None else None
    return Architecture(_name(model, kind), kind, path, sites, causal, weights=weights, derived=derived)


def _without_streams(text: Any, sites: dict[str, HookPoint], refused: dict[str, str]) -> None:
    """Refuse the residual stream of a model that has several."""
    many = next((value for name in words.STREAMS if isinstance(value := getattr(text, name, None), int)), 1)
    if many > 1:
        for site in [site for site in sites if site.startswith("resid_")]:
            del sites[site]
            refused[site] = f"its blocks pass on {many} streams, not one."


def text_config(config: Any) -> Any:
    """Return the part of a configuration that is about text."""
    return config.get_text_config(decoder=True) if hasattr(config, "get_text_config") else config


def _name(model: Any, kind: str) -> str:
    """Return the name of a model's class without what it is for: Qwen3 of Qwen3ForCausalLM."""
    name = type(model).__name__
    for end in ("ForCausalLM", "ForConditionalGeneration", "LMHeadModel", "Model"):
        name = name.removesuffix(end)
    return name or kind


def _count(config: Any, key: str, spec: str) -> int:
    value = getattr(config, key, None)
    most = MOST_LAYERS if key == "num_hidden_layers" else LARGEST
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= most:
        raise ModelError(
            f"The configuration of model {spec!r} ({config.model_type}) should give {key!r} as a whole number from 1 "
            f"to {most:,}, not {repr(value)[:80]}, so its blocks cannot be found."
        )
    return value


def _heads(text: Any) -> int:
    try:
        found = getattr(text, "num_attention_heads", 0)
    except Exception:  # configurations whose layers differ raise an error of their own
        return 0
    return found if isinstance(found, int) else 0


def _body(model: Any) -> tuple[Any, str]:
    """Return the model without its head, and the path to it where ``base_model`` is another."""
    body = model.base_model
    if body is model and hasattr(model, "model"):
        return model.model, "model"
    if type(body).__name__.endswith("DecoderWrapper"):
        return body.decoder, f"{model.base_model_prefix}.decoder"
    return body, ""


def _shared(config: Any, body: Any) -> tuple[str, Any] | None:
    """Return the block that is run for every layer, and the path to it, where a type of model has one."""
    path = words.SHARED.get(str(config.model_type))
    if (
        path is None
        or getattr(config, "num_hidden_groups", 1) != 1
        or getattr(config, "inner_group_num", 1) != 1
    ):
        return None
    return path, body.get_submodule(path)


def _blocks(body: Any, layers: int, spec: str) -> tuple[str, Sequence[Any]]:
    """Return the list of blocks: of all lists as long as there are layers, that with the most weights."""
    lists = [
        (path, module)
        for path, module in body.named_modules()
        if type(module).__name__ == "ModuleList" and len(module) == layers
    ]
    told = [(path, module) for path, module in lists if not words.OTHER_SENSES.search(path)] or lists
    if not told:
        raise ModelError(
            f"Model {spec!r} ({type(body).__name__}) has no list of {layers} blocks, one for every layer: it shares "
            "them or keeps them otherwise. A package can say where they are (neuronclaims.models.architectures)."
        )
    path, blocks = max(told, key=lambda each: sum(p.numel() for p in each[1].parameters()))
    parent = path.rpartition(".")[0]
    beside = [other for other, _ in lists if other != path and other.rpartition(".")[0] == parent]
    if beside and any("norm" in other.lower() for other in beside):
        raise ModelError(
            f"Model {spec!r} ({type(body).__name__}) keeps the parts of its layers in several lists ({path}, "
            f"{', '.join(beside)}), so it has no blocks, and its sites cannot be derived."
        )
    return path, tuple(blocks)


def _together(
    found: Sequence[BlockSites],
) -> tuple[dict[str, HookPoint], dict[str, dict[int, HookPoint | str]], dict[str, str]]:
    """Return the sites of most layers, what is otherwise in some, and why some sites are nowhere."""
    sites: dict[str, HookPoint] = {}
    elsewhere: dict[str, dict[int, HookPoint | str]] = {}
    refused: dict[str, str] = {}
    for site in OWN_SITES:
        points = {layer: each.sites[site] for layer, each in enumerate(found) if site in each.sites}
        if not points:
            reasons = [each.lacking[site] for each in found if site in each.lacking]
            refused |= dict.fromkeys([site] if reasons else [], reasons[-1] if reasons else "")
            continue
        width = Counter(point.width for point in points.values()).most_common(1)[0][0]
        main = Counter(point for point in points.values() if point.width == width).most_common(1)[0][0]
        sites[site], odd = main, dict[int, HookPoint | str]()
        for layer, each in enumerate(found):
            point = points.get(layer)
            if point is None:
                odd[layer] = each.lacking.get(site, "it is built otherwise.")
            elif point.width != width:
                odd[layer] = f"it is {point.width} wide there, not {width} as in most layers."
            elif point != main:
                odd[layer] = point
        if odd:
            elsewhere[site] = odd
    return sites, elsewhere, refused


def _final(body: Any, blocks: str) -> str | None:
    """Return the path of the norm behind the last block, from the body."""
    parts = blocks.split(".")[:-1]
    while True:
        at = ".".join(parts)
        whole = body.get_submodule(at) if at else body
        there = [name for name, _ in whole.named_children()]
        for name in words.FINAL:
            if name in there:
                return f"{at}.{name}" if at else name
        if not parts:
            return None
        parts = parts[:-1]


def _context(model: Any, text: Any) -> int:
    """Return the most positions of a text, within which no rotation depends on how long the text is."""
    found = next(
        (value for key in words.CONTEXTS if isinstance(value := getattr(text, key, None), int) and value > 0),
        words.UNNAMED_CONTEXT,
    )
    rope = getattr(text, "rope_parameters", None) or getattr(text, "rope_scaling", None)
    kinds = [rope, *rope.values()] if isinstance(rope, Mapping) else []
    for each in kinds:
        if isinstance(each, Mapping) and each.get("rope_type", each.get("type")) in ("longrope", "dynamic"):
            unscaled = each.get("original_max_position_embeddings") or getattr(
                text, "original_max_position_embeddings", None
            )
            found = min(found, unscaled) if isinstance(unscaled, int) and unscaled > 0 else found
    for path, module in model.named_modules():
        # Where positions are counted from behind the padding token's number, so many fewer are left.
        if (
            path.endswith("embeddings.position_embeddings")
            and getattr(module, "padding_idx", None) is not None
        ):
            number = getattr(module, "num_embeddings", None) or module.weight.shape[0]
            found = min(found, number - module.padding_idx - 1)
    return found


def _attention(model: Any, text: Any) -> str:
    """Return the one implementation of attention a model can have; nothing where it has the choice."""
    if any(getattr(text, setting, None) for setting in words.EAGER) or not getattr(
        model, "_supports_sdpa", True
    ):
        return "eager"
    return ""
