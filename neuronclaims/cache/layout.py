"""What lies in a run cache, by name and kind: only that is ever read, written over, or removed.

Names are checked whole, and nothing inside the cache is reached through a symbolic link or a junction. What has
another name, or is another kind of thing, is foreign: it is named and left.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from neuronclaims.foreign_files import ForeignFileError, read_bytes
from neuronclaims.measurements.errors import CacheError

README, IGNORE = "README.txt", ".gitignore"
COMPARED = "compared.json"
"""What `neuronclaims accept` takes the last compared run from; it is no measured value, and no command removes it."""
ACTIVATIONS, FINGERPRINTS, VERDICTS = "activations", "fingerprints", "verdicts"
ABOUT, LOCK, SPEEDS = "context.json", "measuring.lock", "speeds.json"
SHARE_LOCK = re.compile(r"measuring-[0-9]{1,6}-of-[0-9]{1,6}\.lock", re.ASCII)
SUFFIX = ".safetensors"
CONTEXT = re.compile(r"[0-9a-f]{32}", re.ASCII)
SHARD = re.compile(r"[0-9a-f]{32}\.safetensors", re.ASCII)
FAILED_SUFFIX = ".failed.json"
FAILED = re.compile(r"[0-9a-f]{32}\.failed\.json", re.ASCII)
LEFTOVER = re.compile(r"[0-9a-f]{32}\.(tmp|safetensors\.damaged)", re.ASCII)
NOTE_SUFFIX = ".note"
NOTED = re.compile(r"[0-9a-f]{32}\.note", re.ASCII)
REMEMBERED = re.compile(r"[0-9a-f]{32}\.(json|[0-9]{1,10}\.tmp)", re.ASCII)

FOLDER_MODE, FILE_MODE = 0o775, 0o664
"""Rights of what is made here: never writable by everyone, whatever the umask allows."""

NOTE = """\
This folder is the run cache of neuronclaims: activations of language models, measured once.

It may be deleted at any time; what is needed will be measured again.
Every folder in activations/ belongs to one combination of weights, tokenizer, number type, device, attention
implementation and library versions: context.json in it says which, in words; its time is when it was last used.
Every .safetensors file is one finished batch and is never changed.
Those ending in .failed.json say what could not be measured, and why. speeds.json says how long work took.
`neuronclaims cache info | verify | prune | clear` looks after it. What else lies here is never touched, and links
are never followed.
fingerprints/ remembers the hashes of unchanged model files, verdicts/ what judging gave and what it rests on. Files
ending in .tmp are left over from a run that was killed, those ending in .damaged did not match their checksum: neither
is ever read.
"""
"""The text of README.txt; its first line is the mark of a run cache."""

_JUNCTION = 0xA0000003
"""How Windows marks a folder that is a way to another one. Folders of a cloud's drive have other marks."""

LARGEST_NOTE = 100_000
"""The most bytes that are read of a note."""


def is_link(path: Path) -> bool:
    """Say whether something is a symbolic link, or on Windows a junction."""
    with suppress(OSError, ValueError):
        status = path.lstat()
        return stat.S_ISLNK(status.st_mode) or _leads_elsewhere(status)
    return False


def is_folder(path: Path) -> bool:
    """Say whether something is a folder itself, and no link to one."""
    with suppress(OSError, ValueError):
        status = path.lstat()
        return stat.S_ISDIR(status.st_mode) and not _leads_elsewhere(status)
    return False


def is_file(path: Path) -> bool:
    """Say whether something is a regular file itself, and no link to one."""
    with suppress(OSError, ValueError):
        status = path.lstat()
        return stat.S_ISREG(status.st_mode) and not _leads_elsewhere(status)
    return False


def entries(folder: Path) -> list[Path]:
    """Return all that lies in a folder by name; nothing where it is no folder itself, or cannot be read."""
    if not is_folder(folder):
        return []
    with suppress(OSError):
        return sorted(folder.iterdir())
    return []


def files(folder: Path, name: re.Pattern[str]) -> list[Path]:
    """Return the regular files in a folder that have one of the names we give."""
    if not is_folder(folder):
        return []
    with suppress(OSError), os.scandir(folder) as found:
        return sorted(
            Path(entry.path)
            for entry in found
            if name.fullmatch(entry.name) and entry.is_file(follow_symlinks=False)
        )
    return []


def context_folder(root: Path, key: str) -> Path:
    """Return the folder of the context with a key."""
    return root / ACTIVATIONS / key[:32]


