"""``neuronclaims schema``: the JSON Schema of claim files, by which editors complete and check them."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from neuronclaims.cli.output import say

if TYPE_CHECKING:
    from neuronclaims.cli import Commands


def add(commands: Commands) -> None:
    """Add the command."""
    text = "print the JSON Schema of claim files, the options of kinds from other packages included"
    parser = commands.add_parser("schema", help=text, description=f"{text[0].upper()}{text[1:]}.")
    described = "print a Markdown table of the options of all kinds instead"
    parser.add_argument("--options", action="store_true", help=described)
    parser.set_defaults(run=_run)


def _run(words: argparse.Namespace) -> int:
    from neuronclaims.claim_files.editor import options_table, schema_text
    from neuronclaims.kinds import kinds, templates

    if words.options:
        say(options_table({kind.name: kind.template.options for kind in kinds()}).rstrip("\n"))
    else:
        say(schema_text(templates()).rstrip("\n"))
    return 0
