"""Chats in claim files and in files of prompts: what is read, and what is refused with its place."""

from __future__ import annotations

import json

import pytest
from toy_claims import HEAD

from neuronclaims.claim_files.errors import ClaimFileError

CLAIM = "claims:\n  - neuron 1:2 activates more for a than b\n"


def problem(read, sets: str) -> str:
    with pytest.raises(ClaimFileError) as told:
        read(f"{HEAD}{sets}{CLAIM}")
    assert len(told.value.problems) == 1, told.value
    found = told.value.problems[0]
    return f"{found.place.path.rsplit('/', 1)[-1]}:{found.place.line}:{found.place.column} {found.message}"


def test_a_text_that_would_be_taken_for_a_chat_is_refused_with_its_place(read, tmp_path):
    said = "a text begins with the character U+0000, which is kept for chats; take it out"
    lines = HEAD.count("\n")
    for entry in (r'"\0{}"', r'{text: "\0{}"}'):
        found = problem(read, f"sets:\n  a: [x, {entry}]\n  b: [y, z]\n")
        assert found.endswith(said), found
        assert f":{lines + 2}:" in found
    (tmp_path / "p.jsonl").write_text(json.dumps({"text": "\0a"}) + "\n")
    with pytest.raises(ClaimFileError, match=r"p\.jsonl:1:1: a text begins with the character U"):
        read(f"{HEAD}sets:\n  a: {{file: p.jsonl}}\n  b: [y, z]\n{CLAIM}")
    pairs = r"pairs:" + "\n  c:\n    - {clean: " + r'"\0a"' + ", corrupted: b}\n"
    with pytest.raises(ClaimFileError, match="a text begins with the character U"):
        read(f"{HEAD}sets:\n  a: [x]\n  b: [y, z]\n{pairs}{CLAIM}")
