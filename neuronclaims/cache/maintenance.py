"""Looking after a run cache: what is in it, whether it is whole, and making room.

All of it is safe while others use the cache: a context that is being measured is left alone, and a run whose shard is
gone when it wants to read it measures again.
"""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from neuronclaims.cache import shards
from neuronclaims.cache.run_cache import ABOUT, LOCK, README, RunCache
from neuronclaims.measurements.errors import CacheError

LEFTOVERS = (".tmp", ".damaged")


@dataclass(frozen=True, slots=True)
class KeptContext:
    """What one context holds: one model under one set of options, with its shards from the one used longest ago.

    ``used`` is when it was last read or written, in seconds of the clock; ``prompts`` counts rows, once for each text.
    """

    folder: Path
    about: Mapping[str, str]
    files: tuple[Path, ...]
    prompts: int
    size: int
    used: float
    leftovers: tuple[Path, ...]


@dataclass(frozen=True, slots=True)
class Freed:
    """What was removed, and which contexts were left alone because a run measures them right now."""

    files: int = 0
    size: int = 0
    busy: tuple[str, ...] = ()


def contents(cache: RunCache) -> list[KeptContext]:
    """Return what every context holds, the one used last first; raise CacheError where ``cache`` is no run cache."""
    _check(cache)
    folders = [path for path in (cache.folder / "activations").glob("*") if path.is_dir()]
    return sorted((_kept(folder) for folder in folders), key=lambda kept: -kept.used)


def verify(cache: RunCache) -> tuple[int, list[str]]:
    """Read every shard and compare every checksum; set those aside that are damaged, and say why."""
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
                with suppress(OSError):
                    path.rename(path.with_name(path.name + ".damaged"))
    return count, damaged


def prune(cache: RunCache, *, older_than: float | None = None, max_size: int | None = None) -> Freed:
    """Remove leftovers, contexts not used for ``older_than`` seconds, and the oldest files beyond ``max_size`` bytes.

    Of what is too much, contexts used longest ago go first, and in these the files written first.
    """
    freed, kept = Freed(), contents(cache)
    for context in kept:
        with _alone(context) as alone:
            if not alone:
                freed = _and_busy(freed, context)
                continue
            stale = older_than is not None and time.time() - context.used > older_than
            for path in (*context.leftovers, *(context.files if stale else ())):
                freed = _removed(freed, path)
    if max_size is not None:
        freed = _shrunk(cache, max_size, freed)
    return freed


def clear(cache: RunCache) -> Freed:
    """Remove everything that was measured, and remembered hashes of models; raise CacheError for no run cache."""
    freed = Freed()
    for context in contents(cache):
        with _alone(context) as alone:
            if alone:
                for path in (*context.leftovers, *context.files):
                    freed = _removed(freed, path)
            else:
                freed = _and_busy(freed, context)
        if alone:
            shutil.rmtree(context.folder, ignore_errors=True)
    shutil.rmtree(cache.fingerprints, ignore_errors=True)
    return freed


def _shrunk(cache: RunCache, max_size: int, freed: Freed) -> Freed:
    kept = contents(cache)
    total = sum(context.size for context in kept)
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
    files = sorted(folder.glob(f"*{shards.SUFFIX}"), key=lambda path: (_when(path), path.name))
    rows: set[str] = set()
    for path in files:
        with suppress(shards.DamagedShardError):
            rows.update(shards.read_header(path, shards.context_of(path, folder.name)).rows)
    about: Mapping[str, str] = {}
    with suppress(OSError, ValueError):
        about = json.loads((folder / ABOUT).read_text(encoding="utf-8"))
    leftovers = tuple(path for path in folder.iterdir() if path.suffix in LEFTOVERS)
    used = max([_when(folder / ABOUT), *(_when(path) for path in files)], default=0.0)
    return KeptContext(folder, about, tuple(files), len(rows), sum(map(_size, files)), used, leftovers)


def _check(cache: RunCache) -> None:
    note = cache.folder / "README.txt"
    with suppress(OSError):
        if note.read_text(encoding="utf-8").splitlines()[:1] == README.splitlines()[:1]:
            return
    raise CacheError(
        f"{cache.folder} is no run cache of neuronclaims: it has no README.txt that says so. Name the right folder."
    )


@contextmanager
def _alone(context: KeptContext) -> Iterator[bool]:
    """Hold a context's lock while it is changed; False where a run holds it."""
    from filelock import FileLock, Timeout

    lock = FileLock(context.folder / LOCK)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        yield False
        return
    except (OSError, NotImplementedError):
        yield True  # no locks here: whoever reads what is gone measures it again
        return
    try:
        yield True
    finally:
        lock.release()


def _removed(freed: Freed, path: Path) -> Freed:
    size = _size(path)
    try:
        path.unlink()
    except FileNotFoundError:
        return freed
    except OSError as error:
        raise CacheError(f"{path} cannot be removed: {error.strerror or error}.") from None
    return Freed(freed.files + 1, freed.size + size, freed.busy)


def _and_busy(freed: Freed, context: KeptContext) -> Freed:
    return Freed(freed.files, freed.size, tuple(dict.fromkeys((*freed.busy, context.folder.name))))


def _size(path: Path) -> int:
    with suppress(OSError):
        return path.stat().st_size
    return 0


def _when(path: Path) -> float:
    with suppress(OSError):
        return path.stat().st_mtime
    return 0.0
