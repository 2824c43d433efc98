"""Plotly's script, packed to stand inside the page: compressed once per version, and trusted by its hash alone.

The page holds it as text that no browser runs. Its own script unpacks that text and adds it as a script element, which
the page's policy lets run because it names the hash of just this script. So nothing that was changed on the way runs.
"""

from __future__ import annotations

import gzip
import hashlib
import os
import re
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from neuronclaims.foreign_files import ForeignFileError, read_bytes
from neuronclaims.reports.files import ReportError, write_whole
from neuronclaims.reports.html.policy import digest, in_base64

PLOTLY = "plotly.min.js"
STYLES = re.compile(r'document\.getElementById\("([0-9a-f]{64})"\)')


@dataclass(frozen=True, slots=True)
class DrawingScript:
    """The script that draws: its ``text`` and the same ``compressed`` by gzip."""

    text: str
    compressed: bytes

    @property
    def packed(self) -> str:
        """The compressed script in Base64, which nothing in HTML takes for markup."""
        return in_base64(self.compressed)

    @property
    def digest(self) -> str:
        """What the page's policy calls the script."""
        return digest(self.text)

    @property
    def own_styles(self) -> list[str]:
        """The ids of the style elements that Plotly's map library adds unless they are there.

        The page's policy forbids added styles; with elements of these ids in the page, none is tried.

        >>> DrawingScript(f'document.getElementById("{"0f" * 32}") document.getElementById("x")', b"").own_styles
        ['0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f']
        """
        return sorted(set(STYLES.findall(self.text)))


NO_SCRIPT = DrawingScript("", gzip.compress(b"", mtime=0))
"""Stands for the script where nothing is to be drawn."""


@cache
def drawing_script() -> DrawingScript:
    """Return Plotly's script on this machine, without importing its slow Python package.

    Raises ReportError where it is not there.
    """
    data = _plotly().read_bytes()
    return DrawingScript(data.decode("utf-8-sig"), _compressed(data))


def _plotly() -> Path:
    spec = find_spec("plotly")
    path = Path(spec.origin).parent / "package_data" / PLOTLY if spec and spec.origin else None
    if path is None or not path.is_file():
        raise ReportError(
            "The HTML report needs plotly's plotly.min.js; install plotly again: pip install plotly."
        )
    return path


def _compressed(data: bytes) -> bytes:
    """Return data compressed, from the user's own cache where the same was compressed before.

    The file there begins with the hash of what follows. One that was cut short is made anew; one that was changed on
    purpose does no more than leave a page without figures, since its browser knows the hash of the script.
    """
    try:
        kept = _cache() / f"plotly-{hashlib.sha256(data).hexdigest()[:24]}.gz"
    except RuntimeError:  # a user without a home
        return gzip.compress(data, 9, mtime=0)
    with suppress(ForeignFileError, OSError):
        found = read_bytes(kept)
        if hashlib.sha256(found[32:]).digest() == found[:32]:
            return found[32:]
    made = gzip.compress(data, 9, mtime=0)
    with suppress(ReportError, OSError):
        write_whole(kept, lambda waiting: waiting.write_bytes(hashlib.sha256(made).digest() + made))
    return made


def _cache() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "neuronclaims"
