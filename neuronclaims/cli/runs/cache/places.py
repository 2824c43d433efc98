"""Which cache is meant, and what in it is nobody's."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from neuronclaims.cache.layout import is_folder, is_link
from neuronclaims.cli.output import say
from neuronclaims.cli.runs.cache.amounts import size_words
from neuronclaims.foreign_text import one_line

if TYPE_CHECKING:
    from neuronclaims.cache.maintenance import Freed
    from neuronclaims.cache.run_cache import RunCache


def cache_at(folder: Path | None) -> RunCache:
    """Return the cache in a folder; without one, the project's, or the nearest above that there is."""
    from neuronclaims.cache.run_cache import RunCache
    from neuronclaims.scripting.cache_folder import caches_above

    if folder is not None:
        return RunCache(folder)
    places = caches_above(Path.cwd())
    return RunCache(next((place for place in places if place.is_dir()), places[0]))


def say_freed(freed: Freed) -> int:
    """Say what was removed and what was left alone, and return the exit status."""
    say(f"removed {freed.files:,} files, {size_words(freed.size)}")
    for name in freed.busy:
        say(f"left alone: {name}, which a run measures right now")
    say_foreign(freed.foreign)
    return 1 if freed.foreign else 0


def say_foreign(paths: Iterable[Path]) -> None:
    """Say what lies in a cache that the cache did not write."""
    for path in paths:
        say(one_line(f"left alone: {path}, which is {_kind(path)} that the cache did not write"))


def _kind(path: Path) -> str:
    if is_link(path):
        return "a link"
    return "a folder" if is_folder(path) else "a file"
