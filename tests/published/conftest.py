from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from imported import import_everything
from shapes import TRUE, save_shape


@pytest.fixture(scope="session", autouse=True)
def nothing_is_imported_twice() -> None:
    import_everything()


@pytest.fixture(autouse=True)
def nothing_downloaded(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine to which no model was downloaded; give the folder where they would be."""
    for name in [name for name in os.environ if name.startswith(("HF_", "HUGGINGFACE_"))]:
        monkeypatch.delenv(name)
    folder = tmp_path_factory.mktemp("hub")
    monkeypatch.setenv("HF_HUB_CACHE", str(folder))
    return folder


@pytest.fixture(scope="session")
def true_shapes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Folders with the config.json of the public models' true shapes, and nothing else."""
    folder = tmp_path_factory.mktemp("shapes")
    return {spec: save_shape(spec, folder / spec.replace("/", "--")) for spec in TRUE}


@pytest.fixture
def run(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Callable[..., pytest.RunResult]:
    """Run pytest here and now, in a folder of its own."""
    for name in ("CI", "BUILD_NUMBER", "PYTEST_ADDOPTS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.setenv("COLUMNS", "300")
    return lambda *arguments: pytester.runpytest_inprocess("-p", "neuronclaims.plugin", *arguments)
