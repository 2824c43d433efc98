"""Finished cells on disk, so that a killed run goes on where it stopped and a changed library starts anew."""

from __future__ import annotations

import ast
import hashlib
import json
import os
import sys
from dataclasses import asdict, dataclass
from functools import cache, lru_cache
from pathlib import Path

import numpy as np
import scipy

import neuronclaims.errors
import neuronclaims.stats
from calibration_cells.cell import Cell, Row

_SHARED = ("bands.py", "cell.py", "parts/draws.py", "parts/trials.py")
_FILES = ("claim_files", "kinds", "corrections.py", "study.py", "verdicts.py")
"""The rooms that judge claim files, beside the statistics."""


@dataclass(frozen=True, slots=True)
class Done:
    """The rows of a finished cell and the seconds of processor time they took."""

    rows: list[Row]
    seconds: float


@dataclass(frozen=True, slots=True)
class Store:
    """A folder with one JSON file per finished cell, named by all that decides its rows."""

    folder: Path

    def read(self, cell: Cell, repetitions: int, seed: int) -> Done | None:
        """Return the finished cell, or None when it has to be run."""
        try:
            saved = json.loads(self._path(cell, repetitions, seed).read_text(encoding="utf-8"))
        except (FileNotFoundError, ValueError):
            return None
        return Done([Row(**row) for row in saved["rows"]], saved["seconds"])

    def write(self, cell: Cell, repetitions: int, seed: int, done: Done) -> None:
        """Save a finished cell: all of it or, when killed, nothing."""
        path = self._path(cell, repetitions, seed)
        path.parent.mkdir(parents=True, exist_ok=True)
        text = json.dumps({"rows": [asdict(row) for row in done.rows], "seconds": done.seconds}, indent=1)
        unfinished = path.with_suffix(f".{os.getpid()}.tmp")
        unfinished.write_text(text, encoding="utf-8")
        unfinished.replace(path)

    def _path(self, cell: Cell, repetitions: int, seed: int) -> Path:
        own = Path(sys.modules[cell.module].__file__ or "")
        files = _of_files() if cell.of_files else ""
        digest = hashlib.sha256((_common() + files + _code(own)).encode()).hexdigest()[:16]
        return self.folder / f"{cell.key.replace('/', '-')}-{repetitions}-{seed}-{digest}.json"


@lru_cache(maxsize=1)
def _common() -> str:
    for name in dir(neuronclaims.stats):
        getattr(neuronclaims.stats, name)  # names load late: what runs later shall be what is hashed now
    here, library = Path(__file__).parent, Path(neuronclaims.stats.__file__).parent
    files = [here / name for name in _SHARED] + sorted(library.rglob("*.py"))
    files.append(Path(neuronclaims.errors.__file__))
    return f"{''.join(map(_code, files))} {np.__version__} {scipy.__version__}"


@lru_cache(maxsize=1)
def _of_files() -> str:
    here, package = Path(__file__).parent, Path(neuronclaims.errors.__file__).parent
    rooms = (package / name for name in _FILES)
    files = [path for room in rooms for path in (sorted(room.rglob("*.py")) if room.is_dir() else [room])]
    return "".join(map(_code, [*files, *sorted((here / "stand_in").glob("*.py"))]))


@cache
def _code(path: Path) -> str:
    """Return what a file does, as text: its syntax tree without comments and docstrings."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
            first = node.body[0] if node.body else None
            if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
                node.body = node.body[1:]
    return ast.dump(tree)
