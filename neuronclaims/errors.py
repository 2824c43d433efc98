"""The one base class of everything this package raises on purpose."""

from __future__ import annotations


class NeuronClaimsError(Exception):
    """Something a user can put right; its text says what, where, and how.

    The doors (pytest plugin, command line) print the text alone, without a traceback.
    """
