"""Know which files something was made of, so that what is kept of it holds just as long as they stay as they are.

Everything in this room tells ``saw`` of a file before it is opened. Files are known by their content, larger ones by
what changes when they are written.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path

BY_CONTENT = 5_000_000
"""The most bytes of a file that is known by its content; a larger one is known by its size, number and times."""


@dataclass(slots=True)
class FilesSeen:
    """The state of each file that was looked at, by its path, as it was just before.

    They are not ``lasting`` where it also mattered what lies beside them.
    """

    states: dict[str, str] = field(default_factory=dict)
    lasting: bool = True

    @property
    def unchanged(self) -> bool:
        """Whether all files are still as they were."""
        return self.lasting and all(state_of(path) == state for path, state in self.states.items())


_WITNESSES: ContextVar[tuple[FilesSeen, ...]] = ContextVar("witnesses", default=())


@contextmanager
def witnessed() -> Iterator[FilesSeen]:
    """Note all files that are looked at inside the block.

    >>> with witnessed() as seen:
    ...     saw(Path("no_such_file.csv"))
    >>> [(os.path.basename(path), state) for path, state in seen.states.items()]
    [('no_such_file.csv', 'absent')]
    """
    seen = FilesSeen()
    token = _WITNESSES.set((*_WITNESSES.get(), seen))
    try:
        yield seen
    finally:
        _WITNESSES.reset(token)


def saw(path: Path | str) -> None:
    """Note a file that is about to be opened, or that is looked for and may be absent."""
    for seen in _WITNESSES.get():
        name = os.path.abspath(path)
        if name not in seen.states:  # what changes from now on, also while it is read, is another state
            seen.states[name] = state_of(name)


def saw_beside() -> None:
    """Note that what was read depends on what else lies in a folder."""
    for seen in _WITNESSES.get():
        seen.lasting = False


def state_of(path: str) -> str:
    """Return what changes when a file does: its content and where it really lies, or what else is there."""
    try:
        real = os.path.realpath(path)
        status = os.stat(real)
    except (OSError, ValueError):
        return "absent"
    if not os.path.isfile(real):
        return "no file"
    stamp = f"{real} {status.st_size}"
    if status.st_size > BY_CONTENT:
        return f"{stamp} {status.st_mtime_ns} {status.st_ctime_ns} {status.st_ino} {status.st_dev}"
    try:
        with open(real, "rb") as file:
            return f"{stamp} {blake2b(file.read(BY_CONTENT + 1), digest_size=16).hexdigest()}"
    except OSError:
        return "unreadable"
