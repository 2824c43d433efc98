"""The command line: read the words, call what does the work, and print the result.

Each command is a file here with ``add(commands)``, named in ``COMMANDS``; it loads what it needs when it runs.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import TYPE_CHECKING, TypeAlias

from neuronclaims.cli.output import Parser, say
from neuronclaims.errors import NeuronClaimsError

if TYPE_CHECKING:
    Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"

COMMANDS = (
    "accept",
    "cache",
    "check",
    "compare",
    "figure",
    "init",
    "kinds",
    "rematch",
    "schema",
    "trend",
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit status: 0, or 1 if something is wrong; wrong arguments exit with 2."""
    options = _parser().parse_args(arguments)
    try:
        return int(options.run(options))
    except NeuronClaimsError as error:
        say(f"neuronclaims: {error}", file=sys.stderr)
        return 1
    except BrokenPipeError:  # whoever was reading, such as head, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = Parser(prog="neuronclaims", description="Findings about neurons, tested by pytest.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for name in COMMANDS:
        import_module(f"{__name__}.{name}").add(commands)
    return parser
