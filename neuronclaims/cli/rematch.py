"""``neuronclaims rematch FILE --old MODEL --new MODEL [-k EXPR] [-o OUT] [--force]``."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from neuronclaims.cli.chosen import add_prompt_folder
from neuronclaims.cli.output import say
from neuronclaims.errors import NeuronClaimsError

if TYPE_CHECKING:
    from collections.abc import Set

    from neuronclaims.claim_files.claims import ClaimFile
    from neuronclaims.cli import Commands

TEXT = "look in a new model for the neurons that a claim file names, and write the file about the new model"
MORE = (
    "Neurons are recognised by their values token by token, on half of the file's prompts; each claim is then "
    "tested on the other half. The new file is written beside the old one, its comments kept."
)
UNSAID = "what the claim file says or"
DEVICE = f"where models run: cpu, cuda, cuda:N, mps or auto (default: {UNSAID} cpu)"
DTYPE = f"what models compute in: float32, bfloat16, float16 or auto (default: {UNSAID} float32)"
ATTENTION = (
    f"the implementation of attention: sdpa, eager or another of Transformers (default: {UNSAID} sdpa)"
)


def add(commands: Commands) -> None:
    """Add the command."""
    parser = commands.add_parser("rematch", help=TEXT, description=f"{TEXT[0].upper()}{TEXT[1:]}. {MORE}")
    model = "a model's name, or its folder from here"
    parser.add_argument("file", type=Path, metavar="FILE", help="a claim file about the old model")
    parser.add_argument("--old", required=True, metavar="MODEL", help=f"the model it is about: {model}")
    parser.add_argument("--new", required=True, metavar="MODEL", help=f"the model to look in: {model}")
    parser.add_argument(
        "-k", metavar="EXPR", default="", help="only claims whose id this matches, as in pytest -k"
    )
    parser.add_argument(
        "-o", metavar="OUT", type=Path, help="the file to write (default: x.rematched.claims.yaml)"
    )
    parser.add_argument("--force", action="store_true", help="overwrite the file to write")
    parser.add_argument("--device", metavar="NAME", help=DEVICE)
    parser.add_argument("--dtype", metavar="NAME", help=DTYPE)
    parser.add_argument("--attention", metavar="NAME", help=ATTENTION)
    add_prompt_folder(parser)
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    from neuronclaims.claim_files.prompt_folders import PromptFolders
    from neuronclaims.claim_files.reader import read_claim_file
    from neuronclaims.kinds import templates
    from neuronclaims.models.options import RunOptions
    from neuronclaims.rematch import beside, rematch, write
    from neuronclaims.rematch.table import table

    folders = PromptFolders.around(options.file, tuple(options.prompt_folder))
    file, base = read_claim_file(options.file, templates(), folders), Path.cwd()
    out = options.o or beside(options.file)
    _check_out(out, options.force)
    done = rematch(
        file,
        options.old,
        options.new,
        base=base,
        only=_chosen(file, options.k),
        options=RunOptions(options.dtype, options.device, options.attention),
        report=lambda text: say(f"{text} ...", file=sys.stderr),
    )
    say(*table(done))
    count = write(
        file, done, out, old=options.old, new=options.new, base=base, force=options.force, folders=folders
    )
    say(f"{out} written: {count} of {len(file.claims)} claims")
    return 0


def _check_out(out: Path, force: bool) -> None:
    """Refuse, before any model is loaded, a file that could not be written or that pytest would not collect."""
    if not out.name.endswith((".claims.yaml", ".claims.yml")):
        raise NeuronClaimsError(f"{out.name} would be no claim file: let its name end in .claims.yaml.")
    if not out.parent.is_dir():
        raise NeuronClaimsError(f"There is no folder {out.parent} to write {out.name} to.")
    if out.exists() and not force:
        raise NeuronClaimsError(
            f"{out} is there already: choose another with -o, or overwrite it with --force."
        )


def _chosen(file: ClaimFile, expression: str) -> Set[str]:
    """Return the ids of the claims that an expression matches."""
    from neuronclaims.cli.chosen import chooser

    chooses = chooser(expression)
    chosen = {claim.id for claim in file.claims if chooses(claim.id)}
    if not chosen:
        raise NeuronClaimsError(f"-k {expression!r} matches no claim of {file.path}.")
    return chosen