def listing(folder: Path) -> list[tuple[str, int, int]]:
    """Return the name, the size and the time of every file of values, and of failures, in a context's folder."""
    found: list[tuple[str, int, int]] = []
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if SHARD.fullmatch(entry.name) or FAILED.fullmatch(entry.name):
                status = entry.stat(follow_symlinks=False)
                found.append((entry.name, status.st_size, status.st_mtime_ns))
    return sorted(found)


def contexts(root: Path) -> list[Path]:
    """Return the folders of all contexts of a cache."""
    found = entries(root / ACTIVATIONS)
    return [path for path in found if CONTEXT.fullmatch(path.name) and is_folder(path)]


def foreign(root: Path) -> list[Path]:
    """Return what lies in a cache and is not written by it: other names, links, and whatever is no regular file."""
    found: list[Path] = []
    for path in entries(root):
        if path.name in (ACTIVATIONS, FINGERPRINTS, VERDICTS):
            ours = is_folder(path)
        else:
            ours = is_file(path) and (
                path.name in (README, IGNORE, COMPARED) or bool(LEFTOVER.fullmatch(path.name))
            )
        found += [] if ours else [path]
    known = contexts(root)
    found += [path for path in entries(root / ACTIVATIONS) if path not in known]
    for context in known:
        found += [path for path in entries(context) if not is_ours(path)]
    remembered = root / FINGERPRINTS
    found += [path for path in entries(remembered) if not (REMEMBERED.fullmatch(path.name) and is_file(path))]
    for path in entries(root / VERDICTS):
        if not ((NOTED.fullmatch(path.name) or LEFTOVER.fullmatch(path.name)) and is_file(path)):
            found.append(path)
    return found


def is_ours(path: Path) -> bool:
    """Say whether something in a context's folder is a file that the cache writes."""
    name = path.name
    named = (
        name in (ABOUT, LOCK, SPEEDS)
        or SHARD.fullmatch(name)
        or FAILED.fullmatch(name)
        or LEFTOVER.fullmatch(name)
        or SHARE_LOCK.fullmatch(name)
    )
    return bool(named) and is_file(path)


def set_aside(path: Path) -> None:
    """Give a damaged shard a name that is not read, unless something that is not ours has that name."""
    aside = path.with_name(f"{path.name}.damaged")
    if is_file(aside) or not os.path.lexists(aside):
        with suppress(OSError):
            path.rename(aside)


def check_plain(root: Path, *names: str) -> None:
    """Raise CacheError where a folder of ours below ``root``, each inside the one before, is something else."""
    path = root
    for name in names:
        path = path / name
        if is_link(path):
            raise CacheError(
                f"The run cache in {root} is not used: {path} is a link, and inside a cache no link is followed. "
                "Remove the link. To keep the cache elsewhere, name its folder, or make the whole cache folder a link."
            )


def is_marked(root: Path) -> bool:
    """Say whether a folder carries the mark of a run cache: its README.txt, also one that a full disk cut short."""
    text = note_of(root / README)
    return text is not None and (text.splitlines()[:1] == NOTE.splitlines()[:1] or _cut_short(root, text))


def note_of(path: Path) -> str | None:
    """Return the text of a small file of the cache, None where there is none that can be read."""
    if not is_file(path):
        return None
    with suppress(OSError, ForeignFileError):
        return read_bytes(path, LARGEST_NOTE).decode("utf-8", "replace")
    return None


def damaged(text: str, whole: str) -> bool:
    """Say whether a note is what a full disk or a power cut leaves: empty, all zeros, or cut short.

    >>> damaged("", "*"), damaged("*", "*"), damaged("mine", "*")
    (True, False, False)
    """
    left = text.rstrip("\0")
    return left != whole and whole.startswith(left)


def _cut_short(root: Path, text: str) -> bool:
    """Say whether a damaged README.txt lies where nothing but a cache does."""
    others = [path for path in foreign(root) if path.parent == root]
    return damaged(text, NOTE) and not others


def _leads_elsewhere(status: os.stat_result) -> bool:
    return getattr(status, "st_reparse_tag", 0) == _JUNCTION


def walk(root: Path) -> Iterator[Path]:
    """Yield the cache folder and its own folders, and what is remembered of models."""
    yield root
    for name in (ACTIVATIONS, FINGERPRINTS, VERDICTS):
        if is_folder(root / name):
            yield root / name
    yield from files(root / FINGERPRINTS, REMEMBERED)
