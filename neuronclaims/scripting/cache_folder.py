"""Find the run cache that pytest uses, and its other settings, so that scripts, notebooks and commands share them."""

from __future__ import annotations

import configparser
import sys
from pathlib import Path

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib  # pytest brings it

SETTING, DEFAULT = "claims_cache", ".neuronclaims"
_TABLES = (
    ("pytest.toml", ("pytest",)),
    (".pytest.toml", ("pytest",)),
    ("pyproject.toml", ("tool", "pytest")),
    ("pyproject.toml", ("tool", "pytest", "ini_options")),
)
_SECTIONS = {"pytest.ini": "pytest", ".pytest.ini": "pytest", "tox.ini": "pytest", "setup.cfg": "tool:pytest"}


def cache_of(root: Path) -> Path:
    """Return the folder of measured values of a project, as its configuration of pytest has it.

    >>> cache_of(Path("/nowhere")).as_posix()
    '/nowhere/.neuronclaims'
    """
    return root / (" ".join(setting_of(root, SETTING)) or DEFAULT)


def caches_above(here: Path) -> list[Path]:
    """Return where the run cache may be that somebody in a folder means: the project's, then all above the folder.

    >>> sorted(folder.as_posix() for folder in caches_above(Path("/nowhere/deep")))
    ['/.neuronclaims', '/nowhere/.neuronclaims', '/nowhere/deep/.neuronclaims']
    """
    from neuronclaims.naming import project_root

    usual = [folder / DEFAULT for folder in (here, *here.parents)]
    return list(dict.fromkeys((cache_of(project_root(here)), *usual)))


def setting_of(root: Path, name: str) -> tuple[str, ...]:
    """Return the lines of a setting of pytest in a project; nothing where it is not set."""
    tables = (_toml(root, file, table, name) for file, table in _TABLES)
    return next((found for found in (*tables, *(_ini(root, file, name) for file in _SECTIONS)) if found), ())


def _toml(root: Path, file: str, table: tuple[str, ...], name: str) -> tuple[str, ...]:
    try:
        found = tomllib.loads((root / file).read_text(encoding="utf-8"))
        for key in (*table, name):
            found = found[key]
    except (OSError, ValueError, KeyError, TypeError):
        return ()
    if isinstance(found, bool):
        return (str(found).lower(),)
    return tuple(map(str, found)) if isinstance(found, list) else _lines(str(found))


def _ini(root: Path, file: str, name: str) -> tuple[str, ...]:
    parser = configparser.ConfigParser(interpolation=None)
    try:
        parser.read(root / file, encoding="utf-8")
        return _lines(parser.get(_SECTIONS[file], name, fallback=""))
    except (configparser.Error, UnicodeDecodeError):
        return ()


def _lines(text: str) -> tuple[str, ...]:
    return tuple(line.strip() for line in text.splitlines() if line.strip())
