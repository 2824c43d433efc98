"""Files that change: looked at twice a second, which works on every kind of disk and needs no library."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from pathlib import Path
from time import sleep

from neuronclaims.cli.claim_files import SUFFIXES

EVERY = 0.5
"""Seconds from one look to the next."""

Stamps = Mapping[Path, Hashable]


def stamps(paths: Iterable[Path]) -> Stamps:
    """Return of each path what is different once it was changed: of a folder, which claim files lie in it."""
    return {path: _stamp(path) for path in paths}


def wait(known: Stamps) -> list[Path]:
    """Wait until something is not as it is known, and then until it stays as it is; return what has changed."""
    while True:
        sleep(EVERY)
        now = stamps(known)
        if now != known:
            sleep(EVERY / 5)
            if stamps(known) == now:
                return [path for path in known if now[path] != known[path]]


def _stamp(path: Path) -> Hashable:
    try:
        if path.is_dir():
            return tuple(sorted(each.name for each in path.iterdir() if each.name.endswith(SUFFIXES)))
        found = path.stat()
    except (OSError, ValueError):
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns
