"""Allow the page to load and run only its own style and script, by their hashes.

Addresses of files are no sources: what ``'self'`` means for a page opened from a folder differs between browsers. The
page's script is trusted by its hash, and so is the one file it loads itself ('strict-dynamic').
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterable
from typing import Any

from markupsafe import Markup

_ESCAPED = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026"}


def policy(scripts: Iterable[str], styles: Iterable[str]) -> str:
    """Return a Content-Security-Policy for a page with these inline scripts and styles.

    Images may be ``data:``, since Plotly makes them of heat maps.
    """
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src {' '.join(map(digest, scripts))} 'strict-dynamic'",
            f"style-src {' '.join(map(digest, styles))}",
            "img-src data:",
            "base-uri 'none'",
            "form-action 'none'",
        )
    )


def digest(text: str) -> str:
    """Return a policy's name for an inline script or style: its SHA-256."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def embedded(value: Any) -> Markup:
    """Return JSON that can stand in a script element: ASCII alone, and nothing that HTML could take for a tag."""
    text = json.dumps(value, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    for character, escaped in _ESCAPED.items():
        text = text.replace(character, escaped)
    return Markup(text)
