"""Every kind has a page of its own, made of what it declares; the pages kept are current."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from neuronclaims.cli import main
from neuronclaims.kinds import kinds
from neuronclaims.kinds.pages import KindPage, prose_of, slug_of

DOCS = Path(__file__).parents[2] / "docs"
OWN = [kind for kind in kinds() if type(kind).__module__.startswith("neuronclaims.")]
ROWS = ("| sentence |", "| refuted by |", "| does not say |")


def maker():
    spec = importlib.util.spec_from_file_location("kinds_pages", DOCS / "kinds_pages.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("kind", OWN, ids=lambda kind: slug_of(kind.name))
def test_every_kind_says_what_it_tests_and_what_it_does_not_say(kind):
    prose = prose_of(kind)
    assert all(row in prose for row in ROWS), (
        f"write {slug_of(kind.name)}.md beside the kind, with rows {ROWS}"
    )
    page = KindPage(kind).markdown
    assert kind.template.shape in page
    assert all(f"`{option}`" in page for option in kind.template.options.model_fields)


def test_the_pages_kept_are_current():
    made = maker().pages()
    stale = [path.name for path, text in made.items() if not path.exists() or path.read_text("utf-8") != text]
    assert not stale, "run: python docs/kinds_pages.py"
    assert {path.name for path in (DOCS / "kinds").glob("*.md")} == {path.name for path in made} - {
        "kinds.md"
    }
    drawn = {path.stem for path in (DOCS / "kinds").glob("*.svg")}
    assert drawn == {slug_of(kind.name) for kind in OWN}, "run: python docs/kinds_pages.py --pictures"


def test_every_file_of_prose_belongs_to_a_kind():
    rooms = Path(importlib.util.find_spec("neuronclaims.kinds").origin).parent
    assert {file.stem for file in rooms.glob("*/*.md")} == {slug_of(kind.name) for kind in OWN}


def test_the_command_tells_all_kinds_or_one_and_suggests_a_near_name(capsys):
    assert main(["kinds"]) == 0
    listed = capsys.readouterr().out
    assert all(kind.template.shape in listed for kind in kinds())
    assert main(["kinds", "contrast"]) == 0
    assert "| does not say |" in capsys.readouterr().out
    assert main(["kinds", "attention_contrast"]) == 0
    assert "# Attention contrast" in capsys.readouterr().out
    assert main(["kinds", "contrats"]) == 1
    assert "Did you mean 'contrast'?" in capsys.readouterr().err
