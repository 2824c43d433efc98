"""The claim files that paths on the command line stand for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from neuronclaims.errors import NeuronClaimsError

SUFFIXES = (".claims.yaml", ".claims.yml")


def found(paths: Sequence[Path]) -> list[Path]:
    """Return all claim files named, and those below the folders named, each once; hidden folders are left out.

    Raises NeuronClaimsError for a folder without any.
    """
    files, empty = found_and_empty(paths)
    if empty:
        raise NeuronClaimsError(without(empty[0]))
    return files


def found_and_empty(paths: Sequence[Path]) -> tuple[list[Path], list[Path]]:
    """Return all claim files named and below folders, each once, and the folders that have none."""
    below = {path: list(_below(path)) for path in paths}
    files = dict.fromkeys(file for each in below.values() for file in each)
    return list(files), [path for path, each in below.items() if not each]


def without(folder: Path) -> str:
    """Say of a folder that it has no claim file."""
    return f"There is no claim file (*.claims.yaml) in {folder}: name another folder."


def _below(path: Path) -> Iterator[Path]:
    if not path.is_dir():
        yield path  # what is no claim file says so itself
        return
    below = [file for suffix in SUFFIXES for file in path.rglob(f"*{suffix}")]
    yield from sorted(file for file in below if not _hidden(file.relative_to(path)))


def _hidden(path: Path) -> bool:
    return any(part.startswith(".") or part in ("node_modules", "__pycache__") for part in path.parts)
