"""Where the modules of every architecture are: what ``layouts.yaml`` says, by ``model_type``."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeAlias

import yaml

Layout: TypeAlias = Mapping[str, str]

_READ: dict[str, Any] = yaml.safe_load((Path(__file__).parent / "layouts.yaml").read_text("utf-8"))

LAYOUTS: dict[str, Layout] = {
    member: layout["places"] for layout in _READ["layouts"].values() for member in layout["members"]
}
"""Every architecture whose code was read, and its places."""

for _part, _alike in _READ["inside"].items():
    for _text, _members in _alike.items():
        _inner = LAYOUTS[_text]
        _moved = {name: f"{_part}.{_inner[name]}" for name in ("blocks", "final_norm") if name in _inner}
        LAYOUTS |= {member: {**_inner, **_moved} for member in _members}


def layout_of(model_type: str) -> Layout | None:
    """Return where the sites of an architecture are; None where its code has not been read."""
    return LAYOUTS.get(model_type)
