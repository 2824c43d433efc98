"""Maintain a run cache: list what is in it, check that it is undamaged, and free space.

All of it is safe while others use the cache: a context that is being measured is left alone, and a run whose shard is
gone when it wants to read it measures again. Only files that the cache writes, by name and kind, are read, renamed or
removed; what else lies in its folders is named and left, and no link inside it is followed.
"""

from __future__ import annotations

import time
import zlib
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from neuronclaims.cache import layout, shards
from neuronclaims.cache.context import about_in, lock_of
from neuronclaims.cache.notes import content_of
from neuronclaims.cache.run_cache import RunCache
from neuronclaims.errors import NeuronClaimsError
from neuronclaims.measurements.errors import CacheError


@dataclass(frozen=True, slots=True)
class KeptContext:
    """The content of one context (one model under one set of options), its least recently used shard first.

    ``used`` is when it was last read or written, in seconds of the clock; ``prompts`` counts rows, once for each text;
    ``about`` is None where no context.json can be read.
    """

    folder: Path
    about: Mapping[str, str] | None
    files: tuple[Path, ...]
    prompts: int
    size: int
    used: float
    leftovers: tuple[Path, ...]


@dataclass(frozen=True, slots=True)
class KeptNotes:
    """The notes of what judging gave, the least recently used first, and what killed runs left beside them."""

    files: tuple[Path, ...]
    size: int
    leftovers: tuple[Path, ...]


@dataclass(frozen=True, slots=True)
class Freed:
    """What was removed, which contexts were kept because a run is measuring them, and which files are foreign."""

    files: int = 0
    size: int = 0
    busy: tuple[str, ...] = ()
    foreign: tuple[Path, ...] = ()


def contents(cache: RunCache) -> list[KeptContext]:
    """Return the content of every context, the last used first; raise CacheError if ``cache`` is not a run cache."""
    _check(cache)
    folders = layout.contexts(cache.folder)
    return sorted((_kept(folder) for folder in folders), key=lambda kept: -kept.used)


def notes(cache: RunCache) -> KeptNotes:
    """Return the notes of what judging gave; raise CacheError if ``cache`` is not a run cache."""
    _check(cache)
    folder = cache.folder / layout.VERDICTS
    files = sorted(layout.files(folder, layout.NOTED), key=lambda path: (_when(path), path.name))
    return KeptNotes(tuple(files), sum(map(_size, files)), tuple(layout.files(folder, layout.LEFTOVER)))


def foreign(cache: RunCache) -> list[Path]:
    """Return the files in the folder that the cache did not write; raise CacheError if it is not a run cache."""
    _check(cache)
    return layout.foreign(cache.folder)


def verify(cache: RunCache) -> tuple[int, list[str]]:
    """Read every file and compare its checksums; set damaged shards aside, remove damaged notes, and say why."""
    count, damaged = 0, []
    for kept in contents(cache):
        for path in kept.files:
            count += 1
            try:
                shard = shards.read_header(path, shards.context_of(path, kept.folder.name))
                for name in shard.checksums:
                    shard.load(name)
            except shards.DamagedShardError as error:
                damaged.append(f"{path}: {error}")
                layout.set_aside(path)
    for path in notes(cache).files:
        count += 1
        try:
            content_of(path)
        except (OSError, NeuronClaimsError, ValueError, zlib.error) as error:
            damaged.append(f"{path}: {error}")
            _removed(Freed(), path)
    return count, damaged


def prune(cache: RunCache, *, older_than: float | None = None, max_size: int | None = None) -> Freed:
    """Remove leftovers, contexts not used for ``older_than`` seconds, and the oldest files beyond ``max_size`` bytes.

    Of what is too much, verdicts go first, which take least to reach again, then contexts used longest ago, and in
    these the files written first.
    """
    freed, kept = Freed(), contents(cache)
    known = notes(cache)
    old = [path for path in known.files if older_than is not None and time.time() - _when(path) > older_than]
    for path in (*known.leftovers, *old):
        freed = _removed(freed, path)
    for context in kept:
        with _alone(context) as alone:
            if not alone:
                freed = _and_busy(freed, context)
                continue
            stale = older_than is not None and time.time() - context.used > older_than
            of_no_use = (*context.files, *layout.files(context.folder, layout.FAILED)) if stale else ()
            for path in (*context.leftovers, *of_no_use):
                freed = _removed(freed, path)
    if max_size is not None:
        freed = _shrunk(cache, max_size, freed)
    return replace(freed, foreign=tuple(foreign(cache)))


