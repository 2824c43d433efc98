"""The processes of Ray on this machine."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path


def processes(word: str) -> list[str]:
    """The command lines of all processes that have a word in them, of those that are no zombies."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            line = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            state = (entry / "stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            continue
        if word in line and state != "Z":
            found.append(line)
    return found


def until(condition: Callable[[], object], seconds: float = 60) -> bool:
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.1)
    return True


def server() -> int:
    """The process of a worker."""
    found = [int(each.name) for each in Path("/proc").iterdir() if each.name.isdigit() and _serves(each)]
    assert found
    return found[0]


def _serves(entry: Path) -> bool:
    try:
        return (entry / "cmdline").read_bytes().startswith(b"ray::ModelServer")
    except OSError:
        return False
