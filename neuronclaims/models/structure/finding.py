"""Find the derived architecture of a model: in memory, on disk, or anew from its modules.

To derive one, torch builds the model without its weights. What comes of it is plain data, so it is kept, and the next
run needs no torch.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from contextlib import suppress
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from neuronclaims.models.structure.architecture import Architecture
from neuronclaims.models.structure.kept import from_json, to_json

DERIVING_VERSION = 5
"""Raised whenever anything is derived differently: what was kept before is then derived again."""

_known: dict[str, Architecture] = {}
_folders: list[Path] = []


def keep_in(folder: Path | None) -> None:
    """Keep derived architectures in a folder from now on, and look for them there; None changes nothing."""
    if folder is not None:
        _folders[:] = [folder]


def derived_architecture(
    config: Mapping[str, Any], spec: str, folder: Path | None, model: Any = None
) -> Architecture:
    """Return the architecture of a model that is not in the table; raise ModelError where none can be derived.

    A ``model`` that was handed over is looked at itself; otherwise it is built from the files of ``folder``.
    """
    if model is not None:
        found: Architecture = import_module("neuronclaims.models.running.skeleton").of_object(model, spec)
        return found
    key = _key(config)
    known = _known.get(key) or _read(key)
    if known is None:
        kind = str(config.get("model_type"))
        known = import_module("neuronclaims.models.running.skeleton").of_folder(folder, kind, spec)
        _write(key, known)
    elif not all((each / f"{key}.json").exists() for each in _folders):
        _write(key, known)  # a cache that is used for the first time
    _known[key] = known
    return known


def _key(config: Mapping[str, Any]) -> str:
    libraries = {name: _version(name) for name in ("transformers", "torch", "neuronclaims")}
    parts = {"deriving": DERIVING_VERSION, "config": config, "libraries": libraries}
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()[:32]


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def _read(key: str) -> Architecture | None:
    for folder in _folders:
        with suppress(OSError, ValueError, KeyError, TypeError, AttributeError):
            return from_json((folder / f"{key}.json").read_text(encoding="utf-8"))
    return None


def _write(key: str, architecture: Architecture) -> None:
    for folder in _folders:
        with suppress(OSError):
            folder.mkdir(parents=True, exist_ok=True)
            waiting = folder / f"{key}.{os.getpid()}.tmp"
            waiting.write_text(to_json(architecture), encoding="utf-8")
            waiting.replace(folder / f"{key}.json")
