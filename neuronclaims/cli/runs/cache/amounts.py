"""Amounts of time and of space, as they are written after options and as they are told."""

from __future__ import annotations

import re

import typer

SECONDS = {"s": 1, "min": 60, "h": 3600, "d": 86400, "w": 7 * 86400}
BYTES = {"B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12}


def seconds(text: str) -> float:
    """Return the seconds that an age such as 30d stands for."""
    return _measured(text, SECONDS, "30d")


def size(text: str) -> int:
    """Return the bytes that a size such as 2GB stands for."""
    return int(_measured(text.upper(), BYTES, "2GB"))


def size_words(count: int) -> str:
    """Return bytes in the unit that suits their number."""
    for name, unit in reversed(BYTES.items()):
        if count >= unit:
            return f"{count / unit:.3g} {name}"
    return "0 B"


def _measured(text: str, units: dict[str, int], example: str) -> float:
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([A-Za-z]+)", text.strip())
    if found is None or found[2] not in units:
        raise typer.BadParameter(f"write a number with one of {', '.join(units)}, such as {example}")
    return float(found[1]) * units[found[2]]
