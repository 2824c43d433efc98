"""What a claim file tells of the finding behind it, read by itself: no prompt, list of neurons or kind is needed."""

from __future__ import annotations

from pathlib import Path

from neuronclaims.claim_files.errors import ClaimFileError
from neuronclaims.claim_files.published.keys import FileSourceKeys
from neuronclaims.claim_files.yaml.positions import Entries, compose
from neuronclaims.claim_files.yaml.source import read_source
from neuronclaims.claim_files.yaml.validation import Section, validate
from neuronclaims.publications import FindingAccount


def read_account(path: Path) -> FindingAccount | None:
    """Return what a claim file says under ``source``; None where it says nothing. Raises ClaimFileError.

    >>> from neuronclaims.gallery.entries import gallery_entry
    >>> read_account(gallery_entry("german-neuron-pythia-70m")).publication.year
    2023
    """
    source = read_source(path, path.name)
    root = compose(source)
    node = root.get("source") if isinstance(root, Entries) else None
    if not isinstance(node, Entries):
        return None
    found, problems = validate(Section(FileSourceKeys, "in 'source'"), node, source)
    if problems:
        raise ClaimFileError(problems)
    return found.account if found else None
