"""The folder of the HTML report, and where its claim files come from."""

from __future__ import annotations

import base64
import gzip
import hashlib
import re
import shutil
import subprocess
import zlib
from importlib.util import find_spec
from pathlib import Path

import pytest
from hostile import entry

from neuronclaims.reports.account import Account
from neuronclaims.reports.html import script, write_html
from neuronclaims.reports.html.origins import commits
from neuronclaims.reports.json.report import ReportError

PLOTLY = (Path(find_spec("plotly").origin).parent / "package_data" / "plotly.min.js").read_bytes()


def test_the_folder_holds_one_file_with_plotly_s_script_in_it(tmp_path) -> None:
    path = write_html(tmp_path / "new" / "folder", Account((entry(),)))
    assert [file.name for file in path.parent.iterdir()] == ["index.html"]
    text = path.read_text(encoding="utf-8")
    packed = re.search(r'<script type="text/plain" id="drawing">(.*?)</script>', text)
    assert packed
    assert gzip.decompress(base64.b64decode(packed[1], validate=True)) == PLOTLY
    hashed = base64.b64encode(hashlib.sha256(PLOTLY).digest()).decode()
    assert f"sha256-{hashed}&" in text[: text.index("<title>")]
    assert len(text) < 3_000_000


def test_the_script_is_compressed_once_and_again_where_what_was_kept_is_damaged(
    tmp_path, monkeypatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    calls = []

    def compress(data: bytes, *_: int, **__: int) -> bytes:
        calls.append(1)
        return zlib.compress(data[:1000], 1)

    monkeypatch.setattr(script.gzip, "compress", compress)
    first = script.drawing_script.__wrapped__()
    assert script.drawing_script.__wrapped__() == first
    assert len(calls) == 1
    (kept,) = (tmp_path / "neuronclaims").iterdir()
    for damaged in (kept.read_bytes()[:-1], b"", b"x" * 40):
        kept.write_bytes(damaged)
        assert script.drawing_script.__wrapped__() == first
    assert len(calls) == 4
    kept.unlink()
    kept.parent.rmdir()
    kept.parent.write_text("no folder")
    assert script.drawing_script.__wrapped__() == first


def test_a_folder_that_cannot_be_written_is_one_clear_error(tmp_path) -> None:
    (tmp_path / "occupied").write_text("a file")
    with pytest.raises(ReportError, match=r"could not be written.*--claims-report"):
        write_html(tmp_path / "occupied", Account((entry(),)))


def test_a_page_appears_whole_or_not_at_all(tmp_path, monkeypatch) -> None:
    path = write_html(tmp_path, Account((entry(),)))
    before = path.read_text()

    def full(self, target):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(ReportError, match="No space left"):
        write_html(tmp_path, Account((entry(), entry("", 1))))
    assert path.read_text() == before
    assert sorted(file.name for file in tmp_path.iterdir()) == ["index.html"]


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not on this machine")
def test_a_claim_file_is_at_a_commit_unchanged_changed_or_not_in_it(tmp_path, monkeypatch) -> None:
    for name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"):
        monkeypatch.delenv(name, raising=False)
    folder = tmp_path / "repository" / "claims"
    folder.mkdir(parents=True)
    for name in ("kept", "changed", "new"):
        (folder / f"{name}.claims.yaml").write_text("version: 1\n")

    def git(*arguments: str) -> str:
        who = ("-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false")
        done = subprocess.run(
            ["git", *who, *arguments], cwd=folder, capture_output=True, text=True, check=True
        )
        return done.stdout.strip()

    git("init", "-q")
    git("add", "kept.claims.yaml", "changed.claims.yaml")
    git("commit", "-q", "-m", "Claims")
    (folder / "changed.claims.yaml").write_text("version: 2\n")
    head = git("rev-parse", "--short=12", "HEAD")
    names = [f"claims/{name}.claims.yaml" for name in ("kept", "changed", "new")]
    assert commits(names, folder.parent) == {
        names[0]: head,
        names[1]: f"{head}, with changes since",
        names[2]: f"{head}, not in it",
    }


def test_a_file_in_no_repository_has_no_commit(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert commits(["a.claims.yaml", "gone/b.claims.yaml"], tmp_path) == {}
