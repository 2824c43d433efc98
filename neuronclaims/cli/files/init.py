"""``neuronclaims init [FOLDER]``: a first claim file to change, and a schema with which editors complete it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from neuronclaims.cli.output import say
from neuronclaims.errors import NeuronClaimsError

EXAMPLES = ("neuronclaims init", "neuronclaims init experiments/claims")
FILE, SCHEMA = "example.claims.yaml", "claims.schema.json"
EXAMPLE = """\
# yaml-language-server: $schema=./claims.schema.json
# Findings about neurons, one sentence each. Put them to the model with: pytest {folder}
version: 1
models: [demo]              # or a folder in Hugging Face format, or a hub id that is already on disk
site: mlp_post              # where neurons are read: the input of the MLP's output projection
tokens: mean of prompt      # which positions count, and how they become one number per prompt
sets:
  hanoi:
    - Alice lives in Hanoi with her neighbour.
    - The snowy streets of Hanoi were quiet on Friday.
    - Tom flew to Hanoi to see the old lake.
    - On Sunday the market of Hanoi sells pho.
    - Her grandmother was born in Hanoi.
    - Maria took the train to Hanoi.
  baseline:
    - Nina closed the window and drank coffee.
    - The nurse found the bag in the workshop.
    - Simon took the taxi on Thursday afternoon.
    - There was an empty plate on the shelf.
    - He forgot his umbrella again.
    - We painted the kitchen on Sunday.
claims:
  - id: hanoi
    claim: neuron 2:340 activates more for hanoi than baseline
    because: layer 2, neuron 340, both counted from 0
  - id: not-tulips
    claim: neuron 1:321 activates more for hanoi than baseline
    expect: inconclusive
    because: a neuron for tulips, kept as an example of what is not shown; say what you expect, and why
"""


def run(
    folder: Annotated[
        Path,
        typer.Argument(
            metavar="FOLDER",
            show_default=False,
            help="the folder to write to, made if need be (default: claims)",
        ),
    ] = Path("claims"),
) -> int:
    """Write a first claim file, about the demo model, and a schema for editors.

    The file is there to be changed. Editors complete and check claim files by the schema beside it.
    """
    from neuronclaims.claim_files.editor import schema_text
    from neuronclaims.kinds import templates
    from neuronclaims.sentences.messages import printable

    files = {FILE: EXAMPLE.format(folder=printable(str(folder))), SCHEMA: schema_text(templates())}
    there = [str(folder / name) for name in files if (folder / name).exists()]
    if there:
        raise NeuronClaimsError(
            f"{' and '.join(there)} {'are' if there[1:] else 'is'} there already, and nothing was written."
        )
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in files.items():
            with (folder / name).open("x", encoding="utf-8") as file:
                file.write(text)
    except OSError as error:
        raise NeuronClaimsError(f"{folder} cannot be written to: {error.strerror or error}.") from None
    say(f"{folder / FILE} and {folder / SCHEMA} written. Try: pytest {folder}")
    return 0
