"""``neuronclaims help [COMMAND]``: the same as ``neuronclaims COMMAND --help``."""

from __future__ import annotations

from typing import Annotated

import typer

EXAMPLES = ("neuronclaims help", "neuronclaims help check", "neuronclaims help cache prune")


def run(
    command: Annotated[
        list[str] | None, typer.Argument(metavar="COMMAND", help="a command, such as check or cache prune")
    ] = None,
) -> int:
    """Show how to use a command, or list all commands."""
    from neuronclaims.cli.application import run as call

    return call([*(command or ()), "--help"])
