"""Write files of the cache so that they are there whole or not at all."""

from __future__ import annotations

import os
import uuid
from pathlib import Path

from neuronclaims.cache import layout
from neuronclaims.cache.layout import FILE_MODE


def prepare_root(root: Path) -> None:
    """Make the folder of a cache, with notes that say what it is, and keep it out of version control.

    A note that a full disk left empty or cut short is written again. OSError passes through.
    """
    root.mkdir(mode=layout.FOLDER_MODE, parents=True, exist_ok=True)
    for name, text in ((layout.README, layout.NOTE), (layout.IGNORE, "*\n")):
        known = layout.note_of(root / name)
        if layout.damaged(known, text) if known is not None else not os.path.lexists(root / name):
            write_whole(root / name, text.encode())


def write_whole(path: Path, data: bytes) -> None:
    """Write a file so that it is there whole or not at all, also after a power cut; OSError passes through.

    What lay there under this name is replaced; a link is replaced itself, and not what it leads to.
    """
    draft = path.parent / f"{uuid.uuid4().hex}.tmp"
    try:
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
        with os.fdopen(os.open(draft, flags, FILE_MODE), "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    # So that the rename survives a power cut; not every system can open a folder.
    if os.name == "posix":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
