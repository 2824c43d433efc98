"""``neuronclaims schema``: the JSON Schema of claim files, by which editors complete and check them."""

from __future__ import annotations

from typing import Annotated

import typer

from neuronclaims.cli.output import say

EXAMPLES = ("neuronclaims schema > claims/claims.schema.json",)


def run(
    options: Annotated[
        bool, typer.Option("--options", help="print a Markdown table of the options of all kinds instead")
    ] = False,
) -> int:
    """Print the JSON Schema of claim files.

    Editors complete and check claim files by it. The options of kinds from other packages are in it.
    """
    from neuronclaims.claim_files.editor import options_table, schema_text
    from neuronclaims.kinds import kinds, templates

    if options:
        say(options_table({kind.name: kind.template.options for kind in kinds()}).rstrip("\n"))
    else:
        say(schema_text(templates()).rstrip("\n"))
    return 0
