"""Write JSON that people can read and compare: short numbers, short lines, no control characters."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from neuronclaims.foreign_text import in_json

DIGITS = 6
"""Significant digits of a number: more than any of them deserves, and few enough to be the same on most machines."""

WIDTH = 110
"""What fits into a line of this many characters stands on one."""

_quoted = json.JSONEncoder(ensure_ascii=False).encode


def rounded(value: float) -> float:
    """Return a number with ``DIGITS`` significant digits."""
    return float(f"{value:.{DIGITS}g}")


def json_text(value: Any) -> str:
    """Return plain data as JSON: numbers rounded, flat lists and records on one line where they are short.

    Numbers of one row always share a line, so that another measurement is another line. Characters that are not
    seen are escaped: they are the same to whoever parses the text, and harmless to who prints it.
    """
    return in_json(_text(value, "")) + "\n"


def joined_text(parts: Mapping[str, str]) -> str:
    """Return the JSON of an object, given that of its values (``part_text``): as ``json_text`` makes it.

    >>> joined_text({"schema": part_text(1), "claims": part_text([{"id": "x"}])}) == json_text(
    ...     {"schema": 1, "claims": [{"id": "x"}]}
    ... )
    True
    """
    inner = ",\n ".join(f"{_quoted(key)}: {part}" for key, part in parts.items())
    return f"{{\n {inner}\n}}\n"


def part_text(value: Any) -> str:
    """Return the JSON of a value of the outermost object."""
    return in_json(_text(value, " "))


def _text(value: Any, margin: str) -> str:
    if isinstance(value, str):
        return _quoted(value)
    if isinstance(value, float):
        return repr(rounded(value))
    if isinstance(value, (list, tuple)):
        if set(map(type, value)) == {float}:  # most of a report are long rows of these
            return f"[{', '.join([repr(float(f'{entry:.{DIGITS}g}')) for entry in value])}]"
        numbers = all(entry is None or isinstance(entry, (int, float)) for entry in value)
        inner = margin + " "
        return _joined("[]", value, [_text(entry, inner) for entry in value], margin, numbers)
    if isinstance(value, dict):
        inner = margin + " "
        parts = [f"{_quoted(key)}: {_text(entry, inner)}" for key, entry in value.items()]
        return _joined("{}", value.values(), parts, margin, False)
    return json.dumps(value)


def _joined(ends: str, entries: Any, parts: list[str], margin: str, on_one_line: bool) -> str:
    flat = not any(isinstance(entry, (list, tuple, dict)) for entry in entries)
    if on_one_line or (flat and sum(map(len, parts)) + 2 * len(parts) + len(margin) <= WIDTH):
        return f"{ends[0]}{', '.join(parts)}{ends[1]}"
    inner = f",\n{margin} ".join(parts)
    return f"{ends[0]}\n{margin} {inner}\n{margin}{ends[1]}"
