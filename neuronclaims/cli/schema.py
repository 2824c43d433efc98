"""``neuronclaims schema``: the JSON Schema of claim files, by which editors complete and check them."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from neuronclaims.cli import Commands


def add(commands: Commands) -> None:
    """Add the command."""
    text = "print the JSON Schema of claim files, the options of kinds from other packages included"
    parser = commands.add_parser("schema", help=text, description=f"{text[0].upper()}{text[1:]}.")
    parser.set_defaults(run=_run)


def _run(_: argparse.Namespace) -> int:
    from neuronclaims.claim_files.editor import schema_text
    from neuronclaims.kinds import templates

    print(schema_text(templates()), end="")
    return 0
