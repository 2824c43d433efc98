from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from imported import import_everything
from inner import ALONE, PLUGIN, UNSET, claim_text, session, write_project
from worlds import CLAIMS, World


@pytest.fixture(scope="session", autouse=True)
def nothing_is_imported_twice() -> None:
    import_everything()


@pytest.fixture
def write(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Path]:
    """Write a project into the inner session's folder; give its path."""
    for name, text in ALONE.items():
        monkeypatch.setenv(name, text)
    for name in UNSET:
        monkeypatch.delenv(name, raising=False)
    return lambda **files: write_project(pytester.path, **files)


@pytest.fixture
def run(pytester: pytest.Pytester) -> Callable[..., pytest.RunResult]:
    """Run pytest here and now."""
    return lambda *arguments: pytester.runpytest_inprocess(*PLUGIN, *arguments)


HOW = {
    "plain": (),
    "loadscope": ("-p", "xdist", "-n", "2", "--dist", "loadscope"),
    "load": ("-p", "xdist", "-n", "2"),
}


@pytest.fixture(scope="session")
def worlds(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], World]:
    """Put all kinds of claim through a session called in one way; each way once."""
    seen: dict[str, World] = {}

    def world(how: str) -> World:
        if how != "plain":
            pytest.importorskip("xdist")
        if how not in seen:
            folder = tmp_path_factory.mktemp(how)
            write_project(folder, people=claim_text(*CLAIMS.values(), models="model, absent"))
            done = session(folder, *HOW[how], "--claims-report=.", "--junitxml=junit.xml")
            seen[how] = World(how, folder, done.returncode, done.stdout + done.stderr)
        return seen[how]

    return world


@pytest.fixture(scope="session", params=["plain", "loadscope"])
def world(request: pytest.FixtureRequest, worlds: Callable[[str], World]) -> World:
    """A session with all kinds of claim, plain and under xdist."""
    return worlds(request.param)
