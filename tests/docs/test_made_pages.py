"""Pages that scripts make are as the scripts make them now."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[2] / "docs"


def maker(name: str):
    spec = importlib.util.spec_from_file_location(name, DOCS / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("name", ["adr_page", "keys_page"])
def test_a_page_that_is_kept_is_current(name: str) -> None:
    module = maker(name)
    assert module.PAGE.read_text(encoding="utf-8") == module.page(), f"run: python docs/{name}.py"


def test_every_decision_is_in_the_list_once_and_has_a_number_of_its_own() -> None:
    listed = (DOCS / "adr" / "README.md").read_text(encoding="utf-8")
    pages = [path.name for path in (DOCS / "adr").glob("[0-9]*.md")]
    assert all(listed.count(f"]({name})") == 1 for name in pages)
    assert len({name[:4] for name in pages}) == len(pages)


def test_every_key_of_the_schema_has_a_row() -> None:
    page = (DOCS / "keys.md").read_text(encoding="utf-8")
    schema = json.loads((DOCS.parent / "claims.schema.json").read_text(encoding="utf-8"))
    parts = [schema, *schema["$defs"].values()]
    assert not [key for part in parts for key in part.get("properties", {}) if f"| `{key}` |" not in page]
