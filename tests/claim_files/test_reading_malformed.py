"""Every malformed claim file in ``malformed/`` gives exactly the message kept beside it."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from cases import for_each
from toy_claims import EVERY_TEMPLATE, TEMPLATES

from neuronclaims.claim_files.errors import ClaimFileError
from neuronclaims.claim_files.reader import read_claim_file
from neuronclaims.claim_files.yaml import positions as marks

FOLDER = Path(__file__).parent / "malformed"
FILES = sorted(FOLDER.rglob("*.claims.yaml"))
"""Those in ``kinds/`` are about what only some kinds of claim have."""


def test_there_are_at_least_twenty_malformed_files():
    assert len(FILES) >= 20
    assert len([file for file in FILES if file.parent.name == "kinds"]) >= 12


IN_C = pytest.mark.skipif(not hasattr(yaml, "CSafeLoader"), reason="PyYAML was built without libyaml")


@pytest.mark.parametrize("loader", [pytest.param("CSafeLoader", marks=IN_C), "SafeLoader"])
@for_each("file", FILES)
def test_a_malformed_file_gives_the_message_kept_beside_it(file, loader, monkeypatch):
    monkeypatch.setattr(marks, "_LOADER", getattr(yaml, loader))
    monkeypatch.chdir(file.parent)
    with pytest.raises(ClaimFileError) as caught:
        read_claim_file(file, EVERY_TEMPLATE if file.parent.name == "kinds" else TEMPLATES)
    expected = file.with_name(file.name.replace(".claims.yaml", ".expected.txt"))
    assert f"{caught.value}\n" == expected.read_text(encoding="utf-8")
