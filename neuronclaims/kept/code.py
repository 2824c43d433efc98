"""The code that reads and judges claims: ours, that of packages which bring kinds and more, and what they stand on."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Iterator
from functools import cache
from hashlib import blake2b
from importlib.metadata import entry_points
from importlib.util import find_spec
from pathlib import Path
from secrets import token_hex
from stat import S_ISREG

from neuronclaims.foreign_files.witness import BY_CONTENT

GROUPS = ("kinds", "architectures", "sites", "engines")
"""The groups of entry points through which packages bring what a verdict depends on, each after our own name."""

MOST_FILES = 5_000
"""A package with more files is not looked at, and what it may have had a part in is not kept."""

_PACKAGES = (".dist-info", ".egg-info")
_LEFT_OUT = ("__pycache__", ".git", "node_modules")


@cache
def code_and_libraries() -> str:
    """Return a hash that changes with every line of code that a verdict may depend on, and with every package here.

    Of this package and of those that bring kinds, measurements and the like, it is the content of all files; of all
    others their names and versions, as far as they are installed as packages.
    """
    digest = blake2b(f"{sys.version} {sys.platform} {platform.machine()}\n".encode(), digest_size=16)
    own = Path(__file__).parents[1]
    for root in (own, *_brought()):
        for name, state in _files(root):
            digest.update(f"{name} {state}\n".encode("utf-8", "surrogatepass"))
    for name in _installed():
        digest.update(f"{name}\n".encode("utf-8", "surrogatepass"))
    return digest.hexdigest()


def _files(root: Path) -> Iterator[tuple[str, str]]:
    """Yield the files of a package by their path inside it, each with its content."""
    if not root.is_dir():
        yield root.name, _content(str(root))
        return
    count = 0
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(name for name in folders if name not in _LEFT_OUT)
        for name in sorted(names):
            if name.endswith((".pyc", ".safetensors")):
                continue  # compiled from what is looked at; weights, which are known as those of a model
            count += 1
            if count > MOST_FILES:
                yield "too many files", token_hex()
                return
            path = os.path.join(folder, name)
            yield path[len(str(root)) :], _content(path)


def _content(path: str) -> str:
    """Return a hash of a file, as it is where links lead to; of a very large one its size and time."""
    try:
        status = os.stat(path)
        if status.st_size > BY_CONTENT or not S_ISREG(status.st_mode):
            return f"{status.st_size} {status.st_mtime_ns}"
        with open(path, "rb") as file:
            return blake2b(file.read(), digest_size=16).hexdigest()
    except OSError:
        return "unreadable"


def _brought() -> Iterator[Path]:
    """Yield the folders, or the file, of every package that brings something."""
    known = entry_points()  # each call reads the entry points of every package again
    found = {entry.value for group in GROUPS for entry in known.select(group=f"neuronclaims.{group}")}
    for top in sorted({value.partition(":")[0].partition(".")[0] for value in found}):
        spec = find_spec(top)
        places = [] if spec is None else list(spec.submodule_search_locations or [])
        if spec is not None and not places and spec.origin:
            places = [spec.origin]
        yield from map(Path, places)


def _installed() -> list[str]:
    """Return the name and version of every package that is installed, as the folders beside them are called."""
    names: set[str] = set()
    for folder in sys.path:
        try:
            names.update(name for name in os.listdir(folder or ".") if name.endswith(_PACKAGES))
        except OSError:
            continue
    return sorted(names)
