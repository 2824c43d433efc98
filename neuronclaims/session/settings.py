"""The plugin's options: each a ``--claims-*`` flag and a ``claims_*`` setting of the configuration file.

Imported by every pytest run of an environment, so nothing but pytest is loaded here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import pytest


@dataclass(frozen=True)
class Setting:
    """One option: ``allowed`` is a pattern its value must match, ``choices`` says the same in words."""

    name: str
    metavar: str
    default: str
    text: str
    allowed: str = ".*"
    choices: str = ""


SETTINGS = (
    Setting("report", "DIR", "", "write claims.json into this folder"),
    Setting("cache", "DIR", ".neuronclaims", "keep what was measured in this folder", ".+", "a folder"),
    Setting(
        "device",
        "NAME",
        "cpu",
        "where models run: cpu, cuda, cuda:N, mps or auto",
        r"cpu|cuda(:\d+)?|mps|auto",
        "cpu, cuda, cuda:N, mps or auto",
    ),
    Setting(
        "dtype",
        "NAME",
        "float32",
        "what models compute in: float32, bfloat16 or float16",
        "float32|bfloat16|float16",
        "float32, bfloat16 or float16",
    ),
    Setting(
        "inconclusive",
        "WHAT",
        "fail",
        "what an unexpected inconclusive claim does: fail or skip",
        "fail|skip",
        "fail or skip",
    ),
)


def add_settings(parser: pytest.Parser) -> None:
    """Tell pytest of all options."""
    group = parser.getgroup("neuronclaims", "claims about neurons")
    for setting in SETTINGS:
        name, default = setting.name, setting.default or "none"
        text = f"{setting.text} (setting claims_{name}, default: {default})"
        group.addoption(f"--claims-{name}", metavar=setting.metavar, default=None, help=text)
        parser.addini(f"claims_{name}", setting.text, type="string", default=setting.default)


def check_settings(config: pytest.Config) -> None:
    """Raise pytest's UsageError for a value that cannot be, before anything is collected."""
    for setting in SETTINGS:
        value = value_of(config, setting.name)
        if not re.fullmatch(setting.allowed, value):
            given = config.getoption(f"claims_{setting.name}")
            where = f"claims_{setting.name}" if given is None else f"--claims-{setting.name}"
            raise pytest.UsageError(f"{where} must be {setting.choices}, not {value!r}")


def value_of(config: pytest.Config, name: str) -> str:
    """Return the value of an option: from the command line, else from the configuration file."""
    given = config.getoption(f"claims_{name}")
    return str(config.getini(f"claims_{name}") if given is None else given)


def folder_of(config: pytest.Config, name: str) -> Path | None:
    """Return the folder an option names, None for none.

    On the command line it is relative to where pytest was called, in the configuration file to pytest's rootdir.
    """
    value = value_of(config, name)
    given = config.getoption(f"claims_{name}") is not None
    return (config.invocation_params.dir if given else config.rootpath) / value if value else None
