"""Where files of prompts may lie: below the project, or where its owner allows it; nothing else is opened or quoted."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from cases import for_each
from toy_claims import HEAD, TEMPLATES

from neuronclaims.claim_files.claims import ClaimFile
from neuronclaims.claim_files.errors import ClaimFileError
from neuronclaims.claim_files.prompt_folders import PromptFolders
from neuronclaims.claim_files.reader import read_claim_file
from neuronclaims.cli import main

SECRET = "hunter2 is the password"


class Project:
    """A folder with a claim file in a folder of its own, and a folder outside with a secret in it."""

    def __init__(self, folder: Path) -> None:
        self.top, self.outside = folder / "project", folder / "outside"
        for each in (self.top / "claims" / "below", self.outside):
            each.mkdir(parents=True)
        (self.top / "pytest.ini").touch()
        (self.top / "near.txt").write_text("The bear\n", encoding="utf-8")
        (self.top / "claims" / "below" / "p.txt").write_text("Hanoi is\n", encoding="utf-8")
        (self.outside / "s.txt").write_text(f"{SECRET}\nand more\n", encoding="utf-8")
        (self.outside / "s.csv").write_text(f'"{SECRET}, text\n', encoding="utf-8")
        self.claims = self.top / "claims" / "x.claims.yaml"

    def read(self, file: str, folders: PromptFolders | None = None) -> ClaimFile:
        sets = f"sets:\n  a: {{file: {file}}}\n  b: [The fox]\n"
        text = HEAD + sets + "claims:\n  - neuron 1:2 activates more for a than b\n"
        self.claims.write_text(text, encoding="utf-8")
        return read_claim_file(self.claims, TEMPLATES, folders)

    def refused(self, file: str, folders: PromptFolders | None = None) -> str:
        with pytest.raises(ClaimFileError) as caught:
            self.read(file, folders)
        assert SECRET not in str(caught.value)
        return str(caught.value)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    monkeypatch.chdir(tmp_path)
    return Project(tmp_path)


def test_files_below_the_project_are_read_wherever_they_are_named_from(project: Project) -> None:
    (project.top / "claims" / "link.txt").symlink_to(project.top / "near.txt")
    for file, text in (
        ("below/p.txt", "Hanoi is"),
        ("../near.txt", "The bear"),
        ("link.txt", "The bear"),
        (str(project.top / "near.txt"), "The bear"),
    ):
        assert [prompt.text for prompt in project.read(file).sets["a"].prompts] == [text]
    found = project.read("../near.txt").sets["a"].prompts[0]
    assert found.source == os.path.join("project", "near.txt:1")


def test_files_outside_are_refused_by_their_place_alone_and_read_where_allowed(project: Project) -> None:
    (project.top / "claims" / "link.txt").symlink_to(project.outside / "s.txt")
    (project.top / "claims" / "away").symlink_to(project.outside)
    outside = ("../../outside/s.txt", "link.txt", "away/s.txt", "away/s.csv", str(project.outside / "s.csv"))
    for file in (*outside, "../../outside/not-there.txt", "away/../s.txt"):
        said = project.refused(file)
        assert "leads out of the project" in said
        assert "claims_prompt_folders" in said
        assert "s.txt" not in said.replace(file, "")  # no neighbour of it is named
    allowed = PromptFolders(project.top, (project.outside,))
    for file in ("../../outside/s.txt", "link.txt", "away/s.txt"):
        assert [prompt.text for prompt in project.read(file, allowed).sets["a"].prompts][:1] == [SECRET]


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="needs /proc")
def test_what_the_system_shows_as_files_is_never_read(project: Project) -> None:
    everything = PromptFolders(Path("/"), (Path("/proc"),))
    for name, target in (("e.txt", "/proc/self/environ"), ("k.txt", "/proc/kmsg"), ("z.csv", "/dev/zero")):
        (project.top / "claims" / name).symlink_to(target)
        for folders in (None, everything):
            assert "leads out of the project" in project.refused(name, folders)


def test_pipes_and_folders_and_circles_of_links_are_refused_without_waiting(project: Project) -> None:
    os.mkfifo(project.top / "claims" / "pipe.txt")
    (project.top / "claims" / "folder.txt").mkdir()
    (project.top / "claims" / "circle.txt").symlink_to(project.top / "claims" / "circle.txt")
    assert "is not a regular file" in project.refused("pipe.txt")
    assert "is not a regular file" in project.refused("folder.txt")
    assert "circle.txt" in project.refused("circle.txt")


def test_a_claim_file_that_is_a_link_out_of_the_project_is_not_read(project: Project) -> None:
    link = project.top / "claims" / "y.claims.yaml"
    link.symlink_to(project.outside / "s.txt")
    with pytest.raises(ClaimFileError) as caught:
        read_claim_file(link, TEMPLATES)
    assert "is a link that leads out of the project" in str(caught.value)
    assert SECRET not in str(caught.value)


@for_each("marker", ["pyproject.toml", "pytest.ini", ".git"])
def test_without_pytest_the_project_is_the_nearest_folder_that_looks_like_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, marker: str
) -> None:
    top = tmp_path / f"of-{marker}"
    deep = top / "a" / "b"
    deep.mkdir(parents=True)
    monkeypatch.chdir(top / "a")
    assert PromptFolders.around(deep / "x.claims.yaml").root == top / "a"
    monkeypatch.chdir("/")
    (top / marker).touch()
    assert PromptFolders.around(deep / "x.claims.yaml").root == top


def test_the_command_line_allows_a_folder(
    project: Project, capsys: pytest.CaptureFixture[str], write_claims: Callable[..., None]
) -> None:
    write_claims(project.claims, project.outside / "s.txt")
    assert main(["check", str(project.claims)]) == 1
    assert SECRET not in capsys.readouterr().out
    assert main(["check", str(project.claims), "--prompt-folder", str(project.outside)]) == 0


@pytest.fixture
def write_claims() -> Callable[..., None]:
    def write(path: Path, prompts: Path) -> None:
        head = "version: 1\nmodels: [demo]\nsite: mlp_post\ntokens: mean of prompt\n"
        sets = f"sets:\n  a: {{file: {prompts}}}\n  b: [The fox is here., Nina drank coffee.]\n"
        claims = "claims:\n  - neuron 1:2 activates more for a than b\n"
        path.write_text(head + sets + claims, encoding="utf-8")

    return write