def clear(cache: RunCache) -> Freed:
    """Remove what was measured, judged and remembered of models; raise CacheError for no run cache."""
    freed = Freed()
    for context in contents(cache):
        with _alone(context) as alone:
            if not alone:
                freed = _and_busy(freed, context)
                continue
            for path in (*context.leftovers, *context.files, *layout.files(context.folder, layout.FAILED)):
                freed = _removed(freed, path)
        others = (layout.ABOUT, layout.LOCK, layout.SPEEDS)
        shares = layout.files(context.folder, layout.SHARE_LOCK)
        for path in (*(context.folder / name for name in others), *shares):
            if layout.is_ours(path):
                _removed(freed, path)
        _remove_empty(context.folder)
    known = notes(cache)
    for path in (*known.leftovers, *known.files):
        freed = _removed(freed, path)
    _remove_empty(cache.folder / layout.VERDICTS)
    remembered = cache.folder / layout.FINGERPRINTS
    for path in layout.files(remembered, layout.REMEMBERED):
        _removed(freed, path)
    _remove_empty(remembered)
    return replace(freed, foreign=tuple(foreign(cache)))


def _shrunk(cache: RunCache, max_size: int, freed: Freed) -> Freed:
    kept, known = contents(cache), notes(cache)
    total = sum(context.size for context in kept) + known.size
    for path in known.files:
        if total > max_size:
            size = _size(path)
            freed, total = _removed(freed, path), total - size
    for context in reversed(kept):
        if total <= max_size:
            break
        with _alone(context) as alone:
            if not alone:
                freed = _and_busy(freed, context)
                continue
            for path in context.files:
                if total <= max_size:
                    break
                size = _size(path)
                freed, total = _removed(freed, path), total - size
    return freed


def _kept(folder: Path) -> KeptContext:
    files = sorted(layout.files(folder, layout.SHARD), key=lambda path: (_when(path), path.name))
    rows: set[str] = set()
    for path in files:
        with suppress(shards.DamagedShardError):
            rows.update(shards.read_header(path, shards.context_of(path, folder.name)).rows)
    leftovers = tuple(layout.files(folder, layout.LEFTOVER))
    used = max([_when(folder / layout.ABOUT), *(_when(path) for path in files)], default=0.0)
    return KeptContext(
        folder, about_in(folder), tuple(files), len(rows), sum(map(_size, files)), used, leftovers
    )


def _check(cache: RunCache) -> None:
    if not layout.is_marked(cache.folder):
        raise CacheError(
            f"{cache.folder} is no run cache of neuronclaims: it has no {layout.README} that says so. "
            "Name the right folder."
        )


@contextmanager
def _alone(context: KeptContext) -> Iterator[bool]:
    """Hold the locks of a context while it is changed; yield False if a run, or a share of one, holds one."""
    from filelock import FileLock, Timeout

    with ExitStack() as held:
        alone = True
        try:
            for path in (lock_of(context.folder), *layout.files(context.folder, layout.SHARE_LOCK)):
                lock = FileLock(path)
                lock.acquire(timeout=0)
                held.callback(lock.release)
        except Timeout:
            alone = False
        except (OSError, NotImplementedError, CacheError):
            pass  # no locks here, or no lock that a run could hold: whoever reads what is gone measures it again
        yield alone


def _removed(freed: Freed, path: Path) -> Freed:
    if not (layout.is_file(path) and layout.is_folder(path.parent) and layout.is_folder(path.parent.parent)):
        return freed
    size = _size(path)
    try:
        path.unlink()
    except FileNotFoundError:
        return freed
    except OSError as error:
        raise CacheError(f"{path} cannot be removed: {error.strerror or error}.") from None
    return replace(freed, files=freed.files + 1, size=freed.size + size)


def _remove_empty(folder: Path) -> None:
    if layout.is_folder(folder):
        with suppress(OSError):  # what is foreign in it stays, and so does the folder
            folder.rmdir()


def _and_busy(freed: Freed, context: KeptContext) -> Freed:
    return replace(freed, busy=tuple(dict.fromkeys((*freed.busy, context.folder.name))))


def _size(path: Path) -> int:
    with suppress(OSError):
        return path.lstat().st_size
    return 0


def _when(path: Path) -> float:
    with suppress(OSError):
        return path.lstat().st_mtime
    return 0.0
