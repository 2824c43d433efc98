"""Installed but unused, the plugin costs an unrelated run nothing; listing claims needs no model library."""

from __future__ import annotations

import subprocess
import sys

from inner import MORE, claim_text, session_of_a_new_python, write_project

PRINT = """
import sys
import pytest

@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config):
    print("LOADED", *sorted(name for name in {names} if name in sys.modules))
"""
HEAVY = (
    "numpy",
    "scipy",
    "yaml",
    "pydantic",
    "rich",
    "torch",
    "transformers",
    "tokenizers",
    "safetensors",
    "filelock",
)


def loaded(output: str) -> list[str]:
    return next(line for line in output.splitlines() if line.startswith("LOADED")).split()[1:]


def test_importing_the_plugin_imports_pytest_and_nothing_else() -> None:
    code = """
    import sys, pytest, dataclasses
    before = set(sys.modules)
    import neuronclaims.plugin
    print(*sorted(name for name in set(sys.modules) - before if not name.startswith("neuronclaims")))
    print(*sorted(name for name in sys.modules if name.startswith("neuronclaims")))
    """
    done = subprocess.run(
        [sys.executable, "-c", "\n".join(line.strip() for line in code.splitlines())],
        capture_output=True,
        text=True,
        check=True,
        timeout=600,
    )
    foreign, own = (line.split() for line in done.stdout.split("\n")[:2])
    assert not set(foreign) - sys.stdlib_module_names
    assert own == [
        "neuronclaims",
        "neuronclaims.lazy",
        "neuronclaims.loading",
        "neuronclaims.loading.words",
        "neuronclaims.plugin",
        "neuronclaims.pytest_session",
        "neuronclaims.pytest_session.baselines",
        "neuronclaims.pytest_session.baselines.baseline_settings",
        "neuronclaims.pytest_session.load_settings",
        "neuronclaims.pytest_session.settings",
        "neuronclaims.run_settings",
    ]


def test_a_project_without_claims_gets_no_output_no_files_and_no_imports(tmp_path) -> None:
    (tmp_path / "test_it.py").write_text("def test_it(): pass\n")
    (tmp_path / "conftest.py").write_text(PRINT.format(names=HEAVY))
    (tmp_path / "other.yaml").write_text("- a: file of somebody else\n")
    (tmp_path / "pytest.ini").write_text("[pytest]\nclaims_report = out\n")
    before = sorted(tmp_path.rglob("*"))
    done = session_of_a_new_python(
        tmp_path, "-p", "no:cacheprovider", "--strict-config", PYTHONDONTWRITEBYTECODE="1"
    )
    assert done.returncode == 0
    assert loaded(done.stdout) == []
    assert "claim" not in done.stdout.replace(str(tmp_path), "").lower()
    assert sorted(tmp_path.rglob("*")) == before


def test_listing_claims_loads_no_model_library(tmp_path) -> None:
    write_project(tmp_path, people=claim_text(f"neuron 0:0 {MORE}"))
    (tmp_path / "conftest.py").write_text(PRINT.format(names=HEAVY))
    done = session_of_a_new_python(tmp_path, "--collect-only")
    assert done.returncode == 0
    assert "<ClaimItem " in done.stdout
    assert not {"torch", "transformers", "tokenizers", "safetensors"} & set(loaded(done.stdout))
    assert not (tmp_path / ".neuronclaims").exists()
