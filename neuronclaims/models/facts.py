"""Facts about a model from its ``config.json``, before anything of it is loaded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeAlias, TypeGuard

from neuronclaims.foreign_files import ForeignFileError, read_json_object
from neuronclaims.measurements import ModelFacts
from neuronclaims.measurements.errors import ModelError
from neuronclaims.models.architectures import architectures
from neuronclaims.models.bringing.configs import check_code, check_quantised
from neuronclaims.models.structure.architecture import Architecture, Derived, HookPoint

Config: TypeAlias = Mapping[str, Any]

_HEADS = ("num_attention_heads", "n_head", "n_heads", "num_heads")
"""How configurations call the number of heads."""

LARGEST = 100_000_000
"""The largest width or context that a configuration may give."""

MOST_LAYERS = 10_000
"""The most blocks that a configuration may give."""


def read_config(folder: Path) -> Config:
    """Return the parsed ``config.json`` of a model's folder; raise ModelError if it is missing or broken."""
    try:
        return read_json_object(folder / "config.json", infinite=True)
    except FileNotFoundError:
        raise ModelError(
            f"{folder} has no config.json, so it is not a model in Hugging Face format. Point to the folder that "
            "save_pretrained wrote."
        ) from None
    except ForeignFileError as error:
        raise ModelError(str(error)) from None


def architecture_of(config: Config, spec: str) -> Architecture | None:
    """Return the architecture of the table that a configuration is of; None where it must be derived.

    Raises ModelError for a model that cannot be measured, whatever its architecture.
    """
    check_code(config, spec)
    check_quantised(config, spec)
    model_type = config.get("model_type")
    if not isinstance(model_type, str):
        raise ModelError(
            f"The config.json of model {spec!r} names no model_type, so it is not known what "
            "it is. Point to the folder that save_pretrained wrote."
        )
    return architectures().get(model_type)


def model_facts(architecture: Architecture, config: Config, name: str, spec: str) -> ModelFacts:
    """Return what is known of a model from its architecture and its configuration alone."""
    at_end = frozenset(site for site, point in architecture.sites.items() if point.where == "body")
    if architecture.derived is not None:
        return replace(
            _derived_facts(architecture, architecture.derived, name, at_end), heads=heads_of(config)
        )
    hidden = _number(config, architecture.hidden, spec)
    inner = (
        4 * hidden
        if architecture.inner_default and not config.get(architecture.inner)
        else _number(config, architecture.inner, spec)
    )
    sizes = {"hidden": hidden, "inner": inner} | _heads(config, hidden)
    widths: dict[str, int] = {}
    for site, point in architecture.sites.items():
        if point.exists(config) and (point.width in sizes or point.width not in ("heads", "groups")):
            widths[site] = _width(point, sizes, config, spec)
    layers = _number(config, architecture.layers, spec, MOST_LAYERS)
    return ModelFacts(
        name,
        architecture.name,
        layers,
        MappingProxyType(widths),
        architecture.causal,
        at_end,
        heads=heads_of(config),
    )


def _width(point: HookPoint, sizes: Mapping[str, int], config: Config, spec: str) -> int:
    if isinstance(point.width, int):
        return point.width
    return sizes[point.width] if point.width in sizes else _number(config, point.width, spec)


def heads_of(config: Config) -> int:
    """Return how many heads of queries a layer has; 0 where a configuration names no one number.

    >>> heads_of({"n_head": 12}), heads_of({"text_config": {"num_attention_heads": 8}}), heads_of({"num_heads": [4, 8]})
    (12, 8, 0)
    """
    levels = [config, *(config.get(name) for name in ("text_config", "llm_config"))]
    named = [
        level[key]
        for level in levels
        if isinstance(level, Mapping)
        for key in _HEADS
        if level.get(key) is not None
    ]
    return named[0] if named and _is_count(named[0]) and named[0] <= LARGEST else 0


def _heads(config: Config, hidden: int) -> dict[str, int]:
    """Return how wide all heads are together, and all keys; nothing where the configuration does not tell."""
    heads = config.get("num_attention_heads")
    groups = config.get("num_key_value_heads") or heads
    if not _is_count(heads) or not _is_count(groups):
        return {}
    size = config.get("head_dim") or hidden // heads
    return {"heads": heads * size, "groups": groups * size} if _is_count(size) else {}


def _derived_facts(
    architecture: Architecture, derived: Derived, name: str, at_end: frozenset[str]
) -> ModelFacts:
    widths = {site: point.width for site, point in architecture.sites.items() if isinstance(point.width, int)}
    lacking: dict[str, dict[int, str]] = {
        site: {layer: why for layer, why in derived.elsewhere.get(site, {}).items() if isinstance(why, str)}
        for site in widths
    }
    return ModelFacts(
        name,
        architecture.name,
        derived.sizes["layers"],
        MappingProxyType(widths),
        architecture.causal,
        at_end,
        MappingProxyType({site: MappingProxyType(layers) for site, layers in lacking.items() if layers}),
        MappingProxyType(dict(derived.refused)),
    )


def context_length(architecture: Architecture, config: Config, spec: str) -> int:
    """Return the most positions a text may have in this model."""
    if architecture.derived is not None:
        return architecture.derived.sizes["context"]
    return _number(config, architecture.context, spec)


def _number(config: Config, key: str, spec: str, most: int = LARGEST) -> int:
    value = config.get(key)
    if not _is_count(value):
        raise ModelError(
            f"The config.json of model {spec!r} should give {key!r} as a positive whole number, not {repr(value)[:80]}."
        )
    if value > most:
        raise ModelError(
            f"The config.json of model {spec!r} gives {key!r} as {value:,}, and at most {most:,} are taken for true."
        )
    return value


def _is_count(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 1
