"""A cache that somebody else may have written into is not used, says why once, and is used when told to."""

from __future__ import annotations

import os
import shutil
import subprocess
import warnings
from pathlib import Path

import numpy as np
import pytest

from neuronclaims.cache import layout
from neuronclaims.cache.context import Context
from neuronclaims.cache.run_cache import RunCache
from neuronclaims.cli import main
from neuronclaims.measurements.activations import Pooled
from neuronclaims.measurements.errors import RunWarning

KEY = "0123456789abcdef" * 4
NEED = Pooled("resid_post", 0, "mean", "prompt", 0)
SOMEBODY = 54_321


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The folder of a cache with one batch, in a folder that git could keep."""
    made = tmp_path / "work" / ".neuronclaims"
    Context(made, KEY, {"model": "m"}).write(("a",), {NEED: np.ones((1, 4), np.float32)})
    (made / "fingerprints").mkdir()
    (made / "fingerprints" / f"{1:032x}.json").write_text("{}")
    return made


def used(folder: Path) -> bool:
    """Whether a run would use the cache; what it says against it names the cache and the way to allow it."""
    cache = RunCache(folder)
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        context = cache.context(KEY)
    allowed = RunCache(folder, trust=True)
    assert allowed.context(KEY) is not None
    assert allowed.fingerprints == folder / "fingerprints"
    if context is None:
        assert [each.category for each in told] == [RunWarning]
        assert f"run cache in {folder} is not used" in str(told[0].message)
        assert "--claims-trust-cache (setting claims_trust_cache, in Python trust_cache=True)" in str(
            told[0].message
        )
    else:
        assert not told
    return context is not None


def git(folder: Path, *words: str, **environment: str) -> None:
    subprocess.run(
        ["git", *words], cwd=folder, check=True, capture_output=True, env={**os.environ, **environment}
    )


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="there are no such rights here")
def test_what_another_user_owns_or_everyone_may_write_is_not_used(folder) -> None:
    shard = next(folder.rglob("*.safetensors"))
    places = [folder, folder / "activations", shard.parent, shard, folder / "fingerprints"]
    places.append(next((folder / "fingerprints").iterdir()))
    for path in places:
        assert used(folder)
        mode = path.stat().st_mode
        path.chmod(mode | 0o002)
        assert not used(folder)
        path.chmod(mode | 0o020)  # a group shares a folder on purpose
        assert used(folder)
        path.chmod(mode)
        if os.geteuid() == 0:
            os.chown(path, SOMEBODY, -1)
            assert not used(folder)
            os.chown(path, 0, -1)
    if os.geteuid() == 0:
        os.seteuid(SOMEBODY)
        try:
            assert RunCache(folder).distrust is None  # the administrator's, who could change anything anyway
        finally:
            os.seteuid(0)


def test_what_is_made_here_is_not_writable_by_everyone_whatever_the_umask(tmp_path) -> None:
    before = os.umask(0)
    try:
        Context(tmp_path / "cache", KEY).write(("a",), {NEED: np.ones((1, 4), np.float32)})
    finally:
        os.umask(before)
    assert used(tmp_path / "cache")


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not here")
def test_what_git_keeps_is_not_used_wherever_it_is_looked_at_from(folder, monkeypatch, capsys) -> None:
    work = folder.parent
    git(work, "init", "-q")
    assert used(folder)  # it lies in a repository, which does not keep it
    (work / "main.py").write_text("")
    git(work, "add", "main.py")
    assert used(folder)
    git(work, "add", "-f", str(next(folder.rglob("*.safetensors"))))
    assert not used(folder)
    assert RunCache(folder).fingerprints is None
    assert main(["cache", "info", "--cache", str(folder)]) == 0
    assert "not read by a run without --claims-trust-cache: git keeps files of it" in capsys.readouterr().out
    git(work, "-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "values")
    link = work / "link"
    link.symlink_to(folder)
    assert RunCache(link).distrust is not None
    # Variables of a hook, a folder that passes for a bare repository, and an index in another form change nothing.
    monkeypatch.setenv("GIT_DIR", str(work / "nothing"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(work / "nothing"))
    for name in ("objects", "refs"):
        (folder / name).mkdir()
    (folder / "HEAD").write_text("ref: refs/heads/main\n")
    assert not used(folder)
    monkeypatch.undo()
    git(work, "update-index", "--index-version", "4")
    git(work, "update-index", "--split-index")
    assert not used(folder)
    git(work, "rm", "-q", "--cached", "-r", folder.name)
    assert used(folder)


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not here")
def test_a_repository_runs_nothing_and_without_git_nothing_is_kept_by_it(
    folder, tmp_path, monkeypatch
) -> None:
    work = folder.parent
    git(work, "init", "-q")
    git(work, "add", "-f", ".")
    trap = tmp_path / "trap"
    trap.write_text(f"#!/bin/sh\ntouch {tmp_path / 'sprung'}\n")
    trap.chmod(0o755)
    (folder / "\n::set-output::\x1b[2J").write_text("")
    git(work, "add", "-f", ".")
    for name in ("core.fsmonitor", "core.pager", "core.sshCommand", "core.editor"):
        git(work, "config", name, str(trap))
    assert not used(folder)
    assert not (tmp_path / "sprung").exists()
    assert RunCache(folder).distrust == r"git keeps files of it (.neuronclaims/ ::set-output::\x1b[2J)"
    monkeypatch.setenv("PATH", str(tmp_path))
    assert used(folder)


def test_nothing_is_read_from_or_written_into_a_cache_that_is_not_used(folder) -> None:
    folder.chmod(0o777)
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
    cache = RunCache(folder)
    with pytest.warns(RunWarning, match="everyone may write to"):
        assert cache.context(KEY) is None
    assert cache.fingerprints is None
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*")} == before
    assert layout.is_marked(folder)
