"""The folder of a project, which names of claim files are relative to, from wherever somebody works.

It is pytest's rootdir where the project has a file that makes one. Where it has none, pytest takes the working folder,
so the same claim would have another name from every folder.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from neuronclaims.foreign_text import inert, spelled

_ALWAYS = ("pytest.toml", ".pytest.toml", "pytest.ini", ".pytest.ini")
"""Files that make their folder pytest's rootdir, whatever is in them."""

_SECTIONS = {
    "pyproject.toml": re.compile(r"^\s*\[\s*tool\.pytest\b", re.MULTILINE),
    "tox.ini": re.compile(r"^\[pytest\]", re.MULTILINE),
    "setup.cfg": re.compile(r"^\[tool:pytest\]", re.MULTILINE),
}
"""Files that do so with a certain section."""

_OTHERS = ("pyproject.toml", "setup.py", ".git")
"""What marks a project else, the first before the others."""

_MOST = 1_000_000
"""The number of characters of a file that are looked at."""


def marked_root(path: Path) -> Path | None:
    """Return the nearest folder, of a file or folder upwards, that is a project's; None if none is.

    As pytest does: first a folder with settings of pytest, then one with a pyproject.toml, a setup.py, or ``.git``.
    """
    start = path.absolute()
    folders = (start, *start.parents)
    found = next((folder for folder in folders if _has_settings(folder)), None)
    others = (folder for name in _OTHERS for folder in folders if (folder / name).exists())
    return found or next(others, None)


def project_root(path: Path) -> Path:
    """Return the folder that the names of a claim file begin at: the same from every working folder.

    Where no project is found, it is the working folder if the file lies below it, and else the file's own folder.
    """
    start = path.absolute()
    here = Path.cwd()
    return marked_root(start) or (here if start.is_relative_to(here) else _folder(start))


def name_root(path: Path, rootdir: Path | None = None) -> Path:
    """Return the folder that the name of a claim file begins at in a session with pytest's ``rootdir``."""
    if rootdir is None:
        return project_root(path)
    inside = path.is_relative_to(rootdir)
    if inside and _is_marked(rootdir):
        return rootdir
    found = marked_root(path)
    if found is not None:
        return found
    return rootdir if inside else _folder(path)


def file_name(path: Path, rootdir: Path | None = None) -> str:
    r"""Return the name of a claim file: its path from the project's folder, with ``/``.

    Signs that could do harm in a terminal or a log are spelled out, and so is ``::``, which parts names.

    >>> file_name(Path("/nowhere/claims/places.claims.yaml"), Path("/nowhere"))
    'claims/places.claims.yaml'
    """
    path = path.absolute()
    root = name_root(path, rootdir)
    return inert(spelled(path.relative_to(root).as_posix())).replace("::", r"\x3a:")


def _is_marked(folder: Path) -> bool:
    return _has_settings(folder) or any((folder / name).exists() for name in _OTHERS)


def _has_settings(folder: Path) -> bool:
    if any((folder / name).is_file() for name in _ALWAYS):
        return True
    return any(section.search(text) for section, text in _read(folder))


def _read(folder: Path) -> Iterator[tuple[re.Pattern[str], str]]:
    for name, section in _SECTIONS.items():
        try:
            with (folder / name).open(encoding="utf-8", errors="replace") as file:
                yield section, file.read(_MOST)
        except (OSError, ValueError):
            continue


def _folder(path: Path) -> Path:
    return path if path.is_dir() else path.parent
