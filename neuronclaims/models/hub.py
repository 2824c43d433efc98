"""Hub ids already on disk: from ``org/name@revision`` to a folder of the Hugging Face cache, offline."""

from __future__ import annotations

import os
from difflib import get_close_matches
from pathlib import Path

from neuronclaims.measurements.errors import MissingModelError


def hub_cache() -> Path:
    """Return the folder where Hugging Face keeps downloaded models, following its environment variables."""
    for variable in ("HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE"):
        if os.environ.get(variable):
            return Path(os.environ[variable]).expanduser()
    if os.environ.get("HF_HOME"):
        return Path(os.environ["HF_HOME"]).expanduser() / "hub"
    default = Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache")
    return default.expanduser() / "huggingface" / "hub"


def snapshot(spec: str, base: Path) -> Path:
    """Return the snapshot folder of a hub id with optional ``@revision``; nothing is ever downloaded.

    Raises MissingModelError, naming close matches, where the model or that revision of it is not on disk.
    """
    name, _, revision = spec.partition("@")
    home = hub_cache() / f"models--{name.replace('/', '--')}"
    if not home.is_dir():
        raise MissingModelError(_unknown(name, base), short(spec))
    found = _commit(home, revision or "main")
    if found is None:
        raise MissingModelError(
            f"Model {name!r} is on disk, but not its revision {revision or 'main'!r}. On disk: "
            f"{', '.join(_revisions(home)) or 'none'}. Download it first: {_download(name, revision)}",
            short(spec),
        )
    if not (found / "config.json").is_file():
        raise MissingModelError(
            f"{found} has no config.json. Download it first: {_download(name, revision)}", short(spec)
        )
    return found


def short(spec: str) -> str:
    """Say in one line that a hub id is not on this machine, and how to get it."""
    name, _, revision = spec.partition("@")
    return f"{spec} is not on this machine; download it with '{_download(name, revision)}' or name a folder that has it"


def _commit(home: Path, revision: str) -> Path | None:
    reference = home / "refs" / revision
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


def _unknown(name: str, base: Path) -> str:
    cached = [path.name[len("models--") :].replace("--", "/") for path in hub_cache().glob("models--*")]
    beside = [path.name for path in base.iterdir() if path.is_dir()] if base.is_dir() else []
    close = get_close_matches(name, sorted({"demo", *cached, *beside}), n=3, cutoff=0.6)
    hint = f" Did you mean {' or '.join(repr(match) for match in close)}?" if close else ""
    return (
        f"No model {name!r}: there is no such folder in {base}, and no model of that name on disk in "
        f"{hub_cache()}.{hint} Nothing is downloaded while claims run; to fetch it first: {_download(name, '')}"
    )


def _download(name: str, revision: str) -> str:
    return f"hf download {name}" + (f" --revision {revision}" if revision else "")
