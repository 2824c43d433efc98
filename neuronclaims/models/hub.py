"""Hub ids: from ``org/name@revision`` to a folder of the Hugging Face cache; a download only where it is asked for."""

from __future__ import annotations

import os
import re
from contextlib import suppress
from difflib import get_close_matches
from pathlib import Path

from neuronclaims.measurements.errors import MissingModelError, ModelError, first_line
from neuronclaims.models.identity.folder_files import has_weights

HUB = "hub:"
"""What a name may begin with that is of the hub and no folder: ``hub:org/name@revision``."""

_REVISED = re.compile(r"(?:hub:)?([\w.-]+(?:/[\w.-]+)?)@((?:refs/)?pr/\d+|refs/[^@]+)|hub:([^@]+)@(.+)")
_WANTED = ["*.json", "*.safetensors", "*.model", "*.txt", "*.jinja"]
"""What is downloaded of a model: safetensors weights, settings and tokenizer; no pickle, no code."""


def hub_cache() -> Path:
    """Return the folder where Hugging Face keeps downloaded models, following its environment variables."""
    for variable in ("HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE"):
        if os.environ.get(variable):
            return Path(os.environ[variable]).expanduser()
    if os.environ.get("HF_HOME"):
        return Path(os.environ["HF_HOME"]).expanduser() / "hub"
    default = Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache")
    return default.expanduser() / "huggingface" / "hub"


def revision_of(spec: str) -> tuple[str, str]:
    """Return the name and the revision of a hub id whose revision has slashes; the whole spec and "" of any other.

    >>> revision_of("org/x@refs/pr/1"), revision_of("org/x@pr/1"), revision_of("runs/step@2")
    (('org/x', 'pr/1'), ('org/x', 'pr/1'), ('runs/step@2', ''))
    """
    found = _REVISED.fullmatch(spec)
    if found is None:
        return spec, ""
    return found[1] or found[3], (found[2] or found[4]).removeprefix("refs/")


def snapshot(spec: str, base: Path, download: bool = False) -> Path:
    """Return the snapshot folder of a hub id with optional ``@revision``; it is fetched only with ``download``.

    Raises MissingModelError, naming close matches, where the model or that revision of it is not on disk, or cannot be
    downloaded.
    """
    name, _, revision = spec.removeprefix(HUB).partition("@")
    if ".." in revision.split("/") or revision.startswith("/"):
        raise ModelError(f"Model {spec!r} names a revision that can be none: {revision[:80]!r}.")
    if download:
        with suppress(MissingModelError):
            found = _on_disk(spec, name, revision, base)
            if has_weights(found) or (found / "adapter_model.safetensors").exists():
                return found
        return _fetched(spec, name, revision)
    return _on_disk(spec, name, revision, base)


def _on_disk(spec: str, name: str, revision: str, base: Path) -> Path:
    home = hub_cache() / f"models--{name.replace('/', '--')}"
    if not home.is_dir():
        raise MissingModelError(_unknown(name, revision, base), short(spec))
    found = _commit(home, revision or "main")
    if found is None:
        raise MissingModelError(
            f"Model {name!r} is on disk, but not its revision {revision or 'main'!r}. On disk: "
            f"{', '.join(_revisions(home)) or 'none'}. Download it first: {_download(name, revision)}",
            short(spec),
        )
    if not any((found / file).is_file() for file in ("config.json", "adapter_config.json")):
        raise MissingModelError(
            f"{found} has no config.json. Download it first: {_download(name, revision)}", short(spec)
        )
    return found


def _fetched(spec: str, name: str, revision: str) -> Path:
    """Download a model into the hub's cache; raise MissingModelError with the reason if that fails."""
    import huggingface_hub

    asked = f"refs/{revision}" if revision.startswith("pr/") else revision
    try:
        folder = huggingface_hub.snapshot_download(
            name,
            revision=asked or None,
            cache_dir=hub_cache(),
            allow_patterns=_WANTED,
            ignore_patterns=["*/*"],
        )
    except Exception as error:  # of the network, of the hub, of the disk: each has classes of its own
        why = f"is not on this machine and could not be downloaded: {first_line(error)}"
        raise MissingModelError(f"Model {spec!r} {why}", f"{spec} {why}") from None
    return Path(folder)


def short(spec: str) -> str:
    """Say in one line that a hub id is not on this machine, and how to get it."""
    name, _, revision = spec.removeprefix(HUB).partition("@")
    return f"{spec} is not on this machine; download it with '{_download(name, revision)}' or name a folder that has it"


def _commit(home: Path, revision: str) -> Path | None:
    named = [revision, f"refs/{revision}"] if revision.startswith("pr/") else [revision]
    reference = next(
        (home / "refs" / each for each in named if (home / "refs" / each).is_file()), home / revision
    )
    commit = reference.read_text(encoding="utf-8").strip() if reference.is_file() else revision
    exact = home / "snapshots" / commit
    if exact.is_dir():
        return exact
    starting = (
        sorted((home / "snapshots").glob(f"{commit}*")) if len(commit) >= 7 and commit.isalnum() else []
    )
    return starting[0] if len(starting) == 1 else None


def _revisions(home: Path) -> list[str]:
    names = [
        path.relative_to(home / "refs").as_posix() for path in (home / "refs").rglob("*") if path.is_file()
    ]
    return sorted(names) + sorted(path.name for path in (home / "snapshots").glob("*"))


def _unknown(name: str, revision: str, base: Path) -> str:
    cached = [path.name[len("models--") :].replace("--", "/") for path in hub_cache().glob("models--*")]
    beside = [path.name for path in base.iterdir() if path.is_dir()] if base.is_dir() else []
    close = get_close_matches(name, sorted({"demo", *cached, *beside}), n=3, cutoff=0.6)
    hint = f" Did you mean {' or '.join(repr(match) for match in close)}?" if close else ""
    return (
        f"No model {name!r}: there is no such folder in {base}, and no model of that name on disk in "
        f"{hub_cache()}.{hint} Nothing is downloaded unless --claims-download says so "
        f"(in Python: allow=Allow(download=True)); to fetch it first: {_download(name, revision)}"
    )


def _download(name: str, revision: str) -> str:
    asked = f"refs/{revision}" if revision.startswith("pr/") else revision
    return f"hf download {name}" + (f" --revision {asked}" if asked else "")
