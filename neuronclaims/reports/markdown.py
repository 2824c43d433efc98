"""Text of users in GitHub's Markdown: what it says is what is read."""

from __future__ import annotations

import re

from neuronclaims.reports.text import one_line

_MEANING = re.compile(r"[!-/:-@\[-`{-~]")
"""ASCII punctuation: all of it means something somewhere in Markdown, HTML or GitHub's additions to them."""

_HARMLESS = frozenset("(),;%+")
"""Means nothing without the others."""

_LINKING = frozenset("@#")
"""GitHub makes people and issues of what follows these, after it has read the Markdown."""


def escaped(text: str) -> str:
    """Return text on one line as Markdown that shows it as it is: no markup, links, mentions, emoji or formulas.

    Every character that could mean something is a reference, as HTML has them; an element of its own keeps ``@``
    and ``#`` from what follows.
    """
    return _MEANING.sub(_reference, one_line(text))


def _reference(match: re.Match[str]) -> str:
    if match[0] in _HARMLESS:
        return match[0]
    reference = f"&#{ord(match[0])};"
    return f"<span>{reference}</span>" if match[0] in _LINKING else reference
