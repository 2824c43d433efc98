"""Facts about a model from its ``config.json``, before anything of it is loaded."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeAlias

from neuronclaims.foreign_files import ForeignFileError, read_json_object
from neuronclaims.measurements import ModelFacts
from neuronclaims.measurements.errors import ModelError
from neuronclaims.models.architectures import Architecture, architectures
from neuronclaims.models.bringing.configs import check_code, check_quantised

Config: TypeAlias = Mapping[str, Any]

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


def architecture_of(config: Config, spec: str) -> Architecture:
    """Return the architecture a configuration is of; raise ModelError for one that cannot be measured."""
    check_code(config, spec)
    check_quantised(config, spec)
    model_type = config.get("model_type")
    if not isinstance(model_type, str):
        raise ModelError(f"The config.json of model {spec!r} names no model_type. Supported: {_supported()}.")
    known = architectures().get(model_type)
    if known is None:
        raise ModelError(
            f"Model {spec!r} is of type {model_type!r}, which is not supported. Supported: {_supported()}. "
            "A package can bring another (neuronclaims.models.architectures)."
        )
    return known


def model_facts(config: Config, name: str, spec: str) -> ModelFacts:
    """Return what is known of a model from its configuration alone."""
    architecture = architecture_of(config, spec)
    hidden = _number(config, architecture.hidden, spec)
    inner = (
        4 * hidden
        if architecture.inner_default and not config.get(architecture.inner)
        else _number(config, architecture.inner, spec)
    )
    sizes = {"hidden": hidden, "inner": inner}
    widths = {
        site: sizes[point.width] if point.width in sizes else _number(config, point.width, spec)
        for site, point in architecture.sites.items()
        if point.exists(config)
    }
    layers = _number(config, architecture.layers, spec, MOST_LAYERS)
    at_end = frozenset(site for site, point in architecture.sites.items() if point.where == "body")
    return ModelFacts(name, architecture.name, layers, MappingProxyType(widths), architecture.causal, at_end)


def context_length(config: Config, spec: str) -> int:
    """Return the most positions a text may have in this model."""
    return _number(config, architecture_of(config, spec).context, spec)


def _number(config: Config, key: str, spec: str, most: int = LARGEST) -> int:
    value = config.get(key)
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise ModelError(
            f"The config.json of model {spec!r} should give {key!r} as a positive whole number, not {repr(value)[:80]}."
        )
    if value > most:
        raise ModelError(
            f"The config.json of model {spec!r} gives {key!r} as {value:,}, and at most {most:,} are taken for true."
        )
    return value


def _supported() -> str:
    return ", ".join(f"{each.name} ({each.model_type})" for each in architectures().values())
