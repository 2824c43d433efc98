"""Whose values a cache holds: checksums tell damage, but whoever can write a value can write its checksum too.

A cache is therefore read only where nobody else is known to have written into it: its folders and files belong to this
user or to the administrator, not everyone may write to them, and git does not keep them (so that no commit of somebody
else brings values).
"""

from __future__ import annotations

import os
import stat
import subprocess
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from neuronclaims.cache.layout import walk
from neuronclaims.foreign_text import one_line

_PATIENCE = 5.0
"""Seconds that git may take; where it takes longer nothing is known of it."""


def of_others(root: Path) -> str | None:
    """Return why a cache's values may be somebody else's, in words that follow its name; None where nothing says so."""
    if not os.path.lexists(root):
        return None
    return written_by_others(walk(root)) or _kept_by_git(root)


def written_by_others(paths: Iterable[Path]) -> str | None:
    """Return which of some files and folders belongs to another user, or may be written by everyone."""
    if not hasattr(os, "geteuid"):  # Windows tells neither in these words
        return None
    trusted = (0, os.geteuid())
    for path in paths:
        try:
            status = path.lstat()
        except (OSError, ValueError):
            continue
        if status.st_uid not in trusted:
            return f"{path} belongs to another user (number {status.st_uid})"
        if status.st_mode & stat.S_IWOTH and not stat.S_ISLNK(status.st_mode):
            return f"everyone may write to {path}"
    return None


def _kept_by_git(root: Path) -> str | None:
    """Return the first file of a cache that a repository of this user keeps."""
    for folder in (root, *root.parents):
        git = folder / ".git"
        # What belongs to somebody else is not asked: its settings are not ours, and its files were told by their owner.
        if os.path.lexists(git) and written_by_others([git]) is None:
            first = _first_kept(git, folder, root)
            if first:
                return f"git keeps files of it ({one_line(first)[:80]})"
    return None


def _first_kept(git: Path, top: Path, root: Path) -> str:
    # Variables such as GIT_INDEX_FILE, which git sets for its hooks, would name another repository or index. Which one
    # is asked is said, since a folder inside could pass for a bare repository. Upper and lower case may be one folder.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    where = ["-C", str(top), f"--git-dir={git}", f"--work-tree={top}", "-c", "core.fsmonitor=false"]
    what = f":(top,icase,literal){root.relative_to(top).as_posix()}" if root != top else ":(top)"
    with suppress(OSError, ValueError, subprocess.SubprocessError):
        done = subprocess.run(
            ["git", *where, "ls-files", "-z", "--", what],
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_PATIENCE,
            check=False,
        )
        return done.stdout.split(b"\0")[0].decode("utf-8", "replace") if done.returncode == 0 else ""
    return ""
