"""Fixtures of the language room. The malformed files here are read by tests, never collected."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from toy_claims import TEMPLATES

from neuronclaims.claim_files.claims import ClaimFile
from neuronclaims.claim_files.errors import ClaimFileError
from neuronclaims.claim_files.reader import read_claim_file

collect_ignore_glob = ["malformed/*"]


@pytest.fixture
def read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., ClaimFile]:
    """Return a function that reads text or bytes as a claim file in an empty working directory."""
    monkeypatch.chdir(tmp_path)

    def read(content: str | bytes) -> ClaimFile:
        path = tmp_path / "x.claims.yaml"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return read_claim_file(path, TEMPLATES)

    return read


@pytest.fixture
def problems(read: Callable[..., ClaimFile]) -> Callable[..., list[str]]:
    """Return a function that reads a claim file and gives its problems as ``line:column: message``."""

    def problems(content: str | bytes) -> list[str]:
        try:
            read(content)
        except ClaimFileError as error:
            return [f"{p.place.line}:{p.place.column}: {p.message}" for p in error.problems]
        return []

    return problems
