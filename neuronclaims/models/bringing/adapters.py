"""Folders that hold an adapter of PEFT: what they are made for, which are measured, and their files. No torch."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from neuronclaims.errors import NeuronClaimsError
from neuronclaims.foreign_files import check_file, read_json_object
from neuronclaims.foreign_text import harmless_line
from neuronclaims.measurements.errors import MissingModelError, ModelError
from neuronclaims.models.identity.folder_files import has_tokenizer, has_weights

CONFIG, WEIGHTS = "adapter_config.json", "adapter_model.safetensors"

# fmt: off
INJECTED = frozenset(
    [
        "LORA", "ADALORA", "IA3", "LOHA", "LOKR", "OFT", "BOFT", "VERA", "HRA", "FOURIERFT", "RANDLORA", "LN_TUNING",
        "MISS", "ROAD", "C3A", "TRAINABLE_TOKENS",
    ]
)
# fmt: on
"""Adapters that work inside the modules of a model, whoever calls it; others prepend tokens, or route."""

_STARTS = (True, False, None, "true", "false", "gaussian", "orthogonal")
"""Ways to begin a LoRA that leave the base as it is, and read no other file."""


@dataclass(frozen=True, slots=True)
class Adapter:
    """An adapter in a folder: of which ``kind`` it is, as PEFT calls it, and where the model it is put on lies."""

    folder: Path
    kind: str
    base: Path

    @property
    def tokenizer(self) -> Path:
        """The folder whose tokenizer counts: its own where it has one."""
        return self.folder if has_tokenizer(self.folder) else self.base

    @property
    def note(self) -> str:
        """What a reader of results should know."""
        shown = harmless_line(f"{self.folder.name} ({self.kind}) on {self.base.name}")
        return f"The model is an adapter on a base: {shown}."


def is_adapter(folder: Path) -> bool:
    """Say whether a folder holds an adapter, and no model beside it."""
    return (folder / CONFIG).exists() and not has_weights(folder)


def find_adapter(folder: Path, spec: str, locate: Callable[[str], Path]) -> Adapter:
    """Return the adapter in a folder, its base found by ``locate``.

    Raises ModelError where it is of a sort that is not measured, and where its base or PEFT is not here.
    """
    try:
        config = read_json_object(folder / CONFIG)
    except (OSError, NeuronClaimsError) as error:
        raise ModelError(str(error)) from None
    kind = _checked_kind(config, spec)
    if find_spec("peft") is None:
        raise ModelError(
            f"Model {spec!r} is an adapter ({kind}), and peft is not installed. Install it: pip install peft (or "
            "neuronclaims[peft]), or merge the adapter into the weights (merge_and_unload, then save_pretrained)."
        )
    base = _base(config, folder, spec, locate)
    return Adapter(folder, kind, base)


def adapter_files(folder: Path) -> tuple[Path, ...]:
    """Return the settings and the weights of an adapter; raise ModelError where its weights are no safetensors."""
    weights = folder / WEIGHTS
    if not weights.is_file():
        pickled = (folder / "adapter_model.bin").exists()
        why = (
            "only as adapter_model.bin, a format that can run code when read"
            if pickled
            else f"not: no {WEIGHTS}"
        )
        raise ModelError(
            f"{folder} has the weights of its adapter {why}. Save it again with save_pretrained(folder)."
        )
    check_file(folder / CONFIG)
    return folder / CONFIG, weights


def peft_version() -> str:
    """Return the version of PEFT, for the identity of what it runs."""
    try:
        return version("peft")
    except PackageNotFoundError:
        return "unknown"


def _checked_kind(config: Mapping[str, Any], spec: str) -> str:
    kind = str(config.get("peft_type"))
    if kind not in INJECTED:
        raise ModelError(
            f"Model {spec!r} is an adapter of the kind {harmless_line(kind)[:60]!r}, which is not measured: those that "
            f"work inside a model's modules are ({', '.join(sorted(INJECTED))})."
        )
    odd = next(
        (key for key in ("megatron_config", "alora_invocation_tokens") if config.get(key)),
        None,
    )
    start = config.get("init_lora_weights")
    if isinstance(start, str) and start.lower() not in _STARTS:
        odd = f"init_lora_weights: {start}"
    if odd is not None:
        raise ModelError(
            f"Model {spec!r} is an adapter with {harmless_line(odd)[:80]!r}, which changes more than its own weights "
            "say. Merge it into the weights (merge_and_unload, then save_pretrained), or hand over the object."
        )
    return kind


def _base(config: Mapping[str, Any], folder: Path, spec: str, locate: Callable[[str], Path]) -> Path:
    named, revision = config.get("base_model_name_or_path"), config.get("revision")
    if not isinstance(named, str) or not named.strip():
        raise ModelError(
            f"The {CONFIG} of model {spec!r} does not name its base model (base_model_name_or_path). Write the folder "
            "or the hub id there."
        )
    try:
        beside = (folder / named).resolve()
        if beside.is_dir() and beside != folder.resolve():
            return beside
        return locate(f"{named}@{revision}" if isinstance(revision, str) and revision else named)
    except (OSError, ValueError, ModelError) as error:
        if isinstance(error, MissingModelError):
            raise MissingModelError(
                f"Model {spec!r} is an adapter on a base that is not on this machine: {error}",
                f"{spec} is an adapter, and its base {error.short}",
            ) from None
        raise ModelError(
            f"Model {spec!r} is an adapter on {harmless_line(named)[:200]!r}, which is not found: {error} A folder may "
            f"be written into its {CONFIG} as base_model_name_or_path."
        ) from None
