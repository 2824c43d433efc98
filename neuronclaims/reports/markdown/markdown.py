"""Put text of users into a line of GitHub's Markdown so that it is shown literally."""

from __future__ import annotations

import re

from neuronclaims.foreign_text import one_line

_MARKUP = re.compile(r"[&<>\[\]\\`*_~|]|(?<=www)\.|:(?=/)", re.IGNORECASE)
"""What means something within a line: to HTML, to Markdown, to tables, and to who makes links of addresses."""

_NAMES = re.compile(r"[@#$]|:(?=[\w+-]+:)")
"""What GitHub makes people, issues, formulas and emoji of, after it has read the Markdown."""

_MEANING = re.compile(f"{_NAMES.pattern}|{_MARKUP.pattern}", re.IGNORECASE)


def escaped(text: str) -> str:
    """Return text on one line as Markdown that shows it as it is, to be used anywhere but at the start of a line.

    Characters with a meaning become references, as HTML has them; an element of its own keeps from what follows
    those that are looked for in the finished page.
    """
    return _MEANING.sub(_reference, one_line(text))


def _reference(match: re.Match[str]) -> str:
    reference = f"&#{ord(match[0])};"
    return f"<span>{reference}</span>" if _NAMES.match(match.string, match.start()) else reference
