"""Allow the page to run only its own styles and scripts, by their hashes, and to load nothing at all.

The script that draws is one of these: the page holds it compressed, unpacks it, and adds it as an element of its own.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable


def policy(scripts: Iterable[str], styles: Iterable[str], *, later: Iterable[str] = ()) -> str:
    """Return a Content-Security-Policy for a page with these inline scripts and styles.

    ``later`` are the digests of scripts that the page adds itself. Images may be ``data:``, since
    Plotly makes them of heat maps.
    """
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src {' '.join([*map(digest, scripts), *later])}",
            f"style-src {' '.join(map(digest, styles))}",
            "img-src data:",
            "base-uri 'none'",
            "form-action 'none'",
        )
    )


def digest(text: str) -> str:
    """Return a policy's name for an inline script or style: its SHA-256."""
    return f"'sha256-{in_base64(hashlib.sha256(text.encode()).digest())}'"


def in_base64(data: bytes) -> str:
    """Return bytes as letters and digits that can stand anywhere in HTML."""
    return base64.b64encode(data).decode("ascii")
