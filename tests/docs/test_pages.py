"""What the pages show works as it says: files are written, commands run, examples tried, and outputs compared."""

from __future__ import annotations

import logging
import re
from pathlib import Path

import pytest
from blocks import DOCS, blocks_of
from shown import agrees, run_page

RUN = [
    path
    for path in (*DOCS.glob("*.md"), *DOCS.glob("tutorials/*.md"))
    if any(
        block.title or block.language in ("console", "pycon") for block in blocks_of(path) if not block.reason
    )
]
ELSEWHERE = {"extend", "statistics"}
"""Pages that tests of their own run."""


@pytest.mark.parametrize(
    "page", [path for path in RUN if path.stem not in ELSEWHERE], ids=lambda path: path.stem
)
def test_what_a_page_shows_is_what_comes_out(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logging.getLogger("transformers"), "disabled", True)
    shown = list(run_page(page, tmp_path))
    assert shown
    for each in shown:
        if each.command.startswith(">>>"):
            assert each.status == 0, each.given
        else:
            assert agrees(each.said, each.given), f"$ {each.command}\n{each.given}"


def test_the_pages_to_learn_from_are_all_run() -> None:
    assert {path.stem for path in RUN} >= {
        "start",
        "reading",
        *(path.stem for path in DOCS.glob("tutorials/*.md")),
    }


def test_what_the_page_for_those_who_extend_shows_stands_in_the_files_it_names() -> None:
    page = (DOCS / "extend.md").read_text("utf-8")
    shown = [block for block in blocks_of(DOCS / "extend.md") if block.language == "python"]
    assert len(shown) >= 6
    for block in shown:
        assert block.text in (DOCS.parent / block.title).read_text("utf-8"), block.place
    seam = (DOCS.parent / "tests/seam/test_seam_of_packages.py").read_text("utf-8")
    entries = re.findall(r'^(\w+) = "(gates:\w+)"$', page, re.M)
    assert len(entries) == 3
    assert all(f'"{name} = {value}"' in seam for name, value in entries)


def test_the_terminal_commands_of_the_first_page_are_targets_of_make() -> None:
    makefile = (DOCS.parent / "Makefile").read_text("utf-8")
    named = re.findall(r"^make (\w+)", (DOCS / "start.md").read_text("utf-8"), re.M)
    assert named
    assert all(f"\n{name}:" in makefile for name in named)
