"""Inner test sessions: their files, and running them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from forked import run_pytest

HERE = Path(__file__).parent
NAMES = ("Ann", "Bo", "Cy", "Di", "Ed", "Fay", "Gus", "Hal")
SETS = {
    "tall": [f"{name} is tall" for name in NAMES],
    "short": [f"{name} is small" for name in NAMES],
    "few": ["a tall tower", "a tall tree"],
}
MORE = "activates more for tall than short"
PLUGIN = ("-p", "neuronclaims.plugin")
ALONE = {
    "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
    "OMP_NUM_THREADS": "1",
    "PYTEST_ADDOPTS": "",
    "COLUMNS": "100",
}
UNSET = ("GITHUB_STEP_SUMMARY", "CI", "BUILD_NUMBER", "NO_COLOR", "FORCE_COLOR", "PY_COLORS")
CONFIG = {"model_type": "gpt2", "n_layer": 2, "n_embd": 6, "n_head": 2, "n_positions": 64, "vocab_size": 9}


def claim_text(*claims: str, models: str = "model", **sets: list[str]) -> str:
    """A claim file with some claims, each a sentence or a YAML flow mapping."""
    lines = [
        "version: 1",
        f"models: [{models}]",
        "site: resid_post",
        "tokens: mean of prompt",
        "sets:",
        *(f"  {name}: {json.dumps(prompts)}" for name, prompts in {**SETS, **sets}.items()),
        "claims:",
        *(f"  - {claim}" for claim in claims),
    ]
    return "\n".join(lines) + "\n"


def write_project(folder: Path, **files: str) -> Path:
    """Write claim files, the fake study, and models that have a configuration and nothing else."""
    (folder / "conftest.py").write_text(
        (HERE / "fake_study.py").read_text(encoding="utf-8"), encoding="utf-8"
    )
    for name in ("model", "other", "unloadable", "sub/model"):
        write_model(folder / name)
    for name, text in files.items():
        (folder / f"{name}.claims.yaml").write_text(text, encoding="utf-8")
    return folder


def write_model(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps(CONFIG), encoding="utf-8")
    (folder / "model.safetensors").write_bytes(b"\x02\0\0\0\0\0\0\0{}")


def alone(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment of a session with no plugin but ours and those named."""
    inherited = {name: value for name, value in os.environ.items() if name not in UNSET}
    return {**inherited, **ALONE, **environment}


def session(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run pytest in a process of its own, which has imported everything already."""
    return run_pytest(folder, [*PLUGIN, "-p", "no:cacheprovider", *arguments], alone(environment))


def session_of_a_new_python(
    folder: Path, *arguments: str, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run pytest in a Python that starts, for what depends on that: what is imported, how text is encoded."""
    return subprocess.run(
        [sys.executable, "-m", "pytest", *PLUGIN, "-p", "no:cacheprovider", *arguments],
        cwd=folder,
        env=alone(environment),
        capture_output=True,
        text=True,
        encoding="utf-8",
        errors="replace",
        timeout=500,
        check=False,
    )


def report_of(folder: Path) -> dict[str, Any]:
    """What claims.json says."""
    found: dict[str, Any] = json.loads((folder / "claims.json").read_text(encoding="utf-8"))
    return found
