"""What a configuration asks for besides a plain model: code of its own, or quantised weights. No torch."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from neuronclaims.foreign_text import harmless_line
from neuronclaims.measurements.errors import ModelError
from neuronclaims.models.architectures import architectures

QUANTISERS: Mapping[str, tuple[str, ...]] = {
    "bitsandbytes": ("bitsandbytes", "accelerate"),
    "torchao": ("torchao",),
}
"""Ways to quantise that are measured, each with the packages that run it."""


def check_code(config: Mapping[str, Any], spec: str) -> None:
    """Raise ModelError for a model that is nothing without Python code of its own, which is never run."""
    if config.get("auto_map") and not _known_type(config.get("model_type")):
        kind = repr(config.get("model_type"))[:60]
        raise ModelError(
            f"Model {spec!r} wants to run Python code of its own (auto_map in its config.json); code that comes with a "
            f"model is never run, and Transformers does not know its type, {kind}. Take a version of Transformers that "
            "does, or hand over the model object or module (docs/models.md)."
        )


def quantiser_of(config: Mapping[str, Any]) -> str | None:
    """Return the way in which a model is quantised, None where it is not.

    >>> quantiser_of({"quantization_config": {"quant_method": "gptq", "bits": 4}}), quantiser_of({})
    ('gptq', None)
    """
    given = config.get("quantization_config")
    if not given:
        return None
    if not isinstance(given, Mapping):
        return "an unknown way"
    if given.get("quant_method"):
        return str(getattr(given["quant_method"], "value", given["quant_method"]))
    older = given.get("load_in_4bit") or given.get("load_in_8bit")
    return "bitsandbytes" if older else "an unknown way"


def check_quantised(config: Mapping[str, Any], spec: str) -> None:
    """Raise ModelError for a model that is quantised in a way that is not measured, or not on this machine."""
    way = quantiser_of(config)
    if way is None:
        return
    if way not in QUANTISERS:
        raise ModelError(
            f"Model {spec!r} is quantised by {harmless_line(way)[:60]} (quantization_config in its config.json), which "
            f"is not measured; {' and '.join(QUANTISERS)} are. Take the model it was made from, in float32, float16 or "
            "bfloat16."
        )
    missing = [name for name in QUANTISERS[way] if find_spec(name) is None]
    if missing:
        raise ModelError(
            f"Model {spec!r} is quantised by {way}, and {' and '.join(missing)} "
            f"{'is' if len(missing) == 1 else 'are'} not installed. Install it: pip install {' '.join(missing)} (or "
            "neuronclaims[quantised]), or take the model in float32, float16 or bfloat16."
        )


def quantised_by(config: Mapping[str, Any]) -> dict[str, str]:
    """Return the versions of the packages that a quantised model runs with, for its identity; else nothing."""
    found: dict[str, str] = {}
    for name in QUANTISERS.get(quantiser_of(config) or "", ()):
        try:
            found[name] = version(name)
        except PackageNotFoundError:  # on a path, without metadata
            found[name] = "unknown"
    return found


def rounds_activations(config: Mapping[str, Any]) -> bool:
    """Say whether a model rounds what flows through it to few bits, each text with its neighbours in a batch.

    That is what LLM.int8() of bitsandbytes does: which columns are spared depends on all texts of the batch.
    """
    given = config.get("quantization_config")
    return quantiser_of(config) == "bitsandbytes" and bool(given and given.get("load_in_8bit"))


def notes_of(config: Mapping[str, Any], name: str) -> tuple[str, ...]:
    """Return what a reader of results should know of how a model from a folder was read."""
    notes = []
    if config.get("auto_map"):
        notes.append(
            f"{name} names Python code of its own (auto_map), which was not run: it was measured with the class that "
            f"Transformers has for its type, {harmless_line(str(config.get('model_type')))[:60]}."
        )
    way = quantiser_of(config)
    if way is not None:
        notes.append(f"{name} is quantised by {way}: its values are those of the quantised weights.")
    return tuple(notes)


def _known_type(model_type: object) -> bool:
    """Say whether Transformers, or a package here, has a class for a type. Imports Transformers only in doubt."""
    if not isinstance(model_type, str):
        return False
    if model_type in architectures():
        return True
    found = find_spec("transformers")
    name = model_type.replace("-", "_")
    if found is None or not found.origin or not name.isidentifier():
        return False
    if (Path(found.origin).parent / "models" / name).is_dir():
        return True
    from transformers.models.auto import configuration_auto

    known: Mapping[str, str] = getattr(configuration_auto, "CONFIG_MAPPING_NAMES")  # noqa: B009
    return model_type in known
