"""The folder of the HTML report, and where its claim files come from."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from hostile import entry

from neuronclaims.reports.html import write_html
from neuronclaims.reports.html.origins import commits
from neuronclaims.reports.html.writer import own_styles, plotly_script
from neuronclaims.reports.json.report import ReportError


def test_the_folder_holds_the_page_and_plotly_s_script_and_nothing_else(tmp_path) -> None:
    path = write_html(tmp_path / "new" / "folder", [entry()])
    assert sorted(file.name for file in path.parent.iterdir()) == ["index.html", "plotly.min.js"]
    assert (path.parent / "plotly.min.js").read_bytes() == plotly_script().read_bytes()


def test_plotly_s_script_is_copied_again_only_when_it_differs(tmp_path) -> None:
    copied = write_html(tmp_path, [entry()]).with_name("plotly.min.js")
    first = copied.stat().st_mtime_ns, copied.stat().st_ino
    write_html(tmp_path, [entry()])
    assert (copied.stat().st_mtime_ns, copied.stat().st_ino) == first
    copied.write_text("an older one")
    write_html(tmp_path, [entry()])
    assert copied.read_bytes() == plotly_script().read_bytes()


def test_a_folder_that_cannot_be_written_is_one_clear_error(tmp_path) -> None:
    (tmp_path / "occupied").write_text("a file")
    with pytest.raises(ReportError, match=r"could not be written.*--claims-report"):
        write_html(tmp_path / "occupied", [entry()])


def test_a_page_appears_whole_or_not_at_all(tmp_path, monkeypatch) -> None:
    path = write_html(tmp_path, [entry()])
    before = path.read_text()

    def full(self, target):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(ReportError, match="No space left"):
        write_html(tmp_path, [entry(), entry("", 1)])
    assert path.read_text() == before
    assert sorted(file.name for file in tmp_path.iterdir()) == ["index.html", "plotly.min.js"]


def test_the_style_elements_plotly_would_add_are_known_by_their_ids() -> None:
    name = "0123456789abcdef" * 4
    assert own_styles(f'if(!document.getElementById("{name}")){{}} document.getElementById("other")') == [
        name
    ]


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
