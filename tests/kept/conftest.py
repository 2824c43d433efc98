"""The world that every test of kept verdicts begins in."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from kept_world import World


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project whose claims were judged once, so that values and verdicts are kept."""
    folder = tmp_path_factory.mktemp("made")
    World.make(folder)
    with pytest.MonkeyPatch.context() as patch:
        World(folder, patch).judge()
    return folder


@pytest.fixture
def world(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """That project, put back after each test; verdicts know where their files lie, so it stays in its place."""
    kept = tmp_path / "kept"
    shutil.copytree(made, kept)
    yield World(made, monkeypatch)
    shutil.rmtree(made)
    shutil.copytree(kept, made)
