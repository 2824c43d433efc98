"""The messages on the page of errors are those that the code gives: in its texts, or for files wrong on purpose."""

from __future__ import annotations

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "errors.md").read_text(encoding="utf-8")


def said(node: ast.AST) -> str:
    """A text in the code, its changing parts as an ellipsis."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(said(each) for each in node.values)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return said(node.left) + said(node.right)
    return "…"


def texts_that_are_given() -> set[str]:
    found = set()
    for path in (ROOT / "neuronclaims").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, (ast.Constant, ast.JoinedStr, ast.BinOp)):
                found.add(said(node))
    malformed = (ROOT / "tests" / "claim_files" / "malformed").glob("*.expected.txt")
    return {*found, *(path.read_text(encoding="utf-8") for path in malformed)} - {"…", ""}


def test_every_message_of_the_page_is_one_that_the_code_gives() -> None:
    messages = re.findall(r"^### `(.*)`$", PAGE, re.M)
    assert len(messages) >= 40
    assert len(set(messages)) == len(messages)
    texts = texts_that_are_given()
    unknown = []
    for message in messages:
        parts = [re.escape(part) for part in message.split("…")]
        pattern = re.compile(".*".join(parts))
        if max(map(len, message.split("…"))) < 7 or not any(map(pattern.search, texts)):
            unknown.append(message)
    assert not unknown, "\n".join(unknown)


def test_every_entry_says_what_to_do_and_stands_in_its_place_of_the_alphabet() -> None:
    for section in re.split(r"^## ", PAGE, flags=re.M)[1:]:
        entries = re.split(r"^### ", section, flags=re.M)[1:]
        assert all("**Do**" in entry for entry in entries)
        names = [re.sub(r"[^a-z ]", "", entry.splitlines()[0].lower()).split() for entry in entries]
        assert names == sorted(names)
