"""Find the commit of claim files, by git, if they are in a repository."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path

QUIET = ("-c", "core.fsmonitor=false", "-c", "core.quotepath=false", "--literal-pathspecs")
"""Settings under which git runs no program of the repository's choice, and takes and writes names as they are."""


def commits(files: Iterable[str], base: Path) -> dict[str, str]:
    """Return the commit of claim files, named from ``base``, and whether the files differ from it.

    Files that are not there or in no repository, and all where git is not installed, are left out.
    """
    found: dict[str, str] = {}
    folders: dict[Path, list[str]] = {}
    for file in dict.fromkeys(files):
        if not (base / file).is_file():
            continue
        folders.setdefault((base / file).parent, []).append(file)
    for folder, members in folders.items():
        found |= _in_folder(folder, members)
    return found


def _in_folder(folder: Path, files: list[str]) -> Mapping[str, str]:
    names = {file: Path(file).name for file in files}
    head = _git(folder, "rev-parse", "--short=12", "HEAD")
    states = _git(folder, "status", "--porcelain", "-z", "--ignored", "--", *names.values())
    if head is None or states is None:
        return {}
    return {file: f"{head.strip()}{_state(name, states)}" for file, name in names.items()}


def _state(name: str, states: str) -> str:
    for line in states.split("\0"):
        if line[3:].rsplit("/", 1)[-1] == name:
            return ", not in it" if line[:2] in ("??", "!!") else ", with changes since"
    return ""


def _git(folder: Path, *arguments: str) -> str | None:
    try:
        done = subprocess.run(
            ["git", *QUIET, *arguments],
            cwd=folder,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=10,
            check=False,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout if done.returncode == 0 else None
