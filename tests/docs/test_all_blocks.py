"""Every block of every page is checked: run, read, held against the code, or counted with the reason why not."""

from __future__ import annotations

import ast
import inspect
import re
from collections import Counter

import pytest
from blocks import DOCS, PAGES, ROOT, Block, blocks_of
from test_commands_of_pages import COMMANDS, MADE
from test_fragments import READ_ELSEWHERE
from test_pages import RUN

import neuronclaims

NOT_CHECKED = 13
"""How many blocks, besides examples of the help, no test runs or reads, each with its reason in the page; no more."""


def checked_by(block: Block) -> str | None:
    """Return the test that checks a block, and None where there is none."""
    page = block.place.partition(":")[0]
    if block.reason:
        return "test_commands_of_pages.py" if block.language in (*COMMANDS, "console") else "its reason"
    if block.page.stem == "statistics":
        return "tests/stats/test_stats_page.py" if block.text.startswith(">>> ") else None
    if block.page in RUN and (block.title or block.language in ("console", "pycon")):
        return "test_pages.py"
    if MADE.fullmatch(page) and block.language in ("", "text"):
        return "tests/kinds/test_kinds_pages.py and tests/ci/test_command_line.py"
    if block.language in COMMANDS:
        return "test_commands_of_pages.py"
    if block.page.stem in READ_ELSEWHERE:
        return READ_ELSEWHERE[block.page.stem]
    if block.language == "yaml":
        return "test_fragments.py"
    if block.language == "toml" and block.page.stem == "extend":
        return "test_pages.py"
    return "below" if block.language == "python" else None


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_block_of_a_page_is_checked(page) -> None:
    assert not [block.place for block in blocks_of(page) if checked_by(block) is None]


def test_every_page_is_known_here() -> None:
    assert {path for path in DOCS.rglob("*.md") if path.parent.name != "adr"} <= set(PAGES)
    assert all((ROOT / path).is_file() for path in READ_ELSEWHERE.values())


def test_what_is_not_checked_is_counted_and_says_why() -> None:
    reasons = [(block.place, block.reason) for page in PAGES for block in blocks_of(page) if block.reason]
    count = Counter(reason for _, reason in reasons)
    assert count.pop("the examples of the help")
    assert sum(count.values()) == NOT_CHECKED, count


def parts() -> list[Block]:
    return [
        block
        for page in PAGES
        for block in blocks_of(page)
        if block.language == "python" and checked_by(block) == "below"
    ]


def test_what_is_shown_as_a_part_of_a_program_uses_names_and_arguments_that_exist() -> None:
    """Programs that cannot run here: what they import of this package is there, and takes what they give it."""
    assert parts()
    for block in parts():
        tree = ast.parse(block.text)
        names: dict[str, object] = {"neuronclaims": neuronclaims}
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("neuronclaims"):
                module = __import__(node.module, fromlist=["*"])
                names |= {each.asname or each.name: getattr(module, each.name) for each in node.names}
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and ast.unparse(node.value) == "neuronclaims":
                names[ast.unparse(node)] = getattr(neuronclaims, node.attr)
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and (known := names.get(ast.unparse(node.func))):
                given = {each.arg: None for each in node.keywords if each.arg}
                inspect.signature(known).bind_partial(*node.args, **given)


def test_every_file_that_a_sentence_names_is_there() -> None:
    """Of paths within sentences those that begin in a folder of the repository, and names of tests."""
    made = {"benchmarks/.calibration/", "claims/.baselines/main.json"}
    missing, seen = [], 0
    for page in PAGES:
        for code in re.findall(r"`([^`\s*]+)`", page.read_text(encoding="utf-8")):
            path = re.fullmatch(r"(?:tests|benchmarks|tools|docs|neuronclaims|claims)/[\w./-]+", code)
            test = re.fullmatch(r"test_\w+\.py", code)
            if (path and code not in made) or test:
                seen += 1
                there = (ROOT / code).exists() if path else list((ROOT / "tests").rglob(code))
                missing += [] if there else [f"{page.name}: {code}"]
    assert seen > 40
    assert not missing
