"""Find the run cache that pytest uses, so that scripts and notebooks share it."""

from __future__ import annotations

import configparser
import sys
from pathlib import Path

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib  # pytest brings it

SETTING, DEFAULT = "claims_cache", ".neuronclaims"
_SECTIONS = {"pytest.ini": "pytest", ".pytest.ini": "pytest", "tox.ini": "pytest", "setup.cfg": "tool:pytest"}


def cache_of(root: Path) -> Path:
    """Return the folder of measured values of a project, as its configuration of pytest has it.

    >>> cache_of(Path("/nowhere")).as_posix()
    '/nowhere/.neuronclaims'
    """
    named = next(
        (found for found in (_toml(root), *(_ini(root, name) for name in _SECTIONS)) if found), DEFAULT
    )
    return root / named


def _toml(root: Path) -> str | None:
    try:
        data = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
        found = data["tool"]["pytest"]["ini_options"][SETTING]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return found if isinstance(found, str) else None


def _ini(root: Path, name: str) -> str | None:
    parser = configparser.ConfigParser(interpolation=None)
    try:
        parser.read(root / name, encoding="utf-8")
        return parser.get(_SECTIONS[name], SETTING, fallback=None)
    except (configparser.Error, UnicodeDecodeError):
        return None
