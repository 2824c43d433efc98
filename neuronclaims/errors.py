"""The one base class of everything this package raises on purpose."""

from __future__ import annotations

from neuronclaims.foreign_text import harmless


class NeuronClaimsError(Exception):
    """Something a user can put right; its text says what, where, and how.

    The doors (pytest plugin, command line, notebooks) print the text alone, without a traceback.
    """

    def _render_traceback_(self) -> list[str]:
        """Return the lines that a notebook shows instead of a traceback."""
        return f"{type(self).__name__}: {harmless(str(self))}".splitlines()
