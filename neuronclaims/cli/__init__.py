"""The command line: read the words, call what does the work, and print the result.

Each command is a function ``run`` in a file of its own, named once in ``registry.py``, that loads what it needs when it
runs. ``application.py`` makes of them one typer application.
"""

from __future__ import annotations

from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit status: 0, or 1 if something is wrong; wrong arguments exit with 2."""
    from neuronclaims.cli.application import run

    return run(arguments)
