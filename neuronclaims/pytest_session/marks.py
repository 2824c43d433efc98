"""Pytest's marks of a claim: its tags, ``skip`` and ``xfail``."""

from __future__ import annotations

import keyword
import warnings
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from neuronclaims.foreign_text import one_line
from neuronclaims.pytest_session.outcomes import ClaimRefuted

if TYPE_CHECKING:
    from neuronclaims.kept.outlines import ClaimOutline, FileOutline

MEANINGFUL = ("skip", "skipif", "xfail", "parametrize", "usefixtures", "filterwarnings")
"""Marks that do something in pytest; a tag only names."""


def marks_of(claim: ClaimOutline) -> Iterator[pytest.MarkDecorator]:
    """Yield the marks of a claim, whose tags are checked already."""
    for tag in claim.tags:
        yield _mark(tag)
    if claim.skip:
        yield pytest.mark.skip(reason=one_line(claim.skip))
    if claim.xfail:
        yield pytest.mark.xfail(reason=one_line(claim.xfail), raises=ClaimRefuted, strict=True)


def check_tags(file: FileOutline) -> None:
    """Raise ClaimFileError for tags that cannot be marks: all of them, each with its claim's place.

    A tag need not be registered, unless pytest was told to be strict about markers.
    """
    faults = [(claim, fault) for claim in file.claims for tag in claim.tags if (fault := _fault(tag))]
    if faults:
        from neuronclaims.claim_files.errors import ClaimFileError, Place, Problem

        raise ClaimFileError(
            Problem(Place(claim.path, claim.line, claim.column), f"{fault} (a tag of the claim {claim.id!r})")
            for claim, fault in faults
        )


def _fault(tag: str) -> str | None:
    if tag in MEANINGFUL:
        own = f"; give the claim the key '{tag}' instead" if tag in ("skip", "xfail") else ""
        return f"{tag!r} cannot be a tag, since pytest's mark of that name does something{own}"
    if tag.startswith("_") or keyword.iskeyword(tag):
        return f"{tag!r} cannot be a tag, since pytest has no marks with such a name"
    try:
        _mark(tag)
    except pytest.fail.Exception:
        return f"the tag {tag!r} is not among pytest's registered markers; add it to the setting 'markers'"
    return None


def _mark(tag: str) -> pytest.MarkDecorator:
    with warnings.catch_warnings():
        # Claim files declare their tags by using them: only strict markers want them registered.
        warnings.simplefilter("ignore", pytest.PytestUnknownMarkWarning)
        mark: pytest.MarkDecorator = getattr(pytest.mark, tag)
        return mark
