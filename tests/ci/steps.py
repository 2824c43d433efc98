"""Shell steps of CI files, run as a runner runs them: in a bash, with stand-ins for what needs a network."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import forked
import yaml

ROOT = Path(__file__).parents[2]
PYTHON = """\
#!/bin/sh
case "$1 $2 $3" in
  "-m pip "*) echo pip "$@" >> "$CALLS" ;;
  "-m pytest "*) printf '<%s>' "$@" >> "$CALLS"; exit "${PYTEST_EXIT:-0}" ;;
  *) exec {python} "$@" ;;
esac
"""
"""A python that writes down what pip and pytest were called with, and does everything else itself."""


def read(path: str) -> Any:
    return yaml.safe_load((ROOT / path).read_text(encoding="utf-8"))


def evaluated(text: str, values: Mapping[str, str]) -> str:
    """Evaluate the few expressions our files have: a name, or one name or another."""

    def value(match: re.Match[str]) -> str:
        names = [name.strip() for name in match[1].split("||")]
        return next((values[name] for name in names if values[name]), "")

    return re.sub(r"\$\{\{(.*?)\}\}", value, text)


class Runner:
    """A folder with a repository in it, and a ``python`` of its own first in the path."""

    def __init__(self, folder: Path, real_pytest: bool = False) -> None:
        self.folder, self.calls = folder / "work", folder / "calls"
        self.output, self.summary = folder / "output", folder / "summary"
        self.folder.mkdir()
        (folder / "bin").mkdir()
        for file in (self.calls, self.output, self.summary):
            file.touch()
        script = PYTHON.replace("{python}", sys.executable)
        address = forked.server() if real_pytest else None
        if real_pytest:
            real = (
                f'"-m pytest "*) shift 2; exec {sys.executable} {forked.__file__} "$@" ;;' if address else ""
            )
            lines = script.splitlines()
            script = "\n".join(real if '"-m pytest' in line else line for line in lines)
        (folder / "bin" / "python").write_text(script, encoding="utf-8")
        (folder / "bin" / "python").chmod(0o755)
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("PYTEST")},
            "PATH": f"{folder / 'bin'}:{Path(sys.executable).parent}:{os.environ['PATH']}",
            "CALLS": str(self.calls),
            "GITHUB_OUTPUT": str(self.output),
            "GITHUB_STEP_SUMMARY": str(self.summary),
            "CI": "true",
            **({forked.ADDRESS: address} if address else {}),
        }

    def bash(self, script: str, environment: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
        """Run a script as GitHub's runners do for ``shell: bash``."""
        return subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script],
            cwd=self.folder,
            env={**self.environment, **environment},
            capture_output=True,
            text=True,
            check=False,
        )

    def outputs(self) -> dict[str, str]:
        return dict(line.split("=", 1) for line in self.output.read_text(encoding="utf-8").splitlines())
