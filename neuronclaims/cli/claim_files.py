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
    return list(dict.fromkeys(_found(paths)))


def _found(paths: Sequence[Path]) -> Iterator[Path]:
    for path in paths:
        if not path.is_dir():
            yield path  # what is no claim file says so itself
            continue
        below = [file for suffix in SUFFIXES for file in path.rglob(f"*{suffix}")]
        seen = sorted(file for file in below if not _hidden(file.relative_to(path)))
        if not seen:
            raise NeuronClaimsError(f"There is no claim file (*.claims.yaml) in {path}: name another folder.")
        yield from seen


def _hidden(path: Path) -> bool:
    return any(part.startswith(".") or part in ("node_modules", "__pycache__") for part in path.parts)
