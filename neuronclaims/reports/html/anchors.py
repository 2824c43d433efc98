"""Where claims stand in the page."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from neuronclaims.reports.entry import Entry


def anchor_of(entry: Entry) -> str:
    """Return a claim's place in the page: it is the same in every report."""
    words = re.sub(r"[^A-Za-z0-9]+", "-", entry.result.id).strip("-")[:40]
    return f"{words or 'claim'}-{hashlib.sha256(entry.nodeid.encode(errors='replace')).hexdigest()[:8]}"
