"""Where a model lies that a claim file names: the demo, a folder, or a hub id on disk."""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import get_close_matches
from importlib import import_module
from pathlib import Path

from neuronclaims.measurements.errors import MissingModelError, ModelError, shorten
from neuronclaims.models.hub import HUB, revision_of, snapshot

DEMO = "demo"
"""The name of the model that comes with the package."""


def locate(spec: str, base: Path, download: bool = False) -> Path:
    """Return the folder of a model; raise MissingModelError or ModelError where there is none.

    Other folders than the demo's are relative to ``base``; with ``download`` a hub id that is not on disk is fetched.
    """
    if not spec.strip():
        raise ModelError("A model's name is empty. Give 'demo', a folder, or a hub id such as gpt2.")
    if spec == DEMO:
        return _demo()
    if spec.startswith(HUB):
        return snapshot(spec, base, download)
    try:
        folder = (base / Path(spec).expanduser()).resolve()
        if folder.is_dir():
            return folder
        if folder.exists() and not folder.is_file():
            raise ModelError(f"Model {spec!r} is neither a folder nor a file.")
    except (OSError, RuntimeError, ValueError) as error:
        raise ModelError(
            f"Model {shorten(spec)} cannot be looked for: {_reason(error)}. Give 'demo', a folder, or a hub id such as "
            "gpt2."
        ) from None
    if folder.is_file():
        raise ModelError(
            f"Model {spec!r} is a file; give the folder that holds config.json and model.safetensors."
        )
    if (
        spec.startswith((".", "/", "~"))
        or "\\" in spec
        or spec.partition("@")[0].count("/") > 1
        or Path(spec).is_absolute()
    ):
        raise MissingModelError(
            f"There is no folder {folder} for model {spec!r}.{_neighbours(folder)}",
            f"there is no folder {spec} on this machine",
        )
    return snapshot(spec, base, download)


def label(spec: str, folder: Path | None = None) -> str:
    """Return the short name of a model: ``demo``, a folder's own name, or the last part of a hub id."""
    name, revision = revision_of(spec)
    last = (name if revision else spec).rstrip("/\\").replace("\\", "/").rsplit("/", 1)[-1]
    last += f"@{revision}" if revision else ""
    if last in ("", ".", "..", "~") and folder is not None:
        last = folder.resolve().name
    return re.sub(r"[^A-Za-z0-9_@-]+", "-", last).strip("-") or "model"


def labels(models: Iterable[str]) -> dict[str, str]:
    """Return a short name for each model of a file, for node ids; equal names are distinguished by their path."""
    specs = list(models)
    short = [label(spec) for spec in specs]
    found: dict[str, str] = {}
    for name, spec in zip(short, specs, strict=True):
        if short.count(name) > 1:
            name = label(spec.replace("/", "-").replace("\\", "-"))
        found[_untaken(name, found)] = spec
    return found


def _untaken(name: str, taken: Iterable[str]) -> str:
    number, free = 1, name
    while free in taken:
        number += 1
        free = f"{name}-{number}"
    return free


def _reason(error: Exception) -> str:
    return str(getattr(error, "strerror", None) or error).rstrip(".")


def _demo() -> Path:
    folder: Path = import_module("neuronclaims.demo").MODEL_FOLDER
    return folder


def _neighbours(folder: Path) -> str:
    if not folder.parent.is_dir():
        return f" Nor is there a folder {folder.parent}."
    beside = sorted(path.name for path in folder.parent.iterdir() if path.is_dir())
    close = get_close_matches(folder.name, beside, n=3, cutoff=0.5)
    return (
        f" Did you mean {' or '.join(close)}?"
        if close
        else f" Folders there: {', '.join(beside[:8]) or 'none'}."
    )
